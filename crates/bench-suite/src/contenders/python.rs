//! Programs in Python as contenders: a child process that lives as long as the run, is sent a line
//! and operands, and answers with a line and results.
//!
//! A script travels inside this program and reads its own clock, so that neither a file nor the
//! pipe matters. Python and its packages are never required: what is missing is told, and the run
//! goes on. What is said stands at the head of each script in `peers/`.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A running script.
#[derive(Debug)]
pub(super) struct Session {
    child: Arc<Mutex<Child>>,
    /// Told of each request and each answer; hangs up with the session.
    watch: Sender<Watched>,
    requests: ChildStdin,
    pub(super) answers: BufReader<ChildStdout>,
}

/// What the watchdog is told.
#[derive(Debug)]
enum Watched {
    Asked,
    Answered,
}

/// Longest time for an answer: a batch takes milliseconds, the start of Python seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A thread that ends the child if it owes an answer for longer than `patience`. Who waits at the
/// pipe then reads its end, as if the child had ended by itself.
fn watchdog(child: Arc<Mutex<Child>>, patience: Duration) -> Sender<Watched> {
    let (told, hears) = channel();
    std::thread::spawn(move || {
        while let Ok(first) = hears.recv() {
            if matches!(first, Watched::Answered) {
                continue;
            }
            if let Err(RecvTimeoutError::Timeout) = hears.recv_timeout(patience) {
                end(&child);
            }
        }
    });
    told
}

/// It has nothing to save; one that has ended already is only waited for.
fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
    let _ended = child.kill();
    let _status = child.wait();
}

impl Session {
    /// Starts `python3` from the search path, on `threads` threads, and returns the words of its
    /// first line; the first of them is a version.
    ///
    /// # Errors
    /// Why it is not to be had, in a line: what follows `missing`, if that is the first word.
    pub(super) fn start(script: &str, threads: usize) -> Result<(Self, Vec<String>), String> {
        let mut child = Command::new("python3")
            .args(["-c", script, &threads.to_string()])
            // Equal memory for all: NumPy would ask the system for huge pages, and nobody else does.
            .env("NUMPY_MADVISE_HUGEPAGE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(gone)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("python3: no pipes".into());
        };
        let child = Arc::new(Mutex::new(child));
        let mut session = Self {
            watch: watchdog(Arc::clone(&child), PATIENCE),
            child,
            requests,
            answers: BufReader::new(answers),
        };
        session.tell(Watched::Asked);
        let greeting = session.line()?;
        let mut words: Vec<String> = greeting.split_whitespace().map(str::to_owned).collect();
        match words.first() {
            Some(first) if first != "missing" => Ok((session, words)),
            Some(_) => Err(words.split_off(1).join(" ")),
            None => Err("python3: an empty line".into()),
        }
    }

    /// Sends a line and operands, and hears a line.
    pub(super) fn send(&mut self, request: &str, operands: &[&[u8]]) -> Result<String, String> {
        self.tell(Watched::Asked);
        writeln!(self.requests, "{request}").map_err(gone)?;
        for operand in operands {
            self.requests.write_all(operand).map_err(gone)?;
        }
        self.line()
    }

    /// Sends a line and operands that are to be answered by `ok`.
    pub(super) fn tell_to(&mut self, request: &str, operands: &[&[u8]]) -> Result<(), String> {
        match self.send(request, operands)?.as_str() {
            "ok" => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Sends a line that is to be answered by nanoseconds.
    pub(super) fn time(&mut self, request: &str) -> Result<f64, String> {
        let answer = self.send(request, &[])?;
        let ns = answer.strip_prefix("ns ").and_then(|ns| ns.parse().ok());
        ns.ok_or_else(|| unexpected(&answer))
    }

    /// Sends a line that is to be answered by `out` and the bytes of a result.
    pub(super) fn call(&mut self, request: &str, out: &mut [u8]) -> Result<(), String> {
        let answer = self.send(request, &[])?;
        if answer != "out" {
            return Err(unexpected(&answer));
        }
        self.answers.read_exact(out).map_err(gone)
    }

    fn tell(&self, what: Watched) {
        // The watchdog outlives the session: it ends when nobody can tell it anything.
        let _told = self.watch.send(what);
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        let len = self.answers.read_line(&mut line).map_err(gone)?;
        self.tell(Watched::Answered);
        if len == 0 {
            return Err("python3 ended".into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        end(&self.child);
    }
}

pub(super) fn gone(error: io::Error) -> String {
    format!("python3: {error}")
}

pub(super) fn unexpected(answer: &str) -> String {
    format!("python3 answered: {answer}")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_owes_an_answer_is_ended() {
        let mut command = Command::new("sleep");
        let mut sleeper = command.arg("600").stdout(Stdio::piped()).spawn().unwrap();
        let mut pipe = sleeper.stdout.take().unwrap();
        let watch = watchdog(Arc::new(Mutex::new(sleeper)), Duration::from_millis(20));
        watch.send(Watched::Asked).unwrap();
        // Returns when the child's end of the pipe is closed.
        assert_eq!(pipe.read(&mut [0]).unwrap(), 0);
    }
}
