//! `msrv`: the libraries build with the oldest compiler that the workspace promises. Which version
//! that is stands in the workspace manifest alone.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::Command;
use crate::flags;
use crate::run::Program;
use crate::workspace::{self, Workspace};

pub(crate) const COMMAND: Command = Command {
    name: "msrv",
    about: "Builds the libraries with the oldest supported compiler, if it is installed",
    usage: "\
Usage: cargo xtask msrv

Uses the active compiler if it has the workspace's rust-version, else a rustup toolchain of that
version. Without either it prints `msrv: not run: why` and succeeds; nothing is installed.",
    forwards_all: false,
    run,
};

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    flags::none(args)?;
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// How the oldest compiler can be had.
#[derive(Debug, PartialEq, Eq)]
enum Compiler {
    Active,
    Toolchain(String),
}

/// Builds every library, default features and all of them, with the oldest compiler.
pub(crate) fn check() -> Result<()> {
    let workspace = Workspace::load()?;
    let wanted = workspace
        .packages
        .iter()
        .find_map(|p| p.rust_version.as_deref())
        .context("the workspace states no rust-version")?;
    let active = Program::new("rustc").arg("--version").ask()?;
    let listed = Program::new("rustup").args(["toolchain", "list"]).ask();
    let Some(compiler) = choose(wanted, &active, listed.as_deref().unwrap_or_default()) else {
        println!(
            "msrv: not run: rust-version is {wanted}, the active compiler is {}, and rustup lists \
             no toolchain {wanted}",
            active.trim()
        );
        return Ok(());
    };
    let libraries: Vec<&str> = workspace::libraries().flat_map(|l| ["-p", l]).collect();
    for features in [None, Some("--all-features")] {
        let cargo = match &compiler {
            Compiler::Active => Program::cargo(),
            // `rustup run` puts that toolchain's rustc first; ours must not win through RUSTC.
            Compiler::Toolchain(name) => Program::new("rustup")
                .args(["run", name, "cargo"])
                .without_env("RUSTC")
                .without_env("RUSTUP_TOOLCHAIN"),
        };
        cargo
            .args(["build", "--lib"])
            .args(&libraries)
            .args(features)
            .run()?;
    }
    println!("msrv: the libraries build with Rust {wanted}");
    Ok(())
}

/// `wanted` is `1.95` or `1.95.0`; `active` is what `rustc --version` says; `listed` is what
/// `rustup toolchain list` says.
fn choose(wanted: &str, active: &str, listed: &str) -> Option<Compiler> {
    let release = active.split_whitespace().nth(1).unwrap_or_default();
    if is(wanted, release) {
        return Some(Compiler::Active);
    }
    listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| is(wanted, name.split('-').next().unwrap_or_default()))
        .map(|name| Compiler::Toolchain(name.to_owned()))
}

/// Whether `version` is `wanted`. A rust-version without a patch number means patch 0, but a later
/// patch of the same release compiles the same language.
fn is(wanted: &str, version: &str) -> bool {
    let release = |v: &str| -> Option<(u32, u32)> {
        let mut parts = v.split('.').map(|p| p.parse::<u32>().ok());
        Some((parts.next()??, parts.next()??))
    };
    release(wanted).is_some() && release(wanted) == release(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "stable-x86_64-unknown-linux-gnu (active, default)\n\
                          nightly-x86_64-unknown-linux-gnu\n\
                          1.95.0-x86_64-unknown-linux-gnu\n";

    #[test]
    fn the_active_compiler_serves_if_it_is_the_one() {
        let active = "rustc 1.95.0 (f2d3ce0bd 2026-03-21)";
        assert_eq!(choose("1.95", active, LISTED), Some(Compiler::Active));
    }

    #[test]
    fn else_a_toolchain_of_that_version_else_none() {
        let active = "rustc 1.97.1 (0000000 2026-08-01)";
        let toolchain = "1.95.0-x86_64-unknown-linux-gnu".to_owned();
        assert_eq!(
            choose("1.95", active, LISTED),
            Some(Compiler::Toolchain(toolchain))
        );
        assert_eq!(choose("1.96", active, LISTED), None);
        assert_eq!(choose("1.9", active, LISTED), None);
    }
}
