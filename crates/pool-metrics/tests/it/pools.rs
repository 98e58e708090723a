//! Rayon pools: who is a worker, and that four workers are never five.
#![cfg(feature = "rayon")]

use crate::{check, work};
use pool_metrics::Recorder;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn nested_parallelism_on_four_workers_is_never_five_active() {
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(4)).unwrap();
    // The classic mistake beside it: every running task is taken for an active thread.
    let (naive_active, naive_peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let record = |body: &(dyn Fn() + Sync)| {
        let _task = recorder.task();
        let active = naive_active.fetch_add(1, Ordering::Relaxed) + 1;
        naive_peak.fetch_max(active, Ordering::Relaxed);
        body();
        naive_active.fetch_sub(1, Ordering::Relaxed);
    };
    recorder.reset();
    // All four inside a nested task at once, for certain.
    let together = Barrier::new(4);
    pool.broadcast(|_| {
        record(&|| {
            record(&|| {
                together.wait();
            })
        })
    });
    // And the way it happens: a worker that waits for its nested loop takes up other tasks.
    pool.install(|| {
        (0..32).into_par_iter().with_max_len(1).for_each(|_| {
            record(&|| {
                (0..8)
                    .into_par_iter()
                    .with_max_len(1)
                    .for_each(|_| record(&|| work(Duration::from_micros(50))));
            });
        });
    });
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!(snapshot.tasks, 2 * 4 + 32 + 32 * 8);
    assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (4, 0));
    assert_eq!(snapshot.peak_active, 4);
    assert!(naive_peak.into_inner() >= 8);
    // The same mistake in the sum: inclusive durations fill more time than the workers had.
    assert!(snapshot.task_ns_mean * snapshot.tasks as f64 > snapshot.busy_ns as f64);
}

#[test]
fn workers_are_told_from_outside_callers_and_other_pools() {
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(2)).unwrap();
    let other = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.broadcast(|_| drop(recorder.task()));
    assert_eq!(recorder.snapshot().outside_threads, 0);

    recorder.reset();
    {
        let _caller = recorder.task();
        work(Duration::from_micros(100));
    }
    other.install(|| drop(recorder.task()));
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (2, 2));
    assert_eq!((snapshot.tasks, snapshot.utilization), (2, 0.0));
    assert!(snapshot.mean_active > 0.0);
}

#[test]
fn a_pool_that_uses_the_current_thread_has_it_as_a_worker() {
    // Rayon allows it once per thread, and for the thread's life.
    std::thread::spawn(|| {
        let builder = ThreadPoolBuilder::new().num_threads(2).use_current_thread();
        let (pool, recorder) = Recorder::build_pool(builder).unwrap();
        drop(recorder.task());
        pool.broadcast(|_| drop(recorder.task()));
        let snapshot = recorder.snapshot();
        check(&snapshot);
        assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (2, 0));
        assert_eq!(snapshot.tasks, 3);
    })
    .join()
    .unwrap();
}

#[test]
fn the_global_pool_is_known_from_inside_another_one() {
    let global = rayon::current_num_threads();
    let inner = ThreadPoolBuilder::new()
        .num_threads(global + 1)
        .build()
        .unwrap();
    let recorder = inner.install(Recorder::for_global_pool);
    rayon::broadcast(|_| drop(recorder.task()));
    drop(recorder.task());
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!(
        (snapshot.worker_threads, snapshot.outside_threads),
        (global, 1)
    );
    assert_eq!(snapshot.tasks, global as u64 + 1);
}

#[test]
fn a_worker_of_another_pool_never_makes_one_worker_too_many() {
    let recorder = Recorder::for_global_pool();
    let global = rayon::current_num_threads();
    let other = ThreadPoolBuilder::new()
        .num_threads(global + 2)
        .build()
        .unwrap();
    other.broadcast(|_| drop(recorder.task()));
    rayon::broadcast(|_| drop(recorder.task()));
    let snapshot = recorder.snapshot();
    check(&snapshot);
    assert_eq!(
        (snapshot.worker_threads, snapshot.outside_threads),
        (global, global + 2)
    );
}

#[test]
fn a_pool_that_cannot_be_built_says_so() {
    let builder = ThreadPoolBuilder::new()
        .num_threads(2)
        .stack_size(usize::MAX / 4);
    assert!(Recorder::build_pool(builder).is_err());
}
