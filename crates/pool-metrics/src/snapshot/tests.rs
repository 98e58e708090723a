//! The figures of a made-up window.

use super::Snapshot;
use crate::cell::{LabelTally, Tally};
use crate::cpu::CpuTime;
use crate::histogram::{BUCKETS, bucket_of};
use crate::label::Label;
use crate::ledger::{Figures, ThreadCounts};
use crate::peak::Peak;
use crate::seats::Role;

fn label(tasks: u64, ns: u64) -> LabelTally {
    let mut buckets = vec![0; BUCKETS];
    buckets[bucket_of(ns)] = tasks;
    LabelTally {
        tasks,
        task_ns: tasks * ns,
        nested_ns: 100,
        task_ns_min: ns,
        task_ns_max: ns,
        buckets,
        ..LabelTally::default()
    }
}

fn thread(role: Role, tasks: u64, busy_ns: u64, cpu_ns: Option<u64>) -> ThreadCounts {
    ThreadCounts {
        name: "t".into(),
        role,
        tally: Tally {
            busy_ns,
            activations: tasks,
            depth_max: 2,
            clock_steps: 0,
        },
        tasks,
        cpu: CpuTime {
            ns: cpu_ns,
            exited: false,
        },
    }
}

fn example() -> Snapshot {
    Snapshot::new(&Figures {
        worker_threads: 2,
        peak: Peak {
            workers: 2,
            all: 3,
            resolution_ns: 0,
        },
        threads: vec![
            thread(Role::Worker, 10, 600, Some(500)),
            thread(Role::Outside, 2, 600, None),
        ],
        labels: vec![
            (Label::new("a"), label(10, 60)),
            (Label::new("b"), label(2, 300)),
            (Label::new("unused"), LabelTally::default()),
        ],
        window_ns: 1_000,
    })
}

#[test]
fn outside_callers_count_as_active_but_not_as_utilised() {
    let snapshot = example();
    assert_eq!(snapshot.tasks, 12);
    assert_eq!((snapshot.busy_ns, snapshot.idle_ns), (1_200, 1_400));
    assert_eq!(snapshot.task_ns_mean, 100.0);
    assert_eq!((snapshot.task_ns_min, snapshot.task_ns_max), (60, 300));
    assert_eq!((snapshot.task_ns_p50, snapshot.task_ns_p90), (60, 295));
    assert_eq!(
        (snapshot.mean_active, snapshot.mean_active_workers),
        (1.2, 0.6)
    );
    assert_eq!(
        (snapshot.utilization, snapshot.worker_activations),
        (0.3, 10)
    );
    assert_eq!(snapshot.label("a").map(|a| a.task_ns_exclusive), Some(500));
    assert_eq!(snapshot.label("unused").map(|l| l.tasks), Some(0));
}

#[test]
fn the_table_has_a_row_for_each_label_and_thread() {
    assert_eq!(
        example().to_string(),
        "threads     2 workers, 1 outside\n\
         active      1.20 mean, 3 peak; workers 0.60 mean, 2 peak, 10 activations\n\
         utilization 30.0 %\n\
         tasks       12, at most 2 deep\n\
         task time   100 ns mean, 60 ns min, 60 ns p50, 295 ns p90, 295 ns p99, 295 ns p99.9, 300 ns max\n\
         window      1.20 us busy in 1.00 us, workers 1.40 us idle\n\
         \n\
         label      tasks      total        own       mean        p50        p99        max\n\
         a             10     600 ns     500 ns      60 ns      60 ns      60 ns      60 ns\n\
         b              2     600 ns     500 ns     300 ns     300 ns     300 ns     300 ns\n\
         \n\
         thread               tasks       busy                CPU\n\
         t      worker           10     600 ns  60.0 %     500 ns\n\
         t      outside           2     600 ns  60.0 %          –"
    );
}
