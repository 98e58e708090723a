//! The sum of floats.

use super::{Leaves, Reduction};
use crate::element::Float;
use crate::lanes::Lanes;
use crate::vector::Backend;
use core::ops::Range;

/// The sum of a slice. An empty slice gives 0.
///
/// ```
/// assert_eq!(kernels_simd::sum(&[0.5_f32, 0.25]), 0.75);
/// assert_eq!(kernels_simd::sum::<f64>(&[]), 0.0);
/// ```
///
/// # Accuracy
/// The same bits on every CPU. A pairwise sum: |error| ≤ γ_d · Σ|x| with γ_d = d·u / (1 − d·u), u
/// the unit roundoff and d = 37 + ⌈log2(n / LEAF)⌉ for `f32`, 36 + ⌈log2(n / LEAF)⌉ for `f64`: 31
/// additions within a lane, 6 (5) to combine the lanes, and one per level of the
/// [`tree`](crate::tree). Any NaN, or +∞ and −∞ together, give the canonical NaN.
#[must_use]
#[inline]
pub fn sum<T: Float>(x: &[T]) -> T {
    Sum::new(x).compute()
}

/// [`sum`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct Sum<'a, T>(&'a [T]);

impl<'a, T: Float> Sum<'a, T> {
    /// The sum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<T: Float> Leaves for Sum<'_, T> {
    type Elem = T;
    type Partial = T;
    type Output = T;
    const IDENTITY: T = T::NEG_ZERO;

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> T {
        let blocks = self.0[range].chunks_exact(Lanes::<T::Vector<B>>::VL);
        let tail = blocks.remainder();
        let mut lanes = Lanes::<T::Vector<B>>::splat(token, T::NEG_ZERO);
        for block in blocks {
            lanes = lanes.add(Lanes::load(token, block));
        }
        if !tail.is_empty() {
            lanes = lanes.add(Lanes::load_tail(token, tail, T::NEG_ZERO));
        }
        lanes.sum()
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        left + right
    }

    #[inline(always)]
    fn finish(&self, root: T) -> T {
        if self.0.is_empty() {
            T::ZERO
        } else {
            root.canonical()
        }
    }
}
