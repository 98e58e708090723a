//! The way of a product through blocks and panels.
//!
//! ```text
//! for each block of C            rows and columns that stay in the second cache
//!   for each block of k          DEPTH terms; A is packed here, or read where it lies
//!     for each panel of columns  B is packed here, or read where it lies
//!       sweep down the block     tiles, in registers
//! ```
//! A panel of B is packed right before its sweep and lies in the first cache while it is used; a
//! block of A lies in the second. Small products pack nothing.

use super::finish::Finish;
use super::narrow::{Combination, Dots};
use super::pack;
use super::rows::Rows;
use super::scratch::{self, Memory};
use super::split;
use super::tile::Sweep;
use super::view::{MatMut, MatRef};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::level::Level;
use crate::vector::{Backend, DenseVector, Vector};

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
        if let (true, Some(kind)) = (self.fused, narrow_kind(&self.a, &self.b, &self.c)) {
            return self.narrow(kind, memory);
        }
        // Rows of C are to be contiguous: a column-major C is computed as its transpose.
        let product = if is_by_columns(&self.c) {
            self.transposed()
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

    /// The larger matrix is read once, in order.
    #[inline(never)]
    fn narrow(self, kind: Narrow, memory: Memory<'_, T>) {
        match kind {
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
                    let b = pack::rows(b, memory, stride);
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
        if width > split::width_max(registers) || self.a.cols() > split::DEPTH {
            return T::blocks(&mut Blocks {
                product: self,
                block: &mut [],
                panel: &mut [],
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
        let (m, k) = self.a.shape();
        let block_len = if pack_a { block_len(m, k) } else { 0 };
        let panel_len = if pack_b { panel_len(k) } else { 0 };
        memory.with(block_len + panel_len, |memory| {
            let (panel, block) = memory.split_at_mut(panel_len);
            T::blocks(&mut Blocks {
                product: self,
                block,
                panel,
            });
        });
    }
}

/// Elements of scratch that a product of m×k and k×n takes at most, however the matrices lie.
pub(super) const fn scratch_len<T>(m: usize, k: usize, n: usize) -> usize {
    let block = block_len(if m > n { m } else { n }, k);
    let few = split::dots_max(size_of::<T>()) * pack::stride(k);
    let len = if block > few { block } else { few };
    scratch::with_room_to_align::<T>(len + panel_len(k))
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
        Some(Narrow::Combination | Narrow::CombinationOfTransposed) => 0,
        Some(Narrow::Dots) => contiguous(&b.t()),
        Some(Narrow::DotsOfTransposed) => contiguous(a),
        None => {
            let (a, b) = match is_by_columns(c) {
                true => (b.t(), a.t()),
                false => (*a, *b),
            };
            let (m, k) = a.shape();
            let (pack_a, pack_b) = packing(&a, &b);
            let block = if pack_a { block_len(m, k) } else { 0 };
            block + if pack_b { panel_len(k) } else { 0 }
        }
    };
    match len {
        0 => 0,
        len => scratch::with_room_to_align::<T>(len),
    }
}

/// The kernel for a C that is small against A or B, if there is one for these layouts.
#[inline(always)]
fn narrow_kind<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>, c: &MatMut<'_, T>) -> Option<Narrow> {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let few = split::dots_max(size_of::<T>());
    if k < split::NARROW_DEPTH || (m > few && n > few) {
        return None;
    }
    let (a_rows, b_rows) = (a.col_stride() == 1, b.col_stride() == 1);
    let (a_cols, b_cols) = (a.row_stride() == 1, b.row_stride() == 1);
    if m == 1 && b_rows && c.col_stride() == 1 {
        Some(Narrow::Combination)
    } else if n == 1 && a_cols && c.row_stride() == 1 {
        Some(Narrow::CombinationOfTransposed)
    } else if n <= few && a_rows {
        Some(Narrow::Dots)
    } else if m <= few && b_cols {
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
pub(super) fn packing<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>) -> (bool, bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let size = size_of::<T>();
    let bytes = |stride: isize| stride.unsigned_abs() * size;
    let contiguous = b.col_stride() == 1 || n == 1 || k == 0;
    let pack_a = split::packs_a(m, k, n, bytes(a.row_stride()), size);
    let pack_b = split::packs_b(m, k, n, bytes(b.row_stride()), size);
    (pack_a, pack_b || !contiguous)
}

/// Elements of a packed block of A.
pub(super) const fn block_len(m: usize, k: usize) -> usize {
    let rows = if m < split::BLOCK_ROWS {
        m
    } else {
        split::BLOCK_ROWS
    };
    let depth = if k < split::DEPTH { k } else { split::DEPTH };
    rows * pack::stride(depth)
}

/// Elements of a packed panel of B.
const fn panel_len(k: usize) -> usize {
    let depth = if k < split::DEPTH { k } else { split::DEPTH };
    depth * PANEL_COLS_MAX
}

/// Kernels for a C that is small against A or B.
#[derive(Debug, Clone, Copy)]
enum Narrow {
    Combination,
    CombinationOfTransposed,
    Dots,
    DotsOfTransposed,
}

/// Columns of the widest panel: three registers of 64 bytes of `f32`.
const PANEL_COLS_MAX: usize = 48;

/// A product on its way through blocks and panels. What has no memory to be packed to is read where
/// it lies.
#[derive(Debug)]
pub struct Blocks<'a, 's, T> {
    product: Product<'a, T>,
    block: &'s mut [T],
    panel: &'s mut [T],
}

impl<T: Float> Kernel for Blocks<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self {
            product,
            block,
            panel,
        } = self;
        let (m, k) = product.a.shape();
        let (n, size) = (product.b.cols(), size_of::<T>());
        let depths = split::depths(k);
        let blocks = split::blocks(m, block.is_empty());
        let shallow = split::is_shallow(k, n, size);
        for block_index in 0..blocks {
            let rows = split::even_range(m, blocks, block_index);
            let groups = split::column_blocks(rows.len(), depths, n, size);
            for group in 0..groups {
                let cols = split::even_range(n.div_ceil(PANEL_COLS_MAX), groups, group);
                let cols = cols.start * PANEL_COLS_MAX..n.min(cols.end * PANEL_COLS_MAX);
                for depth_index in 0..depths {
                    let depth = split::even_range(k, depths, depth_index);
                    let finish = product
                        .finish
                        .for_block(depth_index == 0, depth_index == depths - 1);
                    let mut a = product.a.part(rows.clone(), depth.clone());
                    if !block.is_empty() {
                        a = pack::rows(a, block, pack::stride(depth.len()));
                    }
                    let part = Product {
                        a,
                        b: product.b.part(depth, cols.clone()),
                        c: product.c.reborrow().part(rows.clone(), cols.clone()),
                        finish: finish.part(rows.clone(), cols.clone()),
                        fused: product.fused,
                    };
                    if panel.is_empty() && shallow {
                        bands(token, part);
                    } else {
                        panels(token, part, panel);
                    }
                }
            }
        }
    }
}

/// A product that is one block, and writes more than it reads: bands of rows, each panel by panel.
#[inline(always)]
fn bands<T: Float, B: Backend>(token: B, product: Product<'_, T>) {
    let Product {
        a,
        b,
        mut c,
        finish,
        fused,
    } = product;
    let (m, n) = c.shape();
    let mut from = 0;
    while from < m {
        let rows = from..(from + split::BAND_ROWS).min(m);
        from = rows.end;
        let band = Product {
            a: a.part(rows.clone(), 0..a.cols()),
            b,
            c: c.reborrow().part(rows.clone(), 0..n),
            finish: finish.part(rows, 0..n),
            fused,
        };
        panels(token, band, &mut []);
    }
}

/// A product that is one block, panel by panel of B.
#[inline(always)]
pub(super) fn panels<T: Float, B: Backend>(token: B, product: Product<'_, T>, panel: &mut [T]) {
    let Product {
        a,
        b,
        mut c,
        finish,
        fused,
    } = product;
    let lanes = T::Vector::<B>::LANES;
    let (m, n) = c.shape();
    let registers = n.div_ceil(lanes);
    let panels = registers.div_ceil(split::width_max(T::Vector::<B>::IN_CPU));
    let mut cols = 0..0;
    for panel_index in 0..panels {
        let width = split::even(registers, panels, panel_index);
        cols = cols.end..(cols.end + width * lanes).min(n);
        let mut b = b.part(0..b.rows(), cols.clone());
        if !panel.is_empty() {
            b = pack::rows(b, panel, width * lanes);
        }
        let c = c.reborrow().part(0..m, cols.clone());
        let finish = finish.part(0..m, cols.clone());
        let b = Rows::strided(b);
        Sweep { a, b, c, finish }.run(token, width, fused);
    }
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
