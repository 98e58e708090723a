//! What is seen of parallel iterators and joins.
#![cfg(feature = "rayon")]

use crate::{check, work};
use pool_metrics::{Label, LabelFigures, ParallelIteratorExt as _, Recorder};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use std::sync::Barrier;
use std::time::Duration;

static LEAVES: Label = Label::new("leaves");

/// Runs `iteration` on four workers and returns what was seen of it.
fn seen(iteration: impl FnOnce(&Recorder) + Send) -> LabelFigures {
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(4)).unwrap();
    pool.install(|| iteration(&recorder));
    let snapshot = recorder.snapshot();
    check(&snapshot);
    let leaves = snapshot.label("leaves").unwrap().clone();
    assert!(leaves.migrations <= leaves.tasks, "{leaves:?}");
    leaves
}

#[test]
fn every_item_split_and_leaf_is_counted_whatever_is_around() {
    let numbers: Vec<u64> = (0..12_800).collect();
    type Iteration<'a> = Box<dyn FnOnce(&Recorder) + Send + 'a>;
    let iterations: [(&str, Iteration<'_>); 6] = [
        (
            "consumer",
            Box::new(|r| {
                let doubled: Vec<u64> = numbers
                    .par_iter()
                    .tracked(r, LEAVES)
                    .map(|x| x * 2)
                    .collect();
                assert!(doubled.iter().zip(&numbers).all(|(d, n)| *d == n * 2));
            }),
        ),
        (
            "consumer of single items",
            Box::new(|r| {
                let leaves = numbers.par_iter().with_max_len(15).tracked(r, LEAVES);
                assert_eq!(leaves.copied().sum::<u64>(), 12_799 * 6_400);
            }),
        ),
        (
            "producer",
            Box::new(|r| {
                let tracked = numbers.par_iter().tracked(r, LEAVES);
                let equal = tracked.zip(&numbers).map(|(a, b)| u64::from(a == b));
                assert_eq!(equal.sum::<u64>(), 12_800);
            }),
        ),
        (
            "producer from behind",
            Box::new(|r| {
                let reversed: Vec<_> = numbers.par_iter().tracked(r, LEAVES).rev().collect();
                assert_eq!(reversed[0], &12_799);
            }),
        ),
        (
            "filtered",
            Box::new(|r| {
                let odd = numbers
                    .par_iter()
                    .tracked(r, "leaves")
                    .filter(|x| **x % 2 == 1);
                assert_eq!(odd.count(), 6_400);
            }),
        ),
        (
            "unindexed",
            Box::new(|r| {
                let all = numbers.par_iter().filter(|_| true).tracked(r, "leaves");
                assert_eq!(all.count(), 12_800);
            }),
        ),
    ];
    for (name, iteration) in iterations {
        let leaves = seen(iteration);
        assert_eq!(leaves.items, 12_800, "{name}: {leaves:?}");
        assert_eq!(leaves.splits, leaves.tasks - 1, "{name}: {leaves:?}");
    }
}

#[test]
fn an_empty_iteration_is_a_leaf_without_items() {
    let leaves = seen(|r| {
        let none: Vec<u64> = Vec::new();
        none.par_iter().tracked(r, LEAVES).for_each(|_| ());
    });
    assert_eq!((leaves.tasks, leaves.items, leaves.splits), (1, 0, 0));
}

#[test]
fn two_tracked_sides_of_a_zip_share_their_threads_time() {
    let numbers: Vec<u64> = (0..1000).collect();
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(2)).unwrap();
    pool.install(|| {
        let (a, b) = (
            numbers.par_iter().tracked(&recorder, "a"),
            numbers.par_iter().tracked(&recorder, "b"),
        );
        assert_eq!(a.zip(b).filter(|(a, b)| a == b).count(), 1000);
    });
    let snapshot = recorder.snapshot();
    check(&snapshot);
    let [a, b] = ["a", "b"].map(|label| snapshot.label(label).unwrap());
    assert_eq!((a.items, b.items, a.tasks), (1000, 1000, b.tasks));
    // Their iterators end in the order in which they began, and yet no time is counted twice.
    let own = a.task_ns_exclusive + b.task_ns_exclusive;
    assert!(
        own.abs_diff(snapshot.busy_ns) <= 200,
        "{own} of {}",
        snapshot.busy_ns
    );
}

#[test]
fn leaves_of_a_barrier_migrate() {
    let together = Barrier::new(4);
    let leaves = seen(|r| {
        let one_by_one = (0..4).into_par_iter().with_max_len(1).tracked(r, LEAVES);
        one_by_one.for_each(|_| {
            together.wait();
        });
    });
    // Each of four workers holds a leaf, and one of them can be the divider's own.
    assert_eq!((leaves.tasks, leaves.splits), (4, 3));
    assert!((2..=3).contains(&leaves.migrations), "{leaves:?}");
}

#[test]
fn a_join_tells_a_steal_and_how_long_it_took() {
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(2)).unwrap();
    for inside in [true, false] {
        let together = Barrier::new(2);
        // The halves wait for each other, so the second is stolen.
        let join = || {
            let half = || {
                together.wait();
                work(Duration::from_micros(100));
            };
            recorder.join("halves", half, half)
        };
        if inside {
            pool.install(join);
        } else {
            // The outside caller's join runs on the global pool.
            join();
        }
        let snapshot = recorder.reset();
        check(&snapshot);
        let halves = snapshot.label("halves").unwrap();
        assert_eq!((halves.tasks, halves.steals), (2, 1));
        assert!(halves.steal_ns_mean > 0.0 && halves.steal_ns_max > 0);
        assert!(snapshot.peak_active == 2);
    }
}

#[test]
fn a_join_on_one_worker_steals_nothing() {
    let (pool, recorder) = Recorder::build_pool(ThreadPoolBuilder::new().num_threads(1)).unwrap();
    assert_eq!(pool.install(|| recorder.join("halves", || 1, || 2)), (1, 2));
    let snapshot = recorder.snapshot();
    let halves = snapshot.label("halves").unwrap();
    assert_eq!(
        (halves.tasks, halves.steals, halves.steal_ns_max),
        (2, 0, 0)
    );
}
