//! `pool_utilization.json` as types, and which of its figures cannot be true.

use pool_metrics::Snapshot;
use serde::{Deserialize, Serialize};

/// `pool_utilization.json`: what the pool did in a window of the pool workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolUtilization {
    /// Threads of the pool.
    pub worker_threads: usize,
    /// Threads outside the pool that recorded a task.
    pub outside_threads: usize,
    /// Most threads that were inside a task at once.
    pub peak_active: usize,
    /// Threads inside a task, averaged over the window.
    pub mean_active: f64,
    /// The share of the workers' time that they were inside a task, 0 to 1.
    pub utilization: f64,
    /// Tasks finished.
    pub tasks: u64,
    /// Mean duration of a task, nested ones within it included.
    pub task_ns_mean: f64,
    /// Shortest duration.
    pub task_ns_min: u64,
    /// Longest duration.
    pub task_ns_max: u64,
    /// Time inside tasks, added up over threads; a nested task counts once.
    pub busy_ns: u64,
    /// Length of the window.
    pub window_ns: u64,
    /// All figures of the recorder, by label and thread too, in its own versioned schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// The tasks of a few passes one by one, a lane per thread.
    #[serde(default)]
    pub timeline: Vec<Lane>,
}

/// What one thread did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The thread's name.
    pub thread: String,
    /// In the order in which they began.
    pub tasks: Vec<Span>,
    /// Tasks for which there was no room.
    pub dropped: u64,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its label.
    pub label: String,
    /// When it began, since the first task of the timeline did.
    pub start_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
    /// 1 for a thread's outermost task, 2 for one inside that, and so on.
    pub depth: u64,
}

impl From<&Snapshot> for PoolUtilization {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            worker_threads: snapshot.worker_threads,
            outside_threads: snapshot.outside_threads,
            peak_active: snapshot.peak_active,
            mean_active: snapshot.mean_active,
            utilization: snapshot.utilization,
            tasks: snapshot.tasks,
            task_ns_mean: snapshot.task_ns_mean,
            task_ns_min: snapshot.task_ns_min,
            task_ns_max: snapshot.task_ns_max,
            busy_ns: snapshot.busy_ns,
            window_ns: snapshot.window_ns,
            snapshot: Some(snapshot.clone()),
            timeline: Vec::new(),
        }
    }
}

impl PoolUtilization {
    /// Tells the first figure that cannot be true, if there is one.
    ///
    /// # Errors
    /// In words, with the values.
    pub fn check(&self) -> Result<(), String> {
        let threads = self.worker_threads + self.outside_threads;
        let impossible = [
            (self.tasks == 0, "no task was recorded"),
            (self.peak_active > threads, "more threads active than exist"),
            (
                self.mean_active > self.peak_active as f64,
                "mean above the peak",
            ),
            (
                !(0.0..=1.0).contains(&self.utilization),
                "utilization outside 0..1",
            ),
            (
                self.task_ns_mean < self.task_ns_min as f64,
                "mean task below the shortest",
            ),
            (
                self.task_ns_mean > self.task_ns_max as f64,
                "mean task above the longest",
            ),
            (
                self.busy_ns > threads as u64 * self.window_ns,
                "busier than the window is long",
            ),
        ];
        match impossible.iter().find(|(wrong, _)| *wrong) {
            Some((_, what)) => Err(format!("{what}: {self:?}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_figures_are_told() {
        let possible = PoolUtilization {
            worker_threads: 2,
            outside_threads: 0,
            peak_active: 2,
            mean_active: 1.5,
            utilization: 0.75,
            tasks: 10,
            task_ns_mean: 150.0,
            task_ns_min: 100,
            task_ns_max: 200,
            busy_ns: 1500,
            window_ns: 1000,
            snapshot: None,
            timeline: Vec::new(),
        };
        assert_eq!(possible.check(), Ok(()));
        let spoil: [fn(&mut PoolUtilization); 7] = [
            |p| p.tasks = 0,
            |p| p.peak_active = 3,
            |p| p.mean_active = 2.5,
            |p| p.utilization = 1.01,
            |p| p.task_ns_min = 151,
            |p| p.task_ns_max = 149,
            |p| p.busy_ns = 2001,
        ];
        for (index, spoil) in spoil.iter().enumerate() {
            let mut impossible = possible.clone();
            spoil(&mut impossible);
            assert!(impossible.check().is_err(), "spoilt figure {index} passed");
        }
    }
}
