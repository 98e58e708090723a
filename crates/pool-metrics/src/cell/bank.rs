//! What a bank of a cell holds: when its thread was busy in one interval.
//!
//! Decided here: how an edge changes a bank and how a bank becomes a [`Tally`]. The fields are
//! relaxed atomics that are loaded and stored, never modified in one step: at any moment one
//! thread owns a bank (`README.md` says who and why), so they are plain fields that safe code may
//! share.

use super::outline::Outline;
use crate::sync::{AtomicU64, Ordering::Relaxed};

/// No edge in the bank.
const NO_EDGE: u64 = u64::MAX;

/// One of a cell's two sets of fields.
#[derive(Debug)]
pub(super) struct Bank {
    /// Times at which the thread turned idle less times at which it turned busy, modulo 2^64.
    edges_ns: AtomicU64,
    /// The last of those times, shifted left by one, with the lowest bit set if the thread turned
    /// busy then; or [`NO_EDGE`].
    last_edge: AtomicU64,
    activations: AtomicU64,
    depth_max: AtomicU64,
    clock_steps: AtomicU64,
    pub(super) outline: Outline,
}

impl Bank {
    pub(super) fn new() -> Self {
        Self {
            edges_ns: AtomicU64::new(0),
            last_edge: AtomicU64::new(NO_EDGE),
            activations: AtomicU64::new(0),
            depth_max: AtomicU64::new(0),
            clock_steps: AtomicU64::new(0),
            outline: Outline::new(),
        }
    }

    #[inline]
    pub(super) fn turn_busy(&self, at: u64) {
        update(&self.edges_ns, |sum| sum.wrapping_sub(at));
        self.last_edge.store(at << 1 | 1, Relaxed);
        update(&self.activations, |count| count + 1);
        self.outline.turn_busy(at);
    }

    #[inline]
    pub(super) fn turn_idle(&self, at: u64) {
        update(&self.edges_ns, |sum| sum.wrapping_add(at));
        self.last_edge.store(at << 1, Relaxed);
        self.outline.turn_idle(at);
    }

    /// A task ended `depth` deep; `stepped` if the clock stood before its beginning.
    #[inline]
    pub(super) fn note(&self, depth: u64, stepped: bool) {
        raise(&self.depth_max, depth);
        if stepped {
            update(&self.clock_steps, |count| count + 1);
        }
    }

    /// Reads the bank and leaves it empty, but for the outline: the tally (whose busy time is not
    /// known here), the sum of the edges, and the last edge's time with whether the thread is busy
    /// since.
    pub(super) fn drain(&self) -> (Tally, u64, Option<(u64, bool)>) {
        let tally = Tally {
            busy_ns: 0,
            activations: replace(&self.activations, 0),
            depth_max: replace(&self.depth_max, 0),
            clock_steps: replace(&self.clock_steps, 0),
        };
        let edges_ns = replace(&self.edges_ns, 0);
        let last = replace(&self.last_edge, NO_EDGE);
        (
            tally,
            edges_ns,
            (last != NO_EDGE).then_some((last >> 1, last & 1 == 1)),
        )
    }
}

#[inline]
pub(super) fn update(field: &AtomicU64, change: impl FnOnce(u64) -> u64) {
    field.store(change(field.load(Relaxed)), Relaxed);
}

/// Stores `value` if it is more than what the field holds, which after some time it rarely is.
#[inline]
pub(super) fn raise(field: &AtomicU64, value: u64) {
    if field.load(Relaxed) < value {
        field.store(value, Relaxed);
    }
}

pub(super) fn replace(field: &AtomicU64, empty: u64) -> u64 {
    let held = field.load(Relaxed);
    if held != empty {
        field.store(empty, Relaxed);
    }
    held
}

/// How busy a thread was in an interval, as plain values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Time during which the thread was inside a task.
    pub busy_ns: u64,
    /// Turns from idle to busy.
    pub activations: u64,
    /// Most tasks inside each other, among those that ended.
    pub depth_max: u64,
    /// Tasks that ended at a time before their beginning.
    pub clock_steps: u64,
}

impl Tally {
    /// Adds the counts of another interval of the thread.
    pub fn merge(&mut self, other: &Self) {
        self.busy_ns += other.busy_ns;
        self.activations += other.activations;
        self.depth_max = self.depth_max.max(other.depth_max);
        self.clock_steps += other.clock_steps;
    }
}
