//! From which size on do several threads pay?
//!
//! Decided here: curves are read off the group `dispatch`: a contender named `name [context]`
//! belongs to that context, one without brackets to [`PLAIN`]. The parallel time at a size is the
//! best of all splittings tried there. The crossover is where the two curves meet in log–log
//! between the last size at which one thread is faster and the first of those from which on it
//! never is again.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::schema::{ANSWER_OK, Crossover, Row};

/// The group that measures sequential, parallel and dispatched over sizes.
const GROUP: &str = "dispatch";
/// The context of a contender that names none.
const PLAIN: &str = "outside, back to back";
const SEQUENTIAL: &str = "sequential";
/// Neither our sequential loop nor a way to split it.
const DISPATCHED: [&str; 3] = ["dispatched", "dispatched, online", "sequential again"];
/// Programs of their own, with loops of their own.
const APART: &str = "openmp";

/// One contender over sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// The operation.
    pub op: String,
    /// The element type.
    pub dtype: String,
    /// From where and how often it is called.
    pub context: String,
    /// Who ran.
    pub contender: String,
    /// Elements and nanoseconds, ascending.
    pub points: Vec<(usize, f64)>,
}

/// Every contender's curve in the group `dispatch`, of three sizes or more.
#[must_use]
pub fn curves(rows: &[Row]) -> Vec<Curve> {
    let mut curves: BTreeMap<[&str; 4], BTreeMap<usize, f64>> = BTreeMap::new();
    let of_group = |row: &&Row| row.group == GROUP && row.answer == ANSWER_OK;
    for row in rows.iter().filter(of_group) {
        let name = row
            .contender
            .strip_suffix(']')
            .and_then(|name| name.split_once(" ["));
        let (contender, context) = name.unwrap_or((&row.contender, PLAIN));
        let curve = curves
            .entry([&row.op, &row.dtype, context, contender])
            .or_default();
        curve.insert(row.shape.iter().product(), row.ns_median);
    }
    let curve = |([op, dtype, context, contender], points): ([&str; 4], BTreeMap<usize, f64>)| {
        (points.len() >= 3).then(|| Curve {
            op: op.to_owned(),
            dtype: dtype.to_owned(),
            context: context.to_owned(),
            contender: contender.to_owned(),
            points: points.into_iter().collect(),
        })
    };
    curves.into_iter().filter_map(curve).collect()
}

/// A row per operation and context that has a sequential and a parallel curve.
#[must_use]
pub fn crossovers(rows: &[Row]) -> Vec<Crossover> {
    let curves = curves(rows);
    let questions: BTreeSet<[&str; 3]> = curves
        .iter()
        .map(|c| [&*c.op, &*c.context, &*c.dtype])
        .collect();
    let of_question = |question: &[&str; 3]| {
        let here: Vec<&Curve> = curves
            .iter()
            .filter(|c| [&*c.op, &*c.context, &*c.dtype] == *question)
            .collect();
        let sequential = here.iter().find(|c| c.contender == SEQUENTIAL)?;
        let splits = here
            .iter()
            .filter(|c| c.contender != SEQUENTIAL && !DISPATCHED.contains(&&*c.contender))
            .filter(|c| !c.contender.starts_with(APART));
        let mut best: BTreeMap<usize, f64> = BTreeMap::new();
        for &(n, ns) in splits.flat_map(|curve| &curve.points) {
            best.entry(n)
                .and_modify(|least| *least = least.min(ns))
                .or_insert(ns);
        }
        let ratios: Vec<(usize, f64)> = sequential
            .points
            .iter()
            .filter_map(|&(n, ns)| Some((n, best.get(&n)? / ns)))
            .collect();
        (!ratios.is_empty()).then(|| {
            let [op, context, dtype] = question.map(str::to_owned);
            let (elements, sequential_until, parallel_from) = crossing(&ratios);
            Crossover {
                op,
                context,
                dtype,
                elements,
                sequential_until,
                parallel_from,
            }
        })
    };
    questions.iter().filter_map(of_question).collect()
}

/// Where parallel/sequential falls below 1 for good: between sizes, last above, first below.
fn crossing(ratios: &[(usize, f64)]) -> (Option<f64>, Option<usize>, Option<usize>) {
    let last_above = ratios.iter().rposition(|&(_, ratio)| ratio >= 1.0);
    let first = last_above.map_or(0, |index| index + 1);
    let Some(&(to, after)) = ratios.get(first) else {
        return (None, last_above.map(|index| ratios[index].0), None);
    };
    let Some((from, before)) = last_above.map(|index| ratios[index]) else {
        // It pays at every size that was tried: the smallest is an upper bound.
        return (Some(to as f64), None, Some(to));
    };
    let (ln_from, ln_to) = ((from as f64).ln(), (to as f64).ln());
    let share = before.ln() / (before.ln() - after.ln());
    let elements = (ln_from + share * (ln_to - ln_from)).exp();
    (Some(elements), Some(from), Some(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crossing_lies_where_the_curves_meet() {
        // Parallel costs 5000 ns and half the time per element: they meet at 10000 elements.
        let ratio = |n: usize| (5000.0 + 0.5 * n as f64) / n as f64;
        let sizes = [1000, 3000, 9900, 10_100, 30_000];
        let ratios: Vec<_> = sizes.iter().map(|&n| (n, ratio(n))).collect();
        let (elements, until, from) = crossing(&ratios);
        assert!((elements.unwrap() - 10_000.0).abs() < 5.0, "{elements:?}");
        assert_eq!((until, from), (Some(9900), Some(10_100)));
    }

    #[test]
    fn never_and_always_are_told_apart_and_a_relapse_counts() {
        assert_eq!(crossing(&[(10, 2.0), (100, 1.5)]), (None, Some(100), None));
        assert_eq!(
            crossing(&[(10, 0.5), (100, 0.4)]),
            (Some(10.0), None, Some(10))
        );
        let (_, until, from) = crossing(&[(10, 2.0), (20, 0.9), (40, 1.1), (80, 0.6)]);
        assert_eq!((until, from), (Some(40), Some(80)));
    }
}
