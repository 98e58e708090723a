//! Truth values: scans for any and all, and a count.
//!
//! Masks come from thresholding the data. What is timed for `any` and `all` is the scan that finds
//! nothing; the answer of one that finds something is checked too.

use super::limits::{LimitForm, limited};
use super::reductions::{Forms, Limits, contenders};
use super::{NAME, OURS, RAW, RAW_512, Rows, case};
use crate::contenders::numpy::{Operand, Reply};
use crate::contenders::raw::Exact as _;
use crate::contenders::{iterator, ndarray, wide};
use crate::data::number::Number;
use crate::groups::slices::{Op, Operands};
use crate::measure::Trial;
use crate::reference::{check_exact, extrema};

/// Which elements of a mask are true, given an element and the greatest one.
type Rule<T> = fn(T, T) -> bool;

/// The rows, on masks made of the values of the sources.
pub(super) fn of<T: Number + Operand>(rows: &mut Rows<'_, '_, T>) {
    // No element is above the greatest; at least the greatest is not below itself.
    row(
        rows,
        (
            "any",
            [|v, greatest| v >= greatest, |v, greatest| v > greatest],
        ),
        &[
            (OURS, |o| kernels_simd::any(&o.x)),
            ("ndarray", |o| ndarray::any(&o.x)),
            ("wide", |o| wide::any(&o.x)),
            ("iterator", |o| iterator::any(&o.x)),
        ],
        &[
            LimitForm::Of256(RAW, |set, o| set.any(&o.x)),
            LimitForm::Of512(RAW_512, |set, o| set.any(&o.x)),
        ],
        |mask| trues(mask) > 0,
    );
    #[expect(
        clippy::neg_cmp_op_on_partial_ord,
        reason = "NaN is not above anything, and so true here"
    )]
    row(
        rows,
        (
            "all",
            [
                |v, greatest| !(v >= greatest),
                |v, greatest| !(v > greatest),
            ],
        ),
        &[
            (OURS, |o| kernels_simd::all(&o.x)),
            ("ndarray", |o| ndarray::all(&o.x)),
            ("wide", |o| wide::all(&o.x)),
            ("iterator", |o| iterator::all(&o.x)),
        ],
        &[],
        |mask| trues(mask) == mask.len(),
    );
    row(
        rows,
        (
            "count_true",
            [|v, greatest| v >= greatest, |v, _| v > T::BOUNDS.0],
        ),
        &[
            (OURS, |o| kernels_simd::count_true(&o.x)),
            ("ndarray", |o| ndarray::count_true(&o.x)),
            ("wide", |o| wide::count_true(&o.x)),
            ("iterator", |o| iterator::count_true(&o.x)),
        ],
        &[],
        trues,
    );
}

fn trues(mask: &[bool]) -> usize {
    mask.iter().map(|&v| usize::from(v)).sum()
}

/// One row: a name, a mask that is only checked and one that is timed too; what is expected.
fn row<T: Number + Operand, R: Reply<bool> + PartialEq + std::fmt::Debug + Copy + 'static>(
    rows: &mut Rows<'_, '_, T>,
    (name, rules): (&'static str, [Rule<T>; 2]),
    forms: Forms<'_, bool, R>,
    limits: Limits<'_, bool, R>,
    expected: fn(&[bool]) -> R,
) {
    let op = Op {
        name,
        slices: 1,
        flops: 0,
    };
    for &source in &rows.sources {
        let mut contenders = contenders(forms, source.len());
        contenders.extend(limited(limits, source.len()));
        let operands = move || Operands::new(&vec![false; source.len()], &[], &[]);
        let trials = move |_: &Operands<bool>| {
            let values = source.operands().x;
            let greatest = extrema(&values).map_or(T::ZERO, |(_, greatest)| greatest);
            let trial = |rule: Rule<T>| {
                let mask: Vec<bool> = values.iter().map(|&v| rule(v, greatest)).collect();
                let check = move |o: &Operands<bool>, got: &R, _| check_exact(*got, expected(&o.x));
                let prepare = move |o: &mut Operands<bool>| o.x.copy_from_slice(&mask);
                Trial::new(check).prepared_by(prepare)
            };
            rules.map(trial).into()
        };
        let question = op.question::<bool>(NAME, &source.shape());
        rows.cases
            .push(case(rows.inputs, question, contenders, operands, trials));
    }
}
