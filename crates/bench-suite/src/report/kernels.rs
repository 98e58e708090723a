//! What the group `kernels` adds up to: wins and losses against each peer, distance from the limit.
//!
//! Decided here: the targets that a row is held to. At most [`OF_LIMIT`] of the time of the limit at
//! the level that is active; where the limit exists with plain and with non-temporal stores, of the
//! faster of the two. The distance from the fastest limit of any level is told beside it. Less
//! time than each peer at every size; NumPy's calls are so dear that it is held against rows from
//! [`NUMPY_LEN_MIN`] elements on. A row above its target is named, however close.

use super::schema::{Comparison, Row};
use super::table::{digits, shape};
use crate::contenders::numpy;
use crate::groups::kernels::{
    EMPTY, LEVEL_ACTIVE, NAME, OP_DISPATCH_COST, OURS, RAW, RAW_512, RAW_NATIVE, RAW_STREAMED,
};
use crate::stats::geometric_mean;

/// Time relative to the limit that is close enough to it.
const OF_LIMIT: f64 = 1.10;
/// Elements from which on NumPy is a target.
const NUMPY_LEN_MIN: usize = 1 << 16;

/// Lines for the end of a run; none if the group did not run.
#[must_use]
pub(super) fn lines(rows: &[Row], comparisons: &[Comparison], level: &str) -> Vec<String> {
    let ours: Vec<&Comparison> = comparisons
        .iter()
        .filter(|c| c.group == NAME && c.contender == OURS && c.op != OP_DISPATCH_COST)
        .collect();
    let mut peers: Vec<&str> = Vec::new();
    for comparison in &ours {
        if !peers.contains(&&*comparison.against) {
            peers.push(&comparison.against);
        }
    }
    let limits = [RAW, RAW_512, RAW_STREAMED, RAW_NATIVE];
    let of_level = if level == "avx512" { RAW_512 } else { RAW };
    let mut lines = limit(&ours, of_level);
    lines.extend(fastest_limit(&ours));
    for peer in peers.iter().filter(|peer| !limits.contains(peer)) {
        let against: Vec<&Comparison> = ours
            .iter()
            .copied()
            .filter(|c| c.against == *peer)
            .collect();
        lines.extend(self::peer(peer, &against));
    }
    lines.extend(dispatch_cost(rows));
    lines
}

/// The greatest ratio to one of these limits, for each question that has the first of them: the
/// slower we are, the faster the limit.
fn of_limits<'c>(ours: &[&'c Comparison], limits: &[&str]) -> Vec<(&'c Comparison, f64)> {
    let same =
        |a: &Comparison, b: &Comparison| (&a.op, &a.dtype, &a.shape) == (&b.op, &b.dtype, &b.shape);
    let mut of_limits = Vec::new();
    for &c in ours.iter().filter(|c| c.against == limits[0]) {
        let ratios = ours
            .iter()
            .filter(|other| same(c, other) && limits.contains(&&*other.against))
            .map(|other| other.ratio_median);
        of_limits.push((c, ratios.fold(0.0, f64::max)));
    }
    of_limits
}

/// The time relative to the limit of the active level.
fn limit(ours: &[&Comparison], of_level: &str) -> Vec<String> {
    let of_limit = of_limits(ours, &[of_level, RAW_STREAMED]);
    let mut lines = Vec::from_iter(summary_of_limit(of_level, &of_limit));
    lines.extend(above(
        &format!("{OF_LIMIT:.2} of {of_level}"),
        &of_limit,
        |_| OF_LIMIT,
    ));
    lines
}

/// The time relative to the fastest limit of any level, where there is more than one.
fn fastest_limit(ours: &[&Comparison]) -> Option<String> {
    if !ours.iter().any(|c| c.against == RAW_512) {
        return None;
    }
    let of_limit = of_limits(ours, &[RAW, RAW_512, RAW_STREAMED]);
    summary_of_limit("the faster of both limits", &of_limit)
}

fn summary_of_limit(limit: &str, of_limit: &[(&Comparison, f64)]) -> Option<String> {
    let ratios: Vec<f64> = of_limit.iter().map(|(_, ratio)| *ratio).collect();
    let mean = geometric_mean(&ratios)?;
    Some(format!(
        "kernels: {} of the time of {limit} (geometric mean of {}), worst {}",
        digits(mean),
        ratios.len(),
        worst(of_limit),
    ))
}

/// Wins and losses against one peer.
fn peer(name: &str, against: &[&Comparison]) -> Vec<String> {
    let rows: Vec<(&Comparison, f64)> = against.iter().map(|c| (*c, c.ratio_median)).collect();
    let ratios: Vec<f64> = rows.iter().map(|(_, ratio)| *ratio).collect();
    let Some(mean) = geometric_mean(&ratios) else {
        return Vec::new();
    };
    let mut lines = vec![format!(
        "kernels: {} times as fast as {name} (geometric mean of {}), worst {}",
        digits(1.0 / mean),
        ratios.len(),
        worst(&rows),
    )];
    let target = |c: &Comparison| {
        if name == numpy::NAME && c.shape.iter().product::<usize>() < NUMPY_LEN_MIN {
            f64::INFINITY
        } else {
            1.0
        }
    };
    lines.extend(above(&format!("1.00 of {name}"), &rows, target));
    lines
}

fn worst(rows: &[(&Comparison, f64)]) -> String {
    let worst = rows.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    worst.map(named).unwrap_or_default()
}

/// The rows above their target, the worst first.
fn above(
    target_name: &str,
    rows: &[(&Comparison, f64)],
    target: impl Fn(&Comparison) -> f64,
) -> Option<String> {
    let mut above: Vec<_> = rows
        .iter()
        .filter(|(c, ratio)| *ratio > target(c))
        .collect();
    above.sort_by(|a, b| b.1.total_cmp(&a.1));
    let names: Vec<String> = above.into_iter().map(named).collect();
    (!names.is_empty()).then(|| format!("         above {target_name}: {}", names.join(", ")))
}

fn named((c, ratio): &(&Comparison, f64)) -> String {
    format!(
        "{} {} {} ({})",
        c.op,
        c.dtype,
        shape(&c.shape),
        digits(*ratio)
    )
}

/// What a call costs: see the case of the same name.
fn dispatch_cost(rows: &[Row]) -> Option<String> {
    let ns = |contender: &str| {
        let mut rows = rows.iter().filter(|row| row.op == OP_DISPATCH_COST);
        rows.find(|row| row.contender == contender)
            .map(|row| row.ns_median)
    };
    let level = ns(LEVEL_ACTIVE)? - ns(EMPTY)?;
    let raw = ns(RAW).map_or(String::new(), |raw| {
        format!(", {} ns by hand without dispatch", digits(raw))
    });
    Some(format!(
        "kernels: asking for the level costs {} ns; a sum of 16 takes {} ns{raw}",
        digits(level.max(0.0)),
        digits(ns(OURS)?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(op: &str, len: usize, against: &str, ratio: f64) -> Comparison {
        Comparison {
            group: NAME.into(),
            op: op.into(),
            dtype: "f32".into(),
            shape: vec![len],
            threads: 1,
            contender: OURS.into(),
            against: against.into(),
            ratio_median: ratio,
            ratio_p10: ratio,
            ratio_p90: ratio,
            ratio_low: ratio,
            ratio_high: ratio,
            rounds: 9,
        }
    }

    #[test]
    fn rows_above_their_target_are_named() {
        let comparisons = [
            comparison("sum", 1024, RAW, 1.05),
            comparison("add", 1 << 24, RAW, 0.70),
            comparison("add", 1 << 24, RAW_STREAMED, 1.25),
            comparison("max", 1024, RAW_NATIVE, 3.0),
            comparison("sum", 1024, "wide", 0.25),
            comparison("neg", 1024, "wide", 1.01),
            comparison("sum", 1024, numpy::NAME, 2.0),
            comparison("sum", 1 << 16, numpy::NAME, 0.125),
        ];
        assert_eq!(
            lines(&[], &comparisons, "avx2"),
            [
                "kernels: 1.15 of the time of raw (geometric mean of 2), worst add f32 16777216 (1.25)",
                "         above 1.10 of raw: add f32 16777216 (1.25)",
                "kernels: 1.99 times as fast as wide (geometric mean of 2), worst neg f32 1024 (1.01)",
                "         above 1.00 of wide: neg f32 1024 (1.01)",
                "kernels: 2.00 times as fast as numpy (geometric mean of 2), worst sum f32 1024 (2.00)",
            ]
        );
        assert_eq!(lines(&[], &[], "avx2"), [""; 0]);
    }

    #[test]
    fn the_limit_is_that_of_the_level_and_the_faster_one_is_told() {
        let comparisons = [
            comparison("sum", 1024, RAW, 1.25),
            comparison("sum", 1024, RAW_512, 1.0),
            comparison("max", 1024, RAW, 0.5),
            comparison("max", 1024, RAW_512, 1.0),
        ];
        assert_eq!(
            lines(&[], &comparisons, "avx512"),
            [
                "kernels: 1.00 of the time of raw-avx512 (geometric mean of 2), worst max f32 1024 (1.00)",
                "kernels: 1.12 of the time of the faster of both limits (geometric mean of 2), worst sum f32 1024 (1.25)",
            ]
        );
    }
}
