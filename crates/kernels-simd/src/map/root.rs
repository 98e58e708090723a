//! The square root: the one elementwise kernel over vectors, since a plain loop would call a
//! function that only `std` has.

use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::error::LengthMismatch;
use crate::vector::{Backend, FloatVector, Vector};

/// The square roots: NaN of a negative number, −0.0 of −0.0.
///
/// ```
/// let mut out = [0.0_f32; 2];
/// kernels_simd::sqrt(&[4.0, 2.25], &mut out);
/// assert_eq!(out, [2.0, 1.5]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// Correctly rounded: the same bits on every CPU, but for sign and payload of a NaN.
#[inline]
#[track_caller]
pub fn sqrt<T: Float>(x: &[T], out: &mut [T]) {
    if let Err(mismatch) = try_sqrt(x, out) {
        mismatch.panic();
    }
}

/// [`sqrt`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_sqrt<T: Float>(x: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
    LengthMismatch::check("sqrt", x.len(), out.len())?;
    dispatch(Sqrt { x, out });
    Ok(())
}

/// [`sqrt`] in place.
#[inline]
pub fn sqrt_in_place<T: Float>(x: &mut [T]) {
    dispatch(SqrtInPlace(x));
}

/// The square root of one value, canonical if it is NaN.
#[inline]
pub(crate) fn square_root<T: Float>(x: T) -> T {
    let mut root = [x];
    sqrt_in_place(&mut root);
    root[0].canonical()
}

struct Sqrt<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

struct SqrtInPlace<'a, T>(&'a mut [T]);

impl<T: Float> Kernel for Sqrt<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let lanes = T::Vector::<B>::LANES;
        let whole = self.x.len() / lanes * lanes;
        let mut at = 0;
        while at < whole {
            let roots = T::Vector::<B>::load(token, &self.x[at..]).sqrt();
            roots.store(&mut self.out[at..]);
            at += lanes;
        }
        roots_of_tail(token, &self.x[whole..], &mut self.out[whole..]);
    }
}

impl<T: Float> Kernel for SqrtInPlace<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let lanes = T::Vector::<B>::LANES;
        let mut blocks = self.0.chunks_exact_mut(lanes);
        for block in &mut blocks {
            T::Vector::<B>::load(token, block).sqrt().store(block);
        }
        let tail = blocks.into_remainder();
        let mut copy = [T::ZERO; 16];
        let copy = &mut copy[..tail.len()];
        copy.copy_from_slice(tail);
        roots_of_tail(token, copy, tail);
    }
}

/// The roots of fewer elements than a register holds.
#[inline(always)]
fn roots_of_tail<B: Backend, T: Float>(token: B, x: &[T], out: &mut [T]) {
    if x.is_empty() {
        return;
    }
    // Room for the widest register: 16 lanes.
    let mut roots = [T::ZERO; 16];
    T::Vector::<B>::load_partial(token, x, T::ZERO)
        .sqrt()
        .store(&mut roots);
    out.copy_from_slice(&roots[..x.len()]);
}
