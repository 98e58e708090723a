//! What can go wrong with a request for scratch memory.
//!
//! Decided here: the error type and its words. Deliberately elsewhere: what is too large
//! ([`layout`](crate::layout)), and what is beyond a limit ([`store`](crate::store)).

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
    /// An alignment that is no power of two.
    #[non_exhaustive]
    Alignment {
        /// Bytes to which the slice was to be aligned.
        align: usize,
    },
    /// The system had no block for the request.
    #[non_exhaustive]
    OutOfMemory {
        /// Bytes of room that were needed, padding included.
        needed_bytes: usize,
    },
    /// The arena, of this thread or owned, would hold more than its
    /// [`Settings::limit_bytes`](crate::Settings::limit_bytes).
    #[non_exhaustive]
    Limit {
        /// Bytes of room that were needed, padding included.
        needed_bytes: usize,
        /// Bytes of the blocks that the arena holds.
        held_bytes: usize,
        /// The most that these may be.
        limit_bytes: usize,
    },
    /// The arenas of the process would hold more than
    /// [`set_process_limit`](crate::set_process_limit) allows.
    #[non_exhaustive]
    ProcessLimit {
        /// Bytes of room that were needed, padding included.
        needed_bytes: usize,
        /// Bytes of the blocks that all arenas hold.
        held_bytes: usize,
        /// The most that these may be.
        limit_bytes: usize,
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
            Self::Alignment { align } => {
                write!(f, "arena: an alignment of {align} is no power of two")
            }
            Self::OutOfMemory { needed_bytes } => write!(
                f,
                "arena: the system has no block with {needed_bytes} bytes of room"
            ),
            Self::Limit {
                needed_bytes,
                held_bytes,
                limit_bytes,
            } => write!(
                f,
                "arena: {needed_bytes} bytes more are beyond the limit of one arena, \
                 {limit_bytes} bytes, of which it holds {held_bytes}"
            ),
            Self::ProcessLimit {
                needed_bytes,
                held_bytes,
                limit_bytes,
            } => write!(
                f,
                "arena: {needed_bytes} bytes more are beyond the limit of the process, \
                 {limit_bytes} bytes, of which its arenas hold {held_bytes}"
            ),
        }
    }
}

impl Error for AllocError {}
