//! Threads that come and go, and several recorders on one thread.

use crate::check;
use pool_metrics::Recorder;
use std::sync::Barrier;

const fn is_send_and_sync<T: Send + Sync + Clone>() {}
const _: () = is_send_and_sync::<Recorder>();

#[test]
fn threads_that_exit_keep_their_counts_and_their_roles() {
    let recorder = Recorder::new(2);
    for round in 1..=5 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..10 {
                    drop(recorder.task());
                }
            });
        });
        let snapshot = recorder.snapshot();
        check(&snapshot);
        assert_eq!(snapshot.tasks, 10 * round);
        assert_eq!(snapshot.outside_threads as u64, round.saturating_sub(2));
        assert_eq!(snapshot.peak_active, 1);
    }
}

#[test]
fn the_peak_is_that_of_threads_at_once() {
    let recorder = Recorder::new(2);
    let (inside, outside) = (Barrier::new(3), Barrier::new(3));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let _task = recorder.task();
                let _nested = recorder.task();
                inside.wait();
                outside.wait();
            });
        }
    });
    let snapshot = recorder.reset();
    check(&snapshot);
    assert_eq!(snapshot.peak_active, 3);
    assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (2, 1));
    let empty = recorder.reset();
    assert_eq!((empty.peak_active, empty.outside_threads), (0, 1));
}

#[test]
fn two_recorders_on_one_thread_know_nothing_of_each_other() {
    let (a, b) = (Recorder::new(1), Recorder::new(1));
    let clone = a.clone();
    let outer = a.task();
    for _ in 0..3 {
        drop(b.task());
    }
    drop(clone.task());
    assert_eq!((a.snapshot().tasks, b.snapshot().tasks), (1, 3));
    assert_eq!((a.snapshot().peak_active, b.reset().peak_active), (1, 1));
    // `b` is idle though the thread is still busy for `a`.
    assert_eq!(b.reset().peak_active, 0);
    drop(outer);
    assert_eq!(a.snapshot().tasks, 2);
}

#[test]
fn a_thread_outlives_many_recorders() {
    for _ in 0..100 {
        let recorder = Recorder::new(1);
        drop(recorder.task());
        let snapshot = recorder.snapshot();
        assert_eq!((snapshot.tasks, snapshot.outside_threads), (1, 0));
    }
}
