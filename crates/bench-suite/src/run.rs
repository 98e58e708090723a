//! One run from beginning to end: the selected groups in order, a table behind each, a report.

mod visits;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::analyses::{allocations, crossovers};
use crate::groups::{Group, Inputs, Outcome, arena, dispatch};
use crate::host::noise::Watch;
use crate::measure::Plan;
use crate::progress::Progress;
use crate::report::schema::{Noise, PoolUtilization, Report, SCHEMA, Settings};
use crate::report::{dispatch as dispatch_table, table};
use crate::{host, limits};

/// What a run found out.
#[derive(Debug)]
pub struct Finished {
    /// `report.json`.
    pub report: Report,
    /// `pool_utilization.json`, if the group `pool` ran.
    pub pool: Option<PoolUtilization>,
}

/// Runs `groups` on `inputs`, prints a table behind each, and returns the report.
///
/// `data` is what the report says of the values: "embedded", or the user's file. Once `stop` is set
/// no further case begins, and the report says that it is partial.
#[must_use]
pub fn run(
    groups: &[&Group],
    inputs: &Inputs,
    plan: &Plan,
    data: String,
    stop: &AtomicBool,
) -> Finished {
    let host = host::host();
    let mut watch = Watch::begin();
    let limits = limits::measure(&host, &inputs.pool);
    let mut report = Report {
        schema: SCHEMA,
        project: host::project(),
        host,
        settings: Settings {
            quick: inputs.quick,
            threads: inputs.threads(),
            level: kernels_simd::Level::active().name().into(),
            data,
        },
        notes: inputs.notes.clone(),
        results: Vec::new(),
        comparisons: Vec::new(),
        partial: false,
        noise: Noise::default(),
        limits: None,
        crossovers: Vec::new(),
        scaling: Vec::new(),
        counts: Vec::new(),
        allocations: Vec::new(),
        regret: Vec::new(),
        regret_policies: BTreeMap::new(),
    };
    let mut pool = None;

    let cases: Vec<_> = groups
        .iter()
        .map(|group| visits::cases(group, inputs))
        .collect();
    let progress = Progress::new(cases.iter().map(|(cases, _)| cases.len()).sum());
    progress.print(&table::machine(&report));
    progress.print(&table::limits(&limits));
    // Relaxed: nothing but the flag itself is read.
    let stopped = || stop.load(Ordering::Relaxed);
    for (group, (cases, round)) in groups.iter().zip(cases) {
        if stopped() {
            break;
        }
        progress.group(group.name, cases.len());
        let (rows, comparisons) = (report.results.len(), report.comparisons.len());
        let plan = visits::plan(group, inputs, plan);
        let mut outcomes = Vec::new();
        for (index, case) in cases.into_iter().enumerate() {
            if stopped() {
                break;
            }
            progress.case(format!("{} {}", case.question.op, case.question.dtype));
            visits::keep(&mut outcomes, index % round, case.run(&plan));
            progress.case_done();
            watch.look_again();
        }
        for outcome in outcomes {
            let Outcome {
                rows,
                comparisons,
                pool: watched,
                scaling,
                regret,
                notes,
            } = outcome;
            report.results.extend(rows);
            report.comparisons.extend(comparisons);
            report.scaling.extend(scaling);
            report.regret.extend(regret);
            report.notes.extend(notes);
            pool = watched.or(pool);
        }
        limits.hold_against(&mut report.results[rows..]);
        let (rows, pairs) = (&report.results[rows..], &report.comparisons[comparisons..]);
        // Thousands of rows are for programs; people get what they add up to.
        let table = match report.regret.is_empty() || group.name != dispatch::NAME {
            true => table::group(rows, pairs),
            false => dispatch_table::table(rows, pairs, &report.regret),
        };
        progress.print(&format!("\n{}: {}\n{table}", group.name, group.about));
        if group.name == arena::GROUP.name && !stopped() {
            match allocations::measure(&inputs.data, inputs.threads()) {
                Ok(rows) => {
                    progress.print(&format!("\n{}", table::allocations(&rows)));
                    report.allocations = rows;
                }
                Err(why) => report
                    .notes
                    .push(format!("allocations: not counted: {why}")),
            }
        }
    }
    report.regret_policies = dispatch::by_policy(&report.regret, |_| true);
    progress.finish();
    for row in &mut report.scaling {
        let most = row.scaling.points.last().map_or(1, |point| point.threads);
        row.ceiling = limits.ceiling(most);
    }
    report.partial = stopped();
    report.crossovers = crossovers(&report.results);
    report.noise = watch.end();
    report.limits = Some(limits);
    Finished { report, pool }
}
