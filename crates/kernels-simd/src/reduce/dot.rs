//! The inner product of floats.

use super::{Leaves, Reduction};
use crate::element::Float;
use crate::error::LengthMismatch;
use crate::lanes::Lanes;
use crate::vector::Backend;
use core::ops::Range;

/// The inner product Σ x·y of two slices of equal length. Empty slices give 0.
///
/// ```
/// assert_eq!(kernels_simd::dot(&[1.0_f32, 2.0], &[3.0, 4.0]), 11.0);
/// ```
///
/// # Panics
/// If the lengths differ; [`try_dot`] returns that as an error.
///
/// # Accuracy
/// The same bits on every CPU. Each product is rounded, then summed like [`sum`](super::sum):
/// |error| ≤ γ_(d+1) · Σ|x·y|. Never fused: a fused multiply-add would change the bits wherever it
/// is missing, and gains nothing, since loading two operands is the limit. A NaN result is the
/// canonical NaN.
#[must_use]
#[inline]
#[track_caller]
pub fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    match try_dot(x, y) {
        Ok(dot) => dot,
        Err(mismatch) => mismatch.panic(),
    }
}

/// [`dot`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ.
#[inline]
pub fn try_dot<T: Float>(x: &[T], y: &[T]) -> Result<T, LengthMismatch> {
    Ok(Dot::new(x, y)?.compute())
}

/// [`dot`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct Dot<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<'a, T: Float> Dot<'a, T> {
    /// The inner product of these slices.
    ///
    /// # Errors
    /// [`LengthMismatch`] if their lengths differ.
    #[inline]
    pub const fn new(x: &'a [T], y: &'a [T]) -> Result<Self, LengthMismatch> {
        match LengthMismatch::check("dot", x.len(), y.len()) {
            Ok(()) => Ok(Self { x, y }),
            Err(mismatch) => Err(mismatch),
        }
    }
}

impl<T: Float> Leaves for Dot<'_, T> {
    type Elem = T;
    type Partial = T;
    type Output = T;
    const IDENTITY: T = T::NEG_ZERO;

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self {
            x: &self.x[range.clone()],
            y: &self.y[range],
        }
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> T {
        let vl = Lanes::<T::Vector<B>>::VL;
        let x = &self.x[range.clone()];
        let y = &self.y[range];
        let mut lanes = Lanes::<T::Vector<B>>::splat(token, T::NEG_ZERO);
        let mut at = 0;
        while at + vl <= x.len() {
            let block_x = Lanes::<T::Vector<B>>::load(token, &x[at..]);
            let block_y = Lanes::load(token, &y[at..]);
            lanes = lanes.add(block_x.mul(block_y));
            at += vl;
        }
        if at < x.len() {
            // 0 · −0 is −0, the identity of the sum.
            let tail_x = Lanes::load_tail(token, &x[at..], T::ZERO);
            let tail_y = Lanes::load_tail(token, &y[at..], T::NEG_ZERO);
            lanes = lanes.add(tail_x.mul(tail_y));
        }
        lanes.sum()
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        left + right
    }

    #[inline(always)]
    fn finish(&self, root: T) -> T {
        if self.x.is_empty() {
            T::ZERO
        } else {
            root.canonical()
        }
    }
}
