//! How a seeded bug reaches the compiler: `--cfg mutant="name"` for the crates of the workspace
//! only. In RUSTFLAGS it would rebuild loom and everything else for every mutant (20 s each on two
//! cores); as cargo's wrapper around rustc it rebuilds the crate and its models.
//!
//! The wrapper is this program, copied to one path per mutant: cargo tells builds apart by the
//! path of the wrapper, not by its environment.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::run::Program;

/// Set for the wrapper: the mutant's name.
const VARIABLE: &str = "XTASK_RUSTC_MUTANT";

/// Makes `cargo` build with the seeded bug.
pub(super) fn seed(cargo: Program, name: &str, target: &Path) -> Result<Program> {
    let dir = target.join("wrappers").join(name);
    let wrapper = dir.join(format!("rustc-mutant{}", std::env::consts::EXE_SUFFIX));
    let this = std::env::current_exe().context("the path of this program")?;
    std::fs::create_dir_all(&dir)
        .and_then(|()| std::fs::copy(this, &wrapper))
        .with_context(|| format!("cannot write {}", wrapper.display()))?;
    Ok(cargo
        .env("RUSTC_WORKSPACE_WRAPPER", wrapper)
        .env(VARIABLE, name))
}

/// If cargo called this program in place of rustc (`wrapper rustc ARGS…`): compiles, with the
/// seeded bug, and says how that went.
pub(crate) fn rustc_if_asked() -> Option<ExitCode> {
    let mutant = std::env::var(VARIABLE).ok()?;
    let mut args = std::env::args_os().skip(1);
    let status = Command::new(args.next()?)
        .args(args)
        .arg("--cfg")
        .arg(format!("mutant=\"{mutant}\""))
        .status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run rustc: {error}");
            ExitCode::FAILURE
        }
    })
}
