//! `bench`: builds bench-suite in release and becomes it. Its flags, its progress and its reports
//! are decided in that crate; its exit status is the command's. With `--against REV` two revisions
//! are compared instead: `against`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Command;
use crate::run::Program;

mod against;

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    about: "Builds and runs the benchmarks; writes target/bench/report.json",
    usage: "\
Usage: cargo xtask bench [ARGS…]   (all of them go to bench-suite, --help too)
       cargo xtask bench --against REV [--only KERNEL[,KERNEL]] [--processes N]

The second form compares the kernels of the working tree with those of a git revision: both in one
process on the same buffers, in blocks of 100 µs in the order A B B A, over 15 processes with
environments of random size. Exit status 1 if a kernel is slower beyond noise.",
    forwards_all: true,
    run,
};

const PACKAGE: &str = "bench-suite";

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    if against::is_asked(&args) {
        return if args.iter().any(|arg| arg == "--help" || arg == "-h") {
            println!("{}", COMMAND.usage);
            Ok(ExitCode::SUCCESS)
        } else {
            against::run(args)
        };
    }
    become_binary(PACKAGE, args)
}

/// Builds a program of bench-suite and becomes it.
pub(super) fn become_binary(name: &str, args: Vec<OsString>) -> Result<ExitCode> {
    let messages = Program::cargo()
        .args(["build", "--release", "-p", PACKAGE, "--bin", name])
        .arg("--message-format=json-render-diagnostics")
        .stdout()?;
    let binary = executable(&messages, name)
        .with_context(|| format!("cargo built no executable named {name}"))?;
    Program::new(binary).args(args).become_it()
}

/// The path of a program, from cargo's messages: right whatever the target directory is.
pub(super) fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|m| m["reason"] == "compiler-artifact" && m["target"]["name"] == name)
        .find_map(|m| m["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_the_messages() {
        let messages = r#"
{"reason":"compiler-artifact","target":{"name":"rayon"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"bench-suite"},"executable":"/t/release/bench-suite"}
{"reason":"build-finished","success":true}"#;
        let found = executable(messages, "bench-suite");
        assert_eq!(found, Some("/t/release/bench-suite".into()));
        assert_eq!(executable("not json", "bench-suite"), None);
    }
}
