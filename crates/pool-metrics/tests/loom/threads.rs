//! Threads that begin and end while others read.

use crate::{Shared, Ticks, explore};
use loom::sync::Mutex;
use loom::thread;
use pool_metrics::internals::{Record, SNAPSHOT, ThreadClock, WindowEnd};
use std::sync::Arc;

/// Two threads register, each under the same label, and record a task, while a reader resets:
/// every task is in one of the windows.
#[test]
fn threads_register_while_windows_close() {
    explore("threads_register_while_windows_close", Some(3), || {
        let shared = Shared::default();
        let ticks = Ticks::default();
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let (shared, time) = (shared.clone(), ticks.clone());
                thread::spawn(move || {
                    let (thread, cell) = shared.ledger().register_outside();
                    let (_, slot) = shared.ledger().slot(thread, "task".into());
                    cell.end(&slot, || Record {
                        start_ns: 0,
                        end_ns: time.now(),
                        nested_ns: 0,
                        depth: 2,
                        parallel: None,
                    });
                })
            })
            .collect();
        let reader = thread::spawn(move || {
            let reset = || {
                let figures = shared
                    .ledger()
                    .read(SNAPSHOT, || ticks.now(), WindowEnd::Reset);
                let tasks: u64 = figures.threads.iter().map(|t| t.tasks).sum();
                let labelled: u64 = figures.labels.iter().map(|(_, l)| l.tasks).sum();
                assert_eq!(tasks, labelled, "{figures:?}");
                tasks
            };
            let during = reset();
            for writer in writers {
                writer.join().unwrap();
            }
            assert_eq!(during + reset(), 2, "a task lost or counted twice");
        });
        reader.join().unwrap();
    });
}

/// A thread exits, and the system gives the name of its clock to another, while a reader asks for
/// its CPU time: it is told the thread's own, never the other's.
#[test]
fn thread_exit_keeps_its_cpu_time() {
    explore("thread_exit_keeps_its_cpu_time", None, || {
        const OTHERS: u64 = 1_000_000;
        let clock = Arc::new(ThreadClock::of_this_thread());
        let system = Arc::new(Mutex::new(1));
        let (exits, time) = (Arc::clone(&clock), Arc::clone(&system));
        let worker = thread::spawn(move || {
            *time.lock().unwrap() = 2;
            exits.note(Some(2));
            *time.lock().unwrap() = OTHERS;
        });
        let reader = thread::spawn(move || {
            let read = || clock.read_by(|| Some(*system.lock().unwrap()));
            let (first, second) = (read(), read());
            assert!(first.ns <= second.ns && second.ns <= Some(2), "{second:?}");
            worker.join().unwrap();
            let last = read();
            assert_eq!((last.ns, last.exited), (Some(2), true));
        });
        reader.join().unwrap();
    });
}
