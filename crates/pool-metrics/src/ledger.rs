//! The readers' side: every thread's cell, and what has been taken from it since the last reset.
//!
//! Decided here: what a window is, and the order of the steps that close it. The recorder holds
//! the ledger in a lock, so readers and newly registered threads come one at a time; threads that
//! record never take that lock again.

use crate::activity::Activity;
use crate::cell::{Cell, Tally, View};
use crate::seats::{Role, Seats};
use crate::sync::PEAK_READ_TWICE;
use crossbeam_utils::CachePadded;
use std::sync::Arc;

/// Whether a reading ends the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowEnd {
    /// The window goes on.
    Open,
    /// The window ends, and another begins.
    Reset,
}

/// All threads that have recorded, and the window being recorded.
#[derive(Debug)]
pub struct Ledger {
    seats: Seats,
    threads: Vec<Entry>,
    opened_ns: u64,
    cut_ns: u64,
}

/// One thread; it stays when the thread exits, and so do its counts.
#[derive(Debug)]
struct Entry {
    cell: Arc<CachePadded<Cell>>,
    role: Role,
    view: View,
    /// Where the window began for this cell.
    opened_ns: u64,
    /// What has been taken since.
    total: Tally,
}

/// What a window held.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Workers of the pool.
    pub worker_threads: usize,
    /// Other threads that have recorded.
    pub outside_threads: usize,
    /// Most threads busy at once.
    pub peak_active: u64,
    /// Counts of the workers.
    pub workers: Tally,
    /// Counts of the other threads.
    pub outside: Tally,
    /// Length of the window.
    pub window_ns: u64,
}

impl Ledger {
    pub(crate) fn new(seats: Seats) -> Self {
        Self {
            seats,
            threads: Vec::new(),
            opened_ns: 0,
            cut_ns: 0,
        }
    }

    /// A ledger without seats: every thread is an outside caller.
    #[must_use]
    pub fn without_workers() -> Self {
        Self::new(Seats::default())
    }

    #[cfg(feature = "rayon")]
    pub(crate) fn seats(&mut self) -> &mut Seats {
        &mut self.seats
    }

    /// Adds the calling thread, idle until now, and returns its cell.
    pub(crate) fn register(
        &mut self,
        usher: impl FnOnce(&mut Seats) -> Role,
    ) -> Arc<CachePadded<Cell>> {
        let role = usher(&mut self.seats);
        self.add(role)
    }

    /// Adds an outside caller, idle until now, and returns its cell.
    pub fn register_outside(&mut self) -> Arc<CachePadded<Cell>> {
        self.add(Role::Outside)
    }

    fn add(&mut self, role: Role) -> Arc<CachePadded<Cell>> {
        let cell = Arc::new(CachePadded::new(Cell::new()));
        self.threads.push(Entry {
            cell: Arc::clone(&cell),
            role,
            view: View::new(self.opened_ns),
            opened_ns: self.opened_ns,
            total: Tally::EMPTY,
        });
        cell
    }

    /// The figures of the window so far.
    ///
    /// The peak is cut before the cells and read again after them. A task of the old window has
    /// entered before its cell was taken, hence before the second reading; one of the new window
    /// that enters before its cell is taken does so after the cut, or is active at it. So a window
    /// with a task in it has a peak of at least 1; a level reached while the boundary is drawn
    /// counts in both windows.
    pub fn read(&mut self, activity: &Activity, now: impl Fn() -> u64, end: WindowEnd) -> Figures {
        let peak_at_cut = match end {
            WindowEnd::Reset => activity.cut(),
            WindowEnd::Open => 0,
        };
        // Read before any phase is flipped, as `View::take` asks. The maximum acts only where the
        // counters of two readers' cores disagree.
        self.cut_ns = self.cut_ns.max(now());
        // A cell's window ends with its last record, which may be that of a section open at the
        // cut: the window is the longest of them, so that no thread is busy for longer.
        let mut window_ns = self.cut_ns - self.opened_ns;
        let (mut workers, mut outside) = (Tally::EMPTY, Tally::EMPTY);
        let mut outside_threads = 0;
        for entry in &mut self.threads {
            entry
                .total
                .merge(&entry.view.take(&entry.cell, self.cut_ns));
            window_ns = window_ns.max(entry.view.boundary_ns() - entry.opened_ns);
            match entry.role {
                Role::Worker => workers.merge(&entry.total),
                Role::Outside => {
                    outside.merge(&entry.total);
                    outside_threads += 1;
                }
            }
        }
        let peak_active = if PEAK_READ_TWICE || end == WindowEnd::Open {
            peak_at_cut.max(activity.peak())
        } else {
            peak_at_cut
        };
        if end == WindowEnd::Reset {
            self.open_window();
        }
        Figures {
            worker_threads: self.seats.len(),
            outside_threads,
            peak_active,
            workers,
            outside,
            window_ns,
        }
    }

    fn open_window(&mut self) {
        self.opened_ns = self.cut_ns;
        for entry in &mut self.threads {
            entry.opened_ns = entry.view.boundary_ns();
            entry.total = Tally::EMPTY;
        }
    }
}
