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

/// Rows of a product that may be one tile of one register's width.
pub(super) const fn single_rows(registers: usize) -> usize {
    small_max(height_max(registers, 1))
}

/// The highest of the heights without a gap, where tiles are so high at most.
const fn small_max(max: usize) -> usize {
    if max < HEIGHT_SMALL {
        max
    } else {
        HEIGHT_SMALL
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
    let small = small_max(max);
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

/// The most running sums of one element of C.
pub(super) const CHAINS_MAX: usize = 4;

/// Running sums of each element of a tile that has so many registers of them: a CPU begins two
/// products before the first has ended four steps later, so that fewer than eight would wait for each
/// other. Reproducible sums have one order.
pub(super) const fn chains(registers: usize, sums: usize, fused: bool) -> usize {
    match (fused, registers) {
        (true, 16..) if sums <= 3 => CHAINS_MAX,
        (true, 16..) if sums <= 6 => 2,
        _ => 1,
    }
}

/// Terms from which on several running sums pay, which are added up at the end: with 4, 4×4×4 took 1.15
/// times as long.
pub(super) const CHAINED_TERMS: usize = 12;

/// Terms that are summed in registers before they go to C: the block of k. The sum over a block
/// starts from zero, so this number is a part of what [`Matmul::reproducible`] promises. The fewer
/// blocks, the less often C is fetched; a panel of B streams from the second cache anyway.
///
/// [`Matmul::reproducible`]: super::Matmul::reproducible
pub(super) const DEPTH: usize = 512;

/// The same of a product of one tile's rows whose B is read where it lies, once: what the tile asks for is
/// still in the first cache when it comes there. 5×331×2648 took 0.8 of the time, 2×7001×51 0.83. Here the
/// bits are free.
const LOW_DEPTH: usize = 160;

/// Terms of a block of a product of `m` rows.
pub(super) const fn depth(m: usize, packs_b: bool, fused: bool) -> usize {
    if m <= HEIGHT_SMALL && !packs_b && fused {
        LOW_DEPTH
    } else {
        DEPTH
    }
}

/// Whether a tile asks for its part of C before it sums `terms`, so that it is there by the end: where
/// rows are as far apart as those of a C that is not in the second cache. To ask takes 2 % of 128 terms.
pub(super) const fn fetches_c(terms: usize, row_bytes: usize) -> bool {
    terms >= 128 && row_bytes >= FAR_BYTES
}

/// Bytes from row to row at which prefetchers follow a row, not the part of many rows that a panel has.
pub(super) const FAR_BYTES: usize = 2048;

/// Whether the first tile of a panel asks for the rows of the next one, of a B whose rows are so far
/// apart that prefetchers do not follow the parts of them that a panel has. 8×4096×4096 took 0.5 of the
/// time, 16×64×9216 the same; of up to four rows a B from the last cache 1.2 times as long, one from
/// memory 0.7 to 0.85.
pub(super) const fn fetches_next(m: usize, k: usize, stride_bytes: usize) -> bool {
    stride_bytes >= FAR_BYTES && (m > 4 || k.saturating_mul(stride_bytes) >= 8 << 20)
}

/// Columns of C up to which dot products along k are faster than tiles, of which half a register of
/// 64 bytes would be empty.
pub(super) const fn dots_max(size: usize) -> usize {
    32 / size
}

/// Whether dot products pay where nothing is copied for them, while tiles would need a copy, or would be
/// nearly empty: the fewer sums there are to finish. 50×33×1 took 0.45 of the time, 4×4×4 with a
/// transposed B 0.53, 200×20×4 1.9 times as long.
pub(super) const fn sums_along(rows: usize, k: usize, few: usize) -> bool {
    k >= NARROW_DEPTH || (few == 1 && k >= 8) || (k > 0 && rows.saturating_mul(few) <= 40 + k)
}

/// Whether a few columns are made contiguous for dot products with so many rows; for one low tile that
/// costs more than it saves: 3×1500×5 took 0.33 of the time without, 6×500×8 0.42, but 9×300×3 1.3 times
/// as long.
pub(super) const fn turns_for_dots(rows: usize, few: usize) -> bool {
    few == 1 || (rows > HEIGHT_SMALL && rows >= 3 * few)
}

/// Whether a product with a vector asks for the rows of its matrix ahead: where they are longer than
/// that, and the second cache does not hold them all. 4096×4096 took 0.83 of the time.
pub(super) const fn asks_ahead(rows: usize, cols: usize, size: usize) -> bool {
    let row_bytes = cols.saturating_mul(size);
    row_bytes > AHEAD_BYTES && row_bytes.saturating_mul(rows) >= 2 << 20
}

/// Whether all rows begin where a line of the caches does. Then prefetchers do as well by themselves, or
/// better: 4096×4096 took 0.87 of the time without asking, but 1.2 times as long 16 bytes further on.
pub(super) const fn begin_lines(address: usize, stride_bytes: usize) -> bool {
    const LINE_BYTES: usize = 64;
    address.is_multiple_of(LINE_BYTES) && stride_bytes.is_multiple_of(LINE_BYTES)
}

/// How far before they are needed parts of rows are asked for that come from memory: 512 and 2048 are as
/// good.
pub(super) const AHEAD_BYTES: usize = 1024;

/// Bytes of a C of one row from which on it is summed from rows of B if those are many. A shorter one is a
/// tile, a single element a dot product: 1×6128×1 took 0.02 of the time.
pub(super) const SHORT_ROW_BYTES: usize = 128;

/// Terms from which on dot products are worth their horizontal sums whatever their number.
pub(super) const NARROW_DEPTH: usize = 64;

/// Whether rows of C are written from end to end, as sums of whole rows of B: of few terms, and so long
/// that it shows. 2×1×400 took 0.24 of the time, 2048×3×1500 0.3 to 0.7, 300×5×1500 0.7, 3×4×600 0.45.
/// For shorter rows, and where C is beyond the caches, tiles are faster by as much: 1939×3×189 by 1.7, and
/// with 4 to 6 terms for a C of 10 MB by 1.1 to 1.4. On several threads each part of C counts by itself.
pub(super) const fn is_few_terms(m: usize, k: usize, n: usize, size: usize) -> bool {
    let (shortest, largest) = match k {
        1 => (256, 16 << 20),
        2 | 3 => (2048, 16 << 20),
        4..=6 => (1024, 4 << 20),
        _ => return false,
    };
    let row_bytes = n.saturating_mul(size);
    row_bytes >= shortest && row_bytes.saturating_mul(m) <= largest
}

/// Bytes of a C of one row that is summed from rows of B whatever their number: 1×11×130 took 0.58 of the
/// time, 1×30×200 0.7, 1×40×1000 0.9.
pub(super) const ROW_BYTES: usize = 512;

/// Rows of C that are computed together, panel after panel of B: a multiple of both heights of tiles.
/// C is written along these rows, as prefetchers like it, and with [`DEPTH`] as many rows of A lie
/// between the first cache and the second.
const BAND_ROWS: usize = 56;

/// The same where nothing is gained by it: there is one panel only, or C stays in the second cache.
const BLOCK_ROWS: usize = 512;

const C_IN_CACHE_BYTES: usize = 160 << 10;

/// Bytes of B that are packed together: half of a second cache of 2 MiB, which another thread of
/// the core may share.
const GROUP_BYTES: usize = 1 << 20;

/// The same of few terms, where C takes more of that cache: 256×25×9216 took 0.88 of the time.
const SHALLOW_GROUP_BYTES: usize = 128 << 10;

const SHALLOW_TERMS: usize = 64;

/// Columns of the widest panel: three registers of 64 bytes of `f32`.
const PANEL_COLS_MAX: usize = 48;

/// Rows of a matrix, so many bytes apart, that a first cache surely holds next to other data: eight
/// for each of the places where they can begin. Rows a multiple of 4 KiB apart share one.
pub(super) const fn rows_in_cache(stride_bytes: usize) -> usize {
    const LINES_PER_PLACE: usize = 8;
    const WAY_BYTES_LOG2: u32 = 12;
    const LINE_BYTES_LOG2: u32 = 6;
    // Of the largest power of two that divides both.
    let common = (stride_bytes | (1 << WAY_BYTES_LOG2)).trailing_zeros();
    let common = if common < LINE_BYTES_LOG2 {
        LINE_BYTES_LOG2
    } else {
        common
    };
    LINES_PER_PLACE << (WAY_BYTES_LOG2 - common)
}

/// Whether a row of C is two pages and more, and its sums are short.
const fn is_shallow(k: usize, n: usize, size: usize) -> bool {
    k <= SHALLOW_TERMS && n * size >= 8192
}

/// Terms of a [`is_shallow`] product up to which what is written decides, not what is read.
const WRITING_TERMS: usize = 20;

/// Fewer rows of B are read where they lie.
const PACKED_FROM_TERMS: usize = 8;

/// Bytes of B above which it is packed: the tiles read what the second cache holds as fast where it lies.
/// n = 128, 256 and 400 took 0.94 of the time without a copy, n = 512 0.95.
const PACKED_ABOVE_BYTES: usize = 2 << 20;

/// Rows of C from which on that pays: 64×1024×1024 took 0.87 of the time without a copy, 255×1024×1024 0.93,
/// 1024×1024×1024 1.06 times as long.
const PACKED_FROM_ROWS: usize = 256;

/// The same of a product that [`is_shallow`], whose tiles would find a panel of B in the first cache but
/// for its rows, which share few places there: 60×25×9216 took 1.3 times as long without a copy,
/// 48×64×9200 with one 1.3 times.
const SHALLOW_PACKED_FROM_ROWS: usize = 42;

/// Whether a copy of B in panels pays, for a product of `m` rows.
pub(super) const fn packs_b(
    m: usize,
    k: usize,
    n: usize,
    stride_bytes: usize,
    size: usize,
) -> bool {
    if k < PACKED_FROM_TERMS {
        return false;
    }
    let conflicts = k > rows_in_cache(stride_bytes);
    (m >= PACKED_FROM_ROWS && k * n > PACKED_ABOVE_BYTES / size)
        || (m >= SHALLOW_PACKED_FROM_ROWS && is_shallow(k, n, size) && conflicts)
}

/// Columns of B from which on an A is packed, that is above the same bytes.
const A_PACKED_FROM_COLS: usize = 256;

/// Whether a copy of A pays, for a product of `n` columns: where its rows are not contiguous, it is large,
/// and many panels of B read it. Of an A whose columns are, 512×512×512 took 0.93 of the time where it lies,
/// 64×1000×1000 0.77, 1000×1000×1000 1.08 times as long.
pub(super) const fn packs_a(m: usize, k: usize, n: usize, contiguous: bool, size: usize) -> bool {
    !contiguous && n >= A_PACKED_FROM_COLS && m * k > PACKED_ABOVE_BYTES / size
}

/// Rows of a tile that is `width` registers wide, on a CPU that holds so many: besides the sums it
/// needs a row of B and an element of A.
pub(super) const fn height_max(registers: usize, width: usize) -> usize {
    let height = (registers - 1 - width) / width;
    match (height, width) {
        (HEIGHT_MAX.., 1) => HEIGHT_MAX,
        // There are no tiles between.
        (HEIGHT_SMALL.., _) => HEIGHT_SMALL,
        _ => height,
    }
}

/// The same for an A with so many bytes from row to row: no more rows than the first cache holds beside
/// each other. 1024×1024×16 took 0.75 of the time.
#[inline(always)]
pub(super) const fn height_in_cache(max: usize, stride_bytes: usize) -> usize {
    if max > HEIGHT_SMALL && rows_in_cache(stride_bytes) < max {
        HEIGHT_SMALL
    } else {
        max
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

/// Blocks of `k` terms, so long at most; one of none, in which C is only scaled.
#[inline(always)]
pub(super) const fn depths(k: usize, depth: usize) -> usize {
    if k == 0 { 1 } else { k.div_ceil(depth) }
}

/// Rows of C that are written side by side where its sums are short and its rows share few places in the
/// first cache.
const SHALLOW_ROWS: usize = 32;

/// Rows of the bands in which C is computed: those of one tile where C is long and its sums so short that
/// what is written decides. 100×10×100000 took 0.56 of the time of 32 rows, 100×20×16384 0.9; 256×25×9216
/// 1.06 times as long, 60×25×9200 with 32 rows 1.15 times that of 56. Of an A that is packed no more than the
/// second cache holds, and not few: columns become rows many at once.
pub(super) const fn band_rows(m: usize, k: usize, n: usize, size: usize, packs_a: bool) -> usize {
    let is_shallow = is_shallow(k, n, size);
    if packs_a {
        BAND_ROWS
    } else if is_shallow && k <= WRITING_TERMS {
        HEIGHT_SMALL
    } else if is_shallow && rows_in_cache(n * size) < BAND_ROWS {
        SHALLOW_ROWS
    } else if n <= PANEL_COLS_MAX || m.saturating_mul(n) <= C_IN_CACHE_BYTES / size {
        BLOCK_ROWS
    } else {
        BAND_ROWS
    }
}

/// Columns of B that are packed together, of so many terms: whole panels, two at least.
pub(super) const fn group_cols(terms: usize, size: usize) -> usize {
    let terms = if terms == 0 { 1 } else { terms };
    let bytes = if terms <= SHALLOW_TERMS {
        SHALLOW_GROUP_BYTES
    } else {
        GROUP_BYTES
    };
    let panels = bytes / (terms * size * PANEL_COLS_MAX);
    PANEL_COLS_MAX * if panels < 2 { 2 } else { panels }
}

/// Groups of the `n` columns of B, of so many at most.
pub(super) const fn groups(n: usize, group_cols: usize) -> usize {
    n.div_ceil(group_cols)
}

/// The columns of a group: the groups are nearly equal, and of whole panels.
#[inline(always)]
pub(super) const fn group(n: usize, groups: usize, index: usize) -> Range<usize> {
    let panels = even_range(n.div_ceil(PANEL_COLS_MAX), groups, index);
    let end = panels.end * PANEL_COLS_MAX;
    panels.start * PANEL_COLS_MAX..if end < n { end } else { n }
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
