//! `tidy`: rules over the repository that no compiler checks. Each rule is a pure function from
//! text (or from cargo's metadata) to violations, in a file of `tidy/`; here the files are found
//! and all violations are shown at once.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::Command;
use crate::flags;
use crate::workspace::{self, Workspace};

mod architecture;
mod graph;
mod lexer;
mod links;
mod manifest;
mod markdown;
mod names;
mod source;

pub(crate) use graph::PEERS;

pub(crate) const COMMAND: Command = Command {
    name: "tidy",
    about: "Checks the crate graph, names in documents, and the rooms of unsafe and cfg(loom)",
    usage: "\
Usage: cargo xtask tidy

Lists every violation as file:line. The rules are in xtask/src/cmd/tidy/, one file each:
  graph          which crate may depend on which, and no peer library in a library
  manifest       shared package fields and lints come from the workspace
  source         unsafe and cfg(loom) in their rooms, `//!` heads, nothing left undone
  names          no file named for having no purpose
  architecture   paths and crates in ARCHITECTURE.md exist; every crate is in it
  links          relative links in Markdown files lead somewhere",
    forwards_all: false,
    run,
};

/// Documents that the repository must have.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONVENTIONS.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    flags::none(args)?;
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// A broken rule. Line 0: the whole file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    file: String,
    line: usize,
    text: String,
}

impl Violation {
    fn new(file: &str, line: usize, text: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            text: text.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.text),
            line => write!(f, "{}:{line}: {}", self.file, self.text),
        }
    }
}

/// Applies every rule. An error if one is broken.
pub(crate) fn check() -> Result<()> {
    let root = workspace::root();
    let files = files(root)?;
    let workspace = Workspace::load()?;
    let mut found = graph::check(&workspace);
    found.extend(names::check(&files));
    found.extend(missing(&files));
    for file in &files {
        let read = || {
            std::fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))
        };
        let exists = |path: &Path| root.join(path).exists();
        if file.ends_with(".rs") {
            found.extend(source::check(file, &read()?));
        } else if file.ends_with("/Cargo.toml") {
            found.extend(manifest::check(file, &read()?));
        } else if file.ends_with(".md") {
            let text = read()?;
            found.extend(links::check(file, &text, exists));
            if file == "ARCHITECTURE.md" {
                let crates: Vec<&str> = workspace.packages.iter().map(|p| &*p.name).collect();
                found.extend(architecture::check(file, &text, &crates, exists));
            }
        }
    }
    found.sort();
    for violation in &found {
        println!("{violation}");
    }
    if !found.is_empty() {
        bail!("{} violations", found.len());
    }
    println!("tidy: {} files, no violation", files.len());
    Ok(())
}

fn missing(files: &[String]) -> Vec<Violation> {
    DOCUMENTS
        .iter()
        .filter(|name| !files.iter().any(|f| f == *name))
        .map(|name| Violation::new(name, 0, "is missing"))
        .collect()
}

/// The repository's files, relative to `root`, with `/`, sorted. Build products and git's own
/// files are no part of it.
fn files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        let shown = root.join(&dir);
        let entries = std::fs::read_dir(&shown)
            .with_context(|| format!("cannot list {}", shown.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = dir.join(entry.file_name());
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if name != "target" && name != ".git" {
                    open.push(path);
                }
            } else {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_document_is_a_violation() {
        let mut files: Vec<String> = DOCUMENTS.iter().map(|d| (*d).to_owned()).collect();
        assert_eq!(missing(&files), []);
        files.retain(|f| f != "CHANGELOG.md");
        assert_eq!(missing(&files)[0].to_string(), "CHANGELOG.md: is missing");
    }

    #[test]
    fn files_are_listed_without_build_products() {
        let files = files(workspace::root()).unwrap();
        assert!(files.iter().any(|f| f == "xtask/src/cmd/tidy.rs"));
        assert!(!files.iter().any(|f| f.starts_with("target/")));
        assert!(!files.iter().any(|f| f.starts_with(".git/")));
    }
}
