//! The table of commands. A new command is a file in `cmd/` that exports a `COMMAND`, and a row
//! here. How a command line becomes a call is in `main`.

use std::ffi::OsString;
use std::process::ExitCode;

mod bench;
mod check_report;
mod ci;
mod compare;
mod levels;
mod loom;
mod memcheck;
mod msrv;
mod pool;
mod records;
mod sanitize;
mod test;
mod tidy;
mod tune;

pub(crate) use loom::rustc_if_asked;

/// One command: what the overview says about it, and what it does.
pub(crate) struct Command {
    /// What is typed after `cargo xtask`.
    pub(crate) name: &'static str,
    /// One line for the overview.
    pub(crate) about: &'static str,
    /// What `--help` prints after that line.
    pub(crate) usage: &'static str,
    /// `--help` and every other argument belong to the program that the command runs.
    pub(crate) forwards_all: bool,
    /// Runs it with the arguments after its name.
    pub(crate) run: fn(Vec<OsString>) -> anyhow::Result<ExitCode>,
}

/// Every command, in the order of the overview.
pub(crate) const ALL: &[Command] = &[
    bench::COMMAND,
    compare::COMMAND,
    pool::COMMAND,
    tune::COMMAND,
    test::COMMAND,
    loom::COMMAND,
    memcheck::COMMAND,
    levels::COMMAND,
    sanitize::COMMAND,
    tidy::COMMAND,
    msrv::COMMAND,
    ci::COMMAND,
    check_report::COMMAND,
    records::COMMAND,
];
