//! How busy does a pool stay on a realistic mix of dense kernels, and what does it gain?
//!
//! The pass is timed sequentially and over the pool with its recorder on; then the pool is watched
//! at work for a window, pass behind pass, which gives `pool_utilization.json`; the tasks of a few
//! more passes are kept one by one, for the timeline.

use std::time::Instant;

use super::{Case, Group, Inputs, Outcome, Question};
use crate::measure::{Contender, Plan, Trial};
use crate::report::schema::{ANSWER_OK, Lane, PoolUtilization, Span};
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
    let mut figures = watch(inputs, plan, workload, &mut out);
    // Behind the window, with everybody awake.
    figures.timeline = timeline(inputs, workload, &mut out);
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

/// Passes of the timeline: enough to see one end and the next begin.
const PASSES: usize = 3;
/// Tasks that a thread may keep; it runs all of a pass at most.
const TASKS_MAX: usize = 1024;

/// The tasks of a few passes, a lane per thread.
fn timeline(inputs: &Inputs, workload: &PoolWorkload, out: &mut Outputs) -> Vec<Lane> {
    let Inputs {
        recorded_pool: pool,
        recorder,
        ..
    } = inputs;
    recorder.start_timeline(TASKS_MAX);
    pool.install(|| {
        for _ in 0..PASSES {
            workload.run_parallel(recorder, out);
        }
    });
    recorder.stop_timeline();
    let timeline = recorder.take_timeline();
    let starts = timeline.threads.iter().flat_map(|t| &t.events);
    let begun = starts.map(|event| event.start_ns).min().unwrap_or(0);
    let lane = |thread: &pool_metrics::ThreadTimeline| {
        let mut tasks: Vec<Span> = thread
            .events
            .iter()
            .map(|event| Span {
                label: event.label.to_owned(),
                start_ns: event.start_ns - begun,
                duration_ns: event.duration_ns,
                depth: event.depth,
            })
            .collect();
        tasks.sort_by_key(|task| (task.start_ns, task.depth));
        Lane {
            thread: thread.name.clone(),
            tasks,
            dropped: thread.dropped,
        }
    };
    let mut lanes: Vec<Lane> = timeline.threads.iter().map(lane).collect();
    lanes.sort_by(|a, b| a.thread.cmp(&b.thread));
    lanes
}
