//! What the group `dispatch` adds up to: the regret of each policy, and the targets, hit or missed.
//!
//! Decided here: the targets. A break-even is the first of two successive sizes at which the
//! parallel way takes at most `PAYS` of the sequential time.

use std::fmt::Write as _;

use super::schema::{Comparison, Regret, Report, Row};
use super::table;
use crate::contenders::openmp::Loop;
use crate::groups::dispatch::{
    BUSY_CORE, DISPATCHED, HUB, JOIN, MEET_OUTSIDE, MEET_WORKER, NAME, NOISE_FLOOR, RARE_CPU,
    SHORT, by_policy,
};

const PAYS: f64 = 0.95;
/// Where break-evens are compared.
const BREAK_EVEN: &str = "[outside, back to back]";

const JOIN_TIMES_MIN: f64 = 15.0;
const BREAK_EVEN_SHARE_MAX: f64 = 1.0 / 8.0;
const REGRET_GEOMEAN_MAX: f64 = 1.08;
const REGRET_P90_MAX: f64 = 1.25;
const SHORT_NS_MAX: f64 = 5.0;
const RARE_CPU_MAX: f64 = 2.0;
const BUSY_MAX: f64 = 1.15;

/// Rows of the worst regret that are shown.
const WORST: usize = 12;

/// The tables that people read: what is no cell of the regret table, then regret by policy.
#[must_use]
pub fn table(rows: &[Row], comparisons: &[Comparison], regret: &[Regret]) -> String {
    let single = |row: &&Row| !row.contender.ends_with(']');
    let rows: Vec<Row> = rows.iter().filter(single).cloned().collect();
    let mut text = table::group(&rows, comparisons);
    text.push_str("\n\nregret = time / min(sequential, best parallel); geometric mean, p90, max\n");
    let contexts: Vec<&str> = unique(regret.iter().map(|row| &*row.context));
    let mut line = |name: &str, of: &dyn Fn(&Regret) -> bool| {
        let _ = writeln!(text, "{name}");
        for (policy, all) in by_policy(regret, of) {
            let _ = writeln!(
                text,
                "  {policy:<20} {:>7.2} {:>8.2} {:>9.2}",
                all.geomean, all.p90, all.max
            );
        }
    };
    for context in contexts {
        line(context, &|row| row.context == context);
    }
    line("everywhere", &|_| true);
    line("held out: dot, polynomial15", &|row| {
        matches!(&*row.op, "dot" | "polynomial15")
    });
    line("held out: sizes that are no power of two", &|row| {
        !row.n.is_power_of_two()
    });
    let mut worst: Vec<&Regret> = regret.iter().collect();
    worst.sort_by(|a, b| b.regret.total_cmp(&a.regret));
    text.push_str("largest regret\n");
    for row in worst.iter().take(WORST) {
        let _ = writeln!(
            text,
            "  {:<13} {:<21} {:>9}  {:>5.2}  sequential {:.0} ns, parallel {:.0}, dispatched {:.0}",
            row.op,
            row.context,
            row.n,
            row.regret,
            row.ns_sequential,
            row.ns_best_parallel,
            row.ns_dispatched
        );
    }
    text
}

fn unique<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// One target.
struct Target {
    what: String,
    hit: Option<bool>,
}

/// Lines for the end of a run; none if the group did not run.
#[must_use]
pub(super) fn lines(report: &Report) -> Vec<String> {
    let rows: Vec<&Row> = report
        .results
        .iter()
        .filter(|row| row.group == NAME)
        .collect();
    if report.regret.is_empty() {
        return Vec::new();
    }
    let mut targets = meetings(&rows);
    targets.extend(break_evens(&rows));
    targets.extend(regrets(report));
    targets.extend(thrift(&rows, &report.comparisons));
    let shown = |target: Target| {
        let verdict = match target.hit {
            Some(true) => "hit   ",
            Some(false) => "missed",
            None => "not run",
        };
        format!("dispatch: {verdict} {}", target.what)
    };
    targets.into_iter().map(shown).collect()
}

fn median(rows: &[&Row], op: &str, contender: &str) -> Option<f64> {
    let mut all = rows.iter();
    all.find(|row| row.op == op && row.contender == contender)
        .map(|row| row.ns_median)
}

fn meetings(rows: &[&Row]) -> Vec<Target> {
    let of = |op| Some((median(rows, op, HUB)?, median(rows, op, JOIN)?));
    let mut targets = Vec::new();
    if let Some((hub, join)) = of(MEET_OUTSIDE) {
        targets.push(Target {
            what: format!(
                "fork-join from outside {hub:.0} ns, {:.1} times cheaper than rayon::join \
                 (≥ {JOIN_TIMES_MIN})",
                join / hub
            ),
            hit: Some(join / hub >= JOIN_TIMES_MIN),
        });
    }
    if let Some((hub, join)) = of(MEET_WORKER) {
        targets.push(Target {
            what: format!(
                "fork-join in a worker {hub:.0} ns, {:.2} of rayon::join (≤ 1)",
                hub / join
            ),
            hit: Some(hub <= join),
        });
    }
    targets
}

/// The first of two successive sizes at which `parallel` pays.
fn break_even(rows: &[&Row], sequential: &str, parallel: &[&str]) -> Option<usize> {
    let of = |n: usize, names: &[&str]| {
        let mut best = f64::INFINITY;
        for row in rows {
            if row.op == "sum" && row.shape == [n] && names.contains(&&*row.contender) {
                best = best.min(row.ns_median);
            }
        }
        best
    };
    let mut sizes: Vec<usize> = rows
        .iter()
        .filter(|row| row.op == "sum")
        .map(|row| row.shape[0])
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    let pays: Vec<bool> = sizes
        .iter()
        .map(|&n| of(n, parallel) <= PAYS * of(n, &[sequential]))
        .collect();
    let first = (0..sizes.len()).find(|&i| pays[i] && pays.get(i + 1).copied().unwrap_or(true));
    first.map(|first| sizes[first])
}

fn break_evens(rows: &[&Row]) -> Vec<Target> {
    let named = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(|name| format!("{name} {BREAK_EVEN}"))
            .collect()
    };
    let of = |names: &[&str]| {
        let names = named(names);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        break_even(rows, &named(&["sequential"])[0], &names)
    };
    let hub = of(&["hub 2 chunks", "hub 8 chunks", "hub 32 chunks"]);
    let rayon = of(&["par_chunks(4096)", "par_chunks(n/threads)"]);
    let shown = |n: Option<usize>| n.map_or_else(|| "none".to_owned(), |n| n.to_string());
    let at = |n: Option<usize>| n.map_or(f64::INFINITY, |n| n as f64);
    let mut targets = vec![Target {
        what: format!(
            "break-even of sum at n = {}, par_chunks at {} (≤ 1/8 of it)",
            shown(hub),
            shown(rayon)
        ),
        hit: Some(hub.is_some() && at(hub) <= BREAK_EVEN_SHARE_MAX * at(rayon)),
    }];
    let of_sum = |name: &str, n: usize| {
        let mut all = rows.iter();
        all.find(|row| row.op == "sum" && row.shape == [n] && row.contender == name)
            .map(|row| row.ns_median)
    };
    let sequential = &named(&["sequential"])[0];
    for [on_one, on_all] in Loop::ALL.map(Loop::names) {
        let ran = rows
            .iter()
            .any(|row| row.op == "sum" && row.contender == on_all);
        let openmp = break_even(rows, on_one, &[on_all]);
        // Who is slow alone has more to gain: the loops beside each other, where OpenMP's pays.
        let times = openmp.and_then(|n| Some(of_sum(on_one, n)? / of_sum(sequential, n)?));
        let slower = times.map_or_else(String::new, |times| {
            format!(", whose loop takes {times:.1} times ours on one thread there")
        });
        targets.push(Target {
            what: format!(
                "break-even of sum at n = {}, {on_all} at {}{slower}",
                shown(hub),
                shown(openmp)
            ),
            hit: ran.then(|| hub.is_some() && at(hub) <= at(openmp)),
        });
    }
    targets
}

fn regrets(report: &Report) -> Vec<Target> {
    let all = by_policy(&report.regret, |_| true);
    let (Some(ours), Some(noise)) = (all.get(DISPATCHED), all.get(NOISE_FLOOR)) else {
        return Vec::new();
    };
    vec![Target {
        what: format!(
            "regret {:.3} geometric mean (≤ {REGRET_GEOMEAN_MAX}), {:.3} p90 (≤ {REGRET_P90_MAX}), \
             {:.2} max; noise floor {:.3}, {:.3}, {:.2}",
            ours.geomean, ours.p90, ours.max, noise.geomean, noise.p90, noise.max
        ),
        hit: Some(ours.geomean <= REGRET_GEOMEAN_MAX && ours.p90 <= REGRET_P90_MAX),
    }]
}

fn thrift(rows: &[&Row], comparisons: &[Comparison]) -> Vec<Target> {
    let worst_ratio = |op: &str| {
        let of_op = comparisons.iter().filter(|c| c.group == NAME && c.op == op);
        of_op.map(|c| c.ratio_median).reduce(f64::max)
    };
    let over_ns = rows
        .iter()
        .filter(|row| row.op == SHORT && row.contender == DISPATCHED)
        .filter_map(|ours| {
            let mut all = rows.iter();
            let direct = all.find(|row| {
                row.op == SHORT && row.shape == ours.shape && row.contender == "sequential"
            })?;
            Some(ours.ns_median - direct.ns_median)
        })
        .reduce(f64::max);
    let mut targets = Vec::new();
    if let Some(over) = over_ns {
        targets.push(Target {
            what: format!("below 2^8 at most {over:.1} ns over a direct call (≤ {SHORT_NS_MAX})"),
            hit: Some(over <= SHORT_NS_MAX),
        });
    }
    for (op, most, what) in [
        (
            RARE_CPU,
            RARE_CPU_MAX,
            "processor time of 128K every ms over sequential",
        ),
        (
            BUSY_CORE,
            BUSY_MAX,
            "time over sequential with the other core busy, worst size",
        ),
    ] {
        let worst = worst_ratio(op);
        targets.push(Target {
            what: match worst {
                Some(worst) => format!("{what}: {worst:.2} (≤ {most})"),
                None => what.to_owned(),
            },
            hit: worst.map(|worst| worst <= most),
        });
    }
    targets
}
