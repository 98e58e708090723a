//! `cargo xtask <command>`: the workspace's own commands.
//!
//! Decided here: how a command line reaches a command, and what a failure's exit status is. The
//! commands are rows of the table in `cmd`, one file each; how programs are run is in `run`.
//! Nothing of the workspace is linked: commands run programs and read what they print.

mod cmd;
mod flags;
mod run;
mod tally;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use cmd::{ALL, Command};
use flags::Usage;

/// A command line that cannot be understood, as in most Unix programs.
const STATUS_USAGE: u8 = 2;

fn main() -> ExitCode {
    if let Some(status) = cmd::rustc_if_asked() {
        return status;
    }
    let mut args = std::env::args_os().skip(1);
    let Some(first) = args.next() else {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    };
    let name = first.to_string_lossy();
    if matches!(&*name, "--help" | "-h" | "help") {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(command) = ALL.iter().find(|c| c.name == name) else {
        let known: Vec<&str> = ALL.iter().map(|c| c.name).collect();
        eprintln!(
            "cargo xtask: unknown command '{name}' (known: {})",
            known.join(", ")
        );
        return ExitCode::from(STATUS_USAGE);
    };
    let rest: Vec<OsString> = args.collect();
    if !command.forwards_all && rest.iter().any(|a| a == "--help" || a == "-h") {
        println!("{}\n\n{}", command.about, command.usage.trim());
        return ExitCode::SUCCESS;
    }
    match (command.run)(rest) {
        Ok(status) => status,
        Err(error) => report(command, &error),
    }
}

/// Prints a failed command's error and chooses its exit status.
fn report(command: &Command, error: &anyhow::Error) -> ExitCode {
    eprintln!("cargo xtask {}: {error:#}", command.name);
    if error.is::<Usage>() || error.is::<lexopt::Error>() {
        eprintln!("Try: cargo xtask {} --help", command.name);
        return ExitCode::from(STATUS_USAGE);
    }
    ExitCode::FAILURE
}

fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND [ARGS…]\n\nCommands:\n");
    for command in ALL {
        text.push_str(&format!("  {:<13} {}\n", command.name, command.about));
    }
    text.push_str("\n`cargo xtask COMMAND --help` explains one.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_every_command_once_on_a_line_of_its_own() {
        let text = overview();
        for command in ALL {
            let rows = text
                .lines()
                .filter(|l| l.split_whitespace().next() == Some(command.name))
                .count();
            assert_eq!(rows, 1, "{}", command.name);
            assert!(!command.about.is_empty() && !command.about.contains('\n'));
            assert!(
                command
                    .usage
                    .contains(&format!("cargo xtask {}", command.name))
            );
        }
    }
}
