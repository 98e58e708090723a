//! A reduction by leaves, and the walk over them: sequential, in the shape of the tree, one function
//! per level.

use super::Reduction;
use crate::dispatch::{Kernel, dispatch};
use crate::element::Element;
use crate::tree::{self, MAX_LEVELS};
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
        // Most are one slice, which goes to the level's function in registers: 5 ns less than through
        // memory. More stays where it is: copied in larger pieces than it was just written in, the
        // CPU would wait for it, 20 ns.
        let root = if const { size_of::<R>() <= 2 * size_of::<usize>() } {
            dispatch(Walk(*self))
        } else {
            dispatch(WalkAt(self))
        };
        Leaves::finish(self, root)
    }
}

/// The walk over the leaves of a reduction elsewhere.
struct WalkAt<'r, R>(&'r R);

impl<R: Leaves> Kernel for WalkAt<'_, R> {
    type Output = R::Partial;

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) -> R::Partial {
        walk(self.0, token)
    }
}

/// The walk over the leaves of a reduction that is held by value.
struct Walk<R>(R);

impl<R: Leaves> Kernel for Walk<R> {
    type Output = R::Partial;

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) -> R::Partial {
        walk(&self.0, token)
    }
}

/// Whole leaves that are read in a row, and become one node.
const BATCH: usize = 8;

/// All leaves, from the left to the right, merged in the shape of the tree.
#[inline(always)]
fn walk<R: Leaves, B: Backend>(reduction: &R, token: B) -> R::Partial {
    let (len, leaf_len) = (reduction.len(), R::Elem::LEAF);
    // Few are short of any loop.
    if len <= leaf_len {
        return reduction.leaf(token, 0..len);
    }
    if len <= 2 * leaf_len {
        let left = reduction.leaf(token, 0..leaf_len);
        return R::merge(left, reduction.leaf(token, leaf_len..len));
    }
    // One copy of a leaf's loop reads all that are whole, in a row, without code for tails in
    // between. With the fold and a second copy of the loop between them, `sum` from the second
    // cache ran at 135 instead of 204 GB/s (AVX-512); why was not measured.
    let mut partials = [R::IDENTITY; MAX_LEVELS];
    let mut batch = [R::IDENTITY; BATCH];
    let (mut start, mut leaves) = (0, 0);
    while len - start >= leaf_len {
        let count = BATCH.min((len - start) / leaf_len);
        let mut i = 0;
        while i < count {
            batch[i] = reduction.leaf(token, start..start + leaf_len);
            start += leaf_len;
            i += 1;
        }
        if count == BATCH {
            let node = merge_batch::<R>(batch);
            tree::push(
                &mut partials[BATCH_LEVELS..],
                leaves >> BATCH_LEVELS,
                node,
                R::merge,
            );
        } else {
            let mut i = 0;
            while i < count {
                tree::push(&mut partials, leaves + i as u64, batch[i], R::merge);
                i += 1;
            }
        }
        leaves += count as u64;
    }
    if start < len {
        let node = reduction.leaf(token, start..len);
        tree::push(&mut partials, leaves, node, R::merge);
        leaves += 1;
    }
    tree::root(&partials, leaves, R::merge)
}

/// Levels of the tree below the node of a batch.
const BATCH_LEVELS: usize = BATCH.ilog2() as usize;

/// The node of a whole batch.
#[inline(always)]
fn merge_batch<R: Leaves>(mut batch: [R::Partial; BATCH]) -> R::Partial {
    let mut half = BATCH / 2;
    while half > 0 {
        let mut i = 0;
        while i < half {
            batch[i] = R::merge(batch[2 * i], batch[2 * i + 1]);
            i += 1;
        }
        half /= 2;
    }
    batch[0]
}
