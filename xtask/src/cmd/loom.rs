//! `loom`: the models in `tests/loom/` of each crate, and the evidence that they look at anything.
//!
//! Loom can pass vacuously: it may skip interleavings, and a bound from the environment may end
//! the search early. So a pass counts only if each model (1) ran at least the executions that
//! `tests/loom/floors.txt` records, (2) without bounds from outside, and (3) fails on the seeded
//! bugs of `tests/loom/mutants.txt`. What is modelled is decided in the crates.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::Command;
use crate::flags;
use crate::run::Program;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

mod ledger;
mod mutant;

use ledger::{Floor, Mutant};
pub(crate) use mutant::rustc_if_asked;

pub(crate) const COMMAND: Command = Command {
    name: "loom",
    about: "Runs the loom models; their floors and the seeded bugs that they must find",
    usage: "\
Usage: cargo xtask loom [-p CRATE]…

Runs tests/loom of each crate that has it, with --cfg loom and in release, in target/loom.
Each model prints `loom: <model> <executions>`, where <model> is its test's name
(without modules).
  tests/loom/floors.txt    `<model> <fewest executions>` for every model
  tests/loom/mutants.txt   `<mutant> <model>`: with --cfg mutant=\"<mutant>\" that model must fail;
                           every model owns at least one, and every mutant of src/sync.rs
                           is listed
Lines that start with # are comments. LOOM_* variables that bound the search are refused.

  -p, --package CRATE   only this crate (may be given several times)",
    forwards_all: false,
    run,
};

/// The test target, and the folder under `tests/`.
const TARGET: &str = "loom";

/// The variables of loom that change what is printed and not what is searched.
const HARMLESS: &[&str] = &["LOOM_LOG", "LOOM_LOCATION"];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let known: Vec<&str> = workspace::libraries().collect();
    let mut only = Vec::new();
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            lexopt::Arg::Short('p') | lexopt::Arg::Long("package") => {
                let value = parser.value()?.to_string_lossy().into_owned();
                only.extend(flags::names("library crate", &value, &known)?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    check(&only)?;
    Ok(ExitCode::SUCCESS)
}

/// Checks the models of the named crates, or of all if none is named.
pub(crate) fn check(only: &[&str]) -> Result<()> {
    let bounds = bounds(std::env::vars_os().map(|(name, _)| name));
    if !bounds.is_empty() {
        bail!(
            "{} in the environment would change what is searched; unset it",
            bounds.join(", ")
        );
    }
    let workspace = Workspace::load()?;
    let target = workspace.target.join(TARGET);
    let mut rows = Vec::new();
    for package in &workspace.packages {
        let wanted = only.is_empty() || only.contains(&&*package.name);
        let dir = package.dir.join("tests").join(TARGET);
        if wanted && dir.is_dir() {
            let models = Models {
                package: &package.name,
                dir: &dir,
                target: &target,
            };
            rows.extend(models.check()?);
        }
    }
    println!(
        "\n{:<14} {:<46} {:<28} outcome",
        "crate", "model", "executions"
    );
    for row in &rows {
        println!("{row}");
    }
    let failed = rows.iter().filter(|row| !row.good).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", rows.len());
    }
    println!("loom: {} checks good", rows.len());
    Ok(())
}

/// The variables that would bound or redirect the search.
fn bounds(names: impl Iterator<Item = OsString>) -> Vec<String> {
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("LOOM_") && !HARMLESS.contains(&name.as_str()))
        .collect()
}

/// One line of the final table.
#[derive(Debug)]
struct Row {
    package: String,
    model: String,
    executions: String,
    outcome: String,
    good: bool,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:<14} {:<46} {:<28} {}{}",
            self.package,
            self.model,
            self.executions,
            if self.good { "" } else { "FAILED: " },
            self.outcome
        )
    }
}

/// The models of one crate.
struct Models<'a> {
    package: &'a str,
    dir: &'a Path,
    target: &'a Path,
}

impl Models<'_> {
    fn check(&self) -> Result<Vec<Row>> {
        let floors = ledger::read(&self.dir.join("floors.txt"), Floor::parse)?;
        let mutants = ledger::read(&self.dir.join("mutants.txt"), Mutant::parse)?;
        let seam = self.dir.join("../../src/sync.rs");
        let seam = std::fs::read_to_string(&seam)
            .with_context(|| format!("{} (what the models run on)", shown(&seam)))?;
        let run = self.cargo(None)?.args(["--", "--nocapture"]).tee()?;
        let mut rows = ledger::compare(&ledger::printed(&run.text), &floors, &mutants)
            .into_iter()
            .map(|verdict| self.row(verdict.model, verdict.executions, verdict.outcome))
            .collect::<Vec<_>>();
        for name in ledger::unlisted(&seam, &mutants) {
            let why = Err("in src/sync.rs, but not in mutants.txt".to_owned());
            rows.push(self.row(format!("mutant {name}"), "-".to_owned(), why));
        }
        if !run.success {
            let why = format!("{} tests failed", Tally::of(&run.text).failed);
            rows.push(self.row("(all)".to_owned(), String::new(), Err(why)));
            // What a broken model says about a mutant means nothing.
            return Ok(rows);
        }
        for mutant in &mutants {
            let outcome = self.hunt(mutant)?;
            let model = format!("{} on mutant {}", mutant.model, mutant.name);
            rows.push(self.row(model, "-".to_owned(), outcome));
        }
        Ok(rows)
    }

    /// Runs one model on a seeded bug. It must compile, and then fail as a test.
    fn hunt(&self, mutant: &Mutant) -> Result<Result<String, String>> {
        self.cargo(Some(mutant))?
            .arg("--no-run")
            .run()
            .with_context(|| format!("mutant {} does not compile", mutant.name))?;
        let listed = self.cargo(Some(mutant))?.args(["--", "--list"]).ask()?;
        let Some(test) = ledger::test_of(&mutant.model, &listed) else {
            return Ok(Err("no test of that name".to_owned()));
        };
        let run = self
            .cargo(Some(mutant))?
            .args(["--", "--exact", test])
            .tee()?;
        let Tally { passed, failed } = Tally::of(&run.text);
        Ok(match (passed, failed, run.success) {
            (0, 1, false) => Ok("found, as it must".to_owned()),
            (0, 0, true) => Err("the test did not run".to_owned()),
            (0, 0, false) => Err("the test binary ended without a result".to_owned()),
            _ => Err("not found: the model passes with the bug in place".to_owned()),
        })
    }

    /// `cargo test` of the models; with a seeded bug if one is given.
    fn cargo(&self, mutant: Option<&Mutant>) -> Result<Program> {
        let mut flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        flags.push_str(" --cfg loom");
        let mut cargo = Program::cargo()
            .args(["test", "--release", "-p", self.package, "--test", TARGET])
            .arg("--target-dir")
            .arg(self.target)
            .without_env("CARGO_ENCODED_RUSTFLAGS")
            .env("RUSTFLAGS", flags.trim());
        if let Some(mutant) = mutant {
            cargo = mutant::seed(cargo, &mutant.name, self.target)?;
        }
        Ok(cargo)
    }

    fn row(&self, model: String, executions: String, outcome: Result<String, String>) -> Row {
        let good = outcome.is_ok();
        Row {
            package: self.package.to_owned(),
            model,
            executions,
            outcome: outcome.unwrap_or_else(|why| why),
            good,
        }
    }
}

/// Where the ledgers of a crate are, for messages.
fn shown(path: &Path) -> String {
    let short = path.strip_prefix(workspace::root()).map(PathBuf::from);
    short
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_bound_the_search_are_seen() {
        let names = [
            "LOOM_LOG",
            "LOOM_MAX_DURATION",
            "PATH",
            "LOOM_MAX_PREEMPTIONS",
        ];
        let found = bounds(names.iter().map(OsString::from));
        assert_eq!(found, ["LOOM_MAX_DURATION", "LOOM_MAX_PREEMPTIONS"]);
    }
}
