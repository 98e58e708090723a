//! The recorder as its users see it.
#![cfg(not(pool_metrics_off))]

mod boundaries;
mod cpu;
mod exports;
mod figures;
mod nesting;
mod parallel;
mod pools;
mod storm;
mod threads;
mod windows;

use pool_metrics::Snapshot;
use std::time::{Duration, Instant};

/// Keeps the processor busy for at least `duration`.
fn work(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// What holds in every snapshot.
fn check(snapshot: &Snapshot) {
    let threads = snapshot.worker_threads + snapshot.outside_threads;
    assert!((0.0..=1.0).contains(&snapshot.utilization), "{snapshot:?}");
    assert!(snapshot.peak_active <= threads, "{snapshot:?}");
    assert!(
        snapshot.busy_ns <= threads as u64 * snapshot.window_ns,
        "{snapshot:?}"
    );
    assert!(snapshot.mean_active <= threads as f64, "{snapshot:?}");
    assert!(
        snapshot.task_ns_min as f64 <= snapshot.task_ns_mean
            && snapshot.task_ns_mean <= snapshot.task_ns_max as f64,
        "{snapshot:?}"
    );
    assert!(snapshot.peak_active_workers <= snapshot.peak_active.min(snapshot.worker_threads));
    assert!(
        snapshot.mean_active <= snapshot.peak_active as f64,
        "{snapshot:?}"
    );
    check_sums(snapshot);
    if snapshot.tasks > 0 || snapshot.busy_ns > 0 {
        assert!(snapshot.peak_active >= 1, "{snapshot:?}");
    }
}

/// The parts of a snapshot are its whole.
fn check_sums(snapshot: &Snapshot) {
    let Snapshot {
        labels, threads, ..
    } = snapshot;
    assert_eq!(snapshot.histogram.tasks(), snapshot.tasks);
    assert_eq!(labels.iter().map(|l| l.tasks).sum::<u64>(), snapshot.tasks);
    assert_eq!(threads.iter().map(|t| t.tasks).sum::<u64>(), snapshot.tasks);
    assert_eq!(
        threads.iter().map(|t| t.busy_ns).sum::<u64>(),
        snapshot.busy_ns
    );
    assert_eq!(
        labels.iter().map(|l| l.task_ns).sum::<u64>(),
        snapshot.task_ns
    );
    assert!(snapshot.task_ns >= snapshot.tasks * snapshot.task_ns_min);
    assert!(snapshot.task_ns <= snapshot.tasks * snapshot.task_ns_max);
    for label in labels {
        assert_eq!(label.histogram.tasks(), label.tasks, "{label:?}");
        assert!(label.task_ns_exclusive <= label.task_ns, "{label:?}");
        assert!(label.tasks == 0 || label.task_ns_min >= snapshot.task_ns_min);
        assert!(label.task_ns_max <= snapshot.task_ns_max);
        assert!(label.task_ns >= label.tasks * label.task_ns_min);
        let quantiles = [
            label.task_ns_min,
            label.task_ns_p50,
            label.task_ns_p90,
            label.task_ns_p99,
            label.task_ns_p999,
            label.task_ns_max,
        ];
        assert!(quantiles.is_sorted(), "{label:?}");
    }
}
