//! What single figures mean, on one thread.

use crate::{check, work};
use pool_metrics::Recorder;
use std::time::{Duration, Instant};

#[test]
fn nothing_recorded_gives_zeros() {
    let recorder = Recorder::new(3);
    work(Duration::from_micros(50));
    let empty = recorder.snapshot();
    check(&empty);
    assert!(empty.window_ns >= 50_000);
    assert_eq!((empty.worker_threads, empty.outside_threads), (3, 0));
    assert_eq!((empty.tasks, empty.busy_ns, empty.peak_active), (0, 0, 0));
    assert_eq!((empty.task_ns_min, empty.task_ns_max), (0, 0));
    assert_eq!(
        (empty.task_ns_mean, empty.mean_active, empty.utilization),
        (0.0, 0.0, 0.0)
    );
}

#[test]
fn a_recorder_without_workers_has_no_utilization() {
    let recorder = Recorder::new(0);
    drop(recorder.task());
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!((snapshot.outside_threads, snapshot.utilization), (1, 0.0));
}

#[test]
fn durations_and_busy_time_are_those_of_the_work() {
    let recorder = Recorder::new(2);
    let begun = Instant::now();
    for ms in [1, 4, 2] {
        let _task = recorder.task();
        work(Duration::from_millis(ms));
    }
    let snapshot = recorder.snapshot();
    let elapsed = begun.elapsed().as_nanos() as u64;
    check(&snapshot);
    assert_eq!((snapshot.tasks, snapshot.peak_active), (3, 1));
    assert!(snapshot.task_ns_min >= 999_000, "{snapshot:?}");
    assert!(snapshot.task_ns_max >= 3_996_000, "{snapshot:?}");
    assert!(
        (6_993_000..=elapsed + elapsed / 100).contains(&snapshot.busy_ns),
        "{snapshot:?}"
    );
    // One thread, no nesting: the tasks' durations are its busy time.
    assert_eq!(
        (snapshot.task_ns_mean * 3.0).round() as u64,
        snapshot.busy_ns
    );
    let shares = snapshot.busy_ns as f64 / snapshot.window_ns as f64;
    assert!((snapshot.mean_active - shares).abs() < 1e-12);
    assert!((snapshot.utilization - shares / 2.0).abs() < 1e-12);
}

#[test]
fn nested_tasks_count_whole_but_keep_one_thread_busy() {
    let recorder = Recorder::new(1);
    {
        let _outer = recorder.task();
        for _ in 0..2 {
            let _middle = recorder.task();
            let _inner = recorder.task();
            work(Duration::from_millis(1));
        }
    }
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!((snapshot.tasks, snapshot.peak_active), (5, 1));
    // The outermost task is the longest, and all of the busy time.
    assert_eq!(snapshot.busy_ns, snapshot.task_ns_max);
    // Five inclusive durations: 2 inner, 2 middle and an outer as long as both of these.
    assert!(snapshot.task_ns_mean * 5.0 >= 2.9 * snapshot.busy_ns as f64);
}

#[test]
fn guards_may_end_in_any_order() {
    let recorder = Recorder::new(1);
    let outer = recorder.task();
    let inner = recorder.task();
    drop(outer);
    let between = recorder.reset();
    assert_eq!((between.tasks, between.peak_active), (1, 1));
    work(Duration::from_micros(100));
    drop(inner);
    let after = recorder.reset();
    check(&after);
    assert_eq!((after.tasks, after.peak_active), (1, 1));
    assert!(after.busy_ns >= 99_000, "{after:?}");
    assert_eq!(recorder.reset().busy_ns, 0);
}

#[test]
fn a_task_that_panics_is_recorded() {
    let recorder = Recorder::new(1);
    let caught = std::panic::catch_unwind(|| {
        let _task = recorder.task();
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(caught.is_err());
    assert_eq!(recorder.reset().tasks, 1);
    assert_eq!(recorder.reset().peak_active, 0);
}

#[test]
fn disabled_records_nothing_and_a_running_task_ends_as_it_began() {
    let recorder = Recorder::new(1);
    recorder.set_enabled(false);
    let unrecorded = recorder.task();
    recorder.set_enabled(true);
    let recorded = recorder.task();
    recorder.set_enabled(false);
    drop(recorder.task());
    drop(unrecorded);
    drop(recorded);
    let snapshot = recorder.reset();
    check(&snapshot);
    assert_eq!((snapshot.tasks, snapshot.peak_active), (1, 1));
    // Nothing is left running.
    assert_eq!(recorder.reset().peak_active, 0);
}

#[cfg(feature = "serde")]
#[test]
fn a_snapshot_serialises_under_the_names_of_its_fields() {
    let recorder = Recorder::new(2);
    drop(recorder.task());
    let snapshot = recorder.snapshot();
    let json = serde_json::to_value(&snapshot).unwrap();
    let names = |value: &serde_json::Value| {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names.join(" ")
    };
    // A change here is a change of the schema: a name that goes raises its version.
    assert_eq!(json["schema"], pool_metrics::SCHEMA);
    assert_eq!(
        names(&json),
        "busy_ns clock_steps depth_max histogram idle_ns labels mean_active mean_active_workers \
         outside_threads peak_active peak_active_workers peak_resolution_ns schema task_ns task_ns_max \
         task_ns_mean task_ns_min task_ns_p50 task_ns_p90 task_ns_p99 task_ns_p999 tasks threads \
         utilization window_ns worker_activations worker_threads"
    );
    assert_eq!(
        names(&json["labels"][0]),
        "histogram items label migrations splits steal_ns_max steal_ns_mean steals task_ns \
         task_ns_exclusive task_ns_max task_ns_mean task_ns_min task_ns_p50 task_ns_p90 \
         task_ns_p99 task_ns_p999 tasks"
    );
    assert_eq!(
        names(&json["threads"][0]),
        "activations busy_ns cpu_ns depth_max exited name tasks utilization worker"
    );
    assert_eq!(
        names(&json["histogram"]["buckets"][0]),
        "ns_high ns_low tasks"
    );
    assert_eq!(json["tasks"], 1);
    let back: pool_metrics::Snapshot = serde_json::from_value(json).unwrap();
    assert_eq!(back, snapshot);
}
