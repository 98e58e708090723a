//! What can go wrong with a request for scratch memory.
//!
//! Decided here: the error type and its words. Deliberately elsewhere: what is too large
//! ([`layout`](crate::layout)).

#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// Why a slice could not be allocated.
///
/// ```
/// use arena::{AllocError, with_arena};
///
/// let error = with_arena(|scope| scope.try_alloc_slice_uninit::<f32>(usize::MAX).map(|_| ()));
/// assert!(matches!(error, Err(AllocError::TooLarge { len: usize::MAX, element_bytes: 4, .. })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AllocError {
    /// `len` elements are more bytes than any object may have (`isize::MAX`, padding included).
    #[non_exhaustive]
    TooLarge {
        /// Elements asked for.
        len: usize,
        /// Bytes of one element.
        element_bytes: usize,
    },
    /// The system had no block for the request.
    #[non_exhaustive]
    OutOfMemory {
        /// Bytes of room that were needed, padding included.
        needed_bytes: usize,
    },
}

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { len, element_bytes } => write!(
                f,
                "arena: a slice of {len} elements of {element_bytes} bytes is larger than any \
                 object may be"
            ),
            Self::OutOfMemory { needed_bytes } => write!(
                f,
                "arena: the system has no block with {needed_bytes} bytes of room"
            ),
        }
    }
}

impl Error for AllocError {}
