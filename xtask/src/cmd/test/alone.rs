//! A user's view: for each library crate a package outside the workspace that depends on it alone,
//! built and run, and its printed answer checked. The programs are in `xtask/alone/`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::run::Program;
use crate::workspace::{self, Workspace};

/// A program that takes one library crate.
#[derive(Debug)]
pub(super) struct User {
    pub(super) library: &'static str,
    main: &'static str,
    prints: &'static str,
}

/// One program per library crate.
pub(super) const USERS: &[User] = &[
    User {
        library: "kernels-simd",
        main: include_str!("../../../alone/kernels-simd.rs"),
        prints: "500500",
    },
    User {
        library: "arena",
        main: include_str!("../../../alone/arena.rs"),
        prints: "500500",
    },
    User {
        library: "pool-metrics",
        main: include_str!("../../../alone/pool-metrics.rs"),
        prints: "3 tasks, at most 1 at once",
    },
    User {
        library: "par-dispatch",
        main: include_str!("../../../alone/par-dispatch.rs"),
        prints: "1 3 199999",
    },
];

/// Writes the package, builds it, runs it, and compares what it prints.
pub(super) fn check(user: &User, workspace: &Workspace) -> Result<()> {
    let all = workspace.target.join("alone");
    let dir = all.join(user.library);
    let library = &workspace.package(user.library)?.dir;
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("Cargo.toml"), manifest(user.library, library)?)?;
    fs::write(dir.join("src/main.rs"), user.main)?;
    // The versions that the workspace was tested with, already on this machine: no network.
    fs::copy(workspace::root().join("Cargo.lock"), dir.join("Cargo.lock"))
        .context("cannot copy Cargo.lock")?;
    let printed = Program::cargo()
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(all.join("target"))
        .dir(&dir)
        .stdout()?;
    if printed.trim() != user.prints {
        bail!("prints '{}' and not '{}'", printed.trim(), user.prints);
    }
    Ok(())
}

/// The manifest of a package outside every workspace.
fn manifest(name: &str, library: &Path) -> Result<String> {
    let path = library
        .to_str()
        .context("the repository's path is no text")?;
    // A JSON string is a TOML string too.
    let path = serde_json::to_string(path)?;
    Ok(format!(
        "[package]\nname = \"{name}-alone\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{name} = {{ path = {path} }}\n\n[workspace]\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_has_a_user() {
        let users: Vec<&str> = USERS.iter().map(|u| u.library).collect();
        assert_eq!(users, workspace::libraries().collect::<Vec<_>>());
    }

    #[test]
    fn the_manifest_is_a_workspace_of_its_own_with_one_dependency() {
        let text = manifest("arena", Path::new(r"C:\a b\arena")).unwrap();
        assert!(
            text.contains(r#"arena = { path = "C:\\a b\\arena" }"#),
            "{text}"
        );
        assert!(text.ends_with("[workspace]\n"));
    }
}
