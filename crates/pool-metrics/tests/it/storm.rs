//! Threads that record without pause while others read and reset: nothing is lost, nothing is
//! counted twice, and every snapshot agrees with itself.

use crate::check;
use pool_metrics::{Recorder, Snapshot};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs `writers` threads that record pairs of tasks (the second nested in the first) against
/// `resetters` until each of these has closed `busy_windows` windows with tasks in them. Returns
/// every closed window and the number of tasks recorded.
///
/// A figure that is wrong ends the storm too, so that it is told.
///
/// It ends by what happened and not after a number of tasks, which a busy machine may run through
/// before a resetter gets a processor.
fn storm(
    recorder: &Recorder,
    writers: usize,
    resetters: usize,
    busy_windows: usize,
) -> (Vec<Snapshot>, u64) {
    let done = AtomicBool::new(false);
    let done = &done;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..writers)
            .map(|_| {
                scope.spawn(|| {
                    let mut tasks = 0;
                    while !done.load(Ordering::Relaxed) {
                        let _outer = recorder.task();
                        let _nested = recorder.task();
                        tasks += 2;
                    }
                    tasks
                })
            })
            .collect();
        let resetters: Vec<_> = (0..resetters)
            .map(|_| {
                scope.spawn(|| {
                    let _ends_by_panic = EndsByPanic(done);
                    let mut windows = Vec::new();
                    let mut busy = 0;
                    while busy < busy_windows {
                        check(&recorder.snapshot());
                        let window = recorder.reset();
                        busy += usize::from(window.tasks > 0);
                        windows.push(window);
                    }
                    windows
                })
            })
            .collect();
        let mut windows: Vec<_> = resetters
            .into_iter()
            .flat_map(|resetter| resetter.join().unwrap())
            .collect();
        done.store(true, Ordering::Relaxed);
        let recorded = writers.into_iter().map(|w| w.join().unwrap()).sum();
        windows.push(recorder.reset());
        (windows, recorded)
    })
}

/// Ends the storm if its thread panics.
struct EndsByPanic<'a>(&'a AtomicBool);

impl Drop for EndsByPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn assert_exact(windows: &[Snapshot], recorded: u64) {
    for window in windows {
        check(window);
    }
    let tasks: u64 = windows.iter().map(|window| window.tasks).sum();
    assert_eq!(tasks, recorded);
}

#[test]
fn no_task_is_lost_or_counted_twice() {
    let recorder = Recorder::new(2);
    let (windows, recorded) = storm(&recorder, 2, 1, 200);
    assert_exact(&windows, recorded);
    assert_eq!(recorder.reset().tasks, 0);
}

#[test]
fn the_windows_together_are_what_a_bystander_saw() {
    // A second recorder around the same tasks is never reset: its lifetime is the windows' sum.
    let (reset, whole) = (Recorder::new(1), Recorder::new(1));
    let done = AtomicBool::new(false);
    let windows = std::thread::scope(|scope| {
        let resetter = scope.spawn(|| {
            let mut windows = Vec::new();
            while !done.load(Ordering::Acquire) {
                windows.push(reset.reset());
                std::thread::yield_now();
            }
            windows.push(reset.reset());
            windows
        });
        scope
            .spawn(|| {
                for _ in 0..100_000 {
                    let _inside = whole.task();
                    let _outside = reset.task();
                }
            })
            .join()
            .unwrap();
        done.store(true, Ordering::Release);
        resetter.join().unwrap()
    });
    let whole = whole.snapshot();
    assert_exact(&windows, whole.tasks);
    let busy: u64 = windows.iter().map(|window| window.busy_ns).sum();
    // `reset` runs inside `whole`.
    assert!(busy <= whole.busy_ns, "{busy} of {}", whole.busy_ns);
    // Without nesting, durations are busy time: nothing was lost at the windows' ends.
    let durations: f64 = windows
        .iter()
        .map(|window| window.task_ns_mean * window.tasks as f64)
        .sum();
    let missing = (durations - busy as f64).abs();
    // What is cut off where two cores' counters disagree, at most some ns for each window.
    assert!(
        missing <= 1.0 + 100.0 * windows.len() as f64,
        "{missing} ns of {durations} in {} windows",
        windows.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn storms_of_any_shape_are_exact(
        workers in 0usize..4,
        writers in 1usize..5,
        resetters in 1usize..4,
        busy_windows in 1usize..10,
    ) {
        let recorder = Recorder::new(workers);
        let (windows, recorded) = storm(&recorder, writers, resetters, busy_windows);
        assert_exact(&windows, recorded);
        prop_assert_eq!(windows.last().unwrap().worker_threads, workers);
    }
}
