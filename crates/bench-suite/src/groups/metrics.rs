//! What does observing cost?
//!
//! `empty_task` times the guard around nothing, beside the clock reads that it cannot do without.
//! `pool_pass` times the pool workload with its recorder on and off.

use std::hint::black_box;
use std::time::Instant;

use pool_metrics::Recorder;

use super::{Case, Group, Inputs, Question};
use crate::measure::{Contender, Trial};
use crate::workloads::pool::{Outputs, PoolWorkload, SIDE};

const NAME: &str = "metrics";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "the recorder's own cost: a guard against bare clock reads, a workload on and off",
    quick: "all of it",
    ops: &["empty_task", "pool_pass"],
    cases,
};

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    vec![empty_task(), pool_pass(inputs)]
}

/// What one round of the empty task leaves to be checked.
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
    let question = Question {
        group: NAME,
        op: "empty_task",
        dtype: "none",
        shape: vec![],
        bytes: 0,
        flops: 0,
    };
    Case::new(question, |question, plan| {
        let recorders = Recorders {
            on: Recorder::new(1),
            off: Recorder::new(1),
        };
        recorders.off.set_enabled(false);
        let clock = quanta::Clock::new();
        let contenders = [
            Contender::new("guard", 1, |recorders: &mut Recorders| {
                drop(black_box(recorders.on.task()));
                Reading::Task
            }),
            Contender::new("guard_disabled", 1, |recorders: &mut Recorders| {
                drop(black_box(recorders.off.task()));
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
            if tasks == expected {
                Ok(())
            } else {
                Err(format!("{tasks} tasks recorded, expected {expected}"))
            }
        })
        .prepared_by(|recorders: &mut Recorders| {
            recorders.on.reset();
            recorders.off.reset();
        });
        let pairs = [(0, 2), (0, 3), (1, 0)];
        question.ask(plan, recorders, &contenders, &[trial], &pairs)
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
