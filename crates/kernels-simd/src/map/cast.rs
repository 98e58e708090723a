//! Casts between element types.
//!
//! The saturating casts of floats are formulas of additions and bits: `x as i32` and `x as u8`
//! saturate in Rust by a branch per element that the compiler does not vectorise.

use super::function::Rounding;
use super::{Map, Streamed, Unary};
use crate::dispatch::dispatch;
use crate::element::Element;
use crate::error::LengthMismatch;

/// A conversion of element types, with the result of Rust's `as`. Sealed: `f32` to `f64`, `i32` and
/// `u8`; `f64` to `f32`; `i32` and `u8` to `f32`.
pub trait Cast<T: Element>: Element {
    /// `self as T`.
    #[doc(hidden)]
    fn cast(self) -> T;
}

/// One row: from, to; the formula.
macro_rules! casts {
    ($($from:ident $to:ident, |$x:ident| $formula:expr;)*) => {$(
        impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                let $x = self;
                $formula
            }
        }
    )*};
}

casts! {
    f32 f64, |x| f64::from(x);
    f64 f32, |x| x as f32;
    i32 f32, |x| x as f32;
    u8 f32, |x| f32::from(x);
    f32 i32, |x| {
        // In f64 every i32 is exact. Adding 1.5·2⁵² to an integer of up to 51 bits leaves it, in
        // two's complement, in the low bits of the sum.
        let x = f64::from(x);
        let x = if x > -2_147_483_648.0 { x } else if x <= -2_147_483_648.0 { -2_147_483_648.0 } else { 0.0 };
        let x = if x < 2_147_483_647.0 { x } else { 2_147_483_647.0 };
        (x.to_trunc() + 6_755_399_441_055_744.0).to_bits() as i32
    };
    f32 u8, |x| {
        // NaN is not greater than 0.
        let x = if x > 0.0 { x } else { 0.0 };
        let x = if x < 255.0 { x } else { 255.0 };
        // Adding 2²³ to an integer below leaves it in the low bits of the sum.
        (x.to_trunc() + 8_388_608.0).to_bits() as u8
    };
}

/// The operation behind [`cast`].
#[derive(Clone, Copy)]
struct As<T>(core::marker::PhantomData<T>);

impl<X: Cast<T>, T: Element> Unary<X> for As<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, x: X) -> T {
        x.cast()
    }
}

/// Converts each element: `out[i] = x[i] as T`.
///
/// ```
/// let mut pixels = [0_u8; 4];
/// kernels_simd::cast(&[-3.0_f32, 0.9, 300.0, f32::NAN], &mut pixels);
/// assert_eq!(pixels, [0, 0, 255, 0]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// That of Rust's `as`, the same bits on every CPU: to a float rounded to nearest even, to an
/// integer towards zero, saturating, NaN to 0. A NaN from `f32` to `f64` and back is a NaN.
#[inline]
#[track_caller]
pub fn cast<X: Cast<T>, T: Element>(x: &[X], out: &mut [T]) {
    if let Err(mismatch) = try_cast(x, out) {
        mismatch.panic();
    }
}

/// [`cast`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_cast<X: Cast<T>, T: Element>(x: &[X], out: &mut [T]) -> Result<(), LengthMismatch> {
    LengthMismatch::check("cast", x.len(), out.len())?;
    let op = As(core::marker::PhantomData);
    dispatch(Streamed(Map { op, x, out }));
    Ok(())
}
