//! One run from beginning to end: the selected groups in order, a table behind each, a report.

use crate::groups::{Group, Inputs, Outcome};
use crate::host;
use crate::measure::Plan;
use crate::progress::Progress;
use crate::report::schema::{PoolUtilization, Report, SCHEMA, Settings};
use crate::report::table;

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
/// `data` is what the report says of the values: "embedded", or the user's file.
#[must_use]
pub fn run(groups: &[&Group], inputs: &Inputs, plan: &Plan, data: String) -> Finished {
    let mut report = Report {
        schema: SCHEMA,
        project: host::project(),
        host: host::host(),
        settings: Settings {
            quick: inputs.quick,
            threads: inputs.threads(),
            level: kernels_simd::Level::active().name().into(),
            data,
        },
        notes: inputs.notes.clone(),
        results: Vec::new(),
        comparisons: Vec::new(),
    };
    let mut pool = None;

    let cases: Vec<_> = groups.iter().map(|group| (group.cases)(inputs)).collect();
    let progress = Progress::new(cases.iter().map(Vec::len).sum());
    progress.print(&table::machine(&report));
    for (group, cases) in groups.iter().zip(cases) {
        progress.group(group.name, cases.len());
        let (rows, comparisons) = (report.results.len(), report.comparisons.len());
        for case in cases {
            progress.case(format!("{} {}", case.question.op, case.question.dtype));
            let outcome = case.run(plan);
            progress.case_done();
            let Outcome {
                rows,
                comparisons,
                pool: watched,
            } = outcome;
            report.results.extend(rows);
            report.comparisons.extend(comparisons);
            pool = watched.or(pool);
        }
        let table = table::group(&report.results[rows..], &report.comparisons[comparisons..]);
        progress.print(&format!("\n{}: {}\n{table}", group.name, group.about));
    }
    progress.finish();
    Finished { report, pool }
}
