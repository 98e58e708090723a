//! Reductions: the kernel, the peers, and the limit where there is one, by element type.

use std::rc::Rc;

use super::limits::{LimitForm, limited};
use super::{Contenders, OURS, RAW, RAW_512, RAW_NATIVE, Rows};
use crate::contenders::numpy::{Operand, Reply, Words};
use crate::contenders::raw::{Exact, Limit, Limits as HasLimits};
use crate::contenders::wide::{self, Compared};
use crate::contenders::{iterator, ndarray};
use crate::data::number::{Number, Whole};
use crate::data::real::Real;
use crate::groups::slices::{Op, Operands, Source, TREE_ROUNDINGS};
use crate::measure::Contender;
use crate::reference::{check_dot, check_exact, check_mean, check_sum, check_terms, extrema};

/// A name, and how it reduces: the kernel, or a peer.
type Form<T, R> = (&'static str, fn(&Operands<T>) -> R);
pub(super) type Forms<'f, T, R> = &'f [Form<T, R>];

pub(super) type Limits<'f, T, R> = &'f [LimitForm<T, R>];

/// A [`Check`](super::Check) that captures nothing.
type PlainCheck<T, R> = fn(&Operands<T>, &R, usize) -> Result<(), String>;

fn op(name: &'static str, slices: usize, flops: usize) -> Op {
    Op {
        name,
        slices,
        flops,
    }
}

/// The kernel rounds along its tree, the others in any order.
pub(super) fn contenders<'a, T: 'a, R: Copy + 'a>(
    forms: Forms<'_, T, R>,
    len: usize,
) -> Contenders<'a, T, R> {
    let contender = |&(name, reduce): &Form<T, R>| {
        let roundings = if name == OURS { TREE_ROUNDINGS } else { len };
        Contender::new(name, 1, move |operands: &mut Operands<T>| reduce(operands))
            .roundings(roundings)
    };
    forms.iter().map(contender).collect()
}

impl<'a, T: Number + Operand> Rows<'a, '_, T> {
    /// A case per source.
    fn reduce<R: Reply<T> + Copy + 'a>(
        &mut self,
        op: Op,
        forms: Forms<'_, T, R>,
        limits: Limits<'_, T, R>,
        check: PlainCheck<T, R>,
    ) {
        let all = |source: &Source<'a, T>| {
            let mut all = contenders(forms, source.len());
            let mut limits = limited(limits, source.len());
            // The native maximum is wrong where a NaN is, and a user's array may have one.
            let certain = matches!(source, Source::Embedded(..));
            limits.retain(|limit| certain || limit.name() != RAW_NATIVE);
            all.extend(limits);
            all
        };
        self.ask(op, &all, |_| (), Rc::new(check));
    }
}

/// Sums and extrema of floats.
pub(super) fn of_reals<T>(rows: &mut Rows<'_, '_, T>)
where
    T: Real + Operand + Words + ndarray::Methods + HasLimits + Compared + wide::Signed,
{
    rows.reduce(
        op("sum", 1, 1),
        &[
            (OURS, |o| kernels_simd::sum(&o.x)),
            ("ndarray", |o| ndarray::Methods::sum(&o.x)),
            ("wide", |o| wide::sum(&o.x)),
            ("iterator", |o| iterator::sum(&o.x)),
        ],
        &[
            LimitForm::Of256(RAW, |set, o| Limit::sum(set, &o.x)),
            LimitForm::Of512(RAW_512, |set, o| Limit::sum(set, &o.x)),
        ],
        |o, got, roundings| check_sum(&o.x, *got, roundings),
    );
    rows.reduce(
        op("mean", 1, 1),
        &[
            (OURS, |o| kernels_simd::mean(&o.x)),
            ("ndarray", |o| ndarray::Methods::mean(&o.x)),
            ("wide", |o| wide::sum(&o.x) / T::from_count(o.x.len())),
            ("iterator", |o| iterator::mean(&o.x)),
        ],
        &[],
        |o, got, roundings| check_mean(&o.x, *got, roundings),
    );
    rows.reduce(
        op("dot", 2, 2),
        &[
            (OURS, |o| kernels_simd::dot(&o.x, &o.y)),
            ("ndarray", |o| ndarray::Methods::dot(&o.x, &o.y)),
            ("wide", |o| wide::dot(&o.x, &o.y)),
            ("iterator", |o| iterator::dot(&o.x, &o.y)),
        ],
        &[
            LimitForm::Of256(RAW, |set, o| Limit::dot(set, &o.x, &o.y)),
            LimitForm::Of512(RAW_512, |set, o| Limit::dot(set, &o.x, &o.y)),
        ],
        |o, got, roundings| check_dot(&o.x, &o.y, *got, roundings),
    );
    extremes(
        rows,
        &[
            LimitForm::Of256(RAW, |set, o| Limit::max(set, &o.x)),
            LimitForm::Of512(RAW_512, |set, o| Limit::max(set, &o.x)),
            LimitForm::Of256(RAW_NATIVE, |set, o| Limit::max_native(set, &o.x)),
        ],
    );
}

/// The sum in twice the precision.
pub(super) fn of_f32(rows: &mut Rows<'_, '_, f32>) {
    rows.reduce(
        op("sum_wide", 1, 1),
        &[
            (OURS, |o| kernels_simd::sum_wide(&o.x)),
            ("ndarray", |o| ndarray::sum_wide(&o.x)),
            ("wide", |o| wide::sum_as(&o.x, f64::from)),
            ("iterator", |o| iterator::sum_wide(&o.x)),
        ],
        &[],
        |o, got, roundings| check_terms(o.x.iter().map(|&v| f64::from(v)), *got, roundings),
    );
}

/// Extrema, with the limits of `max`.
fn extremes<T: Number + Operand + Words + Compared>(
    rows: &mut Rows<'_, '_, T>,
    limits: Limits<'_, T, Option<T>>,
) {
    rows.reduce(
        op("min", 1, 0),
        &[
            (OURS, |o| kernels_simd::min(&o.x)),
            ("ndarray", |o| ndarray::min(&o.x)),
            ("wide", |o| wide::min(&o.x)),
            ("iterator", |o| iterator::min(&o.x)),
        ],
        &[],
        |o, got, _| check_exact(*got, extrema(&o.x).map(|(least, _)| least)),
    );
    rows.reduce(
        op("max", 1, 0),
        &[
            (OURS, |o| kernels_simd::max(&o.x)),
            ("ndarray", |o| ndarray::max(&o.x)),
            ("wide", |o| wide::max(&o.x)),
            ("iterator", |o| iterator::max(&o.x)),
        ],
        limits,
        |o, got, _| check_exact(*got, extrema(&o.x).map(|(_, greatest)| greatest)),
    );
    rows.reduce(
        op("min_max", 1, 0),
        &[
            (OURS, |o| kernels_simd::min_max(&o.x)),
            ("ndarray", |o| ndarray::min_max(&o.x)),
            ("wide", |o| wide::min_max(&o.x)),
            ("iterator", |o| iterator::min_max(&o.x)),
        ],
        &[],
        |o, got, _| check_exact(*got, extrema(&o.x)),
    );
}

/// Means of integers. Exact sums leave two roundings, the same for all; NumPy sums in `f64`.
fn means_of_wholes<T>(rows: &mut Rows<'_, '_, T>)
where
    T: Whole + Operand + Words,
{
    let forms: Forms<'_, T, f64> = &[
        (OURS, |o| kernels_simd::mean_exact(&o.x)),
        ("ndarray", |o| mean(ndarray::sum_exact(&o.x), o.x.len())),
        ("iterator", |o| mean(iterator::sum_exact(&o.x), o.x.len())),
    ];
    let check: PlainCheck<T, f64> = |o, got, roundings| {
        let len = o.x.len();
        if roundings == 0 {
            return check_exact(*got, mean(iterator::sum_exact(&o.x), len));
        }
        let terms = o.x.iter().map(|v| v.widened().into() as f64 / len as f64);
        // Each term of the reference has rounded once more.
        check_terms(terms, *got, roundings + 1)
    };
    rows.ask(
        op("mean_exact", 1, 0),
        &|source| {
            let all = contenders(forms, source.len()).into_iter();
            all.map(|exact| exact.roundings(0)).collect()
        },
        |_| (),
        Rc::new(check),
    );
}

/// An exact sum as a mean.
fn mean(sum: impl Into<i128>, len: usize) -> f64 {
    let sum: i128 = sum.into();
    sum as f64 / len as f64
}

/// Extrema, sums, inner products and means of integers. What `wide` and the limit have for exact
/// sums depends on the type.
pub(super) fn of_wholes<T>(
    rows: &mut Rows<'_, '_, T>,
    exact_by_wide: Forms<'_, T, T::Wide>,
    exact_limits: Limits<'_, T, T::Wide>,
    wrapping_limits: Limits<'_, T, T>,
) where
    T: Whole<Wide: Words> + Operand + Words + Compared,
{
    let mut exact: Vec<Form<T, T::Wide>> = vec![
        (OURS, |o| kernels_simd::sum_exact(&o.x)),
        ("ndarray", |o| ndarray::sum_exact(&o.x)),
    ];
    exact.extend(exact_by_wide);
    exact.push(("iterator", |o| iterator::sum_exact(&o.x)));
    rows.reduce(op("sum_exact", 1, 0), &exact, exact_limits, |o, got, _| {
        let expected: i128 = o.x.iter().map(|v| v.widened().into()).sum();
        check_exact((*got).into(), expected)
    });
    rows.reduce(
        op("sum_wrapping", 1, 0),
        &[
            (OURS, |o| kernels_simd::sum_wrapping(&o.x)),
            ("ndarray", |o| ndarray::sum_wrapping(&o.x)),
            ("wide", |o| wide::sum(&o.x)),
            ("iterator", |o| iterator::sum_wrapping(&o.x)),
        ],
        wrapping_limits,
        |o, got, _| check_exact(*got, iterator::sum_wrapping(&o.x)),
    );
    means_of_wholes(rows);
    rows.reduce(
        op("dot_wrapping", 2, 0),
        &[
            (OURS, |o| kernels_simd::dot_wrapping(&o.x, &o.y)),
            ("ndarray", |o| ndarray::dot_wrapping(&o.x, &o.y)),
            ("iterator", |o| iterator::dot_wrapping(&o.x, &o.y)),
        ],
        &[],
        |o, got, _| check_exact(*got, iterator::dot_wrapping(&o.x, &o.y)),
    );
    extremes(rows, &[]);
}

/// [`of_wholes`] with the limit.
pub(super) fn of_i32(rows: &mut Rows<'_, '_, i32>) {
    of_wholes(
        rows,
        &[("wide", |o| wide::sum_as(&o.x, i64::from))],
        &[
            LimitForm::Of256(RAW, |set, o| set.sum_exact(&o.x)),
            LimitForm::Of512(RAW_512, |set, o| set.sum_exact(&o.x)),
        ],
        &[
            LimitForm::Of256(RAW, |set, o| set.sum_wrapping(&o.x)),
            LimitForm::Of512(RAW_512, |set, o| set.sum_wrapping(&o.x)),
        ],
    );
}

/// [`of_wholes`] for a type that `wide` widens lane by lane.
pub(super) fn of_u8(rows: &mut Rows<'_, '_, u8>) {
    of_wholes(
        rows,
        &[("wide", |o| wide::sum_as(&o.x, u64::from))],
        &[],
        &[],
    );
}

/// [`of_wholes`] for a type whose exact sum no register of `wide` holds.
pub(super) fn of_i64(rows: &mut Rows<'_, '_, i64>) {
    of_wholes(rows, &[], &[], &[]);
}
