//! One writer records while a reader takes.

use crate::{Ticks, explore};
use loom::thread;
use pool_metrics::internals::{Cell, Tally, View};
use std::sync::Arc;

/// Durations of the tasks that writers record: a sum of them tells which they are.
const DURATIONS: [u64; 3] = [1, 2, 4];

/// Asserts that `take` is the tally of one set of tasks, each at most once.
fn assert_one_set(take: &Tally) {
    let set = take.task_ns;
    assert!(set < 8, "a task twice, or one that was none: {take:?}");
    assert_eq!(take.tasks, u64::from(set.count_ones()), "{take:?}");
    if set == 0 {
        assert_eq!((take.task_ns_min, take.task_ns_max), (u64::MAX, 0));
    } else {
        assert_eq!(take.task_ns_min, 1 << set.trailing_zeros(), "{take:?}");
        assert_eq!(take.task_ns_max, 1 << set.ilog2(), "{take:?}");
    }
}

/// Every task is in exactly one take, whose fields belong together.
#[test]
fn cell_takes_are_exact() {
    explore("cell_takes_are_exact", None, || {
        let cell = Arc::new(Cell::new());
        let written = Arc::clone(&cell);
        let writer = thread::spawn(move || {
            for duration in DURATIONS {
                written.leave_nested(0, || duration);
            }
        });
        let reader = thread::spawn(move || {
            let mut view = View::new(0);
            let mut takes = vec![view.take(&cell, 0), view.take(&cell, 0)];
            writer.join().unwrap();
            takes.push(view.take(&cell, 0));
            let mut seen = 0;
            for take in &takes {
                assert_one_set(take);
                assert_eq!(seen & take.task_ns, 0, "a task in two takes: {takes:?}");
                seen |= take.task_ns;
            }
            assert_eq!(seen, 7, "a task in no take: {takes:?}");
        });
        reader.join().unwrap();
    });
}

/// Busy time is divided at the boundaries without rest, and never exceeds an interval.
#[test]
fn cell_splits_busy_time() {
    explore("cell_splits_busy_time", Some(3), || {
        let cell = Arc::new(Cell::new());
        let ticks = Ticks::default();
        let mut view = View::new(ticks.now());
        let (written, time) = (Arc::clone(&cell), ticks.clone());
        let writer = thread::spawn(move || {
            let mut busy = 0;
            for _ in 0..2 {
                let start = written.enter(|| time.now());
                let mut end = 0;
                written.leave(start, || {
                    end = time.now();
                    end
                });
                busy += end - start;
            }
            busy
        });
        let reader = thread::spawn(move || {
            let mut taken = 0;
            let mut take = || {
                let (from, cut) = (view.boundary_ns(), ticks.now());
                let busy = view.take(&cell, cut).busy_ns;
                let interval = view.boundary_ns() - from;
                assert!(view.boundary_ns() >= cut);
                assert!(busy <= interval, "{busy} busy in {interval}");
                taken += busy;
            };
            take();
            take();
            let busy = writer.join().unwrap();
            take();
            assert_eq!(taken, busy, "busy time lost or counted twice");
        });
        reader.join().unwrap();
    });
}
