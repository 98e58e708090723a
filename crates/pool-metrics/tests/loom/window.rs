//! A whole window: the ledger closes it over cells, labels and peak together.

use crate::{Shared, Ticks, explore};
use loom::thread;
use pool_metrics::internals::{Cell, Record, SNAPSHOT, Slot, WindowEnd};

/// One outermost task, as guards record it.
fn task(cell: &Cell, slot: &Slot, time: &Ticks) -> (u64, u64) {
    let start_ns = cell.enter(|| time.now());
    let end_ns = cell.end(slot, || Record {
        start_ns,
        end_ns: time.now(),
        nested_ns: 0,
        depth: 1,
        parallel: None,
    });
    (start_ns, end_ns)
}

/// A thread records two tasks while one reader resets and another takes a window of its own: a
/// window with a task or busy time in it has a peak of 1, no window is busy for longer than it
/// lasts, and the windows of each reader hold the two tasks.
#[test]
fn window_figures_agree() {
    explore("window_figures_agree", Some(2), || {
        let shared = Shared::default();
        let ticks = Ticks::default();
        let own = shared.ledger().open_window(|| ticks.now());
        let (thread, cell) = shared.ledger().register_outside();
        let (_, slot) = shared.ledger().slot(thread, "task".into());
        let time = ticks.clone();
        let writer = thread::spawn(move || {
            for _ in 0..2 {
                task(&cell, &slot, &time);
            }
        });
        let read = move |shared: &Shared, window| {
            let now = || ticks.now();
            let figures = shared.ledger().read(window, now, WindowEnd::Reset);
            let busy_ns = figures.threads[0].tally.busy_ns;
            let tasks = figures.labels[0].1.tasks;
            assert!(figures.peak.all <= 1, "{figures:?}");
            assert!(busy_ns <= figures.window_ns, "{figures:?}");
            assert_eq!(figures.threads[0].tasks, tasks, "{figures:?}");
            if tasks > 0 || busy_ns > 0 {
                assert_eq!(figures.peak.all, 1, "{figures:?}");
            }
            tasks
        };
        let (other, reads) = (shared.clone(), read.clone());
        let second = thread::spawn(move || reads(&other, own));
        let first = thread::spawn(move || {
            let during = read(&shared, SNAPSHOT);
            writer.join().unwrap();
            assert_eq!(during + read(&shared, SNAPSHOT), 2, "lost or doubled");
            let taken = second.join().unwrap();
            assert_eq!(taken + read(&shared, own), 2, "lost or doubled");
        });
        first.join().unwrap();
    });
}

/// Two threads are each busy for a moment while windows close: the highest of the peaks is 2 if
/// the moments overlapped, and else 1.
#[test]
fn window_peaks_are_exact() {
    explore("window_peaks_are_exact", Some(2), || {
        let shared = Shared::default();
        let ticks = Ticks::default();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let (thread, cell) = shared.ledger().register_outside();
                let (_, slot) = shared.ledger().slot(thread, "task".into());
                let time = ticks.clone();
                thread::spawn(move || task(&cell, &slot, &time))
            })
            .collect();
        let reader = thread::spawn(move || {
            let reset = || {
                let now = || ticks.now();
                shared.ledger().read(SNAPSHOT, now, WindowEnd::Reset).peak
            };
            let mut peaks = vec![reset()];
            let spans: Vec<_> = writers.into_iter().map(|w| w.join().unwrap()).collect();
            peaks.push(reset());
            let [(a, a_end), (b, b_end)] = spans[..] else {
                unreachable!("two writers")
            };
            let overlap = a < b_end && b < a_end;
            let peak = peaks.iter().map(|p| p.all).max();
            assert_eq!(peak, Some(1 + usize::from(overlap)), "{peaks:?} {spans:?}");
        });
        reader.join().unwrap();
    });
}
