//! The figures that a reader gets, and how they print.
//!
//! Decided here: names, units and what an empty window gives. Where the counts come from is
//! `ledger`'s.

use crate::cell::Tally;
use crate::ledger::Figures;
use std::fmt;

/// What a pool did in a window of time.
///
/// Returned by [`Recorder::snapshot`](crate::Recorder::snapshot) and
/// [`Recorder::reset`](crate::Recorder::reset). All counts belong to one set of finished tasks.
/// Busy time is that of threads, not tasks: a task nested in another on the same thread adds
/// nothing, and of a task that runs across an end of the window the part inside counts.
///
/// These hold in every snapshot: `utilization` is in `0..=1`; `peak_active` is at most
/// `worker_threads + outside_threads`, and so is `mean_active`; `peak_active` is at least 1 if
/// there are tasks; without tasks the three `task_ns` figures are 0.
///
/// With the feature `serde` it is serialised under exactly these names.
///
/// ```
/// let recorder = pool_metrics::Recorder::new(4);
/// let empty = recorder.snapshot();
/// assert_eq!((empty.worker_threads, empty.tasks, empty.task_ns_min), (4, 0, 0));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// Workers of the pool, whether or not they have recorded.
    pub worker_threads: usize,
    /// Threads outside of the pool that have recorded since the recorder was made.
    pub outside_threads: usize,
    /// The most threads, workers and others, that were inside a task at once. Exact.
    pub peak_active: usize,
    /// The number of threads inside a task, averaged over the window: `busy_ns / window_ns`.
    pub mean_active: f64,
    /// The workers' busy time over `worker_threads * window_ns`; outside callers do not count.
    pub utilization: f64,
    /// Tasks that ended in the window, nested ones included.
    pub tasks: u64,
    /// Mean duration of those tasks, in nanoseconds, from begin to end.
    pub task_ns_mean: f64,
    /// Shortest of those tasks, in nanoseconds.
    pub task_ns_min: u64,
    /// Longest of those tasks, in nanoseconds.
    pub task_ns_max: u64,
    /// Time that threads, workers and others, spent inside a task, in nanoseconds.
    pub busy_ns: u64,
    /// Length of the window in nanoseconds.
    ///
    /// A thread that is just recording when the window ends may lengthen it until it has done so
    /// (some 20 ns, more if it loses its processor there).
    pub window_ns: u64,
}

impl Snapshot {
    pub(crate) fn new(figures: &Figures) -> Self {
        let mut all: Tally = figures.workers;
        all.merge(&figures.outside);
        let window_ns = figures.window_ns;
        let none = all.tasks == 0;
        Self {
            worker_threads: figures.worker_threads,
            outside_threads: figures.outside_threads,
            peak_active: figures.peak_active as usize,
            mean_active: ratio(all.busy_ns, window_ns as f64),
            utilization: ratio(
                figures.workers.busy_ns,
                window_ns as f64 * figures.worker_threads as f64,
            ),
            tasks: all.tasks,
            task_ns_mean: ratio(all.task_ns, all.tasks as f64),
            task_ns_min: if none { 0 } else { all.task_ns_min },
            task_ns_max: all.task_ns_max,
            busy_ns: all.busy_ns,
            window_ns,
        }
    }
}

/// `part / whole`, and 0 of nothing.
fn ratio(part: u64, whole: f64) -> f64 {
    if whole == 0.0 {
        0.0
    } else {
        part as f64 / whole
    }
}

/// A short table: threads, activity, tasks and times, with units that suit their size.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: fmt::Arguments<'_>| {
            writeln!(f, "{name:<12}{value}")
        };
        row(
            f,
            "threads",
            format_args!(
                "{} workers, {} outside",
                self.worker_threads, self.outside_threads
            ),
        )?;
        row(
            f,
            "active",
            format_args!("{:.2} mean, {} peak", self.mean_active, self.peak_active),
        )?;
        row(
            f,
            "utilization",
            format_args!("{:.1} %", self.utilization * 100.0),
        )?;
        row(f, "tasks", format_args!("{}", self.tasks))?;
        row(
            f,
            "task time",
            format_args!(
                "{} mean, {} min, {} max",
                Time(self.task_ns_mean),
                Time(self.task_ns_min as f64),
                Time(self.task_ns_max as f64),
            ),
        )?;
        // The last row has no line end: the caller's `println!` gives it.
        write!(
            f,
            "{:<12}{} busy in {}",
            "window",
            Time(self.busy_ns as f64),
            Time(self.window_ns as f64),
        )
    }
}

/// Nanoseconds, printed in the unit that leaves one to three digits before the point.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ns if ns < 1e3 => write!(f, "{ns:.0} ns"),
            ns if ns < 1e6 => write!(f, "{:.2} us", ns / 1e3),
            ns if ns < 1e9 => write!(f, "{:.2} ms", ns / 1e6),
            ns => write!(f, "{:.2} s", ns / 1e9),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Snapshot, Tally};

    #[test]
    fn outside_callers_count_as_active_but_not_as_utilised() {
        let tally = |tasks, ns: u64| Tally {
            tasks,
            task_ns: tasks * ns,
            task_ns_min: ns,
            task_ns_max: ns,
            busy_ns: tasks * ns,
        };
        let snapshot = Snapshot::new(&Figures {
            worker_threads: 2,
            outside_threads: 1,
            peak_active: 3,
            workers: tally(10, 60),
            outside: tally(2, 300),
            window_ns: 1_000,
        });
        assert_eq!(snapshot.tasks, 12);
        assert_eq!(snapshot.busy_ns, 1_200);
        assert_eq!(snapshot.task_ns_mean, 100.0);
        assert_eq!((snapshot.task_ns_min, snapshot.task_ns_max), (60, 300));
        assert_eq!(snapshot.mean_active, 1.2);
        assert_eq!(snapshot.utilization, 0.3);
        assert_eq!(
            snapshot.to_string(),
            "threads     2 workers, 1 outside\n\
             active      1.20 mean, 3 peak\n\
             utilization 30.0 %\n\
             tasks       12\n\
             task time   100 ns mean, 60 ns min, 300 ns max\n\
             window      1.20 us busy in 1.00 us"
        );
    }
}
