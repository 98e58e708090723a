//! `memcheck`: the arena's memory, watched from outside: by valgrind, and by Miri under both models
//! of borrowing. Which tests there are is decided in the crate; where they run, here.
//!
//! Each tool also gets an error on purpose (`tests/misuse.rs`), which it must report: a check that
//! cannot fail shows nothing.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Command;
use crate::flags;
use crate::run::Program;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) const COMMAND: Command = Command {
    name: "memcheck",
    about: "Runs the arena's tests under valgrind and Miri (stacked and tree borrows)",
    usage: "\
Usage: cargo xtask memcheck [--only STEP,…] [--quick]

  valgrind  the tests under memcheck: in blocks as they are, and with a block per allocation
            (feature `isolated`), where overruns show; then errors on purpose, which must show
  stacked   the tests under Miri with stacked borrows
  tree      the tests under Miri with tree borrows
What cannot run is shown as `not run: why` and fails nothing. Miri comes with
`rustup component add --toolchain nightly miri rust-src`.

  --quick   valgrind only, without the random programs: less than a minute",
    forwards_all: false,
    run,
};

const STEPS: &[&str] = &["valgrind", "stacked", "tree"];

/// What valgrind's exit status says of an error that it saw; none of libtest's own.
const SEEN: &str = "97";

/// Tests of thousands of threads' worth of work, and of pools that must run in time.
const LONG: &[&str] = &["model::", "hazard::", "shrinks_by_half"];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let (quick, only) = flags::steps(args, "quick", STEPS)?;
    let wanted = |step: &str| match quick {
        true => step == "valgrind",
        false => only.is_empty() || only.contains(&step),
    };
    check(
        &STEPS
            .iter()
            .copied()
            .filter(|s| wanted(s))
            .collect::<Vec<_>>(),
        quick,
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The quick form, as a step of `ci`.
pub(crate) fn check_quick() -> Result<()> {
    check(&["valgrind"], true)
}

fn check(steps: &[&str], quick: bool) -> Result<()> {
    let mut failed = Vec::new();
    for &step in steps {
        let outcome = match step {
            "valgrind" => valgrind(quick),
            _ => miri(step),
        };
        match outcome {
            Ok(said) => println!("memcheck {step}: {said}"),
            Err(error) => {
                println!("memcheck {step}: FAILED: {error:#}");
                failed.push(step);
            }
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("memcheck: failed: {}", failed.join(", ")),
    }
}

fn valgrind(quick: bool) -> Result<String> {
    if Program::new("valgrind").arg("--version").ask().is_err() {
        return Ok("not run: valgrind is not installed".to_owned());
    }
    let mut sum = Tally::default();
    for features in ["allocator-api2", "allocator-api2,isolated"] {
        for binary in binaries(features)?.iter().filter(|b| b.name != "misuse") {
            let skipped = LONG
                .iter()
                .filter(|_| quick)
                .flat_map(|name| ["--skip", name]);
            let told = under_valgrind(binary)
                .args(skipped)
                // Random programs, as many as end in a minute at a twentieth of the speed.
                .env("PROPTEST_CASES", "20")
                .tee()?;
            let tally = Tally::of(&told.text);
            if !told.success || tally.failed > 0 {
                bail!("{} with {features}: see above", binary.name);
            }
            sum += tally;
        }
    }
    let misuse = binaries("isolated")?;
    let misuse = misuse.iter().find(|b| b.name == "misuse");
    let misuse = misuse.context("no test binary `misuse`")?;
    for error in [
        "reads_past_the_end_of_a_slice",
        "reads_a_slice_after_its_scope",
    ] {
        let told = under_valgrind(misuse).args(["--ignored", error]).tee()?;
        if told.success || !told.text.contains("Invalid read of size 1") {
            bail!("{error} was not seen");
        }
    }
    Ok(format!(
        "{} tests clean; 2 errors on purpose seen",
        sum.passed
    ))
}

fn under_valgrind(binary: &Binary) -> Program {
    Program::new("valgrind")
        .args([
            "--quiet",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite",
        ])
        .arg(format!("--error-exitcode={SEEN}"))
        .arg(&binary.path)
        .arg("--test-threads=1")
}

struct Binary {
    name: String,
    path: String,
}

/// The arena's test binaries, built with these features.
fn binaries(features: &str) -> Result<Vec<Binary>> {
    let told = Program::cargo()
        .args(["test", "-p", "arena", "--no-run", "--features", features])
        .args([
            "--lib",
            "--tests",
            "--message-format=json-render-diagnostics",
        ])
        .stdout()?;
    let binary = |line: &str| {
        let artifact: Value = serde_json::from_str(line).ok()?;
        Some(Binary {
            path: artifact["executable"].as_str()?.to_owned(),
            name: artifact["target"]["name"].as_str()?.to_owned(),
        })
    };
    Ok(told.lines().filter_map(binary).collect())
}

fn miri(model: &str) -> Result<String> {
    let installed = Program::new("rustup")
        .args(["run", "nightly", "cargo", "miri", "--version"])
        .ask();
    if installed.is_err() {
        return Ok("not run: rustup has no nightly toolchain with Miri".to_owned());
    }
    let target = Workspace::load()?.target.join("miri");
    let model_flag = match model {
        "tree" => "-Zmiri-tree-borrows",
        _ => "",
    };
    let program = |features: &str, flag: &str| {
        Program::new("rustup")
            .args(["run", "nightly", "cargo", "miri", "test", "-p", "arena"])
            .args(["--lib", "--tests", "--features", features, "--target-dir"])
            .arg(&target)
            .without_env("RUSTC")
            .without_env("CARGO")
            .without_env("RUSTUP_TOOLCHAIN")
            // Rayon's dependency casts addresses to pointers, and sleeping needs the clock.
            .env(
                "MIRIFLAGS",
                format!(
                    "-Zmiri-disable-isolation -Zmiri-permissive-provenance {model_flag} {flag}"
                ),
            )
    };
    let clean = |program: Program| {
        let told = program.tee()?;
        let tally = Tally::of(&told.text);
        match told.success && tally.passed > 0 {
            true => Ok(tally),
            false => bail!("see above"),
        }
    };
    let mut tally = clean(program("allocator-api2", "").args(["--", "--skip", "hazard::"]))?;
    // Rayon's queues (crossbeam-epoch) break stacked borrows; tree borrows accept them. What
    // their global collector holds is never freed: leaks are looked for in the other tests.
    if model == "tree" {
        let stolen = program("allocator-api2", "-Zmiri-ignore-leaks");
        tally += clean(stolen.args(["--", "hazard::"]))?;
    }
    let past = ["--", "--ignored", "reads_past_the_end_of_a_slice"];
    let told = program("isolated", "")
        .args(["--test", "misuse"])
        .args(past)
        .tee()?;
    if told.success || !told.text.contains("Undefined Behavior") {
        bail!("an overrun on purpose was not seen");
    }
    Ok(format!(
        "{} tests clean; an overrun on purpose seen",
        tally.passed
    ))
}
