//! `bench --against REV`: is the working tree faster or slower than a revision?
//!
//! Decided here: which kernels are compared, and how both revisions get into one program: a package
//! under `target/against` that takes the working tree's kernels-simd by path and the revision's
//! from the same repository by git, under two names. What one revision lacks is left out, and said.
//! Where the linker happens to put the two copies decides up to 15 % of a short call, so the
//! program is linked many times, with its functions in a random order each: `layouts.rs`.
//! How it is measured and judged is that program's: `xtask/against/main.rs`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::executable;
use crate::flags::Usage;
use crate::run::Program;
use crate::workspace::{self, Workspace};

mod layouts;

const MAIN: &str = include_str!("../../../against/main.rs");
const JUDGE: &str = include_str!("../../../against/judge.rs");
/// One implementation of intervals: the bench suite's.
const INTERVAL: &str = include_str!("../../../../crates/bench-suite/src/stats/interval.rs");
/// And one of the places of buffers.
const PLACED: &str = include_str!("../../../../crates/bench-suite/src/groups/slices/placed.rs");
const LIBRARY: &str = "kernels-simd";
const PROGRAM: &str = "against";
/// Processes of a verdict: with fifteen, two odd ones at either end decide nothing.
const PROCESSES: usize = 15;
/// Fewer cannot promise 99 %.
const PROCESSES_MIN: usize = 10;
/// A change must be seen twice, the second time in other layouts.
const LOOKS: usize = 2;

/// The kernels: macro of the program, name, element type.
const ROWS: &[(&str, &str, &str)] = &[
    ("reduce1", "sum", "f32"),
    ("reduce1", "sum_wide", "f32"),
    ("reduce1", "sum_compensated", "f32"),
    ("reduce1", "max", "f32"),
    ("reduce1", "argmax", "f32"),
    ("reduce2", "dot", "f32"),
    ("reduce2", "cosine_similarity", "f32"),
    ("map2", "add", "f32"),
    ("map2", "div", "f32"),
    ("map1", "relu", "f32"),
    ("map1", "sqrt", "f32"),
    ("map1", "exp", "f32"),
    ("map1", "tanh", "f32"),
    ("map1", "softmax", "f32"),
    ("map1", "cumulative_sum", "f32"),
    ("reduce1", "sum", "f64"),
    ("reduce1", "max", "f64"),
    ("reduce2", "dot", "f64"),
    ("map2", "mul", "f64"),
];

/// What was asked.
struct Asked {
    revision: String,
    only: Vec<String>,
    processes: usize,
}

/// Whether these arguments are this command's.
pub(super) fn is_asked(args: &[OsString]) -> bool {
    args.iter().any(|arg| {
        let arg = arg.to_string_lossy();
        arg == "--against" || arg.starts_with("--against=")
    })
}

pub(super) fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let asked = parsed(args)?;
    let commit = git(&[
        "rev-parse",
        "--verify",
        "--quiet",
        &format!("{}^{{commit}}", asked.revision),
    ])
    .with_context(|| format!("'{}' is no revision of this repository", asked.revision))?;
    let repository = git(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    let workspace = Workspace::load()?;
    let dir = workspace.target.join("against");
    fs::create_dir_all(dir.join("src"))?;
    let library = &workspace.package(LIBRARY)?.dir;
    write(
        &dir.join("Cargo.toml"),
        &manifest(library, &repository, &commit)?,
    )?;
    for (name, text) in [
        ("main", MAIN),
        ("judge", JUDGE),
        ("interval", INTERVAL),
        ("placed", PLACED),
    ] {
        write(&dir.join(format!("src/{name}.rs")), text)?;
    }
    // Both revisions with the same versions of what they share.
    fs::copy(workspace::root().join("Cargo.lock"), dir.join("Cargo.lock"))
        .context("cannot copy Cargo.lock")?;

    let mut left_out = BTreeSet::new();
    let binary = loop {
        write(&dir.join("src/rows.rs"), &rows(&asked.only, &left_out))?;
        let messages = Program::cargo()
            .args([
                "build",
                "--release",
                "--quiet",
                "--message-format=json",
                "--target-dir",
            ])
            .arg(dir.join("target"))
            .dir(&dir)
            .stdout_anyway()?;
        if let Some(binary) = executable(&messages, PROGRAM) {
            break binary;
        }
        let missing = missing(&messages);
        if missing.is_subset(&left_out) {
            bail!(
                "both revisions together do not compile:\n{}",
                errors(&messages)
            );
        }
        left_out.extend(missing);
    };
    for name in &left_out {
        println!("{name}: not compared: not in both revisions");
    }
    println!("new: the working tree; base: {commit}");
    let program = Program::new(binary).arg(asked.processes.to_string());
    match layouts::link(&dir, PROGRAM, asked.processes * LOOKS) {
        Ok(folder) => program.arg(folder).become_it(),
        Err(why) => {
            println!("note: one layout of the code for all processes, which is noise: {why:#}");
            program.become_it()
        }
    }
}

fn parsed(args: Vec<OsString>) -> Result<Asked> {
    let mut asked = Asked {
        revision: String::new(),
        only: Vec::new(),
        processes: PROCESSES,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            lexopt::Arg::Long("against") => asked.revision = text(&mut parser)?,
            lexopt::Arg::Long("only") => {
                let known: Vec<&str> = ROWS.iter().map(|(_, name, _)| *name).collect();
                let names = crate::flags::names("kernel", &text(&mut parser)?, &known)?;
                asked.only.extend(names.into_iter().map(str::to_owned));
            }
            lexopt::Arg::Long("processes") => {
                asked.processes = match text(&mut parser)?.parse() {
                    Ok(processes) if processes >= PROCESSES_MIN => processes,
                    _ => {
                        let says = format!("--processes takes {PROCESSES_MIN} or more");
                        return Err(Usage(says).into());
                    }
                };
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(asked)
}

fn text(parser: &mut lexopt::Parser) -> Result<String> {
    Ok(parser.value()?.to_string_lossy().into_owned())
}

fn git(args: &[&str]) -> Result<String> {
    Ok(Program::new("git").args(args).ask()?.trim().to_owned())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A package outside every workspace that takes both revisions.
fn manifest(library: &Path, repository: &str, commit: &str) -> Result<String> {
    let path = library
        .to_str()
        .context("the repository's path is no text")?;
    // A JSON string is a TOML string too.
    let path = serde_json::to_string(path)?;
    let url = serde_json::to_string(&format!("file://{repository}"))?;
    Ok(format!(
        "[package]\nname = \"{PROGRAM}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n\
         base = {{ package = \"{LIBRARY}\", git = {url}, rev = \"{commit}\" }}\n\
         new = {{ package = \"{LIBRARY}\", path = {path} }}\n\n[workspace]\n"
    ))
}

/// The tables of the program, without what is not asked for or cannot be.
fn rows(only: &[String], left_out: &BTreeSet<String>) -> String {
    let mut text = String::from(
        "//! The kernels that are compared.\n\nuse crate::{Row, map1, map2, reduce1, reduce2};\n",
    );
    for of in ["f32", "f64"] {
        text.push_str(&format!(
            "\npub(crate) fn {of}s() -> Vec<Row<{of}>> {{\n    vec![\n"
        ));
        for (kind, name, dtype) in ROWS {
            let wanted = only.is_empty() || only.iter().any(|o| o == name);
            if *dtype == of && wanted && !left_out.contains(*name) {
                text.push_str(&format!("        {kind}!({name} {dtype}),\n"));
            }
        }
        text.push_str("    ]\n}\n");
    }
    text
}

/// The functions that the compiler did not find.
fn missing(messages: &str) -> BTreeSet<String> {
    let names = diagnostics(messages).filter_map(|message| {
        let text = message["message"].as_str()?;
        let name = text
            .strip_prefix("cannot find function `")?
            .split('`')
            .next()?;
        Some(name.to_owned())
    });
    names.collect()
}

fn errors(messages: &str) -> String {
    let rendered = diagnostics(messages)
        .filter(|m| m["level"] == "error")
        .filter_map(|m| m["rendered"].as_str().map(str::to_owned));
    rendered.collect()
}

fn diagnostics(messages: &str) -> impl Iterator<Item = Value> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-message")
        .map(|message| message["message"].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_if_it_is_wanted_and_there() {
        let text = rows(
            &["sum".into(), "dot".into()],
            &BTreeSet::from(["dot".to_owned()]),
        );
        let rows: Vec<&str> = text
            .lines()
            .filter(|l| l.contains('!') && !l.starts_with('/'))
            .collect();
        assert_eq!(
            rows.iter()
                .map(|row| row.trim())
                .filter(|row| !row.starts_with("vec"))
                .collect::<Vec<_>>(),
            ["reduce1!(sum f32),", "reduce1!(sum f64),"]
        );
    }

    #[test]
    fn what_the_compiler_does_not_find_is_named() {
        let messages = r#"{"reason":"compiler-message","message":{"level":"error","message":"cannot find function `softmax` in crate `base`","rendered":"error…"}}
{"reason":"build-finished","success":false}"#;
        assert_eq!(missing(messages), BTreeSet::from(["softmax".to_owned()]));
        assert_eq!(errors(messages), "error…");
    }

    #[test]
    fn the_manifest_names_both_revisions() {
        let text = manifest(Path::new("/r/crates/kernels-simd"), "/r/.git", "abc").unwrap();
        assert!(
            text.contains(r#"git = "file:///r/.git", rev = "abc""#),
            "{text}"
        );
        assert!(
            text.contains(r#"path = "/r/crates/kernels-simd""#),
            "{text}"
        );
    }

    #[test]
    fn too_few_processes_and_unknown_kernels_are_refused() {
        for wrong in [["--processes", "9"], ["--only", "summ"], ["--quick", "x"]] {
            assert!(
                parsed(wrong.map(OsString::from).to_vec()).is_err(),
                "{wrong:?}"
            );
        }
        assert!(is_asked(&["--against=HEAD".into()]) && !is_asked(&["--quick".into()]));
    }
}
