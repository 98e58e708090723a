//! A reduction by leaves, and the walk over them: sequential, in the shape of the tree, one function
//! per level.

use super::Reduction;
use crate::dispatch::{Kernel, dispatch};
use crate::element::Element;
use crate::tree::Pairwise;
use crate::vector::Backend;
use core::ops::Range;

/// A reduction by leaves, written over a backend.
///
/// Public only so that it may stand in the bounds of [`Reduction`]; nothing outside can name it.
pub trait Leaves: Sync {
    /// Type of an element: tells the length of a leaf.
    type Elem: Element;
    /// Result for a node of the tree.
    type Partial: Copy + Send;
    /// Result for the whole.
    type Output;
    /// Result of the empty range.
    const IDENTITY: Self::Partial;

    /// Number of elements.
    fn len(&self) -> usize;
    /// Reduces at most `LEAF` elements. Implementations are `#[inline(always)]`.
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Self::Partial;
    /// Merges two neighbours.
    fn merge(left: Self::Partial, right: Self::Partial) -> Self::Partial;
    /// Turns the root into the result.
    fn finish(&self, root: Self::Partial) -> Self::Output;
}

impl<R: Leaves> Reduction for R {
    type Partial = R::Partial;
    type Output = R::Output;
    const LEAF_LEN: usize = R::Elem::LEAF;

    #[inline]
    fn len(&self) -> usize {
        Leaves::len(self)
    }

    #[inline]
    fn partial(&self, range: Range<usize>) -> Self::Partial {
        dispatch(Walk {
            reduction: self,
            range,
        })
    }

    #[inline]
    fn merge(left: Self::Partial, right: Self::Partial) -> Self::Partial {
        <R as Leaves>::merge(left, right)
    }

    #[inline]
    fn finish(&self, root: Self::Partial) -> Self::Output {
        Leaves::finish(self, root)
    }
}

/// The walk over the leaves of a range.
struct Walk<'r, R> {
    reduction: &'r R,
    range: Range<usize>,
}

impl<R: Leaves> Kernel for Walk<'_, R> {
    type Output = R::Partial;

    #[inline(always)]
    fn run<B: Backend>(self, token: B) -> R::Partial {
        let Range { mut start, end } = self.range;
        let leaf_len = R::Elem::LEAF;
        if end.saturating_sub(start) <= leaf_len {
            return self.reduction.leaf(token, start..end);
        }
        let mut fold = Pairwise::new();
        while start < end {
            let leaf_end = end.min(start + leaf_len);
            fold.push(self.reduction.leaf(token, start..leaf_end), R::merge);
            start = leaf_end;
        }
        match fold.finish(R::merge) {
            Some(root) => root,
            None => R::IDENTITY,
        }
    }
}
