//! `pool`: builds bench-suite's `pool-view` in release and becomes it. What it shows is decided
//! there.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use super::{Command, bench};

pub(crate) const COMMAND: Command = Command {
    name: "pool",
    about: "Runs the pool workload and shows what its workers do, live on a terminal",
    usage: "Usage: cargo xtask pool [ARGS…]   (all of them go to pool-view, --help too)",
    forwards_all: true,
    run,
};

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    bench::become_binary("pool-view", args)
}
