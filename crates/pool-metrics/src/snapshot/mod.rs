//! The figures that a reader gets.
//!
//! Decided here: names, units and what an empty window gives. Where the counts come from is
//! `ledger`'s; `table` and `openmetrics` write them for people and for monitoring.

mod openmetrics;
mod table;

use crate::cell::LabelTally;
use crate::histogram::Histogram;
use crate::ledger::{Figures, ThreadCounts};
use crate::seats::Role;

/// The version of the names and meanings below. It rises when one of them changes or goes; fields
/// may be added without.
pub const SCHEMA: u32 = 1;

/// What a pool did in a window of time.
///
/// Returned by [`Recorder::snapshot`](crate::Recorder::snapshot),
/// [`Recorder::reset`](crate::Recorder::reset) and [`Window::take`](crate::Window::take). All
/// counts belong to one set of finished tasks. Busy time is that of threads, not tasks: a task
/// nested in another on the same thread adds nothing, and of a task that runs across an end of the
/// window the part inside counts.
///
/// These hold in every snapshot: `utilization` is in `0..=1`; `peak_active` is at most
/// `worker_threads + outside_threads`, and so is `mean_active`; `peak_active` is at least 1 if
/// there are tasks; `tasks` is the sum of the histogram, and of the labels' and the threads'
/// tasks; `task_ns` is the labels' sum, at least `tasks * task_ns_min` and at most
/// `tasks * task_ns_max`; without tasks the `task_ns` figures are 0. (`busy_ns` may be less than
/// `tasks * task_ns_min`: of nested tasks, and of one that began before the window.)
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
    /// [`SCHEMA`].
    pub schema: u32,
    /// Workers of the pool, whether or not they have recorded.
    pub worker_threads: usize,
    /// Threads outside of the pool that have recorded since the recorder was made.
    pub outside_threads: usize,
    /// Times that a worker turned from idle to busy.
    pub worker_activations: u64,
    /// The most threads, workers and others, that were inside a task at once; exact if
    /// `peak_resolution_ns` is 0.
    pub peak_active: usize,
    /// The most workers that were.
    pub peak_active_workers: usize,
    /// How exact the two peaks are: they are never too low, and idle gaps of a thread that are
    /// shorter than this may have been counted as busy. 0 unless a thread turned busy more than
    /// 512 times between two readings; it then grows with the window's length.
    pub peak_resolution_ns: u64,
    /// The number of threads inside a task, averaged over the window: `busy_ns / window_ns`.
    pub mean_active: f64,
    /// The same of workers.
    pub mean_active_workers: f64,
    /// The workers' busy time over `worker_threads * window_ns`; outside callers do not count.
    pub utilization: f64,
    /// Tasks that ended in the window, nested ones included.
    pub tasks: u64,
    /// The sum of their durations, in nanoseconds, from begin to end: more than `busy_ns` where
    /// tasks nest.
    pub task_ns: u64,
    /// Mean duration of those tasks, in nanoseconds.
    pub task_ns_mean: f64,
    /// Shortest of those tasks, in nanoseconds; exact.
    pub task_ns_min: u64,
    /// Longest of those tasks, in nanoseconds; exact.
    pub task_ns_max: u64,
    /// Median of those tasks, in nanoseconds, within a 32nd (3.2 %), as are the next three.
    pub task_ns_p50: u64,
    /// 90th percentile.
    pub task_ns_p90: u64,
    /// 99th percentile.
    pub task_ns_p99: u64,
    /// 99.9th percentile.
    pub task_ns_p999: u64,
    /// Most tasks inside each other on one thread, 1 without nesting, among those that ended.
    pub depth_max: u64,
    /// Time that threads, workers and others, spent inside a task, in nanoseconds.
    pub busy_ns: u64,
    /// Time that workers did not: `worker_threads * window_ns` less their busy time. What they did
    /// in it (searching for work, sleeping) is not visible from outside Rayon.
    pub idle_ns: u64,
    /// Length of the window in nanoseconds.
    ///
    /// A thread that is just recording when the window ends may lengthen it until it has done so
    /// (some 20 ns, more if it loses its processor there).
    pub window_ns: u64,
    /// Tasks at whose end the clock stood before their beginning: they count with 0 ns.
    pub clock_steps: u64,
    /// The same tasks by label, in the order of first use; labels without a task in the window
    /// are there, with zeros.
    pub labels: Vec<LabelFigures>,
    /// The threads that have recorded since the recorder was made, in that order.
    pub threads: Vec<ThreadFigures>,
    /// The durations of all tasks.
    pub histogram: Histogram,
}

/// The tasks of one label.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct LabelFigures {
    /// The label.
    pub label: String,
    /// Tasks that ended in the window.
    pub tasks: u64,
    /// The sum of their durations, in nanoseconds, with that of tasks nested in them.
    pub task_ns: u64,
    /// The part of it in which no task was running inside them: over all labels, the time of a
    /// thread is counted once.
    pub task_ns_exclusive: u64,
    /// Mean duration, in nanoseconds.
    pub task_ns_mean: f64,
    /// Shortest, exact.
    pub task_ns_min: u64,
    /// Longest, exact.
    pub task_ns_max: u64,
    /// Median, within a 32nd, as are the next three.
    pub task_ns_p50: u64,
    /// 90th percentile.
    pub task_ns_p90: u64,
    /// 99th percentile.
    pub task_ns_p99: u64,
    /// 99.9th percentile.
    pub task_ns_p999: u64,
    /// Items that the leaves of a tracked iterator went through.
    pub items: u64,
    /// Times that a tracked iterator was divided.
    pub splits: u64,
    /// Its leaves that ran on another thread than the one that divided them off.
    pub migrations: u64,
    /// Second halves of a tracked join that another thread took.
    pub steals: u64,
    /// Mean time from the join's beginning until it took them, in nanoseconds.
    pub steal_ns_mean: f64,
    /// Longest such time.
    pub steal_ns_max: u64,
    /// The durations.
    pub histogram: Histogram,
}

/// One thread.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ThreadFigures {
    /// The thread's name, or "worker" or "outside" with its number if it has none.
    pub name: String,
    /// Whether it is a worker of the pool.
    pub worker: bool,
    /// Whether it has exited.
    pub exited: bool,
    /// Tasks that ended on it.
    pub tasks: u64,
    /// Times that it turned from idle to busy.
    pub activations: u64,
    /// Most tasks inside each other, among those that ended.
    pub depth_max: u64,
    /// Time that it was inside a task, in nanoseconds.
    pub busy_ns: u64,
    /// That, over the length of the window.
    pub utilization: f64,
    /// CPU time that it used in the window, in or between tasks, in nanoseconds. Where it is much
    /// less than `busy_ns`, the thread was waiting, or there are more busy threads than CPUs.
    /// `None` except on Linux with the feature `cpu-time`.
    pub cpu_ns: Option<u64>,
}

impl Snapshot {
    pub(crate) fn new(figures: &Figures) -> Self {
        let mut all = LabelTally::default();
        for (_, tally) in &figures.labels {
            all.merge(tally);
        }
        let window_ns = figures.window_ns;
        let threads = figures.threads.iter();
        let sum = |role: Option<Role>, count: fn(&ThreadCounts) -> u64| {
            let counted = threads.clone().filter(|t| role.is_none_or(|r| t.role == r));
            counted.map(count).sum::<u64>()
        };
        let busy_ns = sum(None, |thread| thread.tally.busy_ns);
        let worker_busy_ns = sum(Some(Role::Worker), |thread| thread.tally.busy_ns);
        let available_ns = window_ns.saturating_mul(figures.worker_threads as u64);
        let durations = Durations::of(&all);
        Self {
            schema: SCHEMA,
            worker_threads: figures.worker_threads,
            outside_threads: threads.clone().filter(|t| t.role == Role::Outside).count(),
            worker_activations: sum(Some(Role::Worker), |thread| thread.tally.activations),
            peak_active: figures.peak.all,
            peak_active_workers: figures.peak.workers,
            peak_resolution_ns: figures.peak.resolution_ns,
            mean_active: ratio(busy_ns, window_ns),
            mean_active_workers: ratio(worker_busy_ns, window_ns),
            utilization: ratio(worker_busy_ns, available_ns),
            tasks: all.tasks,
            task_ns: all.task_ns,
            task_ns_mean: durations.mean,
            task_ns_min: durations.min,
            task_ns_max: durations.max,
            task_ns_p50: durations.quantile(0.5),
            task_ns_p90: durations.quantile(0.9),
            task_ns_p99: durations.quantile(0.99),
            task_ns_p999: durations.quantile(0.999),
            depth_max: threads
                .clone()
                .map(|t| t.tally.depth_max)
                .max()
                .unwrap_or(0),
            busy_ns,
            idle_ns: available_ns - worker_busy_ns,
            window_ns,
            clock_steps: sum(None, |thread| thread.tally.clock_steps),
            labels: figures
                .labels
                .iter()
                .map(|(label, tally)| LabelFigures::new(label.name(), tally))
                .collect(),
            threads: threads
                .clone()
                .map(|thread| ThreadFigures::new(thread, window_ns))
                .collect(),
            histogram: durations.histogram,
        }
    }

    /// The figures of a label, if any thread has used it.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// drop(recorder.track("matmul"));
    /// let snapshot = recorder.snapshot();
    /// assert_eq!(snapshot.label("matmul").unwrap().tasks, 1);
    /// assert!(snapshot.label("convolution").is_none());
    /// ```
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&LabelFigures> {
        self.labels.iter().find(|figures| figures.label == name)
    }
}

impl LabelFigures {
    fn new(label: &str, tally: &LabelTally) -> Self {
        let durations = Durations::of(tally);
        Self {
            label: label.to_owned(),
            tasks: tally.tasks,
            task_ns: tally.task_ns,
            task_ns_exclusive: tally.exclusive_ns(),
            task_ns_mean: durations.mean,
            task_ns_min: durations.min,
            task_ns_max: durations.max,
            task_ns_p50: durations.quantile(0.5),
            task_ns_p90: durations.quantile(0.9),
            task_ns_p99: durations.quantile(0.99),
            task_ns_p999: durations.quantile(0.999),
            items: tally.items,
            splits: tally.splits,
            migrations: tally.migrations,
            steals: tally.steals,
            steal_ns_mean: ratio(tally.steal_ns, tally.steals),
            steal_ns_max: tally.steal_ns_max,
            histogram: durations.histogram,
        }
    }
}

impl ThreadFigures {
    fn new(counts: &ThreadCounts, window_ns: u64) -> Self {
        Self {
            name: counts.name.clone(),
            worker: counts.role == Role::Worker,
            exited: counts.cpu.exited,
            tasks: counts.tasks,
            activations: counts.tally.activations,
            depth_max: counts.tally.depth_max,
            busy_ns: counts.tally.busy_ns,
            utilization: ratio(counts.tally.busy_ns, window_ns),
            cpu_ns: counts.cpu.ns,
        }
    }
}

/// What the durations of a set of tasks give.
struct Durations {
    mean: f64,
    min: u64,
    max: u64,
    histogram: Histogram,
}

impl Durations {
    fn of(tally: &LabelTally) -> Self {
        Self {
            mean: ratio(tally.task_ns, tally.tasks),
            min: if tally.tasks == 0 {
                0
            } else {
                tally.task_ns_min
            },
            max: tally.task_ns_max,
            histogram: Histogram::from_counts(&tally.buckets),
        }
    }

    /// No quantile lies outside of what is known exactly.
    fn quantile(&self, q: f64) -> u64 {
        let found = self.histogram.quantile(q);
        found.map_or(0, |found| found.ns().clamp(self.min, self.max))
    }
}

/// `part / whole`, and 0 of nothing.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests;
