//! Arithmetic over sizes and addresses, and nothing else: how many bytes a request is charged,
//! how far an address is from its alignment, how large the next block is, when a block has become
//! too large.
//!
//! Decided here: what overflows and what does not. Deliberately elsewhere: every pointer and
//! every byte of memory ([`chunk`](crate::chunk), [`bump`](crate::bump)). The functions are
//! generic over the width of a word, so that the tests can try *every* input of the 8-bit machine.

#![forbid(unsafe_code)]

use std::ops::{BitAnd, Div, Not, Rem, Sub};

/// Every charge is a multiple of this many bytes and every block starts on one, so the cursor is
/// always aligned for a cache line and a 512-bit vector and the fast path never rounds it.
pub(crate) const GRAIN: usize = 64;

/// The smallest block asked of the system, header included: below 64 KiB the doubling of a
/// thread's first scope costs more calls than the memory is worth.
pub(crate) const MIN_BLOCK: usize = 64 * 1024;

/// Blocks are whole pages; a part of a page would be lost anyway.
pub(crate) const PAGE: usize = 4096;

/// Slices of this many bytes and more are *coloured*: charged one grain more, so that buffers of
/// a power-of-two size do not all begin on the same set of the cache. Twelve streams of 64 KiB
/// ran 2.2 to 2.5 times faster so; below a page the sets differ anyway.
pub(crate) const COLOURED_FROM: usize = PAGE;

/// An unsigned machine word: `usize`, and `u8` in the exhaustive tests.
pub(crate) trait Word:
    Copy
    + Ord
    + BitAnd<Output = Self>
    + Not<Output = Self>
    + Sub<Output = Self>
    + Div<Output = Self>
    + Rem<Output = Self>
{
    const ZERO: Self;
    const ONE: Self;
    /// The largest object Rust allows, which is the largest value of the signed word.
    const MAX_OBJECT: Self;

    fn is_power_of_two(self) -> bool;
    fn checked_add(self, other: Self) -> Option<Self>;
    fn wrapping_mul(self, other: Self) -> Self;
    fn wrapping_add(self, other: Self) -> Self;
    fn wrapping_neg(self) -> Self;
}

macro_rules! words {
    ($($word:ident, $signed:ident;)*) => {$(
        impl Word for $word {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const MAX_OBJECT: Self = $signed::MAX as $word;

            #[inline(always)]
            fn is_power_of_two(self) -> bool { self.is_power_of_two() }
            #[inline(always)]
            fn checked_add(self, other: Self) -> Option<Self> { self.checked_add(other) }
            #[inline(always)]
            fn wrapping_mul(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline(always)]
            fn wrapping_add(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn wrapping_neg(self) -> Self { self.wrapping_neg() }
        }
    )*};
}

words! { usize, isize; }
#[cfg(test)]
words! { u8, i8; }

/// The grain of a machine and the size from which slices are coloured, both multiples of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid<W> {
    pub(crate) grain: W,
    pub(crate) coloured_from: W,
}

/// The grid of every arena.
pub(crate) const GRID: Grid<usize> = Grid {
    grain: GRAIN,
    coloured_from: COLOURED_FROM,
};

/// The bytes a slice of `len` elements moves the cursor by, or `None` if no object is that large.
///
/// A multiple of the grain; zero exactly when the slice has no bytes. An alignment above the
/// grain is charged its worst case (`align - grain` more) wherever the cursor happens to stand:
/// the demand of a program is then a property of its requests, not of the addresses it was given,
/// and one retained block of the high-water mark is sure to fit it.
///
/// `align` and the grain are powers of two. With a constant `size` and `align` what is left after
/// inlining is two comparisons, a multiplication, a mask and two additions.
#[inline(always)]
pub(crate) fn charge<W: Word>(len: W, size: W, align: W, grid: Grid<W>) -> Option<W> {
    let Grid {
        grain,
        coloured_from,
    } = grid;
    let slack = align - align.min(grain);
    // Without slack an empty slice needs no case of its own: it rounds to zero.
    if size == W::ZERO || (slack != W::ZERO && len == W::ZERO) {
        return Some(W::ZERO);
    }
    let low_bits = grain - W::ONE;
    // Room for the colour is kept whether it is used or not: one bound less to compute.
    let spared = slack.checked_add(grain)?;
    if spared > W::MAX_OBJECT {
        return None;
    }
    let most_bytes = (W::MAX_OBJECT - spared) & !low_bits;
    if len > most_bytes / size {
        return None;
    }
    // From here on nothing wraps: len * size <= most_bytes, a multiple of the grain.
    let rounded = len.wrapping_mul(size).wrapping_add(low_bits) & !low_bits;
    let colour = match rounded >= coloured_from {
        true => grain,
        false => W::ZERO,
    };
    Some(rounded.wrapping_add(colour).wrapping_add(slack))
}

/// The alignment of a slice for which `asked` was asked: at least the grain and the type's own.
/// `None` if `asked` is no power of two.
#[inline(always)]
pub(crate) fn alignment<W: Word>(asked: W, of_type: W, grain: W) -> Option<W> {
    asked
        .is_power_of_two()
        .then(|| asked.max(of_type).max(grain))
}

/// How many bytes `addr` lies below the next multiple of `align`, a power of two.
#[inline(always)]
pub(crate) fn padding<W: Word>(addr: W, align: W) -> W {
    addr.wrapping_neg() & (align - W::ONE)
}

/// What decides the size of a new block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Growth<W> {
    /// The charge that found no room. Whatever else is decided, the block holds it.
    pub(crate) needed: W,
    /// What it would be good to hold: as much as the thread holds already (its memory doubles),
    /// or the high-water mark when it holds nothing.
    pub(crate) wished: W,
    /// Bytes at the head of the block that are not for the caller.
    pub(crate) header: W,
    /// The smallest block.
    pub(crate) min_block: W,
    /// Blocks are multiples of this.
    pub(crate) page: W,
}

/// The capacity, without its header, of the next block: at least `needed`; also `wished`, the
/// minimum and whole pages as far as the largest object allows, else exactly `needed`.
pub(crate) fn next_capacity<W: Word>(growth: Growth<W>) -> W {
    let Growth {
        needed,
        wished,
        header,
        min_block,
        page,
    } = growth;
    let paged = |bytes: W| {
        let block = bytes.checked_add(header)?.max(min_block);
        let over = block % page;
        let block = match over == W::ZERO {
            true => block,
            false => block.checked_add(page - over)?,
        };
        (block <= W::MAX_OBJECT).then(|| block - header)
    };
    paged(needed.max(wished))
        .or_else(|| paged(needed))
        .unwrap_or(needed)
}

/// What a retained block of `capacity` bytes should shrink to when no scope of a whole window
/// used more than `used_most`: half, if that was under a quarter. `None` if it may stay.
pub(crate) fn shrunk<W: Word>(capacity: W, used_most: W, smallest: W) -> Option<W> {
    let two = W::ONE.wrapping_add(W::ONE);
    let half = capacity / two;
    (half >= smallest && used_most < half / two).then_some(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under Miri, which is some thousand times slower, the sweep takes one value in 17.
    const STRIDE: usize = if cfg!(miri) { 17 } else { 1 };

    fn every_byte() -> impl Iterator<Item = u8> + Clone {
        (0..=u8::MAX).step_by(STRIDE)
    }

    fn model_charge(
        [len, size, align]: [u128; 3],
        [grain, coloured_from]: [u128; 2],
        max: u128,
    ) -> Option<u128> {
        let bytes = len * size;
        if bytes == 0 {
            return Some(0);
        }
        let rounded = bytes.div_ceil(grain) * grain;
        let slack = align.saturating_sub(grain);
        let colour = if rounded >= coloured_from { grain } else { 0 };
        (rounded + grain + slack <= max).then_some(rounded + colour + slack)
    }

    #[test]
    fn charge_is_exact_for_every_request_of_the_8_bit_machine() {
        for grid in [(1_u8, 1), (4, 32), (16, 48), (64, 128)] {
            let (grain, coloured_from) = grid;
            let machine = [grain, coloured_from].map(u128::from);
            for align in (0..8).map(|bit| 1_u8 << bit) {
                for len in every_byte() {
                    for size in every_byte() {
                        let want = model_charge([len, size, align].map(u128::from), machine, 127);
                        let grid = Grid {
                            grain,
                            coloured_from,
                        };
                        let got = charge(len, size, align, grid).map(u128::from);
                        assert_eq!(got, want, "len {len} size {size} align {align} {grid:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn charge_never_wraps_at_the_edges_of_usize_and_isize() {
        let near = |centre: usize| (0..70).step_by(STRIDE).map(move |d| centre.wrapping_sub(d));
        let edges: Vec<usize> = near(usize::MAX)
            .chain(near(isize::MAX as usize + 35))
            .chain(near(1 << (usize::BITS / 2)))
            .chain((0..70).step_by(STRIDE))
            .collect();
        for &len in &edges {
            for &size in &edges {
                for align in [1, GRAIN, 128, 1 << 29, 1 << (usize::BITS - 1)] {
                    let want = (len as u128).checked_mul(size as u128).and_then(|_| {
                        model_charge(
                            [len, size, align].map(|x| x as u128),
                            [GRAIN, COLOURED_FROM].map(|x| x as u128),
                            isize::MAX as u128,
                        )
                    });
                    assert_eq!(
                        charge(len, size, align, GRID).map(|c| c as u128),
                        want,
                        "len {len} size {size} align {align}"
                    );
                }
            }
        }
    }

    #[test]
    fn padding_reaches_the_next_multiple() {
        for align in (0..8).map(|bit| 1_u8 << bit) {
            for addr in 0..=u8::MAX {
                let pad = padding(addr, align);
                assert!(pad < align);
                assert_eq!(
                    addr.wrapping_add(pad) % align,
                    0,
                    "addr {addr} align {align}"
                );
            }
        }
    }

    #[test]
    fn next_capacity_holds_the_request_whatever_is_wished() {
        let (header, min_block, page) = (2_u8, 16, 8);
        for needed in (0..=127).step_by(STRIDE) {
            for wished in every_byte() {
                let capacity = next_capacity(Growth {
                    needed,
                    wished,
                    header,
                    min_block,
                    page,
                });
                let paged = |bytes: u8| {
                    let block = (u32::from(bytes) + 2).max(16).div_ceil(8) * 8;
                    (block <= 127).then(|| u8::try_from(block - 2).expect("at most 127"))
                };
                let want = paged(needed.max(wished))
                    .or(paged(needed))
                    .unwrap_or(needed);
                assert_eq!(capacity, want, "needed {needed} wished {wished}");
                assert!(capacity >= needed);
            }
        }
    }

    #[test]
    fn alignment_is_the_largest_of_three_or_nonsense() {
        for asked in 0..=u8::MAX {
            let want = (asked.count_ones() == 1).then_some(asked.max(4).max(16));
            assert_eq!(alignment(asked, 4, 16), want, "{asked}");
        }
        assert_eq!(alignment(1_u8, 128, 64), Some(128));
        let top = 1_usize << (usize::BITS - 1);
        assert_eq!(alignment(top, 4, 64), Some(top));
    }

    #[test]
    fn a_block_shrinks_when_under_a_quarter_was_used_and_not_below_the_smallest() {
        for capacity in every_byte() {
            for used in every_byte() {
                let want = (capacity / 2 >= 16 && used < capacity / 2 / 2).then_some(capacity / 2);
                assert_eq!(shrunk(capacity, used, 16), want, "{used} of {capacity}");
                assert!(want.is_none_or(|shrunk| used < shrunk));
            }
        }
    }
}
