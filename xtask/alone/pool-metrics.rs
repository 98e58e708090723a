//! A user's program that takes pool-metrics and nothing else.

fn main() {
    let recorder = pool_metrics::Recorder::new(1);
    for _ in 0..3 {
        let _task = recorder.task();
        std::hint::black_box((0..1000).sum::<u64>());
    }
    let snapshot = recorder.snapshot();
    println!("{} tasks, at most {} at once", snapshot.tasks, snapshot.peak_active);
}
