//! One program, linked many times, its functions and constants in another random order each time.
//!
//! Decided here: how. The linker of the last compilation is a script that runs the real one again
//! and again with LLD's `--shuffle-sections`; the compiler runs once. Where that linker is not
//! there (it is Rust's own on x86-64 Linux), there is one layout, and the reason.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::run::Program;

/// The folder with the program of the package in `dir`, `count` times.
pub(super) fn link(dir: &Path, program: &str, count: usize) -> Result<PathBuf> {
    if !cfg!(all(unix, target_os = "linux")) {
        bail!("the linker of this system does not shuffle");
    }
    let folder = dir.join("layouts");
    fs::create_dir_all(&folder).context("cannot make a folder for the layouts")?;
    // Cargo links again if the linker has another name, so it is named for what it does. The end
    // of the name tells the compiler what kind of linker it is.
    let script = dir.join(format!("{count}-layouts-cc"));
    write_program(&script, &script_of(&folder, count))?;
    let messages = Program::cargo()
        .args(["rustc", "--release", "--quiet", "--bin", program])
        .args(["--message-format=json", "--target-dir"])
        .arg(dir.join("target"))
        .arg("--")
        .arg("-C")
        .arg(format!("linker={}", script.display()))
        .dir(dir)
        .stdout_anyway()?;
    let linked = super::executable(&messages, program).is_some();
    let there = |seed: usize| folder.join(seed.to_string()).exists();
    if !linked || !(1..=count).all(there) {
        bail!("the linker does not shuffle: {}", super::errors(&messages));
    }
    Ok(folder)
}

/// Runs the linker once as it was asked, and then into the folder.
fn script_of(folder: &Path, count: usize) -> String {
    let folder = format!("'{}'", folder.display().to_string().replace('\'', r"'\''"));
    format!(
        "#!/bin/sh\n\
         cc \"$@\" || exit\n\
         rm -f {folder}/*\n\
         seed=1\n\
         while [ $seed -le {count} ]; do\n  \
           cc \"$@\" -o {folder}/$seed \"-Wl,--shuffle-sections=.text*=$seed\" \
           \"-Wl,--shuffle-sections=.rodata*=$seed\" || exit\n  \
           seed=$((seed + 1))\n\
         done\n"
    )
}

#[cfg(unix)]
fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} a program", path.display()))
}

#[cfg(not(unix))]
fn write_program(_: &Path, _: &str) -> Result<()> {
    bail!("no shell")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_links_into_the_folder_whatever_it_is_called() {
        let script = script_of(Path::new("/it's here"), 7);
        assert!(script.contains(r"rm -f '/it'\''s here'/*"), "{script}");
        assert!(script.contains("-le 7 ]"), "{script}");
    }
}
