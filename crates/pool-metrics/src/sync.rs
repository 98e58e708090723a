//! The seam for loom: which atomics the protocol runs on, with which orderings, and how a reader
//! waits.
//!
//! Decided here, and nowhere else in `src`: what changes under `cfg(loom)`, and which ordering or
//! step a mutant (`--cfg mutant="name"`) breaks. Every mutant is listed in
//! `tests/loom/mutants.txt` with the model that must catch it. Why an ordering is what it is
//! stands where it is used.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::AtomicU64;

#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicU64;

pub(crate) use std::sync::atomic::Ordering;

/// Orderings of the cell's protocol (argued in `cell/README.md`).
pub(crate) mod order {
    use super::Ordering;

    const fn unless(broken: bool, right: Ordering) -> Ordering {
        if broken { Ordering::Relaxed } else { right }
    }

    /// Writer begins a section: sees what the reader did before the flip it reads.
    pub(crate) const SECTION_BEGIN: Ordering =
        unless(cfg!(mutant = "section_begin_relaxed"), Ordering::Acquire);
    /// Writer ends a section: publishes the bank.
    pub(crate) const SECTION_DONE: Ordering =
        unless(cfg!(mutant = "section_done_relaxed"), Ordering::Release);
    /// Reader flips the phase: publishes the emptied bank, and that the cut's time has been read.
    pub(crate) const PHASE_FLIP: Ordering =
        unless(cfg!(mutant = "phase_flip_relaxed"), Ordering::Release);
    /// Reader waits for the sections of the old phase: sees what they wrote.
    pub(crate) const DONE_READ: Ordering =
        unless(cfg!(mutant = "done_read_relaxed"), Ordering::Acquire);

    /// A ring's writer publishes an event.
    pub(crate) const RING_WRITTEN: Ordering =
        unless(cfg!(mutant = "ring_written_relaxed"), Ordering::Release);
    /// A ring's reader sees the events.
    pub(crate) const RING_READ: Ordering =
        unless(cfg!(mutant = "ring_read_relaxed"), Ordering::Acquire);
}

/// The reader waits until the sections of the old phase are done.
pub(crate) const READER_WAITS: bool = !cfg!(mutant = "reader_does_not_wait");

/// Spans that end after a cut are compared with those of the next interval too.
pub(crate) const KEEPS_SEAM: bool = !cfg!(mutant = "seam_forgotten");

/// A new thread's cell is in the ledger before the thread has it.
pub(crate) const REGISTERS_FIRST: bool = !cfg!(mutant = "cell_registered_late");

/// A full ring drops what comes.
pub(crate) const RING_IS_BOUNDED: bool = !cfg!(mutant = "ring_overwrites");

/// A reader asks whether a thread has exited after reading its clock, not before.
pub(crate) const EXIT_READ_LAST: bool = !cfg!(mutant = "exit_read_first");

/// A section that is open at a cut is credited to both windows by its parts.
pub(crate) const SPLITS_OPEN_SECTION: bool = !cfg!(mutant = "open_section_not_split");

/// Spans that a bank's outline holds: 8 KiB. A thread that turns busy 100,000 times in a window of
/// a second has a resolution of some 2 ms at worst, and much less where its gaps differ. Few in a
/// model, where each access is a step to explore.
pub(crate) const OUTLINE_SPANS: usize = if cfg!(loom) { 2 } else { 512 };

/// Buckets of a histogram; few in a model.
pub(crate) const BUCKETS: usize = if cfg!(loom) {
    2
} else {
    crate::histogram::BUCKETS
};

/// Gives way for the `round`-th time (from 0) to a writer inside a section.
#[cfg(not(loom))]
pub(crate) fn pause(round: u32) {
    /// A section is some 20 ns of work: a writer that has not left it after this many pauses (over
    /// a microsecond) has lost its processor, which spinning here may be what it lacks.
    const SPINS: u32 = 64;
    if round < SPINS {
        std::hint::spin_loop();
    } else {
        std::thread::yield_now();
    }
}

/// Gives way to a writer inside a section; every round is a switch of threads in the model.
#[cfg(loom)]
pub(crate) fn pause(_round: u32) {
    loom::thread::yield_now();
}
