//! Running other programs: each is echoed (`$ cargo …`, on stderr) before it runs, and a failure
//! names the program and its status. What to run, and what its output means, is the commands'
//! business.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// A program with its arguments, and how it is shown.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    shown: String,
}

/// What a program printed (both streams, line by line as they came) and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) success: bool,
    pub(crate) text: String,
}

impl Program {
    /// A program in the workspace's root, without stdin.
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let shown = name.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(name);
        command.current_dir(workspace::root()).stdin(Stdio::null());
        Self { command, shown }
    }

    /// The cargo that runs this command.
    pub(crate) fn cargo() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut program = Self::new(cargo);
        program.shown = "cargo".to_owned();
        program
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        let arg = arg.as_ref();
        self.shown.push(' ');
        self.shown.push_str(&quoted(&arg.to_string_lossy()));
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<I, S>(self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        args.into_iter().fold(self, Self::arg)
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref();
        self.shown = format!("{name}={} {}", quoted(&value.to_string_lossy()), self.shown);
        self.command.env(name, value);
        self
    }

    /// Takes a variable of our own environment away from the program.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it with our stdout and stderr. An error unless it succeeds.
    pub(crate) fn run(mut self) -> Result<()> {
        self.echo();
        let status = self.command.status().with_context(|| self.cannot_start())?;
        self.check(status)
    }

    /// Runs it, shows what it prints and keeps it too. A failure is in the answer, no error.
    pub(crate) fn tee(mut self) -> Result<Told> {
        self.echo();
        let mut child = self
            .command
            // Colours would have to be taken out again before the text is read.
            .env("CARGO_TERM_COLOR", "never")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| self.cannot_start())?;
        let kept = Arc::new(Mutex::new(String::new()));
        let pumps = [
            child.stdout.take().map(|s| pump(s, io::stdout(), &kept)),
            child.stderr.take().map(|s| pump(s, io::stderr(), &kept)),
        ];
        let status = child.wait().with_context(|| self.cannot_start())?;
        for pump in pumps.into_iter().flatten() {
            // A pump panics only if our own stdout or stderr is broken; the status still holds.
            let _ = pump.join();
        }
        let text = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Told {
            success: status.success(),
            text,
        })
    }

    /// Runs it and returns its stdout; stderr stays visible. An error unless it succeeds.
    pub(crate) fn stdout(mut self) -> Result<String> {
        self.echo();
        self.read(Stdio::inherit())
    }

    /// Runs it and returns its stdout, whether it succeeded or not; stderr stays visible.
    pub(crate) fn stdout_anyway(mut self) -> Result<String> {
        self.echo();
        let output = self.command.stderr(Stdio::inherit()).output();
        let output = output.with_context(|| self.cannot_start())?;
        String::from_utf8(output.stdout).with_context(|| format!("`{}`: its output", self.shown))
    }

    /// Like `stdout` for a question that interests nobody: no echo, no stderr.
    pub(crate) fn ask(mut self) -> Result<String> {
        self.read(Stdio::null())
    }

    fn read(&mut self, stderr: Stdio) -> Result<String> {
        let output = self
            .command
            .stderr(stderr)
            .output()
            .with_context(|| self.cannot_start())?;
        self.check(output.status)?;
        String::from_utf8(output.stdout).with_context(|| format!("`{}`: its output", self.shown))
    }

    /// Replaces this process by it where the system can, so that its exit status and its signals
    /// (Ctrl-C) are its own; elsewhere runs it and returns its status. It gets our directory and
    /// stdin: paths in its arguments are the user's.
    pub(crate) fn become_it(mut self) -> Result<ExitCode> {
        let here = std::env::current_dir().context("the current directory")?;
        self.command.current_dir(here).stdin(Stdio::inherit());
        self.echo();
        replace(&mut self.command).with_context(|| self.cannot_start())
    }

    fn echo(&self) {
        eprintln!("$ {}", self.shown);
    }

    fn cannot_start(&self) -> String {
        format!("cannot run `{}`", self.shown)
    }

    fn check(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }
}

#[cfg(unix)]
fn replace(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace(command: &mut Command) -> io::Result<ExitCode> {
    let code = command.status()?.code();
    Ok(ExitCode::from(
        code.and_then(|c| u8::try_from(c).ok()).unwrap_or(1),
    ))
}

/// Copies lines from a child's stream to ours and to `kept`, on a thread, until the stream ends.
fn pump(
    from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    kept: &Arc<Mutex<String>>,
) -> thread::JoinHandle<()> {
    let kept = Arc::clone(kept);
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            // Whoever closed our stdout has stopped reading; the child must still be drained.
            let _ = to.write_all(&line).and_then(|()| to.flush());
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// An argument as a shell would need it; enough for what we run, to be copied from a log.
fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.to_owned()
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_shown_as_a_shell_would_take_it() {
        let program = Program::cargo()
            .args(["test", "-p", "arena"])
            .arg("a b")
            .env("RUSTFLAGS", "--cfg loom");
        assert_eq!(
            program.shown,
            "RUSTFLAGS='--cfg loom' cargo test -p arena 'a b'"
        );
    }

    #[test]
    fn a_failure_names_the_program_and_a_missing_program_too() {
        let failed = Program::cargo().arg("no-such-command-here").ask();
        assert!(failed.unwrap_err().to_string().contains("cargo no-such"));
        let missing = Program::new("no-such-program-here").ask();
        assert!(missing.unwrap_err().to_string().contains("no-such-program"));
    }

    #[test]
    fn tee_keeps_both_streams_and_reports_failure_as_an_answer() {
        let good = Program::cargo().arg("--version").tee().unwrap();
        assert!(good.success && good.text.starts_with("cargo "));
        let bad = Program::cargo().arg("no-such-command-here").tee().unwrap();
        assert!(!bad.success && bad.text.contains("no-such-command-here"));
    }
}
