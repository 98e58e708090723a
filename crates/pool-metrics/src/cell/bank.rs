//! What a bank holds: the tasks of one interval, and its edges of busy time.
//!
//! Decided here: how a record changes a bank and how a bank becomes a [`Tally`]. The fields are
//! relaxed atomics that are loaded and stored, never modified in one step: at any moment one
//! thread owns a bank (`README.md` says who and why), so they are plain fields that safe code may
//! share.

use crate::sync::{AtomicU64, Ordering::Relaxed};

/// No edge in the bank.
const NO_EDGE: u64 = u64::MAX;

/// One of a cell's two sets of fields.
#[derive(Debug)]
pub struct Bank {
    tasks: AtomicU64,
    task_ns: AtomicU64,
    task_ns_min: AtomicU64,
    task_ns_max: AtomicU64,
    /// Times at which the thread turned idle less times at which it turned busy, modulo 2^64.
    edges_ns: AtomicU64,
    /// The last of those times, shifted left by one, with the lowest bit set if the thread turned
    /// busy then; or [`NO_EDGE`].
    last_edge: AtomicU64,
}

impl Bank {
    pub(super) fn new() -> Self {
        Self {
            tasks: AtomicU64::new(0),
            task_ns: AtomicU64::new(0),
            task_ns_min: AtomicU64::new(u64::MAX),
            task_ns_max: AtomicU64::new(0),
            edges_ns: AtomicU64::new(0),
            last_edge: AtomicU64::new(NO_EDGE),
        }
    }

    #[inline]
    pub(super) fn add_task(&self, ns: u64) {
        update(&self.tasks, |tasks| tasks + 1);
        update(&self.task_ns, |sum| sum.wrapping_add(ns));
        update(&self.task_ns_min, |min| min.min(ns));
        update(&self.task_ns_max, |max| max.max(ns));
    }

    #[inline]
    pub(super) fn turn_busy(&self, at: u64) {
        update(&self.edges_ns, |sum| sum.wrapping_sub(at));
        self.last_edge.store(at << 1 | 1, Relaxed);
    }

    #[inline]
    pub(super) fn turn_idle(&self, at: u64) {
        update(&self.edges_ns, |sum| sum.wrapping_add(at));
        self.last_edge.store(at << 1, Relaxed);
    }

    /// Reads the bank and leaves it empty: the tasks (whose busy time is not known here), the sum
    /// of the edges, and the last edge's time with whether the thread is busy since.
    pub(super) fn drain(&self) -> (Tally, u64, Option<(u64, bool)>) {
        let tally = Tally {
            tasks: replace(&self.tasks, 0),
            task_ns: replace(&self.task_ns, 0),
            task_ns_min: replace(&self.task_ns_min, u64::MAX),
            task_ns_max: replace(&self.task_ns_max, 0),
            busy_ns: 0,
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
fn update(field: &AtomicU64, change: impl FnOnce(u64) -> u64) {
    field.store(change(field.load(Relaxed)), Relaxed);
}

fn replace(field: &AtomicU64, empty: u64) -> u64 {
    let held = field.load(Relaxed);
    field.store(empty, Relaxed);
    held
}

/// The counts of an interval, as plain values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Tasks that ended.
    pub tasks: u64,
    /// The sum of their durations.
    pub task_ns: u64,
    /// The shortest of them; `u64::MAX` if there are none.
    pub task_ns_min: u64,
    /// The longest of them.
    pub task_ns_max: u64,
    /// Time during which the thread was inside a task.
    pub busy_ns: u64,
}

impl Tally {
    /// Nothing.
    pub const EMPTY: Self = Self {
        tasks: 0,
        task_ns: 0,
        task_ns_min: u64::MAX,
        task_ns_max: 0,
        busy_ns: 0,
    };

    /// Adds the counts of another interval or thread.
    pub fn merge(&mut self, other: &Self) {
        self.tasks += other.tasks;
        self.task_ns = self.task_ns.wrapping_add(other.task_ns);
        self.task_ns_min = self.task_ns_min.min(other.task_ns_min);
        self.task_ns_max = self.task_ns_max.max(other.task_ns_max);
        self.busy_ns += other.busy_ns;
    }
}
