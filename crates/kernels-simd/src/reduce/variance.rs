//! Variance: two passes inside a leaf, which lies in the L1 cache, merged by Chan's formula.
//!
//! Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
//! variances" (1979): for parts of n₁ and n₂ elements with means m₁, m₂ and sums of squared
//! deviations s₁, s₂, and δ = m₂ − m₁,
//! ```text
//! m = m₁ + δ·n₂/n      s = s₁ + s₂ + δ²·n₁·n₂/n      n = n₁ + n₂
//! ```

use super::term::{SquaredDeviation, Value, sum_leaf};
use super::{Leaves, Reduction};
use crate::element::Float;
use crate::map::square_root;
use crate::vector::Backend;
use core::ops::Range;

/// The variance Σ(x − mean)² / (n − `ddof`). NaN if `n` does not exceed `ddof`.
///
/// `ddof` ("delta degrees of freedom") is 0 for the variance of a whole population, 1 for the
/// unbiased estimate from a sample.
///
/// ```
/// let x = [2.0_f64, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
/// assert_eq!(kernels_simd::variance(&x, 0), 4.0);
/// assert!(kernels_simd::variance(&x[..1], 1).is_nan());
/// ```
///
/// # Accuracy
/// The same bits on every CPU. The mean is subtracted before squaring, so a large mean costs no
/// digits of a small variance. NaN if an element is NaN or infinite, or a leaf's sum overflows.
#[must_use]
#[inline]
pub fn variance<T: Float>(x: &[T], ddof: usize) -> T {
    Variance::new(x, ddof).compute()
}

/// The standard deviation: the square root of [`variance`].
///
/// ```
/// let x = [2.0_f64, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
/// assert_eq!(kernels_simd::standard_deviation(&x, 0), 2.0);
/// ```
///
/// # Accuracy
/// The same bits on every CPU; the root is correctly rounded.
#[must_use]
#[inline]
pub fn standard_deviation<T: Float>(x: &[T], ddof: usize) -> T {
    square_root(variance(x, ddof))
}

/// [`variance`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct Variance<'a, T> {
    x: &'a [T],
    ddof: usize,
}

/// Count, mean and sum of squared deviations of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments<T> {
    count: usize,
    mean: T,
    squares: T,
}

impl<'a, T: Float> Variance<'a, T> {
    /// The variance of this slice, with the given delta degrees of freedom.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T], ddof: usize) -> Self {
        Self { x, ddof }
    }
}

impl<T: Float> Leaves for Variance<'_, T> {
    type Elem = T;
    type Partial = Moments<T>;
    type Output = T;
    const IDENTITY: Moments<T> = Moments {
        count: 0,
        mean: T::ZERO,
        squares: T::ZERO,
    };

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self::new(&self.x[range], self.ddof)
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Moments<T> {
        let x = &self.x[range];
        if x.is_empty() {
            return Self::IDENTITY;
        }
        let mean = sum_leaf(token, Value, x, x) / T::from_count(x.len());
        let deviation = SquaredDeviation { centre: mean };
        Moments {
            count: x.len(),
            mean,
            // An overflown mean means nothing, and its deviation from itself, which pads a tail, is
            // NaN: so is the sum then, tail or not. For any other mean, this adds zero.
            squares: sum_leaf(token, deviation, x, x) + mean * T::ZERO,
        }
    }

    #[inline(always)]
    fn merge(left: Moments<T>, right: Moments<T>) -> Moments<T> {
        if left.count == 0 {
            return right;
        }
        if right.count == 0 {
            return left;
        }
        let count = left.count + right.count;
        let delta = right.mean - left.mean;
        let weight = T::from_count(right.count) / T::from_count(count);
        Moments {
            count,
            mean: left.mean + delta * weight,
            squares: left.squares
                + right.squares
                + delta * delta * (T::from_count(left.count) * weight),
        }
    }

    #[inline(always)]
    fn finish(&self, root: Moments<T>) -> T {
        if root.count <= self.ddof {
            return T::NAN;
        }
        (root.squares / T::from_count(root.count - self.ddof)).canonical()
    }
}
