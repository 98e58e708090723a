//! One thread's counts: written by that thread without waiting, taken whole by a reader.
//!
//! Decided here: the writer's half of the protocol and what an edge of busy time is. The reader's
//! half is in `take`, what a bank holds in `bank`; `README.md` beside this file argues that
//! together they lose nothing, count nothing twice and never split a record. That readers come
//! one at a time is the ledger's lock; that a cell has one writer is the thread-local in `guard`.

mod bank;
mod take;

pub use bank::{Bank, Tally};
pub use take::View;

use crate::sync::{AtomicU64, order};

/// Lowest bit of the state word: which bank sections write.
const PHASE: u64 = 1;
/// One section in the state word's count of sections begun (the bits above the phase).
const SECTION: u64 = 2;

/// The cell of one recording thread.
///
/// ```text
/// state  [sections begun : 63 | phase : 1]   writer adds a section, reader flips the phase
/// done   sections ended                      writer stores
/// banks  [bank of phase 0, bank of phase 1]  writer, inside a section of that phase;
///                                            reader, once the sections of that phase are done
/// ```
#[derive(Debug)]
pub struct Cell {
    state: AtomicU64,
    done: AtomicU64,
    banks: [Bank; 2],
}

impl Default for Cell {
    fn default() -> Self {
        Self::new()
    }
}

impl Cell {
    /// An empty cell of an idle thread.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: AtomicU64::new(0),
            done: AtomicU64::new(0),
            banks: [Bank::new(), Bank::new()],
        }
    }

    /// The thread turns busy; returns the time of that.
    #[inline]
    pub fn enter(&self, now: impl FnOnce() -> u64) -> u64 {
        self.section(|bank| {
            let at = now();
            bank.turn_busy(at);
            at
        })
    }

    /// The task begun at `start` ends, and with it the thread's busy time.
    #[inline]
    pub fn leave(&self, start: u64, now: impl FnOnce() -> u64) {
        self.section(|bank| {
            let at = now();
            bank.add_task(at.saturating_sub(start));
            bank.turn_idle(at);
        });
    }

    /// The task begun at `start` ends inside another one on the same thread.
    #[inline]
    pub fn leave_nested(&self, start: u64, now: impl FnOnce() -> u64) {
        self.section(|bank| bank.add_task(now().saturating_sub(start)));
    }

    /// Runs `write` on the bank of the present phase, as one record to any reader.
    ///
    /// Only the cell's own thread calls this. The time of an edge is read inside: a section that
    /// sees a flip then has a time no earlier than the cut's, which was read before the flip.
    #[inline]
    fn section<R>(&self, write: impl FnOnce(&Bank) -> R) -> R {
        // Acquire pairs with the reader's flip: the bank is empty as the reader left it. (Later
        // sections of the phase read from this thread's own additions, which continue the
        // release sequence that the flip heads.)
        let before = self.state.fetch_add(SECTION, order::SECTION_BEGIN);
        let written = write(&self.banks[(before & PHASE) as usize]);
        // Release pairs with the reader's wait. The count comes from the addition above, so the
        // writer never loads what it stores here.
        self.done.store((before / SECTION) + 1, order::SECTION_DONE);
        written
    }
}
