//! Tasks inside each other: whose time it is, and how deep.

use crate::{check, work};
use pool_metrics::{Recorder, Snapshot};
use proptest::prelude::*;
use std::time::Duration;

fn own_ns(snapshot: &Snapshot) -> u64 {
    snapshot.labels.iter().map(|l| l.task_ns_exclusive).sum()
}

#[test]
fn nested_time_is_taken_off_the_tasks_around() {
    let recorder = Recorder::new(1);
    {
        let _outer = recorder.track("outer");
        work(Duration::from_millis(1));
        for _ in 0..2 {
            let _middle = recorder.track("middle");
            work(Duration::from_millis(2));
            let _inner = recorder.track("inner");
            work(Duration::from_millis(3));
        }
    }
    let snapshot = recorder.snapshot();
    check(&snapshot);
    let [outer, middle, inner] = ["outer", "middle", "inner"].map(|l| snapshot.label(l).unwrap());
    assert_eq!(snapshot.depth_max, 3);
    // Inclusive times hold each other, exclusive ones add up to the thread's busy time.
    assert_eq!(outer.task_ns, snapshot.busy_ns);
    assert_eq!(outer.task_ns_exclusive + middle.task_ns, outer.task_ns);
    assert_eq!(middle.task_ns_exclusive + inner.task_ns, middle.task_ns);
    assert_eq!(inner.task_ns_exclusive, inner.task_ns);
    assert_eq!(own_ns(&snapshot), snapshot.busy_ns);
    assert!(middle.task_ns_exclusive >= 3_990_000 && inner.task_ns >= 5_990_000);
    assert!(outer.task_ns_exclusive >= 990_000);
}

#[test]
fn a_label_inside_itself_counts_its_own_time_once() {
    let recorder = Recorder::new(1);
    {
        let _a = recorder.track("recursive");
        let _b = recorder.track("recursive");
        let _c = recorder.track("recursive");
    }
    let snapshot = recorder.snapshot();
    let recursive = snapshot.label("recursive").unwrap();
    assert_eq!((recursive.tasks, snapshot.depth_max), (3, 3));
    assert_eq!(recursive.task_ns_exclusive, snapshot.busy_ns);
}

#[test]
fn labels_of_equal_text_are_one() {
    let recorder = Recorder::new(1);
    let elsewhere: &'static str = String::from("matmul").leak();
    drop(recorder.track("matmul"));
    drop(recorder.track(elsewhere));
    let snapshot = recorder.snapshot();
    assert_eq!((snapshot.labels.len(), snapshot.labels[0].tasks), (1, 2));
}

#[test]
fn nesting_may_be_deeper_than_the_room_made_for_it() {
    let recorder = Recorder::new(1);
    let guards: Vec<_> = (0..1000).map(|_| recorder.task()).collect();
    drop(guards); // the outermost first
    let snapshot = recorder.reset();
    check(&snapshot);
    assert_eq!((snapshot.tasks, snapshot.depth_max), (1000, 1000));
    assert_eq!(own_ns(&snapshot), snapshot.busy_ns);
    assert_eq!(recorder.reset().peak_active, 0);
}

proptest! {
    /// Guards that begin and end in any order: at any moment the time is one task's.
    #[test]
    fn own_times_are_busy_time_in_any_order(steps in prop::collection::vec(any::<(bool, u8)>(), 1..60)) {
        let recorder = Recorder::new(1);
        let mut guards = Vec::new();
        let (mut begun, mut deepest) = (0u64, 0);
        for (begins, which) in steps {
            if begins || guards.is_empty() {
                guards.push(recorder.track(if which % 2 == 0 { "even" } else { "odd" }));
                begun += 1;
            } else {
                let which = which as usize % guards.len();
                deepest = deepest.max(guards.len());
                drop(guards.swap_remove(which));
            }
        }
        deepest = deepest.max(guards.len());
        drop(guards);
        let snapshot = recorder.reset();
        check(&snapshot);
        prop_assert_eq!((snapshot.tasks, snapshot.depth_max), (begun, deepest as u64));
        prop_assert_eq!(own_ns(&snapshot), snapshot.busy_ns);
        prop_assert_eq!(recorder.reset().busy_ns, 0);
    }
}

#[test]
fn there_may_be_many_labels() {
    let recorder = Recorder::new(1);
    let labels: Vec<&'static str> = (0..300)
        .map(|number| &*format!("label {number}").leak())
        .collect();
    for round in 1..=3u64 {
        for label in &labels {
            drop(recorder.track(*label));
        }
        let snapshot = recorder.snapshot();
        check(&snapshot);
        assert_eq!(snapshot.labels.len(), 300);
        assert!(snapshot.labels.iter().all(|figures| figures.tasks == round));
    }
}
