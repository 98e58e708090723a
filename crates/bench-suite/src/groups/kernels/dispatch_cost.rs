//! What a call costs before it computes, at 16 elements.
//!
//! A kernel has no door that goes round its dispatch, so the parts are measured: `level_active` is
//! the question for the level that every call asks, and `empty` the loop around it; their
//! difference is what dispatch adds to a call that knew its level. (The call into code of that
//! level, which cannot be inlined, is in both.) Beside them the whole: the kernel's sum of 16, and
//! a hand-written one that is called directly, of which the sum in a fixed order, masked tails and
//! the canonical NaN are a part too. An upper bound on the cost of dispatch, then, and its core.

use std::hint::black_box;

use kernels_simd::Level;

use super::{Case, NAME, OURS, Question, RAW};
use crate::contenders::raw::{self, Avx2};
use crate::measure::{Contender, Trial};
use crate::reference::check_sum;

pub(crate) const OP: &str = "dispatch_cost";
pub(crate) const LEVEL_ACTIVE: &str = "level_active";
pub(crate) const EMPTY: &str = "empty";

/// Elements, few enough that computing them costs less than calling.
const LEN: usize = 16;

#[derive(Clone, Copy)]
enum Answer {
    Sum(f32),
    Level(Level),
    Nothing,
}

pub(super) fn case<'a>() -> Case<'a> {
    let question = Question {
        group: NAME,
        op: OP,
        dtype: "f32",
        shape: vec![LEN],
        bytes: 0,
        flops: 0,
    };
    Case::new(question, |question, plan| {
        let mut contenders = vec![
            Contender::new(OURS, 1, |x: &mut [f32; LEN]| {
                Answer::Sum(kernels_simd::sum(&x[..]))
            })
            .roundings(LEN),
            Contender::new(LEVEL_ACTIVE, 1, |_: &mut [f32; LEN]| {
                Answer::Level(black_box(Level::active()))
            }),
            Contender::new(EMPTY, 1, |_: &mut [f32; LEN]| Answer::Nothing),
        ];
        let mut pairs = vec![(1, 2)];
        contenders.extend(Avx2::detected().map(|avx2| {
            pairs.push((0, 3));
            Contender::new(RAW, 1, move |x: &mut [f32; LEN]| {
                Answer::Sum(raw::sum_of_16(avx2, x))
            })
            .roundings(LEN)
        }));
        let trial = Trial::new(|x: &[f32; LEN], got: &Answer, roundings| match got {
            Answer::Sum(sum) => check_sum(x, *sum, roundings),
            Answer::Level(level) if level.is_available() => Ok(()),
            Answer::Level(level) => Err(format!("{level:?}, which this CPU lacks")),
            Answer::Nothing => Ok(()),
        });
        let x = std::array::from_fn(|index| index as f32 - 7.0);
        question.ask(plan, x, &contenders, &[trial], &pairs)
    })
}
