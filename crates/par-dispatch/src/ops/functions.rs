//! Functions of one slice: signs, roundings, roots, transcendental functions, casts, softmax.

use super::{Call, kernels, kernels_of_slices};
use crate::error::Error;
use crate::op::Op;
use kernels_simd::reduce::{Max, Sum};
use kernels_simd::{Arithmetic, Cast, Element, Float, Ordered, Rounding, Transcendental};
use std::convert::Infallible;

/// A kernel that reads `X` and writes `T`.
const fn op<X: Element, T: Element>(name: &'static str, operations: usize) -> Op {
    let leaf = if X::VL < T::VL { T::VL } else { X::VL };
    Op::kernel::<X>(name, size_of::<X>() + size_of::<T>(), operations, leaf)
}

/// One row: what is computed; names of both forms and their `try_` forms; element types,
/// operations, and an example's argument and result.
macro_rules! functions {
    ($(
        $what:literal; $name:ident $try_name:ident, $in_place:ident $try_in_place:ident;
        $bound:ident, $operations:literal, $x:literal, $example:literal;
    )*) => {$(
        kernels_of_slices! {
            #[doc = concat!("`out[i]` is ", $what, " `x[i]`. Empty slices do nothing.")]
            $name $try_name[T: $bound](x: &[T], out: &mut [T]) -> (),
            concat!(
                "let mut out = [0.0_f32; 2];\npar_dispatch::", stringify!($name),
                "(&", $x, ", &mut out);\nassert_eq!(out, ", $example, ");"
            ),
            |call| call.map(&const { op::<T, T>(stringify!($name), $operations) }, x, out, kernels_simd::$name);
        }

        kernels! {
            #[doc = concat!("`x[i]` becomes ", $what, " `x[i]`. An empty slice does nothing.")]
            $in_place $try_in_place[T: $bound](x: &mut [T]) -> (),
            concat!(
                "let mut x = ", $x, ";\npar_dispatch::", stringify!($in_place),
                "::<f32>(&mut x);\nassert_eq!(x, ", $example, ");"
            ),
            |call| call.write(&const { op::<T, T>(stringify!($in_place), $operations) }, x, move |_, x| {
                kernels_simd::$in_place(x);
            });
        }
    )*};
}

functions! {
    "the number of opposite sign to"; neg try_neg, neg_in_place try_neg_in_place;
    Arithmetic, 1, "[1.0, -2.0]", "[-1.0, 2.0]";

    "the absolute value of"; abs try_abs, abs_in_place try_abs_in_place;
    Arithmetic, 1, "[1.0, -2.0]", "[1.0, 2.0]";

    "0 if that is greater, else"; relu try_relu, relu_in_place try_relu_in_place;
    Arithmetic, 1, "[-1.0, 2.0]", "[0.0, 2.0]";

    "the greatest integer not above"; floor try_floor, floor_in_place try_floor_in_place;
    Rounding, 4, "[1.5, -1.5]", "[1.0, -2.0]";

    "the least integer not below"; ceil try_ceil, ceil_in_place try_ceil_in_place;
    Rounding, 4, "[1.5, -1.5]", "[2.0, -1.0]";

    "the nearest integer towards zero of"; trunc try_trunc, trunc_in_place try_trunc_in_place;
    Rounding, 3, "[1.5, -1.5]", "[1.0, -1.0]";

    "the nearest integer, ties to the even one, of"; round try_round, round_in_place try_round_in_place;
    Rounding, 3, "[0.5, -2.6]", "[0.0, -3.0]";

    "the square root of"; sqrt try_sqrt, sqrt_in_place try_sqrt_in_place;
    Float, 12, "[4.0, 9.0]", "[2.0, 3.0]";

    "the exponential of"; exp try_exp, exp_in_place try_exp_in_place;
    Transcendental, 20, "[0.0, f32::NEG_INFINITY]", "[1.0, 0.0]";

    "the natural logarithm of"; ln try_ln, ln_in_place try_ln_in_place;
    Transcendental, 25, "[1.0, 0.0]", "[0.0, f32::NEG_INFINITY]";

    "the hyperbolic tangent of"; tanh try_tanh, tanh_in_place try_tanh_in_place;
    Transcendental, 40, "[0.0, 100.0]", "[0.0, 1.0]";

    "the logistic function 1 / (1 + e⁻ˣ) of"; sigmoid try_sigmoid, sigmoid_in_place try_sigmoid_in_place;
    Transcendental, 35, "[0.0, f32::INFINITY]", "[0.5, 1.0]";
}

kernels_of_slices! {
    /// `out[i] = x[i] as T`. Empty slices do nothing.
    cast try_cast[X: Cast<T>, T: Element](x: &[X], out: &mut [T]) -> (),
    "let mut pixels = [0_u8; 3];\npar_dispatch::cast(&[-3.0_f32, 0.9, 300.0], &mut pixels);\nassert_eq!(pixels, [0, 0, 255]);",
    |call| call.map(&const { op::<X, T>("cast", 2) }, x, out, kernels_simd::cast);

    /// `out[i] = exp(x[i] − m) / Σ exp(x[j] − m)` with m the maximum. Empty slices do nothing.
    ///
    /// Four calls, one after the other: maximum, exponentials, sum, quotients. So progress is told
    /// for each of them.
    softmax try_softmax[T: Transcendental + Ordered](x: &[T], out: &mut [T]) -> (),
    "let mut out = [0.0_f32; 2];\npar_dispatch::softmax(&[1000.0, 1000.0], &mut out);\nassert_eq!(out, [0.5, 0.5]);",
    |call| softmax_in_calls(call, x, out);
}

/// Elements of which the difference stays in the first-level cache until its exponential is taken.
const CACHED_LEN: usize = 2048;

fn softmax_in_calls<T: Transcendental + Ordered>(
    call: &Call<'_>,
    x: &[T],
    out: &mut [T],
) -> Result<(), Error> {
    Error::<Infallible>::check_lengths("softmax", x.len(), out.len())?;
    let reduction = const { Op::kernel::<T>("softmax", size_of::<T>(), 2, T::LEAF).reads_only() };
    let Some(greatest) = call.reduce(&reduction, &Max::new(x))? else {
        return Ok(());
    };
    call.map(
        &const { op::<T, T>("softmax", 21) },
        x,
        out,
        move |x, out| {
            for (x, out) in x.chunks(CACHED_LEN).zip(out.chunks_mut(CACHED_LEN)) {
                kernels_simd::sub_scalar(x, greatest, out);
                kernels_simd::exp_in_place(out);
            }
        },
    )?;
    let sum = call.reduce(&reduction, &Sum::new(out))?;
    call.write(&const { op::<T, T>("softmax", 10) }, out, move |_, out| {
        kernels_simd::div_scalar_in_place(out, sum);
    })
}
