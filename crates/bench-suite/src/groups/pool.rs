//! How busy does a pool stay on a realistic mix of dense kernels, and what does it gain?
//!
//! The pass is timed sequentially and over the pool with its recorder on; then the pool is watched
//! at work for a window, pass behind pass, which gives `pool_utilization.json`.

use std::time::Instant;

use super::{Case, Group, Inputs, Outcome, Question};
use crate::measure::{Contender, Plan, Trial};
use crate::report::schema::{ANSWER_OK, PoolUtilization};
use crate::workloads::pool::{Outputs, PoolWorkload, SIDE};

/// The group.
pub const GROUP: Group = Group {
    name: "pool",
    about: "a mix of dense kernels as nested tasks on a pool, its recorder on: utilisation",
    quick: "all of it",
    ops: &["pool_pass"],
    cases,
};

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let question = Question {
        group: "pool",
        op: "pool_pass",
        dtype: "f32",
        shape: vec![SIDE, SIDE],
        bytes: PoolWorkload::bytes(),
        flops: PoolWorkload::flops(),
    };
    vec![Case::new(question, |question, plan| {
        pass(inputs, question, plan)
    })]
}

fn pass(inputs: &Inputs, question: &Question, plan: &Plan) -> Outcome {
    let Inputs {
        recorded_pool: pool,
        recorder,
        ..
    } = inputs;
    let workload = PoolWorkload::new(&inputs.data);
    let workload = &workload;
    let contenders = [
        Contender::new("parallel", inputs.threads(), |out: &mut Outputs| {
            pool.install(|| workload.run_parallel(recorder, out));
        }),
        Contender::new("sequential", 1, |out: &mut Outputs| {
            workload.run_sequential(out)
        }),
    ];
    let trial = Trial::new(|out, (), _| workload.check(out)).prepared_by(Outputs::poison);
    let mut outcome = question.ask(plan, Outputs::poisoned(), &contenders, &[trial], &[(0, 1)]);

    let mut out = Outputs::poisoned();
    let figures = watch(inputs, plan, workload, &mut out);
    let parallel = &mut outcome.rows[0];
    let answer = workload.check(&out).and_then(|()| figures.check());
    if let (ANSWER_OK, Err(wrong)) = (parallel.answer.as_str(), answer) {
        parallel.answer = format!("in the window: {wrong}");
    }
    outcome.pool = Some(figures);
    outcome
}

/// Runs passes for a window, without leaving the pool, and reads its recorder.
fn watch(
    inputs: &Inputs,
    plan: &Plan,
    workload: &PoolWorkload,
    out: &mut Outputs,
) -> PoolUtilization {
    let Inputs {
        recorded_pool: pool,
        recorder,
        ..
    } = inputs;
    pool.install(|| {
        recorder.reset();
        let start = Instant::now();
        loop {
            workload.run_parallel(recorder, out);
            if start.elapsed() >= plan.window {
                break;
            }
        }
    });
    PoolUtilization::from(&recorder.snapshot())
}
