//! Arithmetic, each kernel in four forms: two slices or a slice and a scalar, out of place or in
//! place; and the kernels with coefficients.

use super::{Binary, Map, MapInPlace, Unary, WithScalar, Zip, ZipInPlace, dispatch_streamable};
use crate::dispatch::dispatch;
use crate::element::{Arithmetic, Element, Float};
use crate::error::LengthMismatch;

/// One row: documentation of what is computed; names of the four forms and the `try_` twins of
/// those that can fail; the operation, its element types and formula.
macro_rules! binary_kernels {
    ($(
        $what:literal, $symbol:literal, $example:literal;
        $name:ident $try_name:ident, $in_place:ident $try_in_place:ident,
        $scalar:ident $try_scalar:ident, $scalar_in_place:ident;
        $op:ident: $bound:ident, |$x:ident, $y:ident| $formula:expr;
    )*) => {$(
        #[derive(Clone, Copy)]
        struct $op;

        impl<T: $bound> Binary<T, T> for $op {
            type Out = T;

            #[inline(always)]
            fn apply(self, $x: T, $y: T) -> T {
                $formula
            }
        }

        #[doc = concat!($what, " of two slices, element by element: `out[i] = x[i] ", $symbol, " y[i]`.")]
        ///
        /// ```
        #[doc = concat!("let mut out = [0.0_f32; 2];\nkernels_simd::", stringify!($name), "(&[6.0, 8.0], &[2.0, 4.0], &mut out);\nassert_eq!(out, ", $example, ");")]
        /// ```
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        ///
        /// # Accuracy
        /// Each element correctly rounded, integers wrapping around: the same bits on every CPU,
        /// but for sign and payload of a NaN.
        #[inline]
        #[track_caller]
        pub fn $name<T: $bound>(x: &[T], y: &[T], out: &mut [T]) {
            if let Err(mismatch) = $try_name(x, y, out) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
        #[inline]
        pub fn $try_name<T: $bound>(x: &[T], y: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($name), x.len(), y.len())?;
            LengthMismatch::check(stringify!($name), x.len(), out.len())?;
            dispatch_streamable(Zip { op: $op, x, y, out });
            Ok(())
        }

        #[doc = concat!("[`", stringify!($name), "`] in place: `x[i] = x[i] ", $symbol, " y[i]`.")]
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        #[inline]
        #[track_caller]
        pub fn $in_place<T: $bound>(x: &mut [T], y: &[T]) {
            if let Err(mismatch) = $try_in_place(x, y) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($in_place), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `x` is untouched then.
        #[inline]
        pub fn $try_in_place<T: $bound>(x: &mut [T], y: &[T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($in_place), x.len(), y.len())?;
            dispatch(ZipInPlace { op: $op, x, y });
            Ok(())
        }

        #[doc = concat!("[`", stringify!($name), "`] with a scalar: `out[i] = x[i] ", $symbol, " y`.")]
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        #[inline]
        #[track_caller]
        pub fn $scalar<T: $bound>(x: &[T], y: T, out: &mut [T]) {
            if let Err(mismatch) = $try_scalar(x, y, out) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($scalar), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
        #[inline]
        pub fn $try_scalar<T: $bound>(x: &[T], y: T, out: &mut [T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($scalar), x.len(), out.len())?;
            dispatch_streamable(Map { op: WithScalar($op, y), x, out });
            Ok(())
        }

        #[doc = concat!("[`", stringify!($name), "`] with a scalar, in place: `x[i] = x[i] ", $symbol, " y`.")]
        #[inline]
        pub fn $scalar_in_place<T: $bound>(x: &mut [T], y: T) {
            dispatch(MapInPlace { op: WithScalar($op, y), x });
        }
    )*};
}

binary_kernels! {
    "The sum", "+", "[8.0, 12.0]";
    add try_add, add_in_place try_add_in_place, add_scalar try_add_scalar, add_scalar_in_place;
    Add: Arithmetic, |x, y| x.plus(y);

    "The difference", "-", "[4.0, 4.0]";
    sub try_sub, sub_in_place try_sub_in_place, sub_scalar try_sub_scalar, sub_scalar_in_place;
    Sub: Arithmetic, |x, y| x.minus(y);

    "The (Hadamard) product", "*", "[12.0, 32.0]";
    mul try_mul, mul_in_place try_mul_in_place, mul_scalar try_mul_scalar, mul_scalar_in_place;
    Mul: Arithmetic, |x, y| x.times(y);

    "The quotient", "/", "[3.0, 2.0]";
    div try_div, div_in_place try_div_in_place, div_scalar try_div_scalar, div_scalar_in_place;
    Div: Float, |x, y| x / y;
}

/// `a·x + y`
#[derive(Clone, Copy)]
struct ScaleAdd<T>(T);

impl<T: Arithmetic> Binary<T, T> for ScaleAdd<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, x: T, y: T) -> T {
        self.0.times(x).plus(y)
    }
}

/// `a·x + y`, where y comes first: it is what is overwritten.
#[derive(Clone, Copy)]
struct Axpy<T>(T);

impl<T: Arithmetic> Binary<T, T> for Axpy<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, y: T, x: T) -> T {
        self.0.times(x).plus(y)
    }
}

/// Adds a multiple of a slice to another, in place: `y[i] = a·x[i] + y[i]`.
///
/// ```
/// let mut y = [1.0_f32, 2.0];
/// kernels_simd::axpy(10.0, &[3.0, 4.0], &mut y);
/// assert_eq!(y, [31.0, 42.0]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// Product and sum are rounded each, never fused; integers wrap around: the same bits on every CPU,
/// but for sign and payload of a NaN.
#[inline]
#[track_caller]
pub fn axpy<T: Arithmetic>(a: T, x: &[T], y: &mut [T]) {
    if let Err(mismatch) = try_axpy(a, x, y) {
        mismatch.panic();
    }
}

/// [`axpy`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `y` is untouched then.
#[inline]
pub fn try_axpy<T: Arithmetic>(a: T, x: &[T], y: &mut [T]) -> Result<(), LengthMismatch> {
    LengthMismatch::check("axpy", x.len(), y.len())?;
    dispatch(ZipInPlace {
        op: Axpy(a),
        x: y,
        y: x,
    });
    Ok(())
}

/// A multiple of a slice plus another, out of place: `out[i] = a·x[i] + y[i]`.
///
/// ```
/// let mut out = [0.0_f32; 2];
/// kernels_simd::scale_add(10.0, &[3.0, 4.0], &[1.0, 2.0], &mut out);
/// assert_eq!(out, [31.0, 42.0]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// As [`axpy`].
#[inline]
#[track_caller]
pub fn scale_add<T: Arithmetic>(a: T, x: &[T], y: &[T], out: &mut [T]) {
    if let Err(mismatch) = try_scale_add(a, x, y, out) {
        mismatch.panic();
    }
}

/// [`scale_add`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_scale_add<T: Arithmetic>(
    a: T,
    x: &[T],
    y: &[T],
    out: &mut [T],
) -> Result<(), LengthMismatch> {
    LengthMismatch::check("scale_add", x.len(), y.len())?;
    LengthMismatch::check("scale_add", x.len(), out.len())?;
    let op = ScaleAdd(a);
    dispatch_streamable(Zip { op, x, y, out });
    Ok(())
}

/// Between two bounds.
#[derive(Clone, Copy)]
struct Clamp<T> {
    least: T,
    greatest: T,
}

impl<T: Element> Clamp<T> {
    #[track_caller]
    fn new(least: T, greatest: T) -> Self {
        assert!(
            least <= greatest,
            "clamp: bounds {least:?} and {greatest:?} are not in order"
        );
        Self { least, greatest }
    }
}

impl<T: Element> Unary<T> for Clamp<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, x: T) -> T {
        let x = if x < self.least { self.least } else { x };
        if x > self.greatest { self.greatest } else { x }
    }
}

/// Each element, or the bound that it lies beyond: `out[i] = min(max(x[i], least), greatest)`.
///
/// ```
/// let mut out = [0.0_f32; 3];
/// kernels_simd::clamp(&[-1.0, 0.25, 7.0], 0.0, 1.0, &mut out);
/// assert_eq!(out, [0.0, 0.25, 1.0]);
/// ```
///
/// # Panics
/// If the lengths differ, which the `try_` twin returns as an error; if `least > greatest`, or
/// either is NaN.
///
/// # Accuracy
/// Exact, the same bits on every CPU. A NaN stays as it is.
#[inline]
#[track_caller]
pub fn clamp<T: Element>(x: &[T], least: T, greatest: T, out: &mut [T]) {
    if let Err(mismatch) = try_clamp(x, least, greatest, out) {
        mismatch.panic();
    }
}

/// [`clamp`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
///
/// # Panics
/// If `least > greatest`, or either is NaN.
#[inline]
#[track_caller]
pub fn try_clamp<T: Element>(
    x: &[T],
    least: T,
    greatest: T,
    out: &mut [T],
) -> Result<(), LengthMismatch> {
    let op = Clamp::new(least, greatest);
    LengthMismatch::check("clamp", x.len(), out.len())?;
    dispatch_streamable(Map { op, x, out });
    Ok(())
}

/// [`clamp`] in place.
///
/// # Panics
/// If `least > greatest`, or either is NaN.
#[inline]
#[track_caller]
pub fn clamp_in_place<T: Element>(x: &mut [T], least: T, greatest: T) {
    let op = Clamp::new(least, greatest);
    dispatch(MapInPlace { op, x });
}
