//! Sums of the terms of two slices: inner product and distances.

use super::term::{AbsoluteDifference, Product, Square, SquaredDifference, Term, sum_leaf};
use super::{Leaves, Reduction};
use crate::element::Float;
use crate::error::LengthMismatch;
use crate::map::square_root;
use crate::vector::Backend;
use core::ops::Range;

/// A sum of terms of two slices, as a [`Reduction`]: see [`Dot`], [`SquaredL2Distance`] and
/// [`L1Distance`].
#[derive(Debug, Clone, Copy)]
pub struct SumOfPairs<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    term: F,
}

impl<T: Float, F: Term<T> + Sync> Leaves for SumOfPairs<'_, T, F> {
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
            ..self
        }
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> T {
        sum_leaf(token, self.term, &self.x[range.clone()], &self.y[range])
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

/// One row: the function, its `try_` twin, the reduction and its term; their documentation.
macro_rules! sums_of_pairs {
    ($($(#[$doc:meta])* $name:ident $try_name:ident $reduction:ident $term:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        #[inline]
        #[track_caller]
        pub fn $name<T: Float>(x: &[T], y: &[T]) -> T {
            match $reduction::new(x, y) {
                Ok(reduction) => reduction.compute(),
                Err(mismatch) => mismatch.panic(),
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ.
        #[inline]
        pub fn $try_name<T: Float>(x: &[T], y: &[T]) -> Result<T, LengthMismatch> {
            Ok($reduction::new(x, y)?.compute())
        }

        #[doc = concat!("[`", stringify!($name), "`] as a [`Reduction`].")]
        pub type $reduction<'a, T> = SumOfPairs<'a, T, $term>;

        impl<'a, T: Float> SumOfPairs<'a, T, $term> {
            /// The sum over these slices.
            ///
            /// # Errors
            /// [`LengthMismatch`] if their lengths differ.
            #[inline(always)]
            pub const fn new(x: &'a [T], y: &'a [T]) -> Result<Self, LengthMismatch> {
                match LengthMismatch::check(stringify!($name), x.len(), y.len()) {
                    Ok(()) => Ok(Self { x, y, term: $term }),
                    Err(mismatch) => Err(mismatch),
                }
            }
        }
    )*};
}

sums_of_pairs! {
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
    /// |error| ≤ γ_(d+1) · Σ|x·y|. Never fused: a fused multiply-add would change the bits wherever
    /// it is missing, and gains nothing, since loading two operands is the limit. A NaN result is
    /// the canonical NaN.
    dot try_dot Dot Product;

    /// The squared Euclidean distance Σ (x − y)². Empty slices give 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::squared_l2_distance(&[1.0_f32, 2.0], &[4.0, 6.0]), 25.0);
    /// ```
    ///
    /// # Panics
    /// If the lengths differ; [`try_squared_l2_distance`] returns that as an error.
    ///
    /// # Accuracy
    /// The same bits on every CPU. Difference and square are rounded each, then summed like
    /// [`sum`](super::sum): the relative error is at most γ_(d+3), if nothing over- or underflows.
    squared_l2_distance try_squared_l2_distance SquaredL2Distance SquaredDifference;

    /// The L1 distance Σ |x − y|. Empty slices give 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::l1_distance(&[1.0_f32, 2.0], &[4.0, -2.0]), 7.0);
    /// ```
    ///
    /// # Panics
    /// If the lengths differ; [`try_l1_distance`] returns that as an error.
    ///
    /// # Accuracy
    /// The same bits on every CPU. Each difference is rounded, then summed like
    /// [`sum`](super::sum): the relative error is at most γ_(d+1).
    l1_distance try_l1_distance L1Distance AbsoluteDifference;
}

/// The cosine of the angle between two vectors, Σx·y / (√Σx² · √Σy²). NaN if either is all zeros
/// or empty.
///
/// ```
/// assert_eq!(kernels_simd::cosine_similarity(&[1.0_f64, 0.0], &[5.0, 0.0]), 1.0);
/// ```
///
/// # Panics
/// If the lengths differ; [`try_cosine_similarity`] returns that as an error.
///
/// # Accuracy
/// The same bits on every CPU: the three sums as [`dot`] takes them, two square roots, a product
/// and a division, each rounded. A result can lie beyond 1 by some units in the last place.
///
/// # Cost
/// One pass over memory: a leaf stays in the L1 cache for its three sums.
#[must_use]
#[inline]
#[track_caller]
pub fn cosine_similarity<T: Float>(x: &[T], y: &[T]) -> T {
    match try_cosine_similarity(x, y) {
        Ok(cosine) => cosine,
        Err(mismatch) => mismatch.panic(),
    }
}

/// [`cosine_similarity`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ.
#[inline]
pub fn try_cosine_similarity<T: Float>(x: &[T], y: &[T]) -> Result<T, LengthMismatch> {
    Ok(CosineSimilarity::new(x, y)?.compute())
}

/// [`cosine_similarity`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct CosineSimilarity<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<'a, T: Float> CosineSimilarity<'a, T> {
    /// The cosine between these slices.
    ///
    /// # Errors
    /// [`LengthMismatch`] if their lengths differ.
    #[inline]
    pub const fn new(x: &'a [T], y: &'a [T]) -> Result<Self, LengthMismatch> {
        match LengthMismatch::check("cosine_similarity", x.len(), y.len()) {
            Ok(()) => Ok(Self { x, y }),
            Err(mismatch) => Err(mismatch),
        }
    }
}

impl<T: Float> Leaves for CosineSimilarity<'_, T> {
    type Elem = T;
    /// Σx·y, Σx², Σy².
    type Partial = [T; 3];
    type Output = T;
    const IDENTITY: [T; 3] = [T::NEG_ZERO; 3];

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
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> [T; 3] {
        let x = &self.x[range.clone()];
        let y = &self.y[range];
        [
            sum_leaf(token, Product, x, y),
            sum_leaf(token, Square, x, x),
            sum_leaf(token, Square, y, y),
        ]
    }

    #[inline(always)]
    fn merge(left: [T; 3], right: [T; 3]) -> [T; 3] {
        [left[0] + right[0], left[1] + right[1], left[2] + right[2]]
    }

    #[inline(always)]
    fn finish(&self, [product, square_x, square_y]: [T; 3]) -> T {
        let norms = square_root(square_x) * square_root(square_y);
        if self.x.is_empty() {
            T::NAN
        } else {
            (product / norms).canonical()
        }
    }
}
