//! Arithmetic with slices and scalars, out of place and in place.

use super::{kernels, kernels_of_slices};
use crate::op::Op;
use kernels_simd::{Arithmetic, Element, Float};

/// A kernel over this many slices of `T`.
const fn op<T: Element>(name: &'static str, slices: usize, operations: usize) -> Op {
    Op::kernel::<T>(name, slices * size_of::<T>(), operations, T::VL)
}

/// One row: the symbol; names of the four forms and their `try_` forms; element types, operations,
/// and the example's result for 6, 8 and 2, 4.
macro_rules! binary_kernels {
    ($(
        $symbol:literal;
        $name:ident $try_name:ident, $in_place:ident $try_in_place:ident,
        $scalar:ident $try_scalar:ident, $scalar_in_place:ident $try_scalar_in_place:ident;
        $bound:ident, $operations:literal, $example:literal;
    )*) => {$(
        kernels_of_slices! {
            #[doc = concat!("`out[i] = x[i] ", $symbol, " y[i]`. Empty slices do nothing.")]
            $name $try_name[T: $bound](x: &[T], y: &[T], out: &mut [T]) -> (),
            concat!(
                "let mut out = [0.0_f32; 2];\npar_dispatch::", stringify!($name),
                "(&[6.0, 8.0], &[2.0, 4.0], &mut out);\nassert_eq!(out, ", $example, ");"
            ),
            |call| call.zip(
                &const { op::<T>(stringify!($name), 3, $operations) },
                x, y, out, kernels_simd::$name,
            );

            #[doc = concat!("`x[i] = x[i] ", $symbol, " y[i]`. Empty slices do nothing.")]
            $in_place $try_in_place[T: $bound](x: &mut [T], y: &[T]) -> (),
            concat!(
                "let mut x = [6.0_f32, 8.0];\npar_dispatch::", stringify!($in_place),
                "(&mut x, &[2.0, 4.0]);\nassert_eq!(x, ", $example, ");"
            ),
            |call| call.zip_in_place(
                &const { op::<T>(stringify!($in_place), 3, $operations) },
                x, y, kernels_simd::$in_place,
            );

            #[doc = concat!("`out[i] = x[i] ", $symbol, " y`. Empty slices do nothing.")]
            $scalar $try_scalar[T: $bound](x: &[T], y: T, out: &mut [T]) -> (),
            concat!(
                "let mut out = [0.0_f32; 1];\npar_dispatch::", stringify!($scalar),
                "(&[6.0], 2.0, &mut out);\nassert_eq!(out[0], ", $example, "[0]);"
            ),
            |call| call.map(
                &const { op::<T>(stringify!($scalar), 2, $operations) },
                x, out, move |x, out| kernels_simd::$scalar(x, y, out),
            );
        }

        kernels! {
            #[doc = concat!("`x[i] = x[i] ", $symbol, " y`. An empty slice does nothing.")]
            $scalar_in_place $try_scalar_in_place[T: $bound](x: &mut [T], y: T) -> (),
            concat!(
                "let mut x = [6.0_f32];\npar_dispatch::", stringify!($scalar_in_place),
                "(&mut x, 2.0);\nassert_eq!(x[0], ", $example, "[0]);"
            ),
            |call| call.write(
                &const { op::<T>(stringify!($scalar_in_place), 2, $operations) },
                x, move |_, x| kernels_simd::$scalar_in_place(x, y),
            );
        }
    )*};
}

binary_kernels! {
    "+";
    add try_add, add_in_place try_add_in_place,
    add_scalar try_add_scalar, add_scalar_in_place try_add_scalar_in_place;
    Arithmetic, 1, "[8.0, 12.0]";

    "-";
    sub try_sub, sub_in_place try_sub_in_place,
    sub_scalar try_sub_scalar, sub_scalar_in_place try_sub_scalar_in_place;
    Arithmetic, 1, "[4.0, 4.0]";

    "*";
    mul try_mul, mul_in_place try_mul_in_place,
    mul_scalar try_mul_scalar, mul_scalar_in_place try_mul_scalar_in_place;
    Arithmetic, 1, "[12.0, 32.0]";

    // A division keeps its unit busy for as long as about ten additions.
    "/";
    div try_div, div_in_place try_div_in_place,
    div_scalar try_div_scalar, div_scalar_in_place try_div_scalar_in_place;
    Float, 10, "[3.0, 2.0]";
}

kernels_of_slices! {
    /// `y[i] = a·x[i] + y[i]`. Empty slices do nothing.
    axpy try_axpy[T: Arithmetic](a: T, x: &[T], y: &mut [T]) -> (),
    "let mut y = [1.0_f32, 2.0];\npar_dispatch::axpy(10.0, &[3.0, 4.0], &mut y);\nassert_eq!(y, [31.0, 42.0]);",
    |call| call.map(&const { op::<T>("axpy", 3, 2) }, x, y, move |x, y| kernels_simd::axpy(a, x, y));

    /// `out[i] = a·x[i] + y[i]`. Empty slices do nothing.
    scale_add try_scale_add[T: Arithmetic](a: T, x: &[T], y: &[T], out: &mut [T]) -> (),
    "let mut out = [0.0_f32; 2];\npar_dispatch::scale_add(10.0, &[3.0, 4.0], &[1.0, 2.0], &mut out);\nassert_eq!(out, [31.0, 42.0]);",
    |call| call.zip(&const { op::<T>("scale_add", 3, 2) }, x, y, out, move |x, y, out| {
        kernels_simd::scale_add(a, x, y, out);
    });

    /// `out[i]` is `x[i]`, but at least `least` and at most `greatest`. Empty slices do nothing.
    clamp try_clamp[T: Element](x: &[T], least: T, greatest: T, out: &mut [T]) -> (),
    "let mut out = [0; 3];\npar_dispatch::clamp(&[-1, 5, 300], 0, 255, &mut out);\nassert_eq!(out, [0, 5, 255]);",
    |call| call.map(&const { op::<T>("clamp", 2, 2) }, x, out, move |x, out| {
        kernels_simd::clamp(x, least, greatest, out);
    });
}

kernels! {
    /// `x[i]` becomes at least `least` and at most `greatest`. An empty slice does nothing.
    clamp_in_place try_clamp_in_place[T: Element](x: &mut [T], least: T, greatest: T) -> (),
    "let mut x = [-1, 5, 300];\npar_dispatch::clamp_in_place(&mut x, 0, 255);\nassert_eq!(x, [0, 5, 255]);",
    |call| call.write(&const { op::<T>("clamp_in_place", 2, 2) }, x, move |_, x| {
        kernels_simd::clamp_in_place(x, least, greatest);
    });
}
