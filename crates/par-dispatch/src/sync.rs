//! The seam for loom: which atomics, locks and cells the hub runs on, with which orderings, and how
//! long a caller spins before it sleeps.
//!
//! Decided here, and nowhere else in `src`: what changes under `cfg(loom)`, and which ordering or
//! step a mutant (`--cfg mutant="name"`) breaks. Every mutant is listed in
//! `tests/loom/mutants.txt` with the model that must catch it. Why an ordering is what it is stands
//! in `hub/README.md`.

#[cfg(loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicU64, AtomicUsize, fence},
    sync::{Condvar, Mutex},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex,
    atomic::{AtomicU64, AtomicUsize, fence},
};

pub(crate) use std::sync::atomic::Ordering;

/// A cell with loom's interface: accesses are calls, so that a model sees how long they last.
#[cfg(not(loom))]
#[derive(Debug, Default)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Hands out the address for reading.
    #[inline(always)]
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        read(self.0.get())
    }

    /// Hands out the address for writing.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        write(self.0.get())
    }
}

/// Orderings of the board's protocol.
pub(crate) mod order {
    use super::Ordering;

    const fn unless(broken: bool, right: Ordering) -> Ordering {
        if broken { Ordering::Relaxed } else { right }
    }

    /// A caller takes a free slot: sees that its last user has left the payload.
    pub(crate) const CLAIM: Ordering = unless(cfg!(mutant = "claim_relaxed"), Ordering::Acquire);
    /// A caller opens: publishes the payload and what it borrows.
    pub(crate) const OPEN: Ordering = unless(cfg!(mutant = "open_relaxed"), Ordering::Release);
    /// A helper joins: sees the payload.
    pub(crate) const JOIN: Ordering = unless(cfg!(mutant = "join_relaxed"), Ordering::Acquire);
    /// A helper leaves: publishes what its chunks wrote.
    pub(crate) const LEAVE: Ordering = unless(cfg!(mutant = "leave_relaxed"), Ordering::Release);
    /// A caller closes, or waits: sees what the helpers that left have written.
    pub(crate) const DRAIN: Ordering = unless(cfg!(mutant = "drain_relaxed"), Ordering::Acquire);
    /// A caller frees its slot: publishes that the payload has been left.
    pub(crate) const FREE: Ordering = unless(cfg!(mutant = "free_relaxed"), Ordering::Release);
}

/// Calls that may be on offer at once; further ones are not offered.
#[cfg(not(loom))]
pub(crate) const SLOTS: usize = 8;

/// Enough for a call in a call, and for three callers to find the board full.
#[cfg(loom)]
pub(crate) const SLOTS: usize = 2;

/// A helper joins only while the door is open.
pub(crate) const JOINS_OPEN_ONLY: bool = !cfg!(mutant = "joins_closed");

/// The caller waits for the helpers inside.
pub(crate) const CALLER_DRAINS: bool = !cfg!(mutant = "no_drain");

/// The last helper out wakes a caller that sleeps.
pub(crate) const LEAVER_NOTIFIES: bool = !cfg!(mutant = "no_notify");

/// A caller says that it sleeps while it holds the lock, and looks again before it does.
pub(crate) const PARKS_UNDER_LOCK: bool = !cfg!(mutant = "parks_outside_lock");

/// A chunk is claimed in one step.
pub(crate) const CLAIMS_CHUNK_AT_ONCE: bool = !cfg!(mutant = "chunk_claim_torn");

/// The panic of a helper's chunk is kept for the caller.
pub(crate) const KEEPS_PANIC: bool = !cfg!(mutant = "panic_not_kept");

/// Reserving a helper job and the check of the limit are one step.
pub(crate) const RESERVES_AT_ONCE: bool = !cfg!(mutant = "reserve_torn");

/// Nanoseconds after which a helper that was called is not counted on any more: most wakes take 5 to
/// 55 µs, but on two processors half of them went to the caller's own. With 200 µs, products of 0.5 ms
/// after a pause took 1.35 times as long.
#[cfg(not(loom))]
pub(crate) const OVERDUE_NS: u64 = 60_000;

/// A model has no time.
#[cfg(loom)]
pub(crate) const OVERDUE_NS: u64 = u64::MAX;

/// Between an announcement and a look at what the other side announces: one of the two sees the
/// other. A helper announces that it stops being counted on and looks at the board; a caller opens
/// and looks at who can be counted on.
#[inline]
pub(crate) fn announced() {
    if !cfg!(mutant = "no_fence") {
        fence(Ordering::SeqCst);
    }
}

/// Rounds that a caller spins, and then gives way, for the helpers inside, before it sleeps.
///
/// A helper inside is running its last chunk, which ends about when the caller's last does: 200 rounds
/// are some microseconds.
#[cfg(not(loom))]
pub(crate) const DRAIN_ROUNDS: (u32, u32) = (200, 4);

/// In a model every wait is a sleep: spinning only adds executions that say the same.
#[cfg(loom)]
pub(crate) const DRAIN_ROUNDS: (u32, u32) = (0, 0);
