//! CPU time beside busy time.
#![cfg(all(feature = "cpu-time", target_os = "linux"))]

use crate::work;
use pool_metrics::Recorder;
use std::time::Duration;

#[test]
fn a_thread_that_waits_is_busy_without_cpu_time() {
    let recorder = Recorder::new(2);
    let record = |body: &dyn Fn()| {
        drop(recorder.task());
        recorder.reset();
        {
            let _task = recorder.task();
            body();
        }
        let figures = recorder.snapshot().threads.pop().unwrap();
        (figures.busy_ns, figures.cpu_ns.unwrap())
    };
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| record(&|| work(Duration::from_millis(30))));
        let (busy_ns, cpu_ns) = worker.join().unwrap();
        // At most what passed, but for the two readings around; how much less is the machine's.
        assert!(
            cpu_ns > 0 && cpu_ns <= busy_ns + 2_000_000,
            "{cpu_ns} of {busy_ns}"
        );
        let sleeper = scope.spawn(|| record(&|| std::thread::sleep(Duration::from_millis(30))));
        let (busy_ns, cpu_ns) = sleeper.join().unwrap();
        assert!(
            busy_ns >= 29_000_000 && cpu_ns < busy_ns / 3,
            "{cpu_ns} of {busy_ns}"
        );
    });
}

#[test]
fn a_thread_that_exits_keeps_its_cpu_time() {
    let recorder = Recorder::new(1);
    std::thread::spawn({
        let recorder = recorder.clone();
        move || {
            let _task = recorder.task();
            work(Duration::from_millis(5));
        }
    })
    .join()
    .unwrap();
    // Threads of the same names come and use time of their own.
    let read = || {
        let snapshot = recorder.snapshot();
        assert!(snapshot.threads[0].exited);
        snapshot.threads[0].cpu_ns.unwrap()
    };
    let kept = read();
    for _ in 0..10 {
        std::thread::spawn(|| work(Duration::from_millis(1)))
            .join()
            .unwrap();
        assert_eq!(read(), kept);
    }
    assert!(kept > 0);
}
