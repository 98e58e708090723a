//! Many elements to one value, in a tree whose shape depends on the length alone.
//!
//! ```text
//! leaves   0 1 2 3 4 5 6 7 8 9 10   cut every `op.leaf_len` elements
//! units    └0┘ └1┘ └2┘ └3┘ └4┘ └5   a power of two of leaves: each a node of the tree
//! chunks   └────0────┘ └────1────   runs of units, equally long
//! nodes    └──0──┘ └2┘ └3┘ └──4──   the largest nodes of the tree within a chunk
//! ```
//! The left part of a node holds the largest power of two of leaves that leaves one to the right.
//! So a run of 2^k leaves that starts at a multiple of 2^k is a node, the tree over units is the
//! upper part of the tree over leaves, and cutting between units changes no bit. It is the tree of
//! `kernels_simd::tree`.

use crate::decide::Way;
use crate::dispatcher::Dispatcher;
use crate::op::Op;
use crate::plan::{MAX_CHUNKS, MAX_UNITS, unit_len};
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
        let op = &op.reads_only();
        match self.way(op, len) {
            Way::Sequential => Some(self.observer.chunk(|| node(0..len))),
            Way::Chunks {
                chunk_len,
                count,
                site,
                sharing,
            } => {
                let cut = Cut {
                    unit_len: unit_len(op, len),
                    chunk_units: chunk_len / unit_len(op, len),
                    len,
                };
                let mut partials: [Option<P>; MAX_UNITS] = [const { None }; MAX_UNITS];
                let partials = &mut partials[..cut.units()];
                let mut table: [&mut [Option<P>]; MAX_CHUNKS] =
                    std::array::from_fn(|_| Default::default());
                for (slot, chunk) in table.iter_mut().zip(partials.chunks_mut(cut.chunk_units)) {
                    *slot = chunk;
                }
                site.for_each(sharing, &mut table[..count], |index, partials| {
                    self.observer
                        .chunk(|| cut.reduce_chunk(index, 0..cut.units(), &node, partials));
                });
                Some(cut.merge_chunks(0..cut.units(), partials, &merge))
            }
        }
    }
}

/// How a call is cut: into units, each a node of the tree, of which a chunk is a run.
#[derive(Debug, Clone, Copy)]
struct Cut {
    unit_len: usize,
    chunk_units: usize,
    len: usize,
}

impl Cut {
    fn units(self) -> usize {
        self.len.div_ceil(self.unit_len)
    }

    /// Reduces the largest nodes within a chunk, each into the slot of its first unit: `slots` are
    /// the chunk's. Nodes that reach beyond it are walked down.
    fn reduce_chunk<P>(
        self,
        chunk: usize,
        units: Range<usize>,
        node: &impl Fn(Range<usize>) -> P,
        slots: &mut [Option<P>],
    ) {
        let first = chunk * self.chunk_units;
        let own = first..self.units().min(first + self.chunk_units);
        if units.end <= own.start || own.end <= units.start {
            return;
        }
        if own.start <= units.start && units.end <= own.end {
            let range = units.start * self.unit_len..self.len.min(units.end * self.unit_len);
            slots[units.start - first] = Some(node(range));
            return;
        }
        let middle = middle(&units);
        self.reduce_chunk(chunk, units.start..middle, node, slots);
        self.reduce_chunk(chunk, middle..units.end, node, slots);
    }

    /// Merges what the chunks have left, in the tree's order.
    fn merge_chunks<P>(
        self,
        units: Range<usize>,
        slots: &mut [Option<P>],
        merge: &impl Fn(P, P) -> P,
    ) -> P {
        let (first, last) = (units.start, units.end - 1);
        if first / self.chunk_units == last / self.chunk_units {
            let slot = slots[first].take();
            return slot.expect("for_each returns when each chunk has left its nodes");
        }
        let middle = middle(&units);
        let left = self.merge_chunks(first..middle, slots, merge);
        let right = self.merge_chunks(middle..units.end, slots, merge);
        merge(left, right)
    }
}

/// Where a node of several units is split in two.
fn middle(units: &Range<usize>) -> usize {
    units.start + units.len().next_power_of_two() / 2
}

/// The tree over a non-empty run of leaves, each computed once, from the left.
fn tree<P>(
    units: Range<usize>,
    merge: &impl Fn(P, P) -> P,
    unit: &mut impl FnMut(usize) -> P,
) -> P {
    if units.len() == 1 {
        return unit(units.start);
    }
    let middle = middle(&units);
    let left = tree(units.start..middle, merge, unit);
    let right = tree(middle..units.end, merge, unit);
    merge(left, right)
}
