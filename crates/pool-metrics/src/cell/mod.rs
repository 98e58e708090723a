//! One thread's counts: written by that thread without waiting, taken whole by a reader.
//!
//! Decided here: the writer's half of the protocol and what an edge of busy time is. The reader's
//! half is in `take`; what a bank holds in `bank`, `outline` and, by label, `counts`. `README.md`
//! beside this file argues that together they lose nothing, count nothing twice and never split a
//! record. That readers come one at a time is the ledger's lock; that a cell has one writer is the
//! thread-local in `place`.

mod bank;
mod counts;
mod outline;
mod take;

pub use bank::Tally;
pub use counts::{LabelTally, Parallel, Slot};
pub use outline::Span;
pub use take::{Phase, View};

use crate::sync::{AtomicU64, order};
use bank::Bank;

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
///
/// The banks of the thread's [`Slot`]s are chosen by the same phase.
#[derive(Debug)]
pub struct Cell {
    state: AtomicU64,
    done: AtomicU64,
    banks: [Bank; 2],
}

/// A task that ends.
#[derive(Debug)]
pub struct Record<'a> {
    /// When it began.
    pub start_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// Time in tasks nested directly in it.
    pub nested_ns: u64,
    /// Tasks of the thread that are running, with this one.
    pub depth: u64,
    /// What it knows of the parallel work that it is a part of.
    pub parallel: Option<&'a Parallel>,
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
        self.section(|bank, _| {
            let at = now();
            bank.turn_busy(at);
            at
        })
    }

    /// A task counted in `slot` ends, and with it the thread's busy time if it is at depth 1.
    /// `record` reads the time; returns that.
    #[inline]
    pub fn end<'a>(&self, slot: &Slot, record: impl FnOnce() -> Record<'a>) -> u64 {
        self.section(|bank, phase| {
            let record = record();
            let counts = &slot.banks[phase];
            counts.add(
                record.end_ns.saturating_sub(record.start_ns),
                record.nested_ns,
            );
            if let Some(parallel) = record.parallel {
                counts.add_parallel(parallel);
            }
            bank.note(record.depth, record.end_ns < record.start_ns);
            if record.depth == 1 {
                bank.turn_idle(record.end_ns);
            }
            record.end_ns
        })
    }

    /// Runs `write` on the banks of the present phase, as one record to any reader.
    ///
    /// Only the cell's own thread calls this. The time of an edge is read inside: a section that
    /// sees a flip then has a time no earlier than the cut's, which was read before the flip.
    #[inline]
    fn section<R>(&self, write: impl FnOnce(&Bank, usize) -> R) -> R {
        // Acquire pairs with the reader's flip: the bank is empty as the reader left it. (Later
        // sections of the phase read from this thread's own additions, which continue the
        // release sequence that the flip heads.)
        let before = self.state.fetch_add(SECTION, order::SECTION_BEGIN);
        let phase = (before & PHASE) as usize;
        let written = write(&self.banks[phase], phase);
        // Release pairs with the reader's wait. The count comes from the addition above, so the
        // writer never loads what it stores here.
        self.done.store((before / SECTION) + 1, order::SECTION_DONE);
        written
    }
}
