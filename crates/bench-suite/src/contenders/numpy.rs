//! NumPy, in a child process that lives as long as the run and is asked for a batch per round.
//!
//! Its products of matrices are those of the BLAS that it comes with: OpenBLAS, in its wheels. The
//! protocol is described in `peers/numpy_peer.py`; who speaks it is `super::python`'s.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufReader, Read as _};
use std::process::ChildStdout;
use std::str::{FromStr, SplitWhitespace};

use super::python::{Session, gone, unexpected};
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
    threads: usize,
    ops: BTreeSet<String>,
    session: RefCell<Session>,
}

impl Numpy {
    /// Starts `python3` from the search path, its BLAS on `threads` threads.
    ///
    /// # Errors
    /// Why it is not to be had, in a line.
    pub fn start(threads: usize) -> Result<Self, String> {
        let (session, mut words) = Session::start(SCRIPT, threads)?;
        let ops = words.split_off(1);
        Ok(Self {
            version: words.remove(0),
            threads,
            ops: ops.into_iter().collect(),
            session: session.into(),
        })
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
            load(session, operands)?;
            let answer = session.send(&format!("call {op}"), &[])?;
            R::heard(&answer, &mut session.answers, operands)
        };
        Some(self.asked(op, call).roundings(roundings(len)))
    }

    /// The product of an m×k and a k×n matrix, the operands' x and y, in their out.
    #[must_use]
    pub fn product<T: Operand + Number>(
        &self,
        [m, k, n]: [usize; 3],
    ) -> Contender<'_, Operands<T>, ()> {
        let call = move |operands: &mut Operands<T>| {
            let session = &mut *self.session.borrow_mut();
            load(session, operands)?;
            session.tell_to(&format!("matrices {m} {k} {n}"), &[])?;
            session.call("call matmul", bytemuck::cast_slice_mut(&mut operands.out))
        };
        self.asked("matmul", call).roundings(roundings(k))
    }

    fn asked<'a, C, R>(
        &'a self,
        op: &'static str,
        call: impl Fn(&mut C) -> Result<R, String> + 'a,
    ) -> Contender<'a, C, R> {
        let repeat = move |_: &mut C, times: u64| {
            let request = format!("time {op} {times}");
            self.session.borrow_mut().time(&request)
        };
        Contender::elsewhere(NAME, self.threads, call, repeat)
    }
}

/// Sends the operands; the output becomes a copy of the first one.
fn load<T: Operand>(session: &mut Session, operands: &Operands<T>) -> Result<(), String> {
    let Operands { x, y, .. } = operands;
    let (x_len, y_len) = (x.len(), y.len());
    let request = format!("load {} {x_len} {y_len} {}", T::DTYPE, T::constants());
    session.tell_to(
        &request,
        &[bytemuck::cast_slice(x), bytemuck::cast_slice(y)],
    )
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
