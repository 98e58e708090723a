//! Casts between element types.
//!
//! A plain loop each, but for floats to integers: Rust's `as` saturates by branches, which the
//! compiler does not vectorise. To `i32` the backend has an operation; to `u8` a formula of
//! additions and bits does it.

use super::function::Rounding;
use super::{Map, Unary, dispatch_streamable};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Element;
use crate::error::LengthMismatch;
use crate::vector::{Backend, SingleVector, Vector};
use core::marker::PhantomData;

/// A conversion of element types, with the result of Rust's `as`. Sealed: `f32` to `f64`, `i32` and
/// `u8`; `f64` to `f32`; `i32` and `u8` to `f32`.
pub trait Cast<T: Element>: Element {
    /// `out[i] = x[i] as T`, for slices of equal length.
    #[doc(hidden)]
    fn cast(x: &[Self], out: &mut [T]);
}

/// One row: from, to; the formula of a plain loop.
macro_rules! casts {
    ($($from:ident $to:ident, |$x:ident| $formula:expr;)*) => {$(
        impl Cast<$to> for $from {
            #[inline]
            fn cast(x: &[Self], out: &mut [$to]) {
                let op = As(PhantomData::<(Self, $to)>);
                dispatch_streamable(Map { op, x, out });
            }
        }

        impl Unary<$from> for As<$from, $to> {
            type Out = $to;

            #[inline(always)]
            fn apply(self, $x: $from) -> $to {
                $formula
            }
        }
    )*};
}

/// The conversion of one element.
#[derive(Clone, Copy)]
struct As<X, T>(PhantomData<(X, T)>);

casts! {
    f32 f64, |x| f64::from(x);
    f64 f32, |x| x as f32;
    i32 f32, |x| x as f32;
    u8 f32, |x| f32::from(x);
    f32 u8, |x| {
        // NaN is not greater than 0.
        let x = if x > 0.0 { x } else { 0.0 };
        let x = if x < 255.0 { x } else { 255.0 };
        // Adding 2²³ to an integer below leaves it in the low bits of the sum.
        (x.to_trunc() + 8_388_608.0).to_bits() as u8
    };
}

impl Cast<i32> for f32 {
    #[inline]
    fn cast(x: &[Self], out: &mut [i32]) {
        dispatch(ToI32 { x, out });
    }
}

/// `f32` to `i32`, by the backend's own operation.
struct ToI32<'a> {
    x: &'a [f32],
    out: &'a mut [i32],
}

impl Kernel for ToI32<'_> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self { x, out } = self;
        let lanes = B::F32::LANES;
        let whole = x.len() / lanes * lanes;
        let mut at = 0;
        while at < whole {
            B::F32::load(token, &x[at..]).store_i32(&mut out[at..]);
            at += lanes;
        }
        if whole < x.len() {
            // Room for the widest register: 16 lanes.
            let mut integers = [0; 16];
            B::F32::load_partial(token, &x[whole..], 0.0).store_i32(&mut integers);
            out[whole..].copy_from_slice(&integers[..x.len() - whole]);
        }
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
    X::cast(x, out);
    Ok(())
}
