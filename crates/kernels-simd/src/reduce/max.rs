//! The maximum of floats, as IEEE 754-2019 defines `maximum`: NaN wins, −0 < +0.
//!
//! No CPU's instruction does this. The native maximum runs beside a search for NaN (one comparison
//! for two registers), and a leaf whose greatest value is a zero is read once more for the sign;
//! a leaf lies in the L1 cache, so that costs at most a second pass there.

use super::{Leaves, Reduction};
use crate::element::Float;
use crate::lanes::Lanes;
use crate::vector::{Backend, FloatVector};
use core::ops::Range;

/// The greatest element of a slice; `None` if it is empty.
///
/// ```
/// assert_eq!(kernels_simd::max(&[1.0_f32, 7.0, 3.0]), Some(7.0));
/// assert!(kernels_simd::max(&[1.0, f32::NAN]).unwrap().is_nan());
/// assert_eq!(kernels_simd::max::<f64>(&[]), None);
/// ```
///
/// # Accuracy
/// Exact, and the same bits on every CPU. If any element is NaN, the result is the canonical NaN;
/// −0.0 counts as less than +0.0 (IEEE 754-2019 `maximum`).
#[must_use]
#[inline]
pub fn max<T: Float>(x: &[T]) -> Option<T> {
    Max::new(x).compute()
}

/// [`max`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct Max<'a, T>(&'a [T]);

impl<'a, T: Float> Max<'a, T> {
    /// The maximum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<T: Float> Leaves for Max<'_, T> {
    type Elem = T;
    /// The greatest value, its sign right if it is a zero; NaN if there is one.
    type Partial = T;
    type Output = Option<T>;
    const IDENTITY: T = T::NEG_INFINITY;

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
        let x = &self.0[range];
        let blocks = x.chunks_exact(Lanes::<T::Vector<B>>::VL);
        let tail = blocks.remainder();
        let mut lanes = Lanes::<T::Vector<B>>::splat(token, T::NEG_INFINITY);
        let mut nan = T::Vector::<B>::no_lanes(token);
        for block in blocks {
            let block = Lanes::load(token, block);
            nan = block.note_nan(nan);
            lanes = lanes.max_native(block);
        }
        if !tail.is_empty() {
            let tail = Lanes::load_tail(token, tail, T::NEG_INFINITY);
            nan = tail.note_nan(nan);
            lanes = lanes.max_native(tail);
        }
        if T::Vector::<B>::mask_any(nan) {
            return T::NAN;
        }
        let greatest = lanes.max();
        if greatest == T::ZERO {
            greatest_zero(x)
        } else {
            greatest
        }
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        if left.is_nan() {
            return left;
        }
        if left == right {
            // Equal values differ in bits only as zeros.
            return if right.is_positive_zero() {
                right
            } else {
                left
            };
        }
        // A NaN on the right compares as false, and wins.
        if left > right { left } else { right }
    }

    #[inline(always)]
    fn finish(&self, root: T) -> Option<T> {
        if self.0.is_empty() { None } else { Some(root) }
    }
}

/// The greatest zero of a slice whose maximum is a zero: +0.0 if there is one.
#[inline(always)]
fn greatest_zero<T: Float>(x: &[T]) -> T {
    let mut found = false;
    for value in x {
        found |= value.is_positive_zero();
    }
    if found { T::ZERO } else { T::NEG_ZERO }
}
