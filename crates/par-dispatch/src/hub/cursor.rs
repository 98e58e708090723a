//! Which chunks of a call are not claimed yet: a run of indices, taken from both ends so that the
//! caller walks its data forwards and meets the helpers as late as possible.
//!
//! Only *who* gets an index is decided here, by single steps on one word; what a chunk reads and
//! writes is published by the board.

use crate::sync::{AtomicU64, CLAIMS_CHUNK_AT_ONCE, Ordering::Relaxed};

/// `[end: 32 | start: 32]` of the unclaimed run.
#[derive(Debug)]
pub(super) struct Cursor(AtomicU64);

const START: u64 = 1;
const END: u64 = 1 << 32;

impl Cursor {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Starts anew. Only for a slot that is claimed and not open.
    pub(super) fn set(&self, start: u32, end: u32) {
        self.0
            .store(u64::from(end) * END + u64::from(start) * START, Relaxed);
    }

    /// Takes the first index.
    #[inline]
    pub(super) fn claim_front(&self) -> Option<usize> {
        self.claim(|start, _| start, |run| run.wrapping_add(START))
    }

    /// Takes the last index.
    #[inline]
    pub(super) fn claim_back(&self) -> Option<usize> {
        self.claim(|_, end| end - 1, |run| run.wrapping_sub(END))
    }

    #[inline(always)]
    fn claim(&self, which: impl Fn(u32, u32) -> u32, rest: impl Fn(u64) -> u64) -> Option<usize> {
        let mut run = self.0.load(Relaxed);
        loop {
            let (start, end) = (run as u32, (run >> 32) as u32);
            if start >= end {
                return None;
            }
            if !CLAIMS_CHUNK_AT_ONCE {
                self.0.store(rest(run), Relaxed);
                return Some(which(start, end) as usize);
            }
            match self
                .0
                .compare_exchange_weak(run, rest(run), Relaxed, Relaxed)
            {
                Ok(_) => return Some(which(start, end) as usize),
                Err(now) => run = now,
            }
        }
    }

    /// Leaves nothing to claim: whoever is inside ends its chunk and finds no other.
    pub(super) fn exhaust(&self) {
        self.0.store(0, Relaxed);
    }
}
