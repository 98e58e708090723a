//! How the slices of a scope are aligned: to 64 bytes, or to what was asked for.
//!
//! Decided here: that the alignment is part of the handle, so that the ordinary one costs nothing
//! and each request exists once. Deliberately elsewhere: what nonsense is
//! ([`layout`](crate::layout)), and how an address is padded ([`bump`](crate::bump)).

#![forbid(unsafe_code)]

use crate::error::AllocError;
use crate::layout::{self, GRAIN};

mod sealed {
    /// The alignments are the two of this file.
    pub trait Sealed {}
}

/// The alignment that a [`Scope`](crate::Scope) gives its slices: [`CacheLine`] or [`AlignedTo`].
/// A type of larger alignment gets its own.
pub trait Alignment: Copy + sealed::Sealed {
    /// In bytes: a power of two, at least 64.
    fn bytes(self) -> usize;
}

/// 64 bytes: a cache line, and a 512-bit vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLine;

/// What was asked of [`Scope::align_to`](crate::Scope::align_to).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlignedTo(usize);

impl AlignedTo {
    pub(crate) fn new(align: usize) -> Result<Self, AllocError> {
        let align = layout::alignment(align, 1, GRAIN).ok_or(AllocError::Alignment { align })?;
        Ok(Self(align))
    }
}

impl sealed::Sealed for CacheLine {}
impl sealed::Sealed for AlignedTo {}

impl Alignment for CacheLine {
    #[inline(always)]
    fn bytes(self) -> usize {
        GRAIN
    }
}

impl Alignment for AlignedTo {
    #[inline(always)]
    fn bytes(self) -> usize {
        self.0
    }
}
