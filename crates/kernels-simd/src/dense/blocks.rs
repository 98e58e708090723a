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
//! from the first. C is read and written along its rows. Products whose matrices the second cache holds
//! pack nothing.

use super::pack;
use super::product::Product;
use super::rows::Rows;
use super::split;
use super::tile::Sweep;
use super::view::MatRef;
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector, Vector};
use core::ops::Range;

/// A product on its way through groups and bands. What has no memory to be packed to is read where it
/// lies.
#[derive(Debug)]
pub struct Blocks<'a, 's, T> {
    pub(super) product: Product<'a, T>,
    pub(super) band: &'s mut [T],
    pub(super) group: &'s mut [T],
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
        let depth = split::depth(product.a.rows(), !group.is_empty(), product.fused);
        let depths = split::depths(k, depth);
        let groups = match group.is_empty() {
            true => 1,
            false => split::groups(n, split::group_cols(k.min(split::DEPTH), size)),
        };
        let rows_max = split::band_rows(product.a.rows(), k, n, size, !band.is_empty());
        let fetches =
            group.is_empty() && split::fetches_next(product.a.rows(), k, product.b.row_bytes());
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
                bands(token, part, group, band, rows_max, fetches);
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
    fetches: bool,
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
        panels(token, band, group, fetches);
    }
}

/// A band, panel by panel of B, from a packed group or from where B lies, which `fetches` what is next.
#[inline(always)]
pub(super) fn panels<T: Float, B: Backend>(
    token: B,
    product: Product<'_, T>,
    group: &[T],
    fetches: bool,
) {
    let Product {
        a,
        b,
        mut c,
        finish,
        fused,
    } = product;
    let ((m, k), n) = (a.shape(), b.cols());
    for panel in cut::<B, T>(n) {
        let has_next = panel.cols.end < n;
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
        let mut sweep = Sweep {
            a,
            b: Rows::strided(b),
            c,
            finish,
            fetches: fetches && has_next,
        };
        sweep.run(token, panel.width, fused);
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
