//! What does observing cost?
//!
//! `empty_task` times the guard around nothing, beside the clock reads that it cannot do without;
//! `busy_threads` on one thread and on two at once, beside a recorder whose counts are shared.
//! `pool_pass` times the pool workload with its recorder on and off.

use std::hint::black_box;
use std::time::Instant;

use pool_metrics::{Label, Recorder};

use super::{Case, Group, Inputs, Question};
use crate::contenders::shared_atomics::SharedAtomics;
use crate::measure::{Contender, Trial};
use crate::workloads::pool::{Outputs, PoolWorkload, SIDE};

const NAME: &str = "metrics";
/// What the timed tasks are called.
const EMPTY: Label = Label::new("empty");

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "the recorder's own cost: a guard against bare clock reads, a workload on and off",
    quick: "all of it",
    ops: &["empty_task", "busy_threads", "pool_pass"],
    cases,
};

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    vec![empty_task(), busy_threads(), pool_pass(inputs)]
}

fn question(op: &'static str) -> Question {
    Question {
        group: NAME,
        op,
        dtype: "none",
        shape: vec![],
        bytes: 0,
        flops: 0,
    }
}

/// What one round of the empty task leaves to be checked.
#[derive(Clone, Copy)]
enum Reading {
    /// The guard's recorder is to be asked.
    Task,
    /// The disabled guard's recorder is to be asked.
    NoTask,
    /// Nanoseconds between two reads of a clock.
    Elapsed(u128),
}

struct Recorders {
    on: Recorder,
    off: Recorder,
}

fn empty_task<'a>() -> Case<'a> {
    Case::new(question("empty_task"), |question, plan| {
        let recorders = Recorders {
            on: Recorder::new(1),
            off: Recorder::new(1),
        };
        recorders.off.set_enabled(false);
        let clock = quanta::Clock::new();
        let contenders = [
            Contender::new("guard", 1, |recorders: &mut Recorders| {
                drop(black_box(recorders.on.track(EMPTY)));
                Reading::Task
            }),
            Contender::new("guard_disabled", 1, |recorders: &mut Recorders| {
                drop(black_box(recorders.off.track(EMPTY)));
                Reading::NoTask
            }),
            Contender::new("two_cycle_reads", 1, move |_: &mut Recorders| {
                let start = clock.raw();
                let end = black_box(&clock).raw();
                Reading::Elapsed(clock.delta(start, end).as_nanos())
            }),
            Contender::new("two_instants", 1, |_: &mut Recorders| {
                let start = black_box(Instant::now());
                Reading::Elapsed(Instant::now().duration_since(start).as_nanos())
            }),
        ];
        let trial = Trial::new(|recorders: &Recorders, reading: &Reading, _| {
            let (tasks, expected) = match reading {
                Reading::Task => (recorders.on.snapshot().tasks, 1),
                Reading::NoTask => (recorders.off.snapshot().tasks, 0),
                // A second between two reads in a row: no clock that could be compared with.
                Reading::Elapsed(ns) => {
                    return if *ns < 1_000_000_000 {
                        Ok(())
                    } else {
                        Err(format!("{ns} ns between two clock reads in a row"))
                    };
                }
            };
            recorded(tasks, expected)
        })
        .prepared_by(|recorders: &mut Recorders| {
            recorders.on.reset();
            recorders.off.reset();
        });
        let pairs = [(0, 2), (0, 3), (1, 0)];
        question.ask(plan, recorders, &contenders, &[trial], &pairs)
    })
}

fn recorded(tasks: u64, expected: u64) -> Result<(), String> {
    if tasks == expected {
        Ok(())
    } else {
        Err(format!("{tasks} tasks recorded, expected {expected}"))
    }
}

/// Two recorders and the threads that record.
struct Busy {
    pool: rayon::ThreadPool,
    guard: Recorder,
    atomics: SharedAtomics,
}

impl Busy {
    /// Records `times` empty tasks on each of `threads` threads at once, and tells the time of
    /// one on the slowest.
    fn run(&self, threads: usize, times: u64, task: impl Fn(&Self) + Sync) -> f64 {
        let start = std::sync::Barrier::new(threads);
        let elapsed = self.pool.broadcast(|context| {
            if context.index() >= threads {
                return 0.0;
            }
            start.wait();
            let begun = Instant::now();
            for _ in 0..times {
                task(self);
            }
            begun.elapsed().as_nanos() as f64
        });
        elapsed.into_iter().fold(0.0, f64::max)
    }
}

/// An empty task on one thread, and on two at once: what the line costs that threads share.
fn busy_threads<'a>() -> Case<'a> {
    const THREADS: usize = 2;
    Case::new(question("busy_threads"), |question, plan| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(THREADS);
        let (pool, guard) = Recorder::build_pool(builder).expect("a pool of two threads");
        let busy = Busy {
            pool,
            guard,
            atomics: SharedAtomics::default(),
        };
        let guarded = |busy: &Busy| drop(black_box(busy.guard.track(EMPTY)));
        let shared = |busy: &Busy| drop(black_box(busy.atomics.task()));
        // The calls of the check are counted by both recorders; the other one's is 0.
        let contender = |name, threads, task: fn(&Busy)| {
            Contender::elsewhere(
                name,
                threads,
                move |busy: &mut Busy| {
                    busy.run(threads, 1, task);
                    Ok(threads as u64)
                },
                move |busy: &mut Busy, times| Ok(busy.run(threads, times, task)),
            )
        };
        let contenders = [
            contender("guard", 1, guarded),
            contender("guard_2_threads", THREADS, guarded),
            contender("shared_atomics", 1, shared),
            contender("shared_atomics_2_threads", THREADS, shared),
        ];
        let trial = Trial::new(|busy: &Busy, expected: &u64, _| {
            recorded(
                busy.guard.snapshot().tasks + busy.atomics.tasks(),
                *expected,
            )
        })
        .prepared_by(|busy: &mut Busy| {
            busy.guard.reset();
            busy.atomics = SharedAtomics::default();
        });
        let pairs = [(1, 0), (3, 2), (0, 2), (1, 3)];
        question.ask(plan, busy, &contenders, &[trial], &pairs)
    })
}

fn pool_pass(inputs: &Inputs) -> Case<'_> {
    let question = Question {
        group: NAME,
        op: "pool_pass",
        dtype: "f32",
        shape: vec![SIDE, SIDE],
        bytes: PoolWorkload::bytes(),
        flops: PoolWorkload::flops(),
    };
    Case::new(question, |question, plan| {
        let Inputs {
            recorded_pool: pool,
            recorder,
            ..
        } = inputs;
        let workload = PoolWorkload::new(&inputs.data);
        let workload = &workload;
        let with_recorder = |enabled: bool| {
            move |out: &mut Outputs| {
                recorder.set_enabled(enabled);
                pool.install(|| workload.run_parallel(recorder, out));
            }
        };
        let contenders = [
            Contender::new("recorded", inputs.threads(), with_recorder(true)),
            Contender::new("unrecorded", inputs.threads(), with_recorder(false)),
        ];
        let trial = Trial::new(|out, (), _| workload.check(out)).prepared_by(Outputs::poison);
        let outcome = question.ask(plan, Outputs::poisoned(), &contenders, &[trial], &[(0, 1)]);
        // Other cases share the recorder.
        recorder.set_enabled(true);
        outcome
    })
}
