//! The shape of a reduction: a contract between this crate, its callers and every CPU.
//!
//! A floating-point sum depends on the order of its additions, so the order is fixed here, by the
//! length alone:
//!
//! ```text
//! leaf     LEAF = 32·VL elements, VL = 256 bytes of virtual lanes (64 f32, 32 f64)
//!          lane i takes the elements i, i+VL, i+2·VL, … in order
//!          a tail shorter than VL is padded with the operation's identity
//!          lanes are combined by halving: lane i with lane i + VL/2, then i + VL/4, …
//! tree     a range longer than LEAF is split at split_point(len), its halves combined left, right
//!
//!          7 leaves:          ·
//!                        ·         ·
//!                      ·   ·     ·   6
//!                     0 1 2 3   4 5
//! ```
//!
//! `par-dispatch` splits at the same points, so a parallel reduction has the same bits: a chunk of
//! `LEAF << k` elements is one node of the tree (the last chunk may be shorter), and [`Pairwise`]
//! combines chunks exactly as it combines leaves.
//!
//! Which elements belong to a leaf of an element type is told by [`Element::LEAF`](crate::Element).

/// Bytes of virtual lanes that every backend works in, whatever the width of its registers.
///
/// 256 bytes are 8 AVX2 registers: enough independent chains to hide the latency of an addition
/// (4 cycles, two per cycle), and all 16 registers of SSE2.
pub const VIRTUAL_LANES_BYTES: usize = 256;

/// Blocks of virtual lanes in one leaf.
pub const BLOCKS_PER_LEAF: usize = 32;

/// Where a range of `len` elements is split into two subtrees: the left one holds the largest
/// power of two of leaves that leaves at least one element to the right.
///
/// A range of at most one leaf is not split: the answer is `len`.
///
/// ```
/// use kernels_simd::tree::split_point;
/// assert_eq!(split_point(100, 2048), 100);
/// assert_eq!(split_point(2049, 2048), 2048);
/// assert_eq!(split_point(7 * 2048, 2048), 4 * 2048);
/// assert_eq!(split_point(8 * 2048, 2048), 4 * 2048);
/// ```
///
/// # Panics
/// If `leaf` is 0.
#[must_use]
pub const fn split_point(len: usize, leaf: usize) -> usize {
    assert!(leaf > 0, "split_point: leaf is 0");
    if len <= leaf {
        return len;
    }
    let leaves = len.div_ceil(leaf);
    // `leaves >= 2`, so the exponent is at least 1; 2^⌈log2 leaves⌉ / 2.
    let exponent = usize::BITS - (leaves - 1).leading_zeros();
    leaf << (exponent - 1)
}

/// Levels of a tree at most: 2^40 leaves, more than any memory holds.
pub(crate) const MAX_LEVELS: usize = 40;

/// Combines partial results, given from left to right, in the shape of the tree.
///
/// It holds one partial per level instead of recursing, so that a kernel's loop stays one function
/// (a recursive call would leave the function that carries the target features).
///
/// ```
/// use kernels_simd::tree::Pairwise;
/// let mut fold = Pairwise::new(0);
/// fold.push(1, |l, r| 10 * l + r);
/// fold.push(2, |l, r| 10 * l + r);
/// fold.push(3, |l, r| 10 * l + r);
/// assert_eq!(fold.finish(|l, r| 10 * l + r), 123);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Pairwise<P> {
    /// `partials[level]` holds a node of 2^level partials where bit `level` of `count` is set: a
    /// binary counter, whose carries are the merges.
    partials: [P; MAX_LEVELS],
    count: u64,
}

impl<P: Copy> Pairwise<P> {
    /// Starts with nothing; `identity` is the result of that, and merged with nothing.
    #[must_use]
    #[inline(always)]
    pub const fn new(identity: P) -> Self {
        Self {
            partials: [identity; MAX_LEVELS],
            count: 0,
        }
    }

    /// Takes the next partial to the right, merging every pair of equal size that this completes.
    ///
    /// # Panics
    /// After 2^40 partials.
    #[inline(always)]
    pub fn push(&mut self, partial: P, merge: impl Fn(P, P) -> P) {
        push(&mut self.partials, self.count, partial, merge);
        self.count += 1;
    }

    /// Merges what is left, from the right, and returns the root.
    #[must_use]
    #[inline(always)]
    pub fn finish(self, merge: impl Fn(P, P) -> P) -> P {
        root(&self.partials, self.count, merge)
    }
}

/// [`Pairwise::push`] on partials and their count, each by itself: a loop that has the count in a
/// register does not wait for memory to learn how many merges to do.
#[inline(always)]
pub(crate) fn push<P: Copy>(partials: &mut [P], count: u64, partial: P, merge: impl Fn(P, P) -> P) {
    let mut node = partial;
    // A slice of the levels, not a loop up to the last one: with that bound in sight the
    // compiler keeps every level in a register of its own, at 12 ns per reduction.
    let carries = count.trailing_ones() as usize;
    for level in &partials[..carries] {
        node = merge(*level, node);
    }
    partials[carries] = node;
}

/// [`Pairwise::finish`] of partials and their count.
#[inline(always)]
pub(crate) fn root<P: Copy>(
    partials: &[P; MAX_LEVELS],
    count: u64,
    merge: impl Fn(P, P) -> P,
) -> P {
    if count == 0 {
        return partials[0];
    }
    let mut level = count.trailing_zeros() as usize;
    let mut root = partials[level];
    level += 1;
    while count >> level != 0 {
        if count >> level & 1 == 1 {
            root = merge(partials[level], root);
        }
        level += 1;
    }
    root
}
