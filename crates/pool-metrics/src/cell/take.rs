//! The reader's half of the protocol: flip, wait, take the old bank, split what is still running.
//!
//! Decided here: where exactly a cell's interval ends, and how busy time is divided there.

use super::{Bank, Cell, PHASE, SECTION, Tally};
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

    /// Takes everything recorded in `cell` since the last take.
    ///
    /// `cut_ns` is a time that the caller has read before the call. Takes of one cell follow each
    /// other (the caller holds the ledger's lock), always through the same view. Waits for the
    /// writer to leave the section that it is in, if any.
    pub fn take(&mut self, cell: &Cell, cut_ns: u64) -> Tally {
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
        self.close(&cell.banks[(before & PHASE) as usize], cut_ns)
    }

    fn close(&mut self, bank: &Bank, cut_ns: u64) -> Tally {
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

        *self = Self { boundary_ns, busy };
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, View};

    #[test]
    fn a_running_section_is_split_at_the_cut() {
        let cell = Cell::new();
        let mut view = View::new(100);
        let start = cell.enter(|| 130);
        assert_eq!(view.take(&cell, 150).busy_ns, 20);
        // Nothing happens in this interval: it is all busy.
        assert_eq!(view.take(&cell, 250).busy_ns, 100);
        cell.leave(start, || 260);
        let second = cell.enter(|| 290);
        cell.leave(second, || 295);
        let last = view.take(&cell, 300);
        assert_eq!(last.busy_ns, 10 + 5);
        assert_eq!((last.tasks, last.task_ns), (2, 130 + 5));
        assert_eq!((last.task_ns_min, last.task_ns_max), (5, 130));
        assert_eq!(view.take(&cell, 400), super::Tally::EMPTY);
    }

    #[test]
    fn an_edge_after_the_cut_moves_the_boundary_there() {
        let cell = Cell::new();
        let mut view = View::new(0);
        let start = cell.enter(|| 90);
        cell.leave(start, || 120);
        assert_eq!(view.take(&cell, 100).busy_ns, 30);
        assert_eq!(view.boundary_ns(), 120);
    }

    #[test]
    fn counters_that_disagree_never_leave_the_interval() {
        let cell = Cell::new();
        let mut view = View::new(0);
        let start = cell.enter(|| 10);
        assert_eq!(view.take(&cell, 50).busy_ns, 40);
        // The writer's core is behind: it left "before" the cut.
        cell.leave(start, || 45);
        assert_eq!(view.take(&cell, 60).busy_ns, 0);
        // And a task that ends before it starts has no duration.
        let start = cell.enter(|| 80);
        cell.leave(start, || 79);
        let tally = view.take(&cell, 100);
        assert_eq!((tally.tasks, tally.task_ns, tally.busy_ns), (1, 0, 0));
    }
}
