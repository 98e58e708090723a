//! The way of a product through groups, bands and panels.
//!
//! ```text
//! for each group of columns      as many as stay in the second cache, packed
//!   for each block of k          DEPTH terms; B is packed here, or read where it lies
//!     for each band of rows      A is packed here, or read where it lies
//!       for each panel           as wide as a tile
//!         sweep down the band    tiles, in registers
//! ```
//! The panels of a group come from the second cache, again for each band, in one stream; a band of A
//! from the first. C is read and written along its rows. Small products pack nothing.

use super::finish::Finish;
use super::narrow::{Combination, Dots, FewTerms};
use super::pack;
use super::rows::Rows;
use super::scratch::{self, Memory};
use super::split;
use super::tile::{Single, Sweep};
use super::view::{MatMut, MatRef};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::level::Level;
use crate::vector::{Backend, DenseVector, Vector};
use core::ops::Range;

/// A product whose shapes fit.
#[derive(Debug)]
pub(super) struct Product<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
    pub(super) fused: bool,
}

impl<'a, T: Float> Product<'a, T> {
    #[inline(always)]
    pub(super) fn run(self, memory: Memory<'_, T>) {
        let (m, n) = self.c.shape();
        if m == 0 || n == 0 {
            return;
        }
        if self.is_single() {
            return self.single();
        }
        if let (true, Some(kind)) = (self.fused, narrow_kind(&self.a, &self.b, &self.c)) {
            return self.narrow(kind, memory);
        }
        // Rows of C are to be contiguous: a column-major C is computed as its transpose.
        let product = if is_by_columns(&self.c) {
            let product = self.transposed();
            if product.is_single() {
                return product.single();
            }
            product
        } else {
            self
        };
        let (pack_a, pack_b) = packing(&product.a, &product.b);
        if pack_a || pack_b {
            product.packed(pack_a, pack_b, memory);
        } else {
            product.in_place();
        }
    }

    /// Whether all of C is one small tile, its rows and those of B are contiguous, and nothing follows
    /// the sums. Of so few rows and terms that no other way would pack anything, see
    /// [`scratch_needed`], or be narrow.
    #[inline(always)]
    fn is_single(&self) -> bool {
        let (m, n) = self.c.shape();
        let (register, registers) = split::registers(Level::active());
        m <= split::single_rows(registers)
            && n <= register / size_of::<T>()
            && self.a.cols() < split::NARROW_DEPTH
            && (n == 1 || (self.b.col_stride() == 1 && self.c.col_stride() == 1))
            && self.fused
            && self.finish.is_plain()
    }

    #[inline(always)]
    fn single(self) {
        let Self { a, b, c, .. } = self;
        T::single(&mut Single { a, b, c });
    }

    /// The largest matrix is read or written once, in order.
    #[inline(never)]
    fn narrow(self, kind: Narrow, memory: Memory<'_, T>) {
        match kind {
            Narrow::FewTerms => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                T::few_terms(&mut FewTerms { a, b, c, finish });
            }
            Narrow::FewTermsOfTransposed => self.transposed().narrow(Narrow::FewTerms, memory),
            Narrow::Combination => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                T::combination(&mut Combination { a, b, c, finish });
            }
            Narrow::CombinationOfTransposed => {
                self.transposed().narrow(Narrow::Combination, memory)
            }
            Narrow::Dots => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                let b = b.t();
                if b.col_stride() == 1 {
                    return T::dots(&mut Dots { a, b, c, finish });
                }
                // The few columns of B are made contiguous.
                let stride = pack::stride(b.cols());
                memory.with(b.rows() * stride, |memory| {
                    T::repack(&mut pack::Repack {
                        from: b,
                        to: memory,
                        stride,
                    });
                    let b = pack::packed(memory, b.shape(), stride);
                    T::dots(&mut Dots { a, b, c, finish });
                });
            }
            Narrow::DotsOfTransposed => self.transposed().narrow(Narrow::Dots, memory),
        }
    }

    /// Cᵀ = BᵀAᵀ.
    #[inline(always)]
    fn transposed(self) -> Self {
        Self {
            a: self.b.t(),
            b: self.a.t(),
            c: self.c.t(),
            finish: self.finish.transposed(),
            fused: self.fused,
        }
    }

    /// All is read where it lies; a C of few columns is one sweep.
    #[inline(always)]
    fn in_place(self) {
        let (bytes, registers) = split::registers(Level::active());
        let width = (self.c.cols() * size_of::<T>()).div_ceil(bytes);
        if width > split::width_max(registers) || self.a.cols() > split::DEPTH_IN_PLACE {
            return T::blocks(&mut Blocks {
                product: self,
                band: &mut [],
                group: &mut [],
            });
        }
        let Self {
            a,
            b,
            c,
            finish,
            fused,
        } = self;
        let b = Rows::strided(b);
        T::sweep(&mut Sweep { a, b, c, finish }, width, fused);
    }

    #[inline(never)]
    fn packed(self, pack_a: bool, pack_b: bool, memory: Memory<'_, T>) {
        let ((m, k), n) = (self.a.shape(), self.b.cols());
        let band_len = if pack_a { band_len::<T>(m, k, n) } else { 0 };
        let group_len = if pack_b { group_len::<T>(k, n) } else { 0 };
        memory.with(band_len + group_len, |memory| {
            let (group, band) = memory.split_at_mut(group_len);
            T::blocks(&mut Blocks {
                product: self,
                band,
                group,
            });
        });
    }
}

/// Elements of scratch that a product of m×k and k×n takes at most, however the matrices lie.
pub(super) const fn scratch_len<T>(m: usize, k: usize, n: usize) -> usize {
    let packed = max(packed_len::<T>(m, k, n), packed_len::<T>(n, k, m));
    let few = split::dots_max(size_of::<T>()) * pack::stride(k);
    scratch::with_room_to_align::<T>(max(packed, few))
}

/// Elements of scratch that this very product packs into.
pub(super) fn scratch_needed<T: Float>(
    a: &MatRef<'_, T>,
    b: &MatRef<'_, T>,
    c: &MatMut<'_, T>,
    fused: bool,
) -> usize {
    let contiguous = |few: &MatRef<'_, T>| match few.col_stride() {
        1 => 0,
        _ => few.rows() * pack::stride(few.cols()),
    };
    let len = match narrow_kind(a, b, c).filter(|_| fused) {
        Some(Narrow::FewTerms | Narrow::FewTermsOfTransposed) => 0,
        Some(Narrow::Combination | Narrow::CombinationOfTransposed) => 0,
        Some(Narrow::Dots) => contiguous(&b.t()),
        Some(Narrow::DotsOfTransposed) => contiguous(a),
        None => {
            let (a, b) = match is_by_columns(c) {
                true => (b.t(), a.t()),
                false => (*a, *b),
            };
            let ((m, k), n) = (a.shape(), b.cols());
            let (pack_a, pack_b) = packing(&a, &b);
            let band = if pack_a { band_len::<T>(m, k, n) } else { 0 };
            band + if pack_b { group_len::<T>(k, n) } else { 0 }
        }
    };
    match len {
        0 => 0,
        len => scratch::with_room_to_align::<T>(len),
    }
}

/// Whether this very product packs B, if rows of C are contiguous.
pub(super) fn packs_right<T: Float>(
    a: &MatRef<'_, T>,
    b: &MatRef<'_, T>,
    c: &MatMut<'_, T>,
    fused: bool,
) -> bool {
    let narrow = fused && narrow_kind(a, b, c).is_some();
    !narrow && packing(a, b).1
}

/// The kernel for a product that is narrow in one of its dimensions, if there is one for these layouts.
#[inline(always)]
fn narrow_kind<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>, c: &MatMut<'_, T>) -> Option<Narrow> {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let (a_rows, b_rows) = (a.col_stride() == 1, b.col_stride() == 1);
    let (a_cols, b_cols) = (a.row_stride() == 1, b.row_stride() == 1);
    let (c_rows, c_cols) = (c.col_stride() == 1, c.row_stride() == 1);
    let are_few = |rows, len| split::is_few_terms(rows, k, len, size_of::<T>());
    if are_few(m, n) && b_rows && c_rows {
        return Some(Narrow::FewTerms);
    }
    if are_few(n, m) && a_cols && c_cols {
        return Some(Narrow::FewTermsOfTransposed);
    }
    let few = split::dots_max(size_of::<T>());
    let is_deep = k >= split::NARROW_DEPTH;
    let is_long =
        |len: usize| is_deep || (k > 0 && len.saturating_mul(size_of::<T>()) >= split::ROW_BYTES);
    if m == 1 && is_long(n) && b_rows && c_rows {
        Some(Narrow::Combination)
    } else if n == 1 && is_long(m) && a_cols && c_cols {
        Some(Narrow::CombinationOfTransposed)
    } else if is_deep && n <= few && a_rows {
        Some(Narrow::Dots)
    } else if is_deep && m <= few && b_cols {
        Some(Narrow::DotsOfTransposed)
    } else {
        None
    }
}

/// Whether C is computed as its transpose, so that its rows are contiguous.
#[inline(always)]
pub(super) fn is_by_columns<T>(c: &MatMut<'_, T>) -> bool {
    c.col_stride() != 1 && c.row_stride() == 1 && c.cols() != 1
}

/// Whether A and B are packed.
#[inline(always)]
fn packing<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>) -> (bool, bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let size = size_of::<T>();
    let contiguous = b.col_stride() == 1 || n == 1 || k == 0;
    let pack_b = split::packs_b(m, k, n, b.row_bytes(), size);
    (packs_a(a, n), pack_b || !contiguous)
}

/// Whether A is packed for a B of `n` columns.
#[inline(always)]
pub(super) fn packs_a<T>(a: &MatRef<'_, T>, n: usize) -> bool {
    let ((m, k), size) = (a.shape(), size_of::<T>());
    split::packs_a(m, k, n, (a.col_stride() == 1, a.row_bytes()), size)
}

const fn max(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Elements of both, packed.
const fn packed_len<T>(m: usize, k: usize, n: usize) -> usize {
    band_len::<T>(m, k, n) + group_len::<T>(k, n)
}

/// Elements of a packed band of A.
pub(super) const fn band_len<T>(m: usize, k: usize, n: usize) -> usize {
    min(m, split::band_rows(m, k, n, size_of::<T>())) * pack::stride(min(k, split::DEPTH))
}

/// Elements of a packed group of B; a row of it ends with a whole register of any level.
const fn group_len<T>(k: usize, n: usize) -> usize {
    let terms = min(k, split::DEPTH);
    let cols = split::group_cols(terms, size_of::<T>());
    terms * min(n, cols).next_multiple_of(16)
}

/// Kernels for products that are narrow in one of their dimensions.
#[derive(Debug, Clone, Copy)]
enum Narrow {
    FewTerms,
    FewTermsOfTransposed,
    Combination,
    CombinationOfTransposed,
    Dots,
    DotsOfTransposed,
}

/// A product on its way through groups and bands. What has no memory to be packed to is read where it
/// lies.
#[derive(Debug)]
pub struct Blocks<'a, 's, T> {
    product: Product<'a, T>,
    band: &'s mut [T],
    group: &'s mut [T],
}

impl<T: Float> Kernel for Blocks<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self {
            product,
            band,
            group,
        } = self;
        let (k, n, size) = (product.a.cols(), product.b.cols(), size_of::<T>());
        let depth = match group.is_empty() && product.fused {
            true => split::DEPTH_IN_PLACE,
            false => split::DEPTH,
        };
        let depths = split::depths(k, depth);
        let groups = match group.is_empty() {
            true => 1,
            false => split::groups(n, split::group_cols(k.min(split::DEPTH), size)),
        };
        let rows_max = split::band_rows(product.a.rows(), k, n, size);
        for group_index in 0..groups {
            let cols = split::group(n, groups, group_index);
            for depth_index in 0..depths {
                let terms = split::even_range(k, depths, depth_index);
                let finish = product
                    .finish
                    .for_block(depth_index == 0, depth_index == depths - 1);
                let rows = 0..product.c.shape().0;
                let part = Product {
                    a: product.a.part(rows.clone(), terms.clone()),
                    b: product.b.part(terms, cols.clone()),
                    c: product.c.reborrow().part(rows.clone(), cols.clone()),
                    finish: finish.part(rows, cols.clone()),
                    fused: product.fused,
                };
                if !group.is_empty() {
                    pack_panels(token, part.b, group);
                }
                bands(token, part, group, band, rows_max);
            }
        }
    }
}

/// A product that is one block of k, band by band of so many rows at most; A is packed if there is
/// memory for it.
#[inline(always)]
fn bands<T: Float, B: Backend>(
    token: B,
    product: Product<'_, T>,
    group: &[T],
    packed: &mut [T],
    rows_max: usize,
) {
    let Product {
        a,
        b,
        mut c,
        finish,
        fused,
    } = product;
    let ((m, k), n) = (a.shape(), b.cols());
    for from in (0..m).step_by(rows_max) {
        let rows = from..m.min(from + rows_max);
        let mut a = a.part(rows.clone(), 0..k);
        if !packed.is_empty() {
            a = pack::rows(token, a, packed, pack::stride(k));
        }
        let band = Product {
            a,
            b,
            c: c.reborrow().part(rows.clone(), 0..n),
            finish: finish.part(rows, 0..n),
            fused,
        };
        panels(token, band, group);
    }
}

/// A band, panel by panel of B, from a packed group or from where B lies.
#[inline(always)]
pub(super) fn panels<T: Float, B: Backend>(token: B, product: Product<'_, T>, group: &[T]) {
    let Product {
        a,
        b,
        mut c,
        finish,
        fused,
    } = product;
    let (m, k) = a.shape();
    for panel in cut::<B, T>(b.cols()) {
        let b = match group.is_empty() {
            true => b.part(0..k, panel.cols.clone()),
            false => {
                let packed = &group[panel.start * k..];
                MatRef::with_strides(packed, k, panel.cols.len(), panel.stride, 1)
                    .expect("a panel lies in its group")
            }
        };
        let c = c.reborrow().part(0..m, panel.cols.clone());
        let finish = finish.part(0..m, panel.cols);
        let b = Rows::strided(b);
        Sweep { a, b, c, finish }.run(token, panel.width, fused);
    }
}

/// Copies the panels of B one behind another: panel by panel, or row by row where that is what
/// prefetchers like.
#[inline(always)]
fn pack_panels<B: Backend, T: Float>(token: B, b: MatRef<'_, T>, to: &mut [T]) {
    let k = b.rows();
    if b.col_stride() == 1 && b.row_bytes() >= split::FAR_BYTES {
        for p in 0..k {
            let row = b.row(p).expect("rows are contiguous");
            for panel in cut::<B, T>(b.cols()) {
                let place = &mut to[panel.start * k + p * panel.stride..];
                let from = &row[panel.cols];
                pack::copy_line(from, &mut place[..from.len()]);
            }
        }
        return;
    }
    for panel in cut::<B, T>(b.cols()) {
        let place = &mut to[panel.start * k..];
        pack::rows(token, b.part(0..k, panel.cols), place, panel.stride);
    }
}

/// Columns that a tile is as wide as.
struct Panel {
    cols: Range<usize>,
    /// Registers.
    width: usize,
    /// Elements of a packed row.
    stride: usize,
    /// Elements of the packed rows of all panels before.
    start: usize,
}

/// Columns cut into panels.
#[inline(always)]
fn cut<B: Backend, T: Float>(cols: usize) -> impl Iterator<Item = Panel> {
    let lanes = T::Vector::<B>::LANES;
    let registers = cols.div_ceil(lanes);
    let panels = registers.div_ceil(split::width_max(T::Vector::<B>::IN_CPU));
    (0..panels).map(move |index| {
        let registers = split::even_range(registers, panels, index);
        let start = registers.start * lanes;
        Panel {
            cols: start..cols.min(registers.end * lanes),
            width: registers.len(),
            stride: registers.len() * lanes,
            start,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::matmul::Matmul;
    use super::{MatMut, MatRef};

    #[test]
    fn nothing_is_asked_for_what_is_read_where_it_lies() {
        let x = [1.0_f32; 1000];
        let (row, column) = (MatRef::new(&x, 1, 1000), MatRef::new(&x, 1000, 1));
        let mut one = [0.0];
        let dot = MatMut::new(&mut one, 1, 1);
        let asked = |product: Matmul<'_, f32>| product.scratch_needed(&row, &column, &dot);
        assert_eq!(asked(Matmul::new()), 0);
        assert_eq!(asked(Matmul::new().reproducible()), 0);
        // Two columns that are to be contiguous, of rows that are not a line apart.
        let pair = MatRef::new(&x, 500, 2);
        let rows = MatRef::new(&x, 2, 500);
        let mut four = [0.0; 4];
        let needed = Matmul::new().scratch_needed(&rows, &pair, &MatMut::new(&mut four, 2, 2));
        assert!((1000..1200).contains(&needed), "{needed}");
    }
}
