//! Elementwise operations: one row is the kernel and the formula, for one element and for a
//! register of `wide`; the peers bring the loop around it.
//!
//! What is done in place overwrites its own operand, call after call; the check runs on a fresh one.

use std::ops::Div;
use std::rc::Rc;

use super::limits::{LimitForm, limited};
use super::{OURS, RAW, RAW_512, RAW_STREAMED, Rows};
use crate::contenders::elementwise::{Form, Formula, Map, MapInPlace, Zip, ZipInPlace, contender};
use crate::contenders::iterator::Iter;
use crate::contenders::ndarray::Ndarray;
use crate::contenders::numpy::Operand;
use crate::contenders::raw::{Limit, Limits as HasLimits};
use crate::contenders::wide::{Compared, Lanes, Signed, Wide};
use crate::data::number::Number;
use crate::data::real::Real;
use crate::groups::slices::{Op, Operands, Source};
use crate::measure::Contender;
use crate::reference::check_each;

/// Bytes from which on the limit is also tried with non-temporal stores: more than last-level caches
/// hold. Below, they lose by a factor of up to six, and leave the shared buffers uncached for
/// whoever is timed next, who then looks slow (`add` of 12 MiB: 1.5 times its time).
const STREAM_BYTES_MIN: usize = 64 << 20;

/// Limits, with the bytes from which on they make sense.
type Limits<'f, T> = &'f [(usize, LimitForm<T, ()>)];

/// The kernel of a row.
type Kernel<T> = fn(&mut Operands<T>);

impl<'a, T: Number + Operand + Lanes> Rows<'a, '_, T> {
    /// A case per source.
    fn each<W: Form>(
        &mut self,
        (name, flops, _): (&'static str, usize, W),
        kernel: Kernel<T>,
        formula: impl Formula<T> + 'a,
        limits: Limits<'_, T>,
    ) {
        let op = Op {
            name,
            slices: W::SLICES,
            flops,
        };
        let all = |source: &Source<'a, T>| {
            let mut all = vec![
                Contender::new(OURS, 1, kernel),
                contender::<Ndarray, W, T, _>(formula),
                contender::<Wide, W, T, _>(formula),
                contender::<Iter, W, T, _>(formula),
            ];
            let bytes = W::SLICES * source.len() * size_of::<T>();
            let limits = limits.iter().filter(|(bytes_min, _)| bytes >= *bytes_min);
            all.extend(limited(limits.map(|(_, limit)| limit), source.len()));
            all
        };
        let prepare: fn(&mut Operands<T>) = if W::IN_PLACE {
            |o| o.out.copy_from_slice(&o.x)
        } else {
            Operands::poison
        };
        let check = move |o: &Operands<T>, (): &(), _| {
            check_each(&o.out, |i| formula.scalar(o.x[i], o.y[i]))
        };
        self.ask(op, &all, prepare, Rc::new(check));
    }
}

/// Of integers.
pub(super) fn of_i32(rows: &mut Rows<'_, '_, i32>) {
    of_numbers(rows, &[]);
}

/// Of floats.
pub(super) fn of_reals<T>(rows: &mut Rows<'_, '_, T>)
where
    T: Real + Operand + Compared + Signed + HasLimits,
    <T as Lanes>::Register: Div<Output = <T as Lanes>::Register>,
{
    of_numbers(
        rows,
        &[
            (
                0,
                LimitForm::Of256(RAW, |set, o| Limit::add(set, &o.x, &o.y, &mut o.out)),
            ),
            (
                0,
                LimitForm::Of512(RAW_512, |set, o| Limit::add(set, &o.x, &o.y, &mut o.out)),
            ),
            (
                STREAM_BYTES_MIN,
                LimitForm::Of256(RAW_STREAMED, |set, o| {
                    Limit::add_streamed(set, &o.x, &o.y, &mut o.out);
                }),
            ),
        ],
    );
    rows.each(
        ("div", 1, Zip),
        |o| kernels_simd::div(&o.x, &o.y, &mut o.out),
        (|x: T, y: T| x / y, |x, y| x / y),
        &[],
    );
}

/// Of every type with arithmetic; limits of `add`.
fn of_numbers<T>(rows: &mut Rows<'_, '_, T>, add_limits: Limits<'_, T>)
where
    T: Number + Operand + kernels_simd::Arithmetic + Compared + Signed,
{
    let (scalar, zero, (least, greatest)) = (T::SCALAR, T::ZERO, T::BOUNDS);
    let (scalars, zeros) = (scalar.splat(), zero.splat());
    let bounds = (least.splat(), greatest.splat());
    rows.each(
        ("add", 1, Zip),
        |o| kernels_simd::add(&o.x, &o.y, &mut o.out),
        (|x: T, y: T| x.plus(y), |x, y| x + y),
        add_limits,
    );
    rows.each(
        ("add_in_place", 1, ZipInPlace),
        |o| kernels_simd::add_in_place(&mut o.out, &o.y),
        (|x: T, y: T| x.plus(y), |x, y| x + y),
        &[],
    );
    rows.each(
        ("add_scalar", 1, Map),
        |o| kernels_simd::add_scalar(&o.x, T::SCALAR, &mut o.out),
        (move |x: T, _| x.plus(scalar), move |x, _| x + scalars),
        &[],
    );
    rows.each(
        ("add_scalar_in_place", 1, MapInPlace),
        |o| kernels_simd::add_scalar_in_place(&mut o.out, T::SCALAR),
        (move |x: T, _| x.plus(scalar), move |x, _| x + scalars),
        &[],
    );
    rows.each(
        ("sub", 1, Zip),
        |o| kernels_simd::sub(&o.x, &o.y, &mut o.out),
        (|x: T, y: T| x.minus(y), |x, y| x - y),
        &[],
    );
    rows.each(
        ("mul", 1, Zip),
        |o| kernels_simd::mul(&o.x, &o.y, &mut o.out),
        (|x: T, y: T| x.times(y), |x, y| x * y),
        &[],
    );
    rows.each(
        ("mul_scalar", 1, Map),
        |o| kernels_simd::mul_scalar(&o.x, T::SCALAR, &mut o.out),
        (move |x: T, _| x.times(scalar), move |x, _| x * scalars),
        &[],
    );
    rows.each(
        ("neg", 1, Map),
        |o| kernels_simd::neg(&o.x, &mut o.out),
        (|x: T, _| x.negated(), |x: T::Register, _| -x),
        &[],
    );
    rows.each(
        ("abs", 1, Map),
        |o| kernels_simd::abs(&o.x, &mut o.out),
        (|x: T, _| x.magnitude(), |x, _| T::magnitude_of(x)),
        &[],
    );
    rows.each(
        // The output is BLAS's y, and the second operand its x.
        ("axpy", 2, ZipInPlace),
        |o| kernels_simd::axpy(T::SCALAR, &o.y, &mut o.out),
        (
            move |out: T, y: T| scalar.times(y).plus(out),
            move |out, y| scalars * y + out,
        ),
        &[],
    );
    rows.each(
        ("scale_add", 2, Zip),
        |o| kernels_simd::scale_add(T::SCALAR, &o.x, &o.y, &mut o.out),
        (
            move |x: T, y: T| scalar.times(x).plus(y),
            move |x, y| scalars * x + y,
        ),
        &[],
    );
    rows.each(
        ("relu", 0, Map),
        |o| kernels_simd::relu(&o.x, &mut o.out),
        (
            move |x: T, _| if x <= zero { zero } else { x },
            move |x, _| T::if_less(x, zeros, zeros, x),
        ),
        &[],
    );
    rows.each(
        ("clamp", 0, Map),
        |o| {
            let (least, greatest) = T::BOUNDS;
            kernels_simd::clamp(&o.x, least, greatest, &mut o.out);
        },
        (
            move |x: T, _| {
                let x = if x < least { least } else { x };
                if x > greatest { greatest } else { x }
            },
            move |x, _| {
                let x = T::if_less(x, bounds.0, bounds.0, x);
                T::if_less(bounds.1, x, bounds.1, x)
            },
        ),
        &[],
    );
}
