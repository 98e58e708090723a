//! A task that runs across the ends of windows.

use crate::{check, work};
use pool_metrics::Recorder;
use std::time::Duration;

#[test]
fn a_running_task_is_split_between_windows() {
    let recorder = Recorder::new(1);
    recorder.reset();
    let task = recorder.task();
    work(Duration::from_millis(2));
    let first = recorder.reset();
    work(Duration::from_millis(1));
    let middle = recorder.reset();
    work(Duration::from_millis(1));
    drop(task);
    work(Duration::from_millis(3));
    let last = recorder.reset();

    for window in [&first, &middle, &last] {
        check(window);
        assert_eq!(window.peak_active, 1);
    }
    assert_eq!((first.tasks, middle.tasks, last.tasks), (0, 0, 1));
    assert!(first.busy_ns >= 1_998_000, "{first:?}");
    // A window inside one task is busy to the nanosecond.
    assert_eq!(middle.busy_ns, middle.window_ns);
    assert_eq!(middle.utilization, 1.0);
    assert!(last.busy_ns <= last.window_ns - 2_997_000, "{last:?}");
    // The parts are the whole, and the task counts with all of its duration where it ended.
    assert_eq!(
        first.busy_ns + middle.busy_ns + last.busy_ns,
        last.task_ns_max
    );
}

#[test]
fn snapshots_see_a_running_task_grow_and_leave_the_window_open() {
    let recorder = Recorder::new(1);
    let task = recorder.task();
    let mut before = recorder.snapshot();
    for _ in 0..100 {
        let now = recorder.snapshot();
        check(&now);
        assert!(now.busy_ns >= before.busy_ns && now.window_ns >= before.window_ns);
        // All of the window but for the time before the task.
        assert_eq!(
            now.window_ns - now.busy_ns,
            before.window_ns - before.busy_ns
        );
        assert_eq!((now.tasks, now.peak_active), (0, 1));
        before = now;
    }
    drop(task);
    let done = recorder.snapshot();
    assert_eq!((done.tasks, done.busy_ns), (1, done.task_ns_max));
}
