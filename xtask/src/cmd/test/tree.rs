//! What a library crate brings its users: with default features no other crate of the workspace
//! and no peer library; without features no optional dependency either. `cargo tree` answers, so
//! that indirect dependencies count too.

use anyhow::{Result, bail};

use crate::cmd::tidy::PEERS;
use crate::run::Program;
use crate::workspace;

/// Brought by features only.
const OPTIONAL: &[&str] = &["rayon", "rayon-core", "serde"];

pub(super) fn check(library: &str) -> Result<()> {
    let none: (&[&str], &[&str]) = (&["--no-default-features"], OPTIONAL);
    for (flags, optional) in [(&[][..], &[][..]), none] {
        let tree = Program::cargo()
            .args(["tree", "-p", library, "--edges=normal,build"])
            .args(["--prefix=none", "--format={p}"])
            .args(flags)
            .stdout()?;
        let unwanted = unwanted(library, &tree, optional);
        if !unwanted.is_empty() {
            bail!(
                "{} bring {}",
                flags.first().unwrap_or(&"default features"),
                unwanted.join(", ")
            );
        }
    }
    Ok(())
}

/// The packages in a tree (`name version …` a line) that must not be there.
fn unwanted<'t>(library: &str, tree: &'t str, more: &[&str]) -> Vec<&'t str> {
    let ours = |name: &str| name != library && workspace::role(name).is_some();
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| ours(name) || PEERS.contains(name) || more.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_crates_of_ours_and_peers_are_unwanted() {
        let tree = "par-dispatch v0.1.0 (/w/crates/par-dispatch)\narena v0.1.0 (/w/crates/arena)\n\
                    rayon v1.12.0\nndarray v0.16.1\n";
        assert_eq!(unwanted("par-dispatch", tree, &[]), ["arena", "ndarray"]);
        assert_eq!(unwanted("par-dispatch", tree, OPTIONAL).len(), 3);
        assert_eq!(
            unwanted("arena", "arena v0.1.0\nbytemuck v1.25.0", OPTIONAL),
            [""; 0]
        );
    }
}
