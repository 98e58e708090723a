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
pub trait Leaves: Copy + Sync {
    /// Type of an element: tells the length of a leaf.
    type Elem: Element;
    /// Result for a node of the tree.
    type Partial: Copy + Send;
    /// Result for the whole.
    type Output;
    /// Result of an empty range.
    const IDENTITY: Self::Partial;

    /// Number of elements.
    fn len(&self) -> usize;
    /// The reduction of a part of the elements.
    fn restrict(self, range: Range<usize>) -> Self;
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
        dispatch(Walk(self.restrict(range)))
    }

    #[inline]
    fn merge(left: Self::Partial, right: Self::Partial) -> Self::Partial {
        <R as Leaves>::merge(left, right)
    }

    #[inline]
    fn finish(&self, root: Self::Partial) -> Self::Output {
        Leaves::finish(self, root)
    }

    #[inline(always)]
    fn compute(&self) -> Self::Output {
        Leaves::finish(self, dispatch(Walk(*self)))
    }
}

/// The walk over all leaves. The reduction is held by value: most are one slice, which then goes to
/// the level's function in registers (5 ns less than through memory).
struct Walk<R>(R);

impl<R: Leaves> Kernel for Walk<R> {
    type Output = R::Partial;

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) -> R::Partial {
        let Self(reduction) = self;
        let (len, leaf_len) = (reduction.len(), R::Elem::LEAF);
        let mut fold: Option<Pairwise<R::Partial>> = None;
        let mut start = 0;
        // Two leaves at a time: they merge in registers, and half as many nodes go through the
        // fold, which for two leaves costs as much as a seventh of their sum.
        loop {
            let end = len.min(start + 2 * leaf_len);
            let node = if end - start <= leaf_len {
                reduction.leaf(token, start..end)
            } else {
                let left = reduction.leaf(token, start..start + leaf_len);
                R::merge(left, reduction.leaf(token, start + leaf_len..end))
            };
            if end == len {
                let Some(mut fold) = fold else {
                    return node;
                };
                fold.push(node, R::merge);
                return fold.finish(R::merge);
            }
            fold.get_or_insert(Pairwise::new(R::IDENTITY))
                .push(node, R::merge);
            start = end;
        }
    }
}
