//! `ci`: every check in one command, in the order in which a failure is cheapest to learn of. The
//! steps that are commands of their own are decided in their files.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{Command, loom, memcheck, msrv, records, test, tidy};
use crate::flags;
use crate::run::Program;
use crate::workspace;

pub(crate) const COMMAND: Command = Command {
    name: "ci",
    about: "Every check: fmt, tidy, records, clippy, docs, msrv, test, loom, memcheck",
    usage: "\
Usage: cargo xtask ci [--skip STEP[,STEP]] [--only STEP[,STEP]] [--keep-going] [--list]

  --skip STEP    leave these steps out
  --only STEP    run only these steps
  --keep-going   run the other steps after a failure (default: stop)
  --list         print the steps and what each checks",
    forwards_all: false,
    run,
};

/// A step: its name, what it checks, and how.
struct Step {
    name: &'static str,
    about: &'static str,
    check: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "the code is formatted",
        check: fmt,
    },
    Step {
        name: "tidy",
        about: "cargo xtask tidy",
        check: tidy::check,
    },
    Step {
        name: "records",
        about: "README's table is that of the committed reference run",
        check: records::check,
    },
    Step {
        name: "clippy",
        about: "no warning, in any crate, with all features and with none",
        check: clippy,
    },
    Step {
        name: "docs",
        about: "the documentation builds without a warning",
        check: docs,
    },
    Step {
        name: "msrv",
        about: "cargo xtask msrv",
        check: msrv::check,
    },
    Step {
        name: "test",
        about: "cargo xtask test",
        check: test::check,
    },
    Step {
        name: "loom",
        about: "cargo xtask loom",
        check: || loom::check(&[]),
    },
    Step {
        name: "memcheck",
        about: "cargo xtask memcheck --quick",
        check: memcheck::check_quick,
    },
];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let known: Vec<&str> = STEPS.iter().map(|s| s.name).collect();
    let (mut skip, mut only, mut keep_going) = (Vec::new(), Vec::new(), false);
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            lexopt::Arg::Long(flag @ ("skip" | "only")) => {
                let list = if flag == "skip" { &mut skip } else { &mut only };
                let value = parser.value()?.to_string_lossy().into_owned();
                list.extend(flags::names("step", &value, &known)?);
            }
            lexopt::Arg::Long("keep-going") => keep_going = true,
            lexopt::Arg::Long("list") => {
                for step in STEPS {
                    println!("{:<8} {}", step.name, step.about);
                }
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let wanted = |s: &&Step| !skip.contains(&s.name) && (only.is_empty() || only.contains(&s.name));
    let steps: Vec<&Step> = STEPS.iter().filter(wanted).collect();
    check(&steps, keep_going)?;
    Ok(ExitCode::SUCCESS)
}

/// How a step went.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Passed,
    Failed(String),
    NotReached,
}

fn check(steps: &[&Step], keep_going: bool) -> Result<()> {
    let mut rows: Vec<(&str, Duration, Fate)> = Vec::new();
    for step in steps {
        let stopped = !keep_going && rows.iter().any(|(_, _, f)| matches!(f, Fate::Failed(_)));
        if stopped {
            rows.push((step.name, Duration::ZERO, Fate::NotReached));
            continue;
        }
        eprintln!("\n== {}: {}", step.name, step.about);
        let start = Instant::now();
        let fate = match (step.check)() {
            Ok(()) => Fate::Passed,
            Err(error) => Fate::Failed(format!("{error:#}")),
        };
        rows.push((step.name, start.elapsed(), fate));
    }
    println!("\n{:<8} {:>8}  result", "step", "time");
    for (name, time, fate) in &rows {
        let result = match fate {
            Fate::Passed => "passed",
            Fate::Failed(why) => &format!("FAILED: {why}"),
            Fate::NotReached => "not reached",
        };
        println!("{name:<8} {:>6.1} s  {result}", time.as_secs_f64());
    }
    let failed: Vec<&str> = rows
        .iter()
        .filter(|(_, _, fate)| matches!(fate, Fate::Failed(_)))
        .map(|(name, _, _)| *name)
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn fmt() -> Result<()> {
    Program::cargo().args(["fmt", "--all", "--check"]).run()
}

fn clippy() -> Result<()> {
    const DENY: [&str; 3] = ["--", "-D", "warnings"];
    Program::cargo()
        .args(["clippy", "--workspace", "--all-targets", "--all-features"])
        .args(DENY)
        .run()?;
    for library in workspace::libraries() {
        Program::cargo()
            .args(["clippy", "-p", library, "--no-default-features"])
            .args(DENY)
            .run()?;
    }
    Ok(())
}

fn docs() -> Result<()> {
    Program::cargo()
        .args(["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn a_failure_stops_the_steps_after_it_unless_told_to_keep_going() {
        static REACHED: AtomicU32 = AtomicU32::new(0);
        fn good() -> Result<()> {
            REACHED.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
        fn bad() -> Result<()> {
            bail!("broken on purpose")
        }
        let step = |name, check| Step {
            name,
            about: "",
            check,
        };
        let (first, second) = (step("first", bad), step("second", good));
        let steps = [&first, &second];
        let error = check(&steps, false).unwrap_err().to_string();
        assert_eq!(
            (error.as_str(), REACHED.load(Ordering::Relaxed)),
            ("failed: first", 0)
        );
        assert!(check(&steps, true).is_err());
        assert_eq!(REACHED.load(Ordering::Relaxed), 1);
        assert!(check(&steps[1..], false).is_ok());
    }

    #[test]
    fn an_unknown_step_is_refused() {
        let error = run(vec!["--skip".into(), "tests".into()]).unwrap_err();
        assert!(error.to_string().contains("known: fmt, tidy"), "{error}");
    }
}
