//! The reader's half of the protocol: flip, wait, take the old bank, split what is still running.
//!
//! Decided here: where exactly a cell's interval ends, and how busy time is divided there.

use super::bank::Bank;
use super::{Cell, LabelTally, PHASE, SECTION, Slot, Span, Tally};
use crate::sync::{READER_WAITS, SPLITS_OPEN_SECTION, order, pause};

/// What readers remember of a cell between two takes.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Where the interval that is being recorded began.
    boundary_ns: u64,
    /// Whether the thread was busy there.
    busy: bool,
}

impl View {
    /// The view of a new cell, whose first interval begins at `boundary_ns`.
    #[must_use]
    pub fn new(boundary_ns: u64) -> Self {
        Self {
            boundary_ns,
            busy: false,
        }
    }

    /// Where the last interval ended and the next began.
    #[must_use]
    pub fn boundary_ns(&self) -> u64 {
        self.boundary_ns
    }

    /// Takes everything recorded in `cell` since the last take, and has `slots` drained by the
    /// same cut.
    ///
    /// `cut_ns` is a time that the caller has read before the call. Takes of one cell follow each
    /// other (the caller holds the ledger's lock), always through the same view. Waits for the
    /// writer to leave the section that it is in, if any.
    pub fn take(&mut self, cell: &Cell, cut_ns: u64, slots: impl FnOnce(Phase)) -> Take {
        // Release pairs with the beginning of the writer's sections in the new phase: they find
        // the other bank as the last take left it, and read their time after the cut's.
        let before = cell.state.fetch_xor(PHASE, order::PHASE_FLIP);
        let begun = before / SECTION;
        let mut round = 0;
        // Acquire pairs with the end of the writer's sections: those of the old phase are the
        // first `begun`, and their writes to the old bank are seen below.
        while READER_WAITS && cell.done.load(order::DONE_READ) < begun {
            pause(round);
            round = round.saturating_add(1);
        }
        let phase = (before & PHASE) as usize;
        slots(Phase(phase));
        self.close(&cell.banks[phase], cut_ns)
    }

    fn close(&mut self, bank: &Bank, cut_ns: u64) -> Take {
        let (mut tally, edges_ns, last_edge) = bank.drain();
        let (last_ns, busy) = last_edge.unwrap_or((self.boundary_ns, self.busy));
        // Sections of the old phase may carry a time after the cut (read before the flip), those
        // of the new phase none before it: this time lies between the last edge of the one and
        // the first of the other, so the thread's state in between is known and the split exact.
        let boundary_ns = cut_ns.max(last_ns).max(self.boundary_ns);

        let credit = |is_busy: bool, at: u64| {
            if is_busy && SPLITS_OPEN_SECTION {
                at
            } else {
                0
            }
        };
        let busy_ns = edges_ns
            .wrapping_add(credit(busy, boundary_ns))
            .wrapping_sub(credit(self.busy, self.boundary_ns));
        // In range already where the cores' counters agree. A counter is read without a fence and
        // may differ by nanoseconds between cores: what the difference would put outside of the
        // interval is cut off.
        let longest = boundary_ns - self.boundary_ns;
        tally.busy_ns = busy_ns.cast_signed().max(0).cast_unsigned().min(longest);

        let mut spans = Vec::new();
        let resolution_ns =
            bank.outline
                .drain(self.boundary_ns, boundary_ns, self.busy, &mut spans);
        *self = Self { boundary_ns, busy };
        Take {
            tally,
            spans,
            resolution_ns,
        }
    }
}

/// The phase of a cell that is being taken: the right to drain slots of it.
#[derive(Debug, Clone, Copy)]
pub struct Phase(usize);

impl Phase {
    /// Adds to `tally` what the cell's thread has counted in `slot`, one of its own, and leaves
    /// that empty; returns the number of tasks.
    pub fn drain(self, slot: &Slot, tally: &mut LabelTally) -> u64 {
        slot.banks[self.0].drain(tally)
    }
}

/// What a take found, but for the slots.
#[derive(Debug)]
pub struct Take {
    /// How busy the thread was.
    pub tally: Tally,
    /// When it was.
    pub spans: Vec<Span>,
    /// Gaps shorter than this, in nanoseconds, may be missing between the spans.
    pub resolution_ns: u64,
}

#[cfg(test)]
mod tests {
    use super::super::Record;
    use super::{Cell, LabelTally, Slot, Span, View};

    fn leave(cell: &Cell, slot: &Slot, start_ns: u64, end_ns: u64) {
        cell.end(slot, || Record {
            start_ns,
            end_ns,
            nested_ns: 0,
            depth: 1,
            parallel: None,
        });
    }

    #[test]
    fn a_running_section_is_split_at_the_cut() {
        let (cell, slot) = (Cell::new(), Slot::new());
        let mut view = View::new(100);
        let start = cell.enter(|| 130);
        let first = view.take(&cell, 150, |_| ());
        assert_eq!(first.tally.busy_ns, 20);
        let (begin, end) = (130, 150);
        assert_eq!(first.spans, [Span { begin, end }]);
        // Nothing happens in this interval: it is all busy.
        let second = view.take(&cell, 250, |_| ());
        assert_eq!(second.tally.busy_ns, 100);
        let (begin, end) = (150, 250);
        assert_eq!(second.spans, [Span { begin, end }]);
        leave(&cell, &slot, start, 260);
        let start = cell.enter(|| 290);
        leave(&cell, &slot, start, 295);
        let mut label = LabelTally::default();
        let last = view.take(&cell, 300, |phase| {
            assert_eq!(phase.drain(&slot, &mut label), 2);
        });
        assert_eq!((last.tally.busy_ns, last.tally.activations), (10 + 5, 1));
        assert_eq!((label.tasks, label.task_ns), (2, 130 + 5));
        assert_eq!((label.task_ns_min, label.task_ns_max), (5, 130));
        let empty = view.take(&cell, 400, |_| ());
        assert_eq!((empty.tally, empty.spans), (Default::default(), vec![]));
    }

    #[test]
    fn an_edge_after_the_cut_moves_the_boundary_there() {
        let (cell, slot) = (Cell::new(), Slot::new());
        let mut view = View::new(0);
        let start = cell.enter(|| 90);
        leave(&cell, &slot, start, 120);
        assert_eq!(view.take(&cell, 100, |_| ()).tally.busy_ns, 30);
        assert_eq!(view.boundary_ns(), 120);
    }

    #[test]
    fn counters_that_disagree_never_leave_the_interval() {
        let (cell, slot) = (Cell::new(), Slot::new());
        let mut view = View::new(0);
        let start = cell.enter(|| 10);
        assert_eq!(view.take(&cell, 50, |_| ()).tally.busy_ns, 40);
        // The writer's core is behind: it left "before" the cut.
        leave(&cell, &slot, start, 45);
        assert_eq!(view.take(&cell, 60, |_| ()).tally.busy_ns, 0);
        // And a task that ends before it starts has no duration.
        let start = cell.enter(|| 80);
        leave(&cell, &slot, start, 79);
        let mut label = LabelTally::default();
        let last = view.take(&cell, 100, |phase| {
            phase.drain(&slot, &mut label);
        });
        // The one before was in the bank of the other phase.
        assert_eq!((label.tasks, label.task_ns), (1, 0));
        assert_eq!((last.tally.busy_ns, last.tally.clock_steps), (0, 1));
    }
}
