//! Functions of one element, each in two forms: out of place and in place.

use super::{Map, MapInPlace, Unary, dispatch_streamable};
use crate::dispatch::dispatch;
use crate::element::{Arithmetic, Float};
use crate::error::LengthMismatch;
use crate::math;

/// Floats with roundings to integers. Sealed: `f32` and `f64`.
pub trait Rounding: Float {
    /// The nearest integer towards zero.
    #[doc(hidden)]
    fn to_trunc(self) -> Self;
    /// The nearest integer, ties to the even one.
    #[doc(hidden)]
    fn to_nearest(self) -> Self;
}

/// One row: a float type, and the least power of two from which on every float is an integer.
macro_rules! roundings {
    ($($ty:ident $integers_from:expr;)*) => {$(
        // Not `f32::trunc` and the like: the baseline level of x86 has no instruction for them,
        // and calls a function per element.
        impl Rounding for $ty {
            #[inline(always)]
            fn to_trunc(self) -> Self {
                let magnitude = self.abs();
                let nearest = nearest_integer(magnitude, $integers_from);
                let below = if nearest > magnitude { nearest - 1.0 } else { nearest };
                below.copysign(self)
            }

            #[inline(always)]
            fn to_nearest(self) -> Self {
                nearest_integer(self.abs(), $integers_from).copysign(self)
            }
        }
    )*};
}

/// The integer nearest to something that is not negative. From `integers_from` on everything is one,
/// and zero is added: a selection of the value itself would become, in place, a masked store, at ten
/// times the time of a plain one.
#[inline(always)]
fn nearest_integer<T: Float>(magnitude: T, integers_from: T) -> T {
    let rounder = if magnitude < integers_from {
        integers_from
    } else {
        T::ZERO
    };
    (magnitude + rounder) - rounder
}

roundings! {
    f32 8_388_608.0;
    f64 4_503_599_627_370_496.0;
}

/// Floats with transcendental functions. Sealed: `f32`.
pub trait Transcendental: Float {
    /// e to the power of the value.
    #[doc(hidden)]
    fn to_exp(self) -> Self;
    /// The natural logarithm.
    #[doc(hidden)]
    fn to_ln(self) -> Self;
    /// The hyperbolic tangent.
    #[doc(hidden)]
    fn to_tanh(self) -> Self;
    /// The logistic function.
    #[doc(hidden)]
    fn to_sigmoid(self) -> Self;
}

impl Transcendental for f32 {
    #[inline(always)]
    fn to_exp(self) -> Self {
        math::exp(self)
    }

    #[inline(always)]
    fn to_ln(self) -> Self {
        math::ln(self)
    }

    #[inline(always)]
    fn to_tanh(self) -> Self {
        math::tanh(self)
    }

    #[inline(always)]
    fn to_sigmoid(self) -> Self {
        math::sigmoid(self)
    }
}

/// One row: documentation; names of both forms and the `try_` twin; the operation, its element
/// types and formula.
macro_rules! unary_kernels {
    ($(
        $(#[$doc:meta])*
        $name:ident $try_name:ident, $in_place:ident;
        $op:ident: $bound:ident, |$x:ident| $formula:expr;
    )*) => {$(
        #[derive(Clone, Copy)]
        struct $op;

        impl<T: $bound> Unary<T> for $op {
            type Out = T;

            #[inline(always)]
            fn apply(self, $x: T) -> T {
                $formula
            }
        }

        $(#[$doc])*
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        #[inline]
        #[track_caller]
        pub fn $name<T: $bound>(x: &[T], out: &mut [T]) {
            if let Err(mismatch) = $try_name(x, out) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
        #[inline]
        pub fn $try_name<T: $bound>(x: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($name), x.len(), out.len())?;
            dispatch_streamable(Map { op: $op, x, out });
            Ok(())
        }

        #[doc = concat!("[`", stringify!($name), "`] in place.")]
        #[inline]
        pub fn $in_place<T: $bound>(x: &mut [T]) {
            dispatch(MapInPlace { op: $op, x });
        }
    )*};
}

unary_kernels! {
    /// The numbers of opposite sign.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::neg(&[1.0, -2.0], &mut out);
    /// assert_eq!(out, [-1.0, 2.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, of a NaN too. An integer's least value stays as it is.
    neg try_neg, neg_in_place;
    Neg: Arithmetic, |x| x.negated();

    /// The absolute values.
    ///
    /// ```
    /// let mut out = [0; 2];
    /// kernels_simd::abs(&[1, -2], &mut out);
    /// assert_eq!(out, [1, 2]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, of a NaN too. An integer's least value stays as it is.
    abs try_abs, abs_in_place;
    Abs: Arithmetic, |x| x.magnitude();

    /// The rectifier: `x[i]` where it is above zero, +0.0 where it is not, and NaN where it is NaN.
    ///
    /// ```
    /// let mut out = [0.0_f32; 3];
    /// kernels_simd::relu(&[-1.0, -0.0, 2.0], &mut out);
    /// assert_eq!(out, [0.0, 0.0, 2.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, but for sign and payload of a NaN.
    relu try_relu, relu_in_place;
    // The zero that is added turns −0.0 into +0.0, and keeps the selection from becoming, in place,
    // a masked store, at ten times the time of a plain one.
    Relu: Arithmetic, |x| (if x < T::ZERO { T::ZERO } else { x }).plus(T::ZERO);

    /// The greatest integers that are not greater: towards −∞.
    ///
    /// ```
    /// let mut out = [0.0_f32; 3];
    /// kernels_simd::floor(&[1.5, -1.5, -0.0], &mut out);
    /// assert_eq!(out, [1.0, -2.0, 0.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, but for sign and payload of a NaN; zeros keep their sign.
    floor try_floor, floor_in_place;
    Floor: Rounding, |x| {
        let trunc = x.to_trunc();
        if trunc > x { trunc - T::ONE } else { trunc }
    };

    /// The least integers that are not less: towards +∞.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::ceil(&[1.5, -1.5], &mut out);
    /// assert_eq!(out, [2.0, -1.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, but for sign and payload of a NaN; zeros keep their sign.
    ceil try_ceil, ceil_in_place;
    Ceil: Rounding, |x| {
        let trunc = x.to_trunc();
        if trunc < x { trunc + T::ONE } else { trunc }
    };

    /// The integers towards zero.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::trunc(&[1.5, -1.5], &mut out);
    /// assert_eq!(out, [1.0, -1.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, but for sign and payload of a NaN; zeros keep their sign.
    trunc try_trunc, trunc_in_place;
    Trunc: Rounding, |x| x.to_trunc();

    /// The nearest integers, ties to the even one (IEEE 754 `roundToIntegralTiesToEven`).
    ///
    /// ```
    /// let mut out = [0.0_f32; 3];
    /// kernels_simd::round(&[0.5, 1.5, -2.6], &mut out);
    /// assert_eq!(out, [0.0, 2.0, -3.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, but for sign and payload of a NaN; zeros keep their sign.
    round try_round, round_in_place;
    Round: Rounding, |x| x.to_nearest();

    /// The exponentials: e to the power of each element.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::exp(&[0.0, f32::NEG_INFINITY], &mut out);
    /// assert_eq!(out, [1.0, 0.0]);
    /// ```
    ///
    /// # Accuracy
    /// At most 0.906 ulp from the exact value, over all floats; ∞ above 88.72, subnormal results
    /// down to the smallest, 0 below −103.97. The same bits on every CPU, but for sign and payload
    /// of a NaN.
    exp try_exp, exp_in_place;
    Exp: Transcendental, |x| x.to_exp();

    /// The natural logarithms: −∞ of zeros, NaN of negative numbers.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::ln(&[1.0, 0.0], &mut out);
    /// assert_eq!(out, [0.0, f32::NEG_INFINITY]);
    /// ```
    ///
    /// # Accuracy
    /// At most 0.916 ulp from the exact value, over all floats, subnormal ones too. The same bits on
    /// every CPU, but for sign and payload of a NaN.
    ln try_ln, ln_in_place;
    Ln: Transcendental, |x| x.to_ln();

    /// The hyperbolic tangents.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::tanh(&[-0.0, 100.0], &mut out);
    /// assert_eq!(out, [0.0, 1.0]);
    /// ```
    ///
    /// # Accuracy
    /// At most 1.325 ulp from the exact value, over all floats; odd, the sign of zeros kept. The
    /// same bits on every CPU, but for sign and payload of a NaN.
    tanh try_tanh, tanh_in_place;
    Tanh: Transcendental, |x| x.to_tanh();

    /// The logistic function 1 / (1 + exp(−x)).
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::sigmoid(&[0.0, f32::INFINITY], &mut out);
    /// assert_eq!(out, [0.5, 1.0]);
    /// ```
    ///
    /// # Accuracy
    /// At most 1.807 ulp from the exact value, over all floats, subnormal results too. The same
    /// bits on every CPU, but for sign and payload of a NaN.
    sigmoid try_sigmoid, sigmoid_in_place;
    Sigmoid: Transcendental, |x| x.to_sigmoid();
}
