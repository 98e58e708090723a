//! `sanitize`: the crates that share memory between threads, under tools that see every access.
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
    about: "Runs the stress tests under ThreadSanitizer and Miri",
    usage: "\
Usage: cargo xtask sanitize [--install] [--only STEP,…]

Runs tests of par-dispatch with the nightly toolchain, in target/sanitize:
  tsan      all of them under ThreadSanitizer, the standard library rebuilt for it
  tree      the hub and the tiles in Miri, with tree borrows, on several schedules
  stacked   the same with stacked borrows
What cannot run is shown as `not run: why` and fails nothing.

  --install   first installs the nightly toolchain with Miri and rust-src, if it is missing
  --only      only these steps, separated by commas",
    forwards_all: false,
    run,
};

/// Targets that have a ThreadSanitizer.
const WITH_TSAN: &[&str] = &[
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
            if !WITH_TSAN.contains(&&*host) {
                return Ok(Outcome::NotRun(format!("no ThreadSanitizer for {host}")));
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
        let reports = told.text.matches("WARNING: ThreadSanitizer").count();
        Ok(match (told.success, passed) {
            (true, 1..) if reports == 0 => Outcome::Passed(passed),
            (true, 0) => Outcome::Failed("no test ran".to_owned()),
            _ => Outcome::Failed(format!("{failed} tests failed, {reports} data races")),
        })
    }
}

/// The target that the nightly compiler runs on.
fn host() -> Result<String> {
    let said = nightly(&["rustc", "-vV"]).ask()?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
