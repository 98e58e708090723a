//! `tune`: builds the program that measures this machine and becomes it. What it measures, and
//! where it writes, is decided in par-dispatch; its exit status is the command's.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Command;
use super::bench::executable;
use crate::run::Program;

pub(crate) const COMMAND: Command = Command {
    name: "tune",
    about: "Measures this machine for par-dispatch; writes its profile",
    usage: "Usage: cargo xtask tune [ARGS…]   (all of them go to the program, --help too)",
    forwards_all: true,
    run,
};

const PROGRAM: &str = "tune";

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let messages = Program::cargo()
        .args(["build", "--release", "-p", "par-dispatch"])
        .args(["--features", "kernels", "--example", PROGRAM])
        .arg("--message-format=json-render-diagnostics")
        .stdout()?;
    let program = executable(&messages, PROGRAM)
        .with_context(|| format!("cargo built no executable named {PROGRAM}"))?;
    Program::new(program).args(args).become_it()
}
