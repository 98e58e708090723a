//! Short cases are visited several times in a run, far apart, and the best visit counts.
//!
//! Decided here: which, how often, and what remains. A virtual machine has phases of seconds in
//! which a neighbour takes up to 40 % of its speed, from some loops more than from others; a case
//! of 50 ms lies within one. Of several visits the one is kept in which all contenders together
//! were fastest, with its ratios; intervals span all visits, so that a row that changed within a
//! run says so. Longer cases outlast most phases, and are visited once.

use crate::groups::{Case, Group, Inputs, Outcome, kernels};
use crate::measure::Plan;
use crate::report::schema::ANSWER_OK;

/// Of a short case.
const VISITS: usize = 3;

/// The visits that a group's cases get.
fn visits(group: &Group, inputs: &Inputs) -> usize {
    match inputs.quick && inputs.user.is_none() && group.name == kernels::GROUP.name {
        true => VISITS,
        false => 1,
    }
}

/// All visits of a group, round by round, and how many cases a round has.
pub(super) fn cases<'a>(group: &Group, inputs: &'a Inputs) -> (Vec<Case<'a>>, usize) {
    let rounds: Vec<_> = (0..visits(group, inputs))
        .map(|_| (group.cases)(inputs))
        .collect();
    let len = rounds[0].len();
    (rounds.into_iter().flatten().collect(), len)
}

/// The plan of one visit.
pub(super) fn plan(group: &Group, inputs: &Inputs, plan: &Plan) -> Plan {
    match visits(group, inputs) {
        1 => *plan,
        visits => plan.share(1.0 / visits as f64),
    }
}

/// Keeps the better visit of a case: the one that is there, or this one.
pub(super) fn keep(kept: &mut Vec<Outcome>, case: usize, visit: Outcome) {
    match kept.get_mut(case) {
        None => kept.push(visit),
        Some(best) => {
            let (mut better, other) = if cost(&visit) < cost(best) {
                (visit, std::mem::take(best))
            } else {
                (std::mem::take(best), visit)
            };
            widen(&mut better, &other);
            *best = better;
        }
    }
}

/// Of logarithms: a contender that takes long counts no more than another.
fn cost(outcome: &Outcome) -> f64 {
    outcome.rows.iter().map(|row| row.ns_median.ln()).sum()
}

/// Lets the intervals span another visit, and a wrong answer of it stand.
fn widen(outcome: &mut Outcome, other: &Outcome) {
    for (row, other) in outcome.rows.iter_mut().zip(&other.rows) {
        row.ns_low = row.ns_low.min(other.ns_low);
        row.ns_high = row.ns_high.max(other.ns_high);
        if row.answer == ANSWER_OK {
            row.answer.clone_from(&other.answer);
        }
    }
    for (row, other) in outcome.comparisons.iter_mut().zip(&other.comparisons) {
        row.ratio_low = row.ratio_low.min(other.ratio_low);
        row.ratio_high = row.ratio_high.max(other.ratio_high);
    }
    // A visit says what all say, or what only it knows.
    for note in &other.notes {
        if !outcome.notes.contains(note) {
            outcome.notes.push(note.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::Question;

    fn visit(ours: f64, peer: f64) -> Outcome {
        let question = Question {
            group: "kernels",
            op: "sum",
            dtype: "f32",
            shape: vec![8],
            bytes: 32,
            flops: 8,
        };
        let [ours, peer] = [ours, peer].map(|ns| vec![ns; 9]);
        question.pair(["ours", "peer"], [&ours, &peer], Ok(()))
    }

    #[test]
    fn the_visit_in_which_all_were_fastest_is_kept_with_intervals_over_all() {
        let mut kept = Vec::new();
        keep(&mut kept, 0, visit(20.0, 100.0));
        keep(&mut kept, 0, visit(14.0, 100.0));
        // One contender is faster, all together are slower.
        keep(&mut kept, 0, visit(13.0, 190.0));
        let [outcome] = &kept[..] else {
            panic!("{kept:?}")
        };
        let [ours, peer] = &outcome.rows[..] else {
            panic!("{outcome:?}")
        };
        assert_eq!(
            (ours.ns_median, ours.ns_low, ours.ns_high),
            (14.0, 13.0, 20.0)
        );
        assert_eq!(
            (peer.ns_median, peer.ns_low, peer.ns_high),
            (100.0, 100.0, 190.0)
        );
        let ratio = &outcome.comparisons[0];
        assert_eq!(ratio.ratio_median, 0.14);
        assert!(ratio.ratio_low < 0.07 && ratio.ratio_high == 0.2);
    }

    #[test]
    fn a_wrong_answer_of_any_visit_is_kept() {
        let mut wrong = visit(99.0, 99.0);
        wrong.rows[0].answer = "7, expected 8".into();
        let mut kept = vec![visit(1.0, 1.0)];
        keep(&mut kept, 0, wrong);
        assert_eq!(kept[0].rows[0].answer, "7, expected 8");
        assert_eq!(kept[0].rows[0].ns_median, 1.0);
    }
}
