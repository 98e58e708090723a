//! The readers' side: every thread's cell, and what has been taken from it in each open window.
//!
//! Decided here: what a window is, and the order of the steps that close it. A take empties all
//! cells at one cut and adds what they held to every open window, so that readers do not take
//! anything from each other. The recorder holds the ledger in a lock, so readers and newly
//! registered threads and labels come one at a time; a thread that records under labels it has
//! used before never takes that lock.

use crate::cell::{Cell, LabelTally, Slot, Tally, View};
use crate::cpu::{CpuTime, ExitNote, ThreadClock};
use crate::label::Label;
use crate::peak::{Peak, Spans};
use crate::place::Seat;
use crate::seats::{Role, Seats};
use crate::sync::REGISTERS_FIRST;
use crate::timeline::{Event, Pen, Ring, ThreadTimeline, Timeline};
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

/// The window of [`Recorder::snapshot`](crate::Recorder::snapshot), open from the beginning.
pub const SNAPSHOT: usize = 0;

/// All threads that have recorded, and the windows that are open.
#[derive(Debug)]
pub struct Ledger {
    seats: Seats,
    labels: Vec<Label>,
    threads: Vec<Entry>,
    /// `None` where a window was closed; its place is used again.
    windows: Vec<Option<Totals>>,
    /// What is taken at a cut, by label; empty in between.
    taken: Vec<LabelTally>,
    spans: Spans,
    cut_ns: u64,
    /// Events that a new ring has room for.
    ring_capacity: usize,
}

/// One thread; it stays when the thread exits, and so do its counts.
#[derive(Debug)]
struct Entry {
    cell: Arc<CachePadded<Cell>>,
    /// With the number of the label.
    slots: Vec<(usize, Arc<Slot>)>,
    role: Role,
    name: String,
    cpu: Arc<ThreadClock>,
    view: View,
    ring: Option<Arc<Ring>>,
    /// Of the ring's dropped events those that a timeline has told.
    dropped_told: u64,
}

/// What a window has gathered.
#[derive(Debug, Clone)]
struct Totals {
    opened_ns: u64,
    threads: Vec<ThreadTotals>,
    labels: Vec<LabelTally>,
    peak: Peak,
}

#[derive(Debug, Clone, Copy)]
struct ThreadTotals {
    tally: Tally,
    tasks: u64,
    /// The thread's CPU time when the window began.
    cpu_opened_ns: Option<u64>,
}

/// What a window held.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Workers of the pool, whether or not they have recorded.
    pub worker_threads: usize,
    /// Most threads busy at once.
    pub peak: Peak,
    /// Every thread that has recorded.
    pub threads: Vec<ThreadCounts>,
    /// Every label, in the order of first use.
    pub labels: Vec<(Label, LabelTally)>,
    /// Length of the window.
    pub window_ns: u64,
}

/// One thread's part in a window.
#[derive(Debug, Clone)]
pub struct ThreadCounts {
    /// The thread's name.
    pub name: String,
    /// Whether it is a worker.
    pub role: Role,
    /// Its busy time.
    pub tally: Tally,
    /// Tasks that ended on it.
    pub tasks: u64,
    /// Its CPU time in the window, and whether it has exited.
    pub cpu: CpuTime,
}

impl Ledger {
    pub(crate) fn new(seats: Seats) -> Self {
        let mut ledger = Self {
            seats,
            labels: Vec::new(),
            threads: Vec::new(),
            windows: Vec::new(),
            taken: Vec::new(),
            spans: Spans::default(),
            cut_ns: 0,
            ring_capacity: 0,
        };
        ledger.windows.push(Some(ledger.empty_totals()));
        ledger
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

    /// Adds the calling thread, idle until now.
    pub(crate) fn register(&mut self, usher: impl FnOnce(&mut Seats) -> Role) -> Seat {
        let role = usher(&mut self.seats);
        let number = self.threads.len();
        let current = std::thread::current();
        let name = current.name().map_or_else(
            || match role {
                Role::Worker => format!("worker {number}"),
                Role::Outside => format!("outside {number}"),
            },
            str::to_owned,
        );
        let cpu = Arc::new(ThreadClock::of_this_thread());
        let cell = Arc::new(CachePadded::new(Cell::new()));
        if !REGISTERS_FIRST {
            // What the entry holds is then another cell than the thread's.
            self.add(Arc::new(CachePadded::new(Cell::new())), role, name, &cpu);
        } else {
            self.add(Arc::clone(&cell), role, name, &cpu);
        }
        Seat {
            thread: number,
            cell,
            exit: ExitNote(cpu),
        }
    }

    /// Adds an outside caller, idle until now, and returns its number and cell.
    pub fn register_outside(&mut self) -> (usize, Arc<CachePadded<Cell>>) {
        let Seat { thread, cell, .. } = self.register(|_| Role::Outside);
        (thread, cell)
    }

    fn add(
        &mut self,
        cell: Arc<CachePadded<Cell>>,
        role: Role,
        name: String,
        cpu: &Arc<ThreadClock>,
    ) {
        let totals = ThreadTotals::opened(cpu.read());
        for window in self.windows.iter_mut().flatten() {
            window.threads.push(totals);
        }
        self.threads.push(Entry {
            cell,
            slots: Vec::new(),
            role,
            name,
            cpu: Arc::clone(cpu),
            view: View::new(self.cut_ns),
            ring: None,
            dropped_told: 0,
        });
    }

    /// The number of a label, and the slot in which a thread counts it.
    pub fn slot(&mut self, thread: usize, label: Label) -> (usize, Arc<Slot>) {
        let number = match self.labels.iter().position(|held| *held == label) {
            Some(number) => number,
            None => {
                self.labels.push(label);
                self.taken.push(LabelTally::default());
                for window in self.windows.iter_mut().flatten() {
                    window.labels.push(LabelTally::default());
                }
                self.labels.len() - 1
            }
        };
        let slots = &mut self.threads[thread].slots;
        if let Some((_, slot)) = slots.iter().find(|(held, _)| *held == number) {
            return (number, Arc::clone(slot));
        }
        let slot = Arc::new(Slot::new());
        slots.push((number, Arc::clone(&slot)));
        (number, slot)
    }

    /// Opens a window at the present; returns its number.
    pub fn open_window(&mut self, now: impl Fn() -> u64) -> usize {
        self.take(now);
        let totals = Some(self.empty_totals());
        match self.windows.iter().position(Option::is_none) {
            Some(free) => {
                self.windows[free] = totals;
                free
            }
            None => {
                self.windows.push(totals);
                self.windows.len() - 1
            }
        }
    }

    /// Closes a window that [`Ledger::open_window`] opened.
    pub fn close_window(&mut self, window: usize) {
        self.windows[window] = None;
    }

    /// The figures of a window so far.
    ///
    /// # Panics
    ///
    /// If the window is closed.
    pub fn read(&mut self, window: usize, now: impl Fn() -> u64, end: WindowEnd) -> Figures {
        let last_ns = self.take(now);
        let next = match end {
            WindowEnd::Reset => Some(self.empty_totals()),
            WindowEnd::Open => None,
        };
        let totals = self.windows[window].as_mut().expect("an open window");
        let totals = match next {
            Some(next) => std::mem::replace(totals, next),
            None => totals.clone(),
        };
        let threads = self.threads.iter().zip(&totals.threads);
        let threads = threads.map(|(entry, totals)| ThreadCounts {
            name: entry.name.clone(),
            role: entry.role,
            tally: totals.tally,
            tasks: totals.tasks,
            cpu: totals.cpu_since(entry.cpu.read()),
        });
        Figures {
            worker_threads: self.seats.len(),
            peak: totals.peak,
            threads: threads.collect(),
            labels: self.labels.iter().copied().zip(totals.labels).collect(),
            window_ns: last_ns - totals.opened_ns,
        }
    }

    /// Takes what all cells hold, at one cut, into every open window. Returns the end of the
    /// interval: the latest boundary of a cell, so that no thread is busy for longer.
    fn take(&mut self, now: impl Fn() -> u64) -> u64 {
        // Read before any phase is flipped, as `View::take` asks. The maximum acts only where the
        // counters of two readers' cores disagree.
        self.cut_ns = self.cut_ns.max(now());
        let mut last_ns = self.cut_ns;
        for (number, entry) in self.threads.iter_mut().enumerate() {
            let (slots, taken) = (&entry.slots, &mut self.taken);
            let mut tasks = 0;
            let take = entry.view.take(&entry.cell, self.cut_ns, |phase| {
                for (label, slot) in slots {
                    tasks += phase.drain(slot, &mut taken[*label]);
                }
            });
            last_ns = last_ns.max(entry.view.boundary_ns());
            self.spans
                .add(number, entry.role, &take.spans, take.resolution_ns);
            for window in self.windows.iter_mut().flatten() {
                let thread = &mut window.threads[number];
                thread.tally.merge(&take.tally);
                thread.tasks += tasks;
            }
        }
        let peak = self.spans.close(self.cut_ns);
        for window in self.windows.iter_mut().flatten() {
            window.peak.merge(&peak);
            for (total, taken) in window.labels.iter_mut().zip(&self.taken) {
                total.merge(taken);
            }
        }
        for taken in self.taken.iter_mut().filter(|taken| taken.tasks > 0) {
            *taken = LabelTally::default();
        }
        last_ns
    }

    fn empty_totals(&self) -> Totals {
        let threads = self.threads.iter();
        Totals {
            opened_ns: self.cut_ns,
            threads: threads
                .map(|t| ThreadTotals::opened(t.cpu.read()))
                .collect(),
            labels: vec![LabelTally::default(); self.labels.len()],
            peak: Peak::default(),
        }
    }

    /// Sets how many events the ring of a thread holds that writes its first one from now on.
    pub(crate) fn set_ring_capacity(&mut self, events: usize) {
        self.ring_capacity = events;
    }

    /// The thread's end of its ring, which it asks for once.
    pub(crate) fn pen(&mut self, thread: usize) -> Pen {
        let (ring, pen) = Ring::new(self.ring_capacity);
        self.threads[thread].ring = Some(ring);
        pen
    }

    /// Takes the events of all rings.
    pub(crate) fn take_timeline(&mut self) -> Timeline {
        let labels = &self.labels;
        let threads = self.threads.iter_mut().map(|entry| {
            let mut events = Vec::new();
            let mut dropped = 0;
            if let Some(ring) = &entry.ring {
                ring.drain(|[label, start_ns, end_ns, depth]| {
                    events.push(Event {
                        label: labels[label as usize].name(),
                        start_ns,
                        duration_ns: end_ns.saturating_sub(start_ns),
                        depth,
                    });
                });
                dropped = ring.dropped() - entry.dropped_told;
                entry.dropped_told += dropped;
            }
            ThreadTimeline {
                name: entry.name.clone(),
                events,
                dropped,
            }
        });
        Timeline {
            threads: threads.collect(),
        }
    }
}

impl ThreadTotals {
    fn opened(cpu: CpuTime) -> Self {
        Self {
            tally: Tally::default(),
            tasks: 0,
            cpu_opened_ns: cpu.ns,
        }
    }

    fn cpu_since(&self, now: CpuTime) -> CpuTime {
        let since = |(now, opened): (u64, u64)| now.saturating_sub(opened);
        CpuTime {
            ns: now.ns.zip(self.cpu_opened_ns).map(since),
            ..now
        }
    }
}
