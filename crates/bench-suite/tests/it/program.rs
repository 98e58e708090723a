//! Runs the built program, and says what came of it.

use std::path::Path;
use std::process::{Command, Output};

pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program in `folder`, where it will also write its report by default.
pub(crate) fn bench_suite(folder: &Path, arguments: &[&str]) -> Ended {
    ended(command(folder, arguments))
}

/// The program in `folder`, not started yet.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench-suite"));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs it.
pub(crate) fn ended(mut command: Command) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ended {
        status: status.code().expect("the program ends by itself"),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// The JSON in a file.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("valid JSON")
}
