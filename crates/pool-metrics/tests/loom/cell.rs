//! One writer records while a reader takes.

use crate::{Ticks, explore};
use loom::thread;
use pool_metrics::internals::{Cell, LabelTally, Record, Slot, View};
use std::sync::Arc;

/// Durations of the tasks that writers record: a sum of them tells which they are.
const DURATIONS: [u64; 3] = [1, 2, 4];

/// Asserts that `take` is the tally of one set of tasks, each at most once.
fn assert_one_set(take: &LabelTally) {
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

/// A task at `depth` that began at `start_ns` ends.
fn record(start_ns: u64, end_ns: u64, depth: u64) -> Record<'static> {
    Record {
        start_ns,
        end_ns,
        nested_ns: 0,
        depth,
        parallel: None,
    }
}

/// Every task is in exactly one take, whose fields belong together.
#[test]
fn cell_takes_are_exact() {
    explore("cell_takes_are_exact", None, || {
        let (cell, slot) = (Arc::new(Cell::new()), Arc::new(Slot::new()));
        let (written, counted) = (Arc::clone(&cell), Arc::clone(&slot));
        let writer = thread::spawn(move || {
            for duration in DURATIONS {
                written.end(&counted, || record(0, duration, 2));
            }
        });
        let reader = thread::spawn(move || {
            let mut view = View::new(0);
            let mut take = || {
                let mut tally = LabelTally::default();
                view.take(&cell, 0, |phase| {
                    phase.drain(&slot, &mut tally);
                });
                tally
            };
            let mut takes = vec![take(), take()];
            writer.join().unwrap();
            takes.push(take());
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

/// Busy time is divided at the boundaries without rest, and never exceeds an interval; the spans
/// add up to it.
#[test]
fn cell_splits_busy_time() {
    explore("cell_splits_busy_time", Some(3), || {
        let (cell, slot) = (Arc::new(Cell::new()), Slot::new());
        let ticks = Ticks::default();
        let mut view = View::new(ticks.now());
        let (written, time) = (Arc::clone(&cell), ticks.clone());
        let writer = thread::spawn(move || {
            let mut busy = 0;
            for _ in 0..2 {
                let start = written.enter(|| time.now());
                busy += written.end(&slot, || record(start, time.now(), 1)) - start;
            }
            busy
        });
        let reader = thread::spawn(move || {
            let mut taken = 0;
            let mut take = || {
                let (from, cut) = (view.boundary_ns(), ticks.now());
                let take = view.take(&cell, cut, |_| ());
                let busy = take.tally.busy_ns;
                let interval = view.boundary_ns() - from;
                assert!(view.boundary_ns() >= cut);
                assert!(busy <= interval, "{busy} busy in {interval}");
                let spans: u64 = take.spans.iter().map(|s| s.end - s.begin).sum();
                assert_eq!((spans, take.resolution_ns), (busy, 0), "{take:?}");
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
