//! Reductions: many elements to one value, in the shape of the tree.
//!
//! Each file holds the kernels of one kind: the leaf, what partial results are and how two merge.
//! What they share is the walk over the leaves (`leaves`), and here [`Reduction`], through which a
//! parallel dispatcher computes nodes of the tree and merges them itself.

mod arg_extremum;
mod bools;
pub(crate) mod exact;
mod extremum;
mod ignoring_nan;
mod leaves;
mod pair;
mod sum;
mod term;
mod variance;
mod wide;

use core::ops::Range;
use leaves::Leaves;

pub use arg_extremum::{ArgExtremum, ArgMax, ArgMin, argmax, argmin};
pub use bools::{All, Any, CountTrue, all, any, count_true};
pub use exact::{
    DotWrapping, SumExact, SumWrapping, dot_wrapping, mean_exact, sum_exact, sum_wrapping,
    try_dot_wrapping,
};
pub use extremum::{Extremum, Max, Min, MinMax, Ordered, max, min, min_max};
pub use ignoring_nan::{
    ExtremumIgnoringNan, MaxIgnoringNan, MinIgnoringNan, max_ignoring_nan, min_ignoring_nan,
};
pub use pair::{
    CosineSimilarity, Dot, L1Distance, SquaredL2Distance, SumOfPairs, cosine_similarity, dot,
    l1_distance, squared_l2_distance, try_cosine_similarity, try_dot, try_l1_distance,
    try_squared_l2_distance,
};
pub use sum::{
    Sum, SumAbs, SumIgnoringNan, SumOf, SumSquares, mean, norm, sum, sum_abs, sum_ignoring_nan,
    sum_squares,
};
pub use variance::{Moments, Variance, standard_deviation, variance};
pub use wide::{Compensated, SumCompensated, SumWide, sum_compensated, sum_wide};

/// A reduction with its arguments: what a dispatcher needs to compute it in pieces.
///
/// The bits of [`compute`](Self::compute) come out if the pieces are nodes of the tree: runs of
/// `LEAF_LEN << k` elements for one `k`, the last one possibly shorter, merged by
/// [`Pairwise`](crate::tree::Pairwise).
///
/// ```
/// use kernels_simd::reduce::{Reduction, Sum};
/// use kernels_simd::tree::Pairwise;
///
/// let x: Vec<f32> = (0..10_000).map(|i| 1.0 / (i + 1) as f32).collect();
/// let sum = Sum::new(&x);
/// let chunk = Sum::<f32>::LEAF_LEN * 2;
/// let mut fold = Pairwise::new(0.0);
/// for start in (0..x.len()).step_by(chunk) {
///     let part = sum.partial(start..(start + chunk).min(x.len()));
///     fold.push(part, Sum::<f32>::merge);
/// }
/// let in_pieces = sum.finish(fold.finish(Sum::<f32>::merge));
/// assert_eq!(in_pieces, kernels_simd::sum(&x));
/// ```
pub trait Reduction: Sync {
    /// The result for a node of the tree.
    type Partial: Copy + Send;
    /// The result for the whole.
    type Output;
    /// Elements in a leaf: pieces are a power of two times this long.
    const LEAF_LEN: usize;

    /// Number of elements to reduce.
    #[must_use]
    fn len(&self) -> usize;
    /// Whether there is nothing to reduce.
    #[must_use]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Reduces one range of elements, sequentially. An empty range gives the identity.
    ///
    /// # Panics
    /// If the range does not lie within `0..len()`.
    #[must_use]
    fn partial(&self, range: Range<usize>) -> Self::Partial;
    /// Merges two neighbours.
    #[must_use]
    fn merge(left: Self::Partial, right: Self::Partial) -> Self::Partial;
    /// Turns the root of the tree into the result.
    #[must_use]
    fn finish(&self, root: Self::Partial) -> Self::Output;

    /// The whole reduction, sequentially.
    #[must_use]
    #[inline]
    fn compute(&self) -> Self::Output {
        self.finish(self.partial(0..self.len()))
    }
}
