//! `test`: everything that is tested, in every form in which a user may take it. Which forms those
//! are is decided here; `alone` has the programs outside the workspace, `tree` the dependency
//! trees, `tally` how runners' counts are read.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};

use super::Command;
use crate::flags;
use crate::run::Program;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

mod alone;
mod tree;

pub(crate) const COMMAND: Command = Command {
    name: "test",
    about: "Tests everything, doctests included, and each library crate alone",
    usage: "\
Usage: cargo xtask test

  1. the workspace with all features (by cargo-nextest if it is installed), and all doctests
  2. each library crate alone: default features, none, and each feature by itself
  3. pool-metrics with recording compiled out
  4. the dependency tree that each library crate brings its users
  5. for each library crate a program outside the workspace that depends on it alone

Goes on after a failure. The last line is `N passed, N failed`.",
    forwards_all: false,
    run,
};

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    flags::none(args)?;
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Counts, and what to say about failures when all is done.
#[derive(Debug, Default)]
struct Outcome {
    sum: Tally,
    failures: Vec<String>,
}

impl Outcome {
    /// Runs a test runner and adds up what it counted. One that fails without a failed test
    /// (it does not compile, it was killed) counts as one failure.
    fn runner(&mut self, program: Program, what: &str) -> Result<()> {
        let told = program.tee()?;
        let mut tally = Tally::of(&told.text);
        if !told.success && tally.failed == 0 {
            tally.failed = 1;
        }
        if tally.failed > 0 {
            self.failures.push(what.to_owned());
        }
        self.sum += tally;
        Ok(())
    }

    /// Adds a check of our own as one test.
    fn check(&mut self, result: Result<()>, what: &str) {
        match result {
            Ok(()) => {
                println!("{what} ... ok");
                self.sum.passed += 1;
            }
            Err(error) => {
                println!("{what} ... FAILED: {error:#}");
                self.sum.failed += 1;
                self.failures.push(what.to_owned());
            }
        }
    }
}

/// Tests everything.
pub(crate) fn check() -> Result<()> {
    let workspace = Workspace::load()?;
    let mut outcome = Outcome::default();

    outcome.runner(whole_workspace(), "the workspace, all features")?;
    let doctests = Program::cargo()
        .args(["test", "--doc", "--workspace", "--all-features"])
        .arg("--no-fail-fast");
    outcome.runner(doctests, "doctests")?;

    for name in workspace::libraries() {
        for features in workspace.package(name)?.feature_sets() {
            let what = format!("{name} alone {}", features.join(" "));
            // libtest, not nextest: here the tests of a binary share a process and its globals,
            // as they do for users of `cargo test`; and doctests come with it.
            let program = Program::cargo()
                .args(["test", "-p", name, "--no-fail-fast"])
                .args(features);
            outcome.runner(program, what.trim())?;
        }
    }
    outcome.runner(compiled_out(&workspace), "pool-metrics compiled out")?;
    for name in workspace::libraries() {
        outcome.check(tree::check(name), &format!("dependency tree of {name}"));
    }
    for user in alone::USERS {
        let what = format!("a program outside the workspace with {}", user.library);
        outcome.check(alone::check(user, &workspace), &what);
    }

    println!(
        "\nA test counts once per set of features it ran with; each dependency tree and each \
         program outside the workspace is one."
    );
    for failure in &outcome.failures {
        println!("failed: {failure}");
    }
    let Tally { passed, failed } = outcome.sum;
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} failed");
    }
    Ok(())
}

/// The test that a guard is nothing under `--cfg pool_metrics_off`, in a folder of its own: other
/// flags would rebuild everything.
fn compiled_out(workspace: &Workspace) -> Program {
    Program::cargo()
        .args(["test", "-p", "pool-metrics", "--test", "compiled_out"])
        .arg("--target-dir")
        .arg(workspace.target.join("compiled-out"))
        .env("RUSTFLAGS", "--cfg pool_metrics_off -D warnings")
}

/// All tests of all crates but doctests, with the fastest runner there is.
fn whole_workspace() -> Program {
    let nextest = Program::cargo().args(["nextest", "--version"]).ask();
    let program = if nextest.is_ok() {
        Program::cargo()
            .args(["nextest", "run", "--no-tests=pass"])
            .args(["--status-level=fail", "--final-status-level=fail"])
    } else {
        Program::cargo().args(["test", "--lib", "--bins", "--tests", "--examples"])
    };
    program.args(["--workspace", "--all-features", "--no-fail-fast"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_runner_that_fails_without_a_failed_test_is_a_failure() {
        let mut outcome = Outcome::default();
        let broken = Program::cargo().arg("no-such-command-here");
        outcome.runner(broken, "broken").unwrap();
        assert_eq!((outcome.sum.passed, outcome.sum.failed), (0, 1));
        assert_eq!(outcome.failures, ["broken"]);
    }

    #[test]
    fn checks_count_as_tests() {
        let mut outcome = Outcome::default();
        outcome.check(Ok(()), "good");
        outcome.check(Err(anyhow!("why")), "bad");
        assert_eq!((outcome.sum.passed, outcome.sum.failed), (1, 1));
        assert_eq!(outcome.failures, ["bad"]);
    }
}
