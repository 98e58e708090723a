//! Many elements to one value, in a tree whose shape depends on the length alone.
//!
//! ```text
//! leaves   0 1 2 3 4 5 6      cut every `op.leaf_len` elements
//! chunks   └0 1┘└2 3┘└4 5┘└6┘  a power of two of leaves: each a node of the tree
//! ```
//! The left part of a node holds the largest power of two of leaves that leaves one to the right.
//! So a run of 2^k leaves that starts at a multiple of 2^k is a node, the tree over chunks is the
//! upper part of the tree over leaves, and cutting changes no bit. It is the tree of
//! `kernels_simd::tree`.

use crate::dispatcher::{Dispatcher, Way};
use crate::op::Op;
use crate::plan::MAX_CHUNKS;
use std::ops::Range;

impl Dispatcher<'_> {
    /// Reduces `0..len`: `leaf` reduces a range of at most `op.leaf_len` elements, `merge` two
    /// neighbours, left and right. `None` if `len` is 0.
    ///
    /// The result has the same bits for any number of threads, and need not be associative.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// const LONGEST: Op = Op::new("longest").bytes_per_element(24);
    /// let words = ["a", "fair", "measure"];
    /// let longest = Dispatcher::global().reduce(
    ///     &LONGEST,
    ///     words.len(),
    ///     |range| words[range].iter().map(|word| word.len()).max().unwrap_or(0),
    ///     usize::max,
    /// );
    /// assert_eq!(longest, Some(7));
    /// ```
    ///
    /// # Panics
    /// If `leaf` or `merge` does, after every chunk that had started has ended.
    pub fn reduce<P: Send>(
        &self,
        op: &Op,
        len: usize,
        leaf: impl Fn(Range<usize>) -> P + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Option<P> {
        let node = |range: Range<usize>| {
            let leaves = range.len().div_ceil(op.leaf_len);
            tree(0..leaves, &merge, &mut |index| {
                let start = range.start + index * op.leaf_len;
                leaf(start..range.end.min(start + op.leaf_len))
            })
        };
        self.reduce_nodes(op, len, node, &merge)
    }

    /// [`reduce`](Self::reduce) where `node` reduces any node of the tree by itself.
    pub(crate) fn reduce_nodes<P: Send>(
        &self,
        op: &Op,
        len: usize,
        node: impl Fn(Range<usize>) -> P + Sync,
        merge: impl Fn(P, P) -> P,
    ) -> Option<P> {
        if len == 0 {
            return None;
        }
        match self.way(op, len) {
            Way::Sequential => Some(self.observer.chunk(|| node(0..len))),
            Way::Chunks {
                chunk_len,
                count,
                site,
                sharing,
            } => {
                let mut partials: [Option<P>; MAX_CHUNKS] = [const { None }; MAX_CHUNKS];
                site.for_each(sharing, &mut partials[..count], |index, partial| {
                    let start = index * chunk_len;
                    let range = start..len.min(start + chunk_len);
                    *partial = Some(self.observer.chunk(|| node(range)));
                });
                Some(tree(0..count, &merge, &mut |index| {
                    partials[index]
                        .take()
                        .expect("for_each returns when each chunk has left its partial")
                }))
            }
        }
    }
}

/// The tree over a non-empty run of units (leaves or chunks), each computed once, from the left.
fn tree<P>(
    units: Range<usize>,
    merge: &impl Fn(P, P) -> P,
    unit: &mut impl FnMut(usize) -> P,
) -> P {
    if units.len() == 1 {
        return unit(units.start);
    }
    let middle = units.start + units.len().next_power_of_two() / 2;
    let left = tree(units.start..middle, merge, unit);
    let right = tree(middle..units.end, merge, unit);
    merge(left, right)
}
