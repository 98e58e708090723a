//! Sums of the terms of one slice: values, squares, magnitudes, values that are not NaN.

use super::term::{Magnitude, Number, Square, Term, Value, sum_leaf};
use super::{Leaves, Reduction};
use crate::element::Float;
use crate::vector::Backend;
use core::ops::Range;

/// A sum of terms of one slice, as a [`Reduction`]: see [`Sum`], [`SumSquares`], [`SumAbs`] and
/// [`SumIgnoringNan`].
#[derive(Debug, Clone, Copy)]
pub struct SumOf<'a, T, F> {
    x: &'a [T],
    term: F,
}

impl<T: Float, F: Term<T> + Sync> Leaves for SumOf<'_, T, F> {
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
            x: &self.x[range],
            ..self
        }
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> T {
        let x = &self.x[range];
        sum_leaf(token, self.term, x, x)
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

/// One row: the function, the reduction and its term; their documentation.
macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident $reduction:ident $term:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        #[inline]
        pub fn $name<T: Float>(x: &[T]) -> T {
            $reduction::new(x).compute()
        }

        #[doc = concat!("[`", stringify!($name), "`] as a [`Reduction`].")]
        pub type $reduction<'a, T> = SumOf<'a, T, $term>;

        impl<'a, T: Float> SumOf<'a, T, $term> {
            /// The sum over this slice.
            #[must_use]
            #[inline]
            pub const fn new(x: &'a [T]) -> Self {
                Self { x, term: $term }
            }
        }
    )*};
}

sums! {
    /// The sum of a slice. An empty slice gives 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::sum(&[0.5_f32, 0.25]), 0.75);
    /// assert_eq!(kernels_simd::sum::<f64>(&[]), 0.0);
    /// ```
    ///
    /// # Accuracy
    /// The same bits on every CPU. A pairwise sum: |error| ≤ γ_d · Σ|x| with γ_d = d·u / (1 − d·u),
    /// u the unit roundoff and d = 38 + ⌈log2(n / LEAF)⌉ additions on the way of an element: at
    /// most 32 within a lane, 6 (5 for `f64`) to combine the lanes, one per level of the
    /// [`tree`](crate::tree). Any NaN, or +∞ and −∞ together, give the canonical NaN.
    sum Sum Value;

    /// The sum of squares Σ x². An empty slice gives 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::sum_squares(&[3.0_f32, 4.0]), 25.0);
    /// ```
    ///
    /// # Accuracy
    /// The same bits on every CPU. Each square is rounded, then summed like [`sum`]: the relative
    /// error is at most γ_(d+1), if nothing overflows or becomes subnormal.
    sum_squares SumSquares Square;

    /// The sum of magnitudes Σ |x|, the L1 norm. An empty slice gives 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::sum_abs(&[3.0_f32, -4.0]), 7.0);
    /// ```
    ///
    /// # Accuracy
    /// The same bits on every CPU; the relative error is at most γ_d, with the d of [`sum`].
    sum_abs SumAbs Magnitude;

    /// The sum of the elements that are not NaN. A slice without any gives 0.
    ///
    /// ```
    /// assert_eq!(kernels_simd::sum_ignoring_nan(&[1.0_f32, f32::NAN, 2.0]), 3.0);
    /// ```
    ///
    /// # Accuracy
    /// As [`sum`], with 0 in the place of each NaN. +∞ and −∞ together still give NaN.
    sum_ignoring_nan SumIgnoringNan Number;
}

/// The arithmetic mean Σ x / n. An empty slice gives NaN.
///
/// ```
/// assert_eq!(kernels_simd::mean(&[1.0_f32, 2.0, 6.0]), 3.0);
/// assert!(kernels_simd::mean::<f64>(&[]).is_nan());
/// ```
///
/// # Accuracy
/// The same bits on every CPU: [`sum`], then one division by the length, rounded to the type.
#[must_use]
#[inline]
pub fn mean<T: Float>(x: &[T]) -> T {
    (sum(x) / T::from_count(x.len())).canonical()
}

/// The Euclidean norm √Σx². An empty slice gives 0.
///
/// ```
/// assert_eq!(kernels_simd::norm(&[3.0_f64, 4.0]), 5.0);
/// ```
///
/// # Accuracy
/// The same bits on every CPU: [`sum_squares`], then a correctly rounded square root. Squares are
/// not scaled: values beyond the square root of the type's range overflow to ∞ (or underflow).
#[must_use]
#[inline]
pub fn norm<T: Float>(x: &[T]) -> T {
    crate::map::square_root(sum_squares(x))
}
