//! The recorder as its users see it.

mod boundaries;
mod figures;
mod pools;
mod storm;
mod threads;

use std::time::{Duration, Instant};

/// Keeps the processor busy for at least `duration`.
fn work(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        std::hint::spin_loop();
    }
}

/// What holds in every snapshot.
fn check(snapshot: &pool_metrics::Snapshot) {
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
    if snapshot.tasks > 0 || snapshot.busy_ns > 0 {
        assert!(snapshot.peak_active >= 1, "{snapshot:?}");
    }
}
