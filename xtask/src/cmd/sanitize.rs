//! `sanitize`: what shares memory between threads, or goes by pointers, under tools that see every
//! access.
//! What is run, and with what, is the table here; the interleavings are searched by `loom`.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::Command;
use super::levels::install::{self, Tool};
use super::levels::nightly;
use crate::flags;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "sanitize",
    about: "Runs stress tests and the dense kernels under sanitizers and Miri",
    usage: "\
Usage: cargo xtask sanitize [--install] [--only STEP,…]

Runs tests with the nightly toolchain, in target/sanitize:
  tsan      all of par-dispatch under ThreadSanitizer, the standard library rebuilt for it
  tree      its hub and its tiles in Miri, with tree borrows, on several schedules
  stacked   the same with stacked borrows
  dense     the dense kernels of kernels-simd in Miri, on tiny shapes
  asan      all their tests under AddressSanitizer, at each level of this CPU
What cannot run is shown as `not run: why` and fails nothing.

  --install   first installs the nightly toolchain with Miri and rust-src, if it is missing
  --only      only these steps, separated by commas",
    forwards_all: false,
    run,
};

/// Targets that have the sanitizers.
const WITH_SANITIZERS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
];

/// One run: its name, what it is of, and what is in the environment.
struct Step {
    name: &'static str,
    miri: bool,
    args: &'static [&'static str],
    env: (&'static str, &'static str),
}

const STEPS: &[Step] = &[
    Step {
        name: "tsan",
        miri: false,
        args: &["-p", "par-dispatch", "--lib", "--test", "it"],
        env: ("RUSTFLAGS", "-Zsanitizer=thread"),
    },
    Step {
        name: "tree",
        miri: true,
        args: &["-p", "par-dispatch", "--lib", "--", "hub::tests", "tile::"],
        env: ("MIRIFLAGS", "-Zmiri-tree-borrows -Zmiri-many-seeds=0..4"),
    },
    Step {
        name: "stacked",
        miri: true,
        args: &["-p", "par-dispatch", "--lib", "--", "hub::tests", "tile::"],
        env: ("MIRIFLAGS", ""),
    },
    Step {
        name: "dense",
        miri: true,
        args: &["-p", "kernels-simd", "--test", "it", "--", "dense::tiny"],
        env: ("MIRIFLAGS", "-Zmiri-tree-borrows"),
    },
    Step {
        name: "asan",
        miri: false,
        args: &["-p", "kernels-simd", "--test", "it", "--", "dense::"],
        env: ("RUSTFLAGS", "-Zsanitizer=address"),
    },
];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    let (install, only) = flags::steps(args, "install", &known)?;
    let mut rows = Vec::new();
    for step in STEPS
        .iter()
        .filter(|s| only.is_empty() || only.contains(&s.name))
    {
        let start = Instant::now();
        // What does not compile or does not start fails its row, and the others still run.
        let outcome = step.run(install);
        let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        rows.push((step.name, start.elapsed().as_secs_f64(), outcome));
    }
    println!("\n{:<10} {:>7}  outcome", "step", "seconds");
    for (name, seconds, outcome) in &rows {
        match outcome {
            Outcome::Passed(tests) => println!("{name:<10} {seconds:>7.1}  {tests} tests passed"),
            Outcome::NotRun(why) => println!("{name:<10} {seconds:>7.1}  not run: {why}"),
            Outcome::Failed(why) => println!("{name:<10} {seconds:>7.1}  FAILED: {why}"),
        }
    }
    let failed = rows
        .iter()
        .filter(|row| matches!(row.2, Outcome::Failed(_)));
    match failed.count() {
        0 => Ok(ExitCode::SUCCESS),
        failed => bail!("{failed} of {} failed", rows.len()),
    }
}

/// How one run ended.
enum Outcome {
    Passed(u64),
    NotRun(String),
    Failed(String),
}

impl Step {
    fn run(&self, install: bool) -> Result<Outcome> {
        if let Err(why) = install::find(Tool::Miri, install)? {
            return Ok(Outcome::NotRun(why));
        }
        let target = Workspace::load()?.target.join("sanitize");
        let (name, value) = self.env;
        let program = if self.miri {
            nightly(&["cargo", "miri", "test"]).without_env("RUSTFLAGS")
        } else {
            let host = host()?;
            if !WITH_SANITIZERS.contains(&&*host) {
                return Ok(Outcome::NotRun(format!("no sanitizer for {host}")));
            }
            let suppressions = workspace::root().join("crates/par-dispatch/tests/tsan.supp");
            let options = format!("suppressions={}", suppressions.display());
            nightly(&["cargo", "test", "-Zbuild-std", "--target", &host])
                .env("TSAN_OPTIONS", options)
        };
        let told = program
            .without_env("CARGO_ENCODED_RUSTFLAGS")
            .env(name, value)
            .arg("--target-dir")
            .arg(target)
            .args(self.args)
            .tee()?;
        let Tally { passed, failed } = Tally::of(&told.text);
        let reports = told.text.matches("WARNING: ThreadSanitizer").count()
            + told.text.matches("ERROR: AddressSanitizer").count();
        Ok(match (told.success, passed) {
            (true, 1..) if reports == 0 => Outcome::Passed(passed),
            (true, 0) => Outcome::Failed("no test ran".to_owned()),
            _ => Outcome::Failed(format!("{failed} tests failed, {reports} reports")),
        })
    }
}

/// The target that the nightly compiler runs on.
fn host() -> Result<String> {
    let said = nightly(&["rustc", "-vV"]).ask()?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
