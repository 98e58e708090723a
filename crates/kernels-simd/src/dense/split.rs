//! How C is cut: into panels of columns, tiles of rows, blocks for the caches. Pure decisions.
//!
//! Remainders are split evenly (15 rows are 8 and 7, not 14 and 1): what a nearly empty last tile
//! costs is nearly a full one.

use crate::level::Level;
use core::ops::Range;

/// The highest tile of any level.
pub(super) const HEIGHT_MAX: usize = 14;

/// The highest of the heights that follow each other without a gap.
const HEIGHT_SMALL: usize = 8;

/// Registers in a row of a tile, at most: three where there are 32, so that 33 to 48 columns of
/// `f32`, or what is left of more, are one panel.
pub(super) const fn width_max(registers: usize) -> usize {
    match registers {
        32.. => 3,
        16.. => 2,
        _ => 1,
    }
}

/// Whether tiles have a variant of this height: fast ones 1 to 8 and the highest, reproducible ones
/// powers of two. Each is code of its own, so they are few.
pub(super) const fn is_height(height: usize, max: usize, fused: bool) -> bool {
    let small = height <= HEIGHT_SMALL && (fused || height.is_power_of_two());
    height <= max && (small || (fused && height == HEIGHT_MAX))
}

/// The height of the next tile, when so many rows are left: the highest, and at the end nearly equal
/// ones.
#[inline(always)]
pub(super) const fn height(left: usize, max: usize, fused: bool) -> usize {
    let small = if max < HEIGHT_SMALL {
        max
    } else {
        HEIGHT_SMALL
    };
    if !fused {
        let height = if left < small { left } else { small };
        return 1 << height.ilog2();
    }
    if left <= small {
        left
    } else if left == max || left >= max + 4 {
        max
    } else {
        left.div_ceil(left.div_ceil(small))
    }
}

/// Terms that are summed in registers before they go to C: the block of k. The sum over a block
/// starts from zero, so this number is a part of what [`Matmul::reproducible`] promises. A panel of
/// two registers of 64 bytes is 20 KiB then, and leaves the first cache room for rows of A.
///
/// [`Matmul::reproducible`]: super::Matmul::reproducible
pub(super) const DEPTH: usize = 160;

/// Columns of C up to which dot products along k are faster than tiles, of which half a register of
/// 64 bytes would be empty.
pub(super) const fn dots_max(size: usize) -> usize {
    32 / size
}

/// Terms from which on a narrow C is worth a kernel of its own: below, its horizontal sums cost more.
pub(super) const NARROW_DEPTH: usize = 64;

/// Rows of A that are packed together: with [`DEPTH`], a third of an L2 cache of 1 MiB. Each block
/// packs all of B again, so that fewer are better.
pub(super) const BLOCK_ROWS: usize = 512;

/// Rows of a matrix, so many bytes apart, that a first cache surely holds next to other data: eight
/// for each of the places where they can begin. Rows a multiple of 4 KiB apart share one.
pub(super) const fn rows_in_cache(stride_bytes: usize) -> usize {
    const WAY_BYTES: usize = 4096;
    const LINE_BYTES: usize = 64;
    const LINES_PER_PLACE: usize = 8;
    // The largest power of two that divides both.
    let common = (stride_bytes | WAY_BYTES) & (stride_bytes | WAY_BYTES).wrapping_neg();
    let common = if common < LINE_BYTES {
        LINE_BYTES
    } else {
        common
    };
    LINES_PER_PLACE * (WAY_BYTES / common)
}

/// A matrix of so many bytes is packed: beyond it, more than the second cache's share is at stake.
const PACKED_FROM_BYTES: usize = 160 << 10;

/// Rows of C that are written side by side where its rows are long and their sums short, so that what
/// is written, not what is read, decides: as many pages as a CPU's table for stores holds.
pub(super) const BAND_ROWS: usize = 16;

/// Whether C is written band by band: a row of it is a page and more, and a tile's sums take little
/// longer than to write them.
pub(super) const fn is_shallow(k: usize, n: usize, size: usize) -> bool {
    k <= 64 && n * size >= 8192
}

/// Whether a copy of B pays, panel by panel, for a product of `m` rows.
pub(super) const fn packs_b(
    m: usize,
    k: usize,
    n: usize,
    stride_bytes: usize,
    size: usize,
) -> bool {
    !is_shallow(k, n, size)
        && m >= 3 * HEIGHT_MAX
        && (k > rows_in_cache(stride_bytes) || k * n >= PACKED_FROM_BYTES / size)
}

/// Whether a copy of A pays, for a product of `n` columns.
pub(super) const fn packs_a(
    m: usize,
    k: usize,
    n: usize,
    stride_bytes: usize,
    size: usize,
) -> bool {
    let conflicts = m > HEIGHT_MAX && k >= 64 && rows_in_cache(stride_bytes) < HEIGHT_MAX;
    n >= 8 && (conflicts || (n >= 64 && m * k >= PACKED_FROM_BYTES / size))
}

/// Rows of a tile that is `width` registers wide, on a CPU that holds so many: besides the sums it
/// needs a row of B and an element of A.
pub(super) const fn height_max(registers: usize, width: usize) -> usize {
    let height = (registers - 1 - width) / width;
    match height {
        HEIGHT_MAX.. => HEIGHT_MAX,
        // There are no tiles between.
        HEIGHT_SMALL.. => HEIGHT_SMALL,
        _ => height,
    }
}

/// The length of part `index` when `len` is cut into `parts` that differ by one at most.
#[inline(always)]
pub(super) const fn even(len: usize, parts: usize, index: usize) -> usize {
    len / parts + (index < len % parts) as usize
}

/// Where part `index` lies when `len` is cut into `parts` that differ by one at most.
#[inline(always)]
pub(super) const fn even_range(len: usize, parts: usize, index: usize) -> Range<usize> {
    let longer = len % parts;
    let before = if index < longer { index } else { longer };
    let start = index * (len / parts) + before;
    start..start + even(len, parts, index)
}

/// Blocks of `k` terms; one of none, in which C is only scaled.
#[inline(always)]
pub(super) const fn depths(k: usize) -> usize {
    if k == 0 { 1 } else { k.div_ceil(DEPTH) }
}

/// Blocks of `m` rows of A; what is read where it lies is one.
#[inline(always)]
pub(super) const fn blocks(m: usize, in_place: bool) -> usize {
    if in_place { 1 } else { m.div_ceil(BLOCK_ROWS) }
}

/// Bytes of C that are worked on together, block of k by block of k: half of a second cache of 2 MiB.
/// Beyond it each of those blocks would fetch C from the last cache again.
const C_BYTES: usize = 1 << 20;

/// Blocks of columns of C, of so many rows.
#[inline(always)]
pub(super) const fn column_blocks(rows: usize, depths: usize, n: usize, size: usize) -> usize {
    if depths == 1 {
        return 1;
    }
    let blocks = (rows * size).saturating_mul(n).div_ceil(C_BYTES);
    // At least two panels wide.
    let most = n / 96;
    if most == 0 {
        1
    } else if blocks < most {
        if blocks == 0 { 1 } else { blocks }
    } else {
        most
    }
}

/// Rows of a block of C with all its columns.
pub(super) const fn rows_of_c(n: usize, size: usize) -> usize {
    let rows = C_BYTES / (if n == 0 { 1 } else { n } * size);
    match rows {
        BLOCK_ROWS.. => BLOCK_ROWS,
        0..64 => 64,
        _ => rows,
    }
}

/// Bytes of a register, and how many the CPU has, as the backends say it: for decisions outside of
/// them.
#[inline(always)]
pub(super) const fn registers(level: Level) -> (usize, usize) {
    match level {
        Level::Avx512 => (64, 32),
        Level::Avx2 => (32, 16),
        Level::Baseline => (32, 8),
    }
}
