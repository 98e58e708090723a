//! Reductions: many elements to one value, in the shape of the tree.
//!
//! Each file holds one kernel: its leaf, what its partial results are and how two of them merge.
//! What they share is the walk over the leaves (`leaves`), and here [`Reduction`], through which a
//! parallel dispatcher computes nodes of the tree and merges them itself.

mod bools;
mod dot;
mod leaves;
mod max;
mod sum;

use core::ops::Range;
use leaves::Leaves;

pub use bools::{All, Any, all, any};
pub use dot::{Dot, dot, try_dot};
pub use max::{Max, max};
pub use sum::{Sum, sum};

/// A reduction with its arguments: what a dispatcher needs to compute it in pieces.
///
/// The bits of [`compute`](Self::compute) come out if the pieces are nodes of the tree: runs of
/// `leaf_len() << k` elements for one `k`, the last one possibly shorter, merged by
/// [`Pairwise`].
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
