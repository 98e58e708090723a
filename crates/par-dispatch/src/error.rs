//! Why a call gave no result.

use std::convert::Infallible;
use std::{error, fmt};

/// What the `try_` form of a call returns instead of its result.
///
/// ```
/// use par_dispatch::{Dispatcher, Error, Op};
/// let mut out = [0; 2];
/// let copied = Dispatcher::global().try_map(&Op::new("copy"), &[1; 3], &mut out, |x, out| {
///     out.copy_from_slice(x);
///     Ok::<(), Error>(())
/// });
/// assert_eq!(copied.unwrap_err().to_string(), "copy: slices of 3 and 2 elements");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E = Infallible> {
    /// Slices of one call differ in length. Nothing was run.
    Lengths {
        /// The operation's name.
        operation: &'static str,
        /// Elements in the first slice.
        expected_len: usize,
        /// Elements in the slice that differs.
        found_len: usize,
    },
    /// The call was cancelled. What was done is done; which part that is, is not told.
    Cancelled {
        /// The operation's name.
        operation: &'static str,
        /// Elements whose chunk was run to its end.
        done: usize,
        /// Elements of the call.
        total: usize,
    },
    /// The body failed: the failure that a sequential loop would have met first.
    Body(E),
}

impl<E> Error<E> {
    /// `Ok` if both lengths are equal.
    pub(crate) const fn check_lengths(
        operation: &'static str,
        expected_len: usize,
        found_len: usize,
    ) -> Result<(), Self> {
        if expected_len == found_len {
            return Ok(());
        }
        Err(Self::Lengths {
            operation,
            expected_len,
            found_len,
        })
    }

    /// What the body returned, if that is it.
    pub fn into_body(self) -> Option<E> {
        match self {
            Self::Body(error) => Some(error),
            _ => None,
        }
    }
}

/// The result of a call whose body cannot fail and that nobody may cancel: lengths that differ are
/// a panic.
#[inline(always)]
#[track_caller]
pub(crate) fn settled<R>(result: Result<R, Error>) -> R {
    match result {
        Ok(result) => result,
        Err(error) => fail(&error),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn fail(error: &Error) -> ! {
    panic!("{error}")
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lengths {
                operation,
                expected_len,
                found_len,
            } => write!(
                f,
                "{operation}: slices of {expected_len} and {found_len} elements"
            ),
            Self::Cancelled {
                operation,
                done,
                total,
            } => write!(f, "{operation}: cancelled after {done} of {total} elements"),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl<E: error::Error + 'static> error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // Shown as the error itself, so what is below it comes next.
            Self::Body(error) => error.source(),
            _ => None,
        }
    }
}
