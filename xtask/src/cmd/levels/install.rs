//! Tools that `levels` and `sanitize` need and a machine may lack: how each is found, and how it is installed
//! when that is asked for. A tool that cannot be installed is missing, no error: a nightly may be
//! without Miri, a system without apt-get.

use std::path::PathBuf;

use anyhow::Result;

use crate::run::Program;

/// Something to be called, or to be built for.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd) enum Tool {
    /// qemu's user mode for an architecture.
    Qemu(&'static str),
    /// The standard library of a target, for the active toolchain.
    Target(&'static str),
    /// Miri, in the nightly toolchain.
    Miri,
    /// Node.js: there is none that rustup or cargo could install.
    Node,
}

/// Finds a tool, installing it first if it is missing and that is wanted: how it is called, or why
/// it cannot be.
pub(in crate::cmd) fn find(tool: Tool, install: bool) -> Result<Result<String, String>> {
    if let Some(found) = tool.found() {
        return Ok(Ok(found));
    }
    let name = tool.name();
    if !install {
        let hint = match tool {
            Tool::Node => "",
            _ => "; cargo xtask levels --install",
        };
        return Ok(Err(format!("{name} missing{hint}")));
    }
    for program in tool.installation() {
        if let Err(error) = program.run() {
            return Ok(Err(format!("{name} cannot be installed: {error:#}")));
        }
    }
    Ok(tool.found().ok_or_else(|| format!("{name} missing")))
}

impl Tool {
    fn name(self) -> String {
        match self {
            Self::Qemu(arch) => format!("qemu-{arch}"),
            Self::Target(target) => format!("Rust target {target}"),
            Self::Miri => "Miri (nightly)".to_owned(),
            Self::Node => "node".to_owned(),
        }
    }

    /// How it is called, if it is there.
    fn found(self) -> Option<String> {
        match self {
            Self::Qemu(arch) => [format!("qemu-{arch}"), format!("qemu-{arch}-static")]
                .into_iter()
                .find(|name| on_path(name)),
            Self::Target(target) => {
                let installed = Program::new("rustup").args(["target", "list", "--installed"]);
                let installed = installed.ask().ok()?;
                let there = installed.lines().any(|line| line.trim() == target);
                there.then(|| target.to_owned())
            }
            Self::Miri => {
                let components = ["component", "list", "--toolchain", "nightly", "--installed"];
                let installed = Program::new("rustup").args(components).ask().ok()?;
                let has = |name: &str| installed.lines().any(|line| line.starts_with(name));
                (has("miri") && has("rust-src")).then(|| "miri".to_owned())
            }
            Self::Node => on_path("node").then(|| "node".to_owned()),
        }
    }

    /// The commands that install it.
    fn installation(self) -> Vec<Program> {
        let rustup = |args: &[&str]| Program::new("rustup").args(args);
        match self {
            Self::Qemu(_) => {
                let apt = |args: &[&str]| {
                    Program::new("apt-get")
                        .args(args)
                        .env("DEBIAN_FRONTEND", "noninteractive")
                };
                vec![
                    apt(&["update", "-qq"]),
                    apt(&[
                        "install",
                        "-y",
                        "-qq",
                        "--no-install-recommends",
                        "qemu-user-static",
                    ]),
                ]
            }
            Self::Target(target) => vec![rustup(&["target", "add", target])],
            Self::Miri => vec![rustup(&[
                "toolchain",
                "install",
                "nightly",
                "--profile",
                "minimal",
                "--component",
                "miri,rust-src",
            ])],
            Self::Node => vec![],
        }
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir: PathBuf| dir.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_says_how_it_comes() {
        let missing = find(Tool::Qemu("no-such-architecture"), false).unwrap();
        let why = missing.unwrap_err();
        assert_eq!(
            why,
            "qemu-no-such-architecture missing; cargo xtask levels --install"
        );
    }
}
