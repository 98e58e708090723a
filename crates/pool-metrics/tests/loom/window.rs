//! A whole window: the ledger closes it over cells and activity together.

use crate::{Ticks, explore};
use loom::thread;
use pool_metrics::internals::{Activity, Ledger, WindowEnd};
use std::sync::Arc;

/// A thread records two tasks, as guards do, while a window closes: a window with a task or busy
/// time in it has a peak of 1, no window is busy for longer than it lasts, and together they hold
/// the two tasks.
#[test]
fn window_figures_agree() {
    explore("window_figures_agree", Some(2), || {
        let mut ledger = Ledger::without_workers();
        let activity = Arc::new(Activity::new());
        let ticks = Ticks::default();
        let cell = ledger.register_outside();
        let (active, time) = (Arc::clone(&activity), ticks.clone());
        let writer = thread::spawn(move || {
            for _ in 0..2 {
                active.enter();
                let start = cell.enter(|| time.now());
                cell.leave(start, || time.now());
                active.leave();
            }
        });
        let reader = thread::spawn(move || {
            let mut reset = || {
                let figures = ledger.read(&activity, || ticks.now(), WindowEnd::Reset);
                let counts = figures.outside;
                assert!(figures.peak_active <= 1, "{figures:?}");
                assert!(counts.busy_ns <= figures.window_ns, "{figures:?}");
                if counts.tasks > 0 || counts.busy_ns > 0 {
                    assert_eq!(figures.peak_active, 1, "{figures:?}");
                }
                counts.tasks
            };
            let during = reset() + reset();
            writer.join().unwrap();
            assert_eq!(during + reset(), 2, "a task lost or counted twice");
        });
        reader.join().unwrap();
    });
}
