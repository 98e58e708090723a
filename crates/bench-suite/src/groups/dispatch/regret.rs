//! From cells to regret: how much slower a policy is than the best way that was tried.
//!
//! regret = time(policy) / min(sequential, best parallel way), medians of one cell. A minimum over
//! many ways is low by chance too, so the same figure for the sequential code taken twice stands
//! beside it: the noise floor.

use std::collections::BTreeMap;

use super::cell::{Context, Took, Way};
use crate::report::schema::{Regret, RegretOfPolicy};
use crate::stats::{geometric_mean, quantile};

/// What a program does that splits at a fixed length, in Rayon chunks of one per thread.
const THRESHOLDS: [(&str, usize); 2] = [("threshold 100K", 100_000), ("threshold 1M", 1_000_000)];

/// The policy under test.
pub const DISPATCHED: &str = "dispatched";
/// What a difference of nothing looks like.
pub const NOISE_FLOOR: &str = "noise floor";

/// The row of a cell, with the regret of every policy.
#[must_use]
pub(super) fn row(op: &str, context: Context, n: usize, cell: &[Took]) -> Regret {
    let median = |wanted: Way| {
        let mut all = cell.iter();
        all.find(|took| took.way == wanted)
            .map_or(f64::NAN, |took| took.ns.median)
    };
    let ns_sequential = median(Way::Sequential);
    let parallel = cell.iter().filter(|took| took.way.is_parallel());
    let ns_best_parallel = parallel
        .map(|took| took.ns.median)
        .fold(f64::INFINITY, f64::min);
    let ns_best = ns_sequential.min(ns_best_parallel);
    let ns_dispatched = median(Way::Dispatched);
    let again = median(Way::SequentialAgain);
    let mut policies: BTreeMap<String, f64> = [
        (DISPATCHED, ns_dispatched / ns_best),
        ("always sequential", ns_sequential / ns_best),
        (
            "dispatched, online",
            median(Way::DispatchedOnline) / ns_best,
        ),
        ("par_chunks(4096)", median(Way::ParChunks) / ns_best),
        ("par_iter", median(Way::ParIter) / ns_best),
        (
            NOISE_FLOOR,
            (again / ns_sequential).max(ns_sequential / again),
        ),
    ]
    .map(|(name, regret)| (name.to_owned(), regret))
    .into();
    for (name, threshold) in THRESHOLDS {
        let ns = median(if n < threshold {
            Way::Sequential
        } else {
            Way::ParHalves
        });
        policies.insert(name.to_owned(), ns / ns_best);
    }
    Regret {
        op: op.to_owned(),
        context: context.name().to_owned(),
        n,
        ns_sequential,
        ns_best_parallel,
        ns_dispatched,
        regret: ns_dispatched / ns_best,
        policies,
    }
}

/// Each policy over the rows that `of` selects.
#[must_use]
pub fn by_policy(
    rows: &[Regret],
    of: impl Fn(&Regret) -> bool,
) -> BTreeMap<String, RegretOfPolicy> {
    let rows: Vec<&Regret> = rows.iter().filter(|row| of(row)).collect();
    let names = rows.first().map(|row| row.policies.keys());
    let names = names.into_iter().flatten();
    let of_policy = |name: &String| {
        let mut values: Vec<f64> = rows.iter().map(|row| row.policies[name]).collect();
        values.sort_by(f64::total_cmp);
        let all = RegretOfPolicy {
            geomean: geometric_mean(&values)?,
            p90: quantile(&values, 0.9)?,
            max: quantile(&values, 1.0)?,
        };
        Some((name.clone(), all))
    };
    names.filter_map(of_policy).collect()
}
