//! Softmax: the one kernel made of others.

use super::function::Transcendental;
use super::{Map, MapInPlace, Unary};
use crate::dispatch::dispatch;
use crate::error::LengthMismatch;
use crate::reduce::Ordered;

/// The softmax: `out[i] = exp(x[i] − m) / Σ exp(x[j] − m)` with m the maximum. Empty slices do
/// nothing.
///
/// ```
/// let mut out = [0.0_f32; 2];
/// kernels_simd::softmax(&[1000.0, 1000.0], &mut out);
/// assert_eq!(out, [0.5, 0.5]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// The same bits on every CPU. The difference is rounded, the exponential is that of
/// [`exp`](crate::exp), the sum that of [`sum`](crate::sum), the quotient rounded: a few units in
/// the last place of the exponential of the rounded difference. A NaN anywhere, or a maximum of ±∞,
/// makes every result NaN.
#[inline]
#[track_caller]
pub fn softmax<T: Transcendental + Ordered>(x: &[T], out: &mut [T]) {
    if let Err(mismatch) = try_softmax(x, out) {
        mismatch.panic();
    }
}

/// [`softmax`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_softmax<T: Transcendental + Ordered>(
    x: &[T],
    out: &mut [T],
) -> Result<(), LengthMismatch> {
    LengthMismatch::check("softmax", x.len(), out.len())?;
    let Some(greatest) = crate::max(x) else {
        return Ok(());
    };
    let op = ExpOfDifference(greatest);
    dispatch(Map { op, x, out });
    let op = DividedBy(crate::sum(out));
    dispatch(MapInPlace { op, x: out });
    Ok(())
}

/// exp(x − a)
#[derive(Clone, Copy)]
struct ExpOfDifference<T>(T);

impl<T: Transcendental> Unary<T> for ExpOfDifference<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, x: T) -> T {
        (x - self.0).to_exp()
    }
}

/// x / a
#[derive(Clone, Copy)]
struct DividedBy<T>(T);

impl<T: Transcendental> Unary<T> for DividedBy<T> {
    type Out = T;

    #[inline(always)]
    fn apply(self, x: T) -> T {
        x / self.0
    }
}
