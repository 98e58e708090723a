//! NumPy, in a child process that lives as long as the run and is asked for a batch per round.
//!
//! The script travels inside this program and reads its own clock, so that neither a file nor the
//! pipe matters. Python and NumPy are never required: what is missing is told, and the run goes on.
//! The protocol is described in `peers/numpy_peer.py`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::{FromStr, SplitWhitespace};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::data::number::{Number, Sent};
use crate::groups::slices::Operands;
use crate::measure::Contender;

/// The contender's name.
pub const NAME: &str = "numpy";

const SCRIPT: &str = include_str!("../../peers/numpy_peer.py");

/// The longest chain of roundings in NumPy's pairwise sum and in a BLAS dot of n elements.
fn roundings(len: usize) -> usize {
    len + 64
}

/// A running NumPy.
#[derive(Debug)]
pub struct Numpy {
    version: String,
    ops: BTreeSet<String>,
    session: RefCell<Session>,
}

#[derive(Debug)]
struct Session {
    child: Arc<Mutex<Child>>,
    /// Told of each request and each answer; hangs up with the session.
    watch: Sender<Watched>,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
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

impl Numpy {
    /// Starts `python3` from the search path.
    ///
    /// # Errors
    /// Why it is not to be had, in a line.
    pub fn start() -> Result<Self, String> {
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT])
            // Equal memory for all: NumPy would ask the system for huge pages, and nobody else does.
            .env("NUMPY_MADVISE_HUGEPAGE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("python3: {error}"))?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("python3: no pipes".into());
        };
        let child = Arc::new(Mutex::new(child));
        let mut session = Session {
            watch: watchdog(Arc::clone(&child), PATIENCE),
            child,
            requests,
            answers: BufReader::new(answers),
        };
        session.tell(Watched::Asked);
        let greeting = session.line()?;
        let mut words = greeting.split_whitespace().map(str::to_owned);
        match words.next() {
            Some(first) if first != "missing" => Ok(Self {
                version: first,
                ops: words.collect(),
                session: session.into(),
            }),
            _ => Err(words.collect::<Vec<_>>().join(" ")),
        }
    }

    /// NumPy's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The contender for an operation on elements of type `T`, if NumPy has it.
    #[must_use]
    pub fn contender<T: Operand, R: Reply<T>>(
        &self,
        op: &'static str,
        len: usize,
    ) -> Option<Contender<'_, Operands<T>, R>> {
        let some_types = format!("{op}:{}", T::DTYPE);
        if !self.ops.contains(op) && !self.ops.contains(&some_types) {
            return None;
        }
        let call = move |operands: &mut Operands<T>| {
            let session = &mut *self.session.borrow_mut();
            session.load(operands)?;
            let answer = session.ask(&format!("call {op}"))?;
            R::heard(&answer, &mut session.answers, operands)
        };
        let repeat = move |_: &mut Operands<T>, times: u64| {
            let answer = self
                .session
                .borrow_mut()
                .ask(&format!("time {op} {times}"))?;
            let ns = answer.strip_prefix("ns ").and_then(|ns| ns.parse().ok());
            ns.ok_or_else(|| unexpected(&answer))
        };
        Some(Contender::elsewhere(NAME, 1, call, repeat).roundings(roundings(len)))
    }
}

impl Session {
    /// Sends the operands; the output becomes a copy of the first one.
    fn load<T: Operand>(&mut self, operands: &Operands<T>) -> Result<(), String> {
        self.tell(Watched::Asked);
        let Operands { x, y, .. } = operands;
        let (x_len, y_len) = (x.len(), y.len());
        let request = format!("load {} {x_len} {y_len} {}\n", T::DTYPE, T::constants());
        for part in [
            request.as_bytes(),
            bytemuck::cast_slice(x),
            bytemuck::cast_slice(y),
        ] {
            self.requests.write_all(part).map_err(gone)?;
        }
        match self.line()?.as_str() {
            "ok" => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn tell(&self, what: Watched) {
        // The watchdog outlives the session: it ends when nobody can tell it anything.
        let _told = self.watch.send(what);
    }

    fn ask(&mut self, request: &str) -> Result<String, String> {
        self.tell(Watched::Asked);
        writeln!(self.requests, "{request}").map_err(gone)?;
        self.line()
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

fn gone(error: io::Error) -> String {
    format!("python3: {error}")
}

fn unexpected(answer: &str) -> String {
    format!("numpy answered: {answer}")
}

/// An element type that NumPy is sent.
pub trait Operand: Sent {
    /// Scalar operand and bounds, as words.
    fn constants() -> String;
}

impl Operand for bool {
    fn constants() -> String {
        "0 0 1".into()
    }
}

/// One row: types of numbers.
macro_rules! operands {
    ($($ty:ident)*) => {$(
        impl Operand for $ty {
            fn constants() -> String {
                let (least, greatest) = Self::BOUNDS;
                format!("{} {least} {greatest}", Self::SCALAR)
            }
        }
    )*};
}

operands! { f32 f64 i32 i64 u8 }

/// An answer that can be read from a line, or into the output.
pub trait Reply<T>: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What was heard instead.
    fn heard(
        line: &str,
        answers: &mut BufReader<ChildStdout>,
        operands: &mut Operands<T>,
    ) -> Result<Self, String>;
}

/// Elementwise operations leave their answer in the output.
impl<T: Number> Reply<T> for () {
    fn heard(
        line: &str,
        answers: &mut BufReader<ChildStdout>,
        operands: &mut Operands<T>,
    ) -> Result<Self, String> {
        if line != "out" {
            return Err(unexpected(line));
        }
        let out: &mut [u8] = bytemuck::cast_slice_mut(&mut operands.out);
        answers.read_exact(out).map_err(gone)
    }
}

impl<T, R: Words> Reply<T> for R {
    fn heard(
        line: &str,
        _: &mut BufReader<ChildStdout>,
        _: &mut Operands<T>,
    ) -> Result<Self, String> {
        let words = line.strip_prefix("value ").map(str::split_whitespace);
        let value = words.and_then(|mut words| R::read(&mut words));
        value.ok_or_else(|| unexpected(line))
    }
}

/// A value written as words.
pub trait Words: Sized {
    /// The value, if that is what the next words are.
    fn read(words: &mut SplitWhitespace<'_>) -> Option<Self>;
}

fn parsed<V: FromStr>(words: &mut SplitWhitespace<'_>) -> Option<V> {
    words.next()?.parse().ok()
}

/// One row: types that are one word.
macro_rules! words {
    ($($ty:ident)*) => {$(
        impl Words for $ty {
            fn read(words: &mut SplitWhitespace<'_>) -> Option<Self> {
                parsed(words)
            }
        }
    )*};
}

words! { f32 f64 i32 i64 i128 u8 u64 usize }

impl Words for bool {
    fn read(words: &mut SplitWhitespace<'_>) -> Option<Self> {
        parsed::<u8>(words).map(|word| word != 0)
    }
}

/// What an empty slice would not have; the suite measures none.
impl<V: Words> Words for Option<V> {
    fn read(words: &mut SplitWhitespace<'_>) -> Option<Self> {
        V::read(words).map(Some)
    }
}

impl<V: Words> Words for (V, V) {
    fn read(words: &mut SplitWhitespace<'_>) -> Option<Self> {
        Some((V::read(words)?, V::read(words)?))
    }
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
