//! Readers with windows of their own, while threads record.

use crate::check;
use pool_metrics::{Recorder, Snapshot};
use proptest::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts by label, and the extremes, of several windows together.
fn together(windows: &[Snapshot], label: &str) -> (u64, u64, u64, u64, u64) {
    let labels = windows.iter().filter_map(|window| window.label(label));
    let held = || labels.clone().filter(|figures| figures.tasks > 0);
    (
        held().map(|figures| figures.tasks).sum(),
        held().map(|figures| figures.task_ns).sum(),
        held().map(|figures| figures.task_ns_exclusive).sum(),
        held().map(|figures| figures.task_ns_min).min().unwrap_or(0),
        held().map(|figures| figures.task_ns_max).max().unwrap_or(0),
    )
}

#[test]
fn windows_open_at_different_times_hold_what_ended_since() {
    let recorder = Recorder::new(1);
    drop(recorder.task());
    let mut late = recorder.window();
    let running = recorder.task();
    drop(recorder.task());
    assert_eq!((late.take().tasks, late.take().tasks), (1, 0));
    let reset = recorder.reset();
    assert_eq!((reset.tasks, reset.peak_active), (2, 1));
    drop(running);
    let last = late.take();
    check(&last);
    assert_eq!((last.tasks, last.peak_active), (1, 1));
    assert_eq!(recorder.snapshot().tasks, 1);
    // A closed window's place serves the next one, which begins empty.
    drop(late);
    assert_eq!(recorder.window().take().tasks, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Each reader's windows together are the lifetime: tasks, times and extremes, by label.
    #[test]
    fn every_reader_sees_every_task_once(writers in 1usize..4, readers in 1usize..4) {
        let recorder = Recorder::new(writers);
        let done = AtomicBool::new(false);
        let taken: Vec<Vec<Snapshot>> = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..readers)
                .map(|_| {
                    let mut window = recorder.window();
                    let done = &done;
                    scope.spawn(move || {
                        let mut windows = Vec::new();
                        while !done.load(Ordering::Acquire) {
                            windows.push(window.take());
                            std::thread::yield_now();
                        }
                        windows.push(window.take());
                        windows
                    })
                })
                .collect();
            let writers: Vec<_> = (0..writers)
                .map(|_| {
                    scope.spawn(|| {
                        for _ in 0..5_000 {
                            let _outer = recorder.track("outer");
                            drop(recorder.track("inner"));
                        }
                    })
                })
                .collect();
            for writer in writers {
                writer.join().unwrap();
            }
            done.store(true, Ordering::Release);
            readers.into_iter().map(|reader| reader.join().unwrap()).collect()
        });
        let whole = [recorder.snapshot()];
        check(&whole[0]);
        prop_assert_eq!(whole[0].tasks, 10_000 * writers as u64);
        for windows in &taken {
            windows.iter().for_each(check);
            for label in ["outer", "inner"] {
                prop_assert_eq!(together(windows, label), together(&whole, label));
            }
            let mut buckets = std::collections::BTreeMap::new();
            for bucket in windows.iter().flat_map(|window| window.histogram.buckets()) {
                *buckets.entry(bucket.ns_low).or_insert(0) += bucket.tasks;
            }
            let all = whole[0].histogram.buckets().iter();
            prop_assert_eq!(buckets, all.map(|b| (b.ns_low, b.tasks)).collect());
        }
    }
}
