//! Recording compiled out:
//! `RUSTFLAGS="--cfg pool_metrics_off" cargo test -p pool-metrics --test compiled_out`.

#![cfg(pool_metrics_off)]

use pool_metrics::{Recorder, TaskGuard};

#[test]
fn a_guard_is_nothing_and_records_nothing() {
    assert_eq!(size_of::<TaskGuard<'_>>(), 0);
    let recorder = Recorder::new(1);
    drop(recorder.track("task"));
    let snapshot = recorder.snapshot();
    assert_eq!((snapshot.tasks, snapshot.threads.len()), (0, 0));
}
