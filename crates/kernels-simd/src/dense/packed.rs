//! A right-hand side that is packed once and multiplied from the left many times.
//!
//! ```text
//! B     k×n           blocks of terms, each in panels of columns, one behind another:
//! ┌────┬────┬──┐
//! │ 0  │ 1  │2 │      0: its rows, contiguous │ 1 │ 2 │ 3 │ 4 │ 5
//! ├────┼────┼──┤
//! │ 3  │ 4  │5 │      A panel is as wide as the tiles of the level at which it was packed; at
//! └────┴────┴──┘      another level it is cut further.
//! ```
//! A panel is read from its beginning to its end, so that what the original's strides would do to
//! the caches does not matter.

use super::blocks;
use super::error::DenseError;
use super::finish::Finish;
use super::pack;
use super::product::Product;
use super::scratch;
use super::split;
use super::view::{MatMut, MatRef};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::level::Level;
use crate::vector::Backend;
use core::marker::PhantomData;
use core::ops::Range;
use std::vec::Vec;

/// Where the parts of a packed k×n matrix lie: for who packs it in parts, or into memory of their
/// own. [`PackedB`] does all of it.
///
/// ```
/// use kernels_simd::dense::{MatMut, MatRef, Matmul, Packing};
/// let b = MatRef::new(&[5.0_f32, 6.0, 7.0, 8.0], 2, 2);
/// let packing = Packing::new(2, 2);
/// let mut memory = vec![0.0; packing.len()];
/// for part in 0..packing.parts() {
///     packing.pack(b, part, &mut memory[packing.range(part)]);
/// }
/// let a = MatRef::new(&[1.0, 2.0, 3.0, 4.0], 2, 2);
/// let mut c = [0.0; 4];
/// Matmul::new().run_packed(a, packing.view(&memory), MatMut::new(&mut c, 2, 2));
/// assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing<T> {
    terms: usize,
    cols: usize,
    /// Columns in a register.
    lanes: usize,
    /// Registers in a row of a panel, at most.
    width_max: usize,
    element: PhantomData<T>,
}

/// One part: terms and columns of B, and where they lie.
struct Part {
    terms: Range<usize>,
    cols: Range<usize>,
    stride: usize,
    start: usize,
}

impl<T: Float> Packing<T> {
    /// Of a matrix of `terms` rows and `cols` columns, for the active level.
    ///
    /// # Panics
    /// If its size exceeds the address space.
    #[must_use]
    #[track_caller]
    pub fn new(terms: usize, cols: usize) -> Self {
        match Self::try_new(terms, cols) {
            Ok(packing) => packing,
            Err(error) => error.panic(),
        }
    }

    /// As [`new`](Self::new).
    ///
    /// # Errors
    /// [`DenseError::SizeOverflow`] where that one panics.
    pub fn try_new(terms: usize, cols: usize) -> Result<Self, DenseError> {
        let (bytes, registers) = split::registers(Level::active());
        let packing = Self {
            terms,
            cols,
            lanes: bytes / size_of::<T>(),
            width_max: split::width_max(registers),
            element: PhantomData,
        };
        cols.checked_next_multiple_of(packing.lanes)
            .and_then(|cols| cols.checked_mul(terms)?.checked_mul(size_of::<T>()))
            .filter(|&bytes| isize::try_from(bytes).is_ok())
            .map(|_| packing)
            .ok_or(DenseError::SizeOverflow {
                operation: "packing",
                shape: (terms, cols),
            })
    }

    /// Rows and columns of the matrix.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        (self.terms, self.cols)
    }

    /// Elements of memory that the packed matrix takes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.registers() * self.lanes * self.terms
    }

    /// Whether the matrix has no elements.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of parts, which lie one behind another.
    #[must_use]
    pub const fn parts(&self) -> usize {
        self.blocks() * self.panels()
    }

    /// Where a part lies in the memory.
    ///
    /// # Panics
    /// If there is no such part.
    #[must_use]
    pub fn range(&self, part: usize) -> Range<usize> {
        assert!(
            part < self.parts(),
            "packing: part {part} of {}",
            self.parts()
        );
        let part = self.part(part / self.panels(), part % self.panels());
        part.start..part.start + part.terms.len() * part.stride
    }

    /// Packs a part of `b` to its place.
    ///
    /// # Panics
    /// If `b` has another shape, there is no such part, or its place another length.
    pub fn pack(&self, b: MatRef<'_, T>, part: usize, to: &mut [T]) {
        assert!(
            b.shape() == self.shape(),
            "packing: {:?} as {:?}",
            b.shape(),
            self.shape()
        );
        assert!(
            to.len() == self.range(part).len(),
            "packing: a place of {}",
            to.len()
        );
        let part = self.part(part / self.panels(), part % self.panels());
        let (from, stride) = (b.part(part.terms, part.cols), part.stride);
        T::repack(&mut pack::Repack { from, to, stride });
    }

    /// The matrix, once all its parts are packed.
    ///
    /// # Panics
    /// If the memory has another length.
    #[must_use]
    #[track_caller]
    pub fn view<'a>(&self, data: &'a [T]) -> PackedRef<'a, T> {
        assert!(
            data.len() == self.len(),
            "packing: {} elements of {}",
            data.len(),
            self.len()
        );
        PackedRef {
            packing: *self,
            data,
        }
    }

    const fn registers(&self) -> usize {
        self.cols.div_ceil(self.lanes)
    }

    const fn panels(&self) -> usize {
        self.registers().div_ceil(self.width_max)
    }

    const fn blocks(&self) -> usize {
        split::depths(self.terms, split::DEPTH)
    }

    fn part(&self, block: usize, panel: usize) -> Part {
        let terms = split::even_range(self.terms, self.blocks(), block);
        let registers = split::even_range(self.registers(), self.panels(), panel);
        let all = self.registers() * self.lanes;
        Part {
            stride: registers.len() * self.lanes,
            start: terms.start * all + terms.len() * registers.start * self.lanes,
            cols: registers.start * self.lanes..self.cols.min(registers.end * self.lanes),
            terms,
        }
    }
}

/// A packed right-hand side: packed once, for many products.
///
/// ```
/// use kernels_simd::dense::{MatMut, MatRef, Matmul, PackedB};
/// let weights = PackedB::new(MatRef::new(&[5.0_f32, 6.0, 7.0, 8.0], 2, 2));
/// for row in [[1.0, 2.0], [3.0, 4.0]] {
///     let mut out = [0.0; 2];
///     let layer = Matmul::new().bias_of_columns(&[-40.0, 0.0]).relu();
///     layer.run_packed(MatRef::new(&row, 1, 2), weights.view(), MatMut::new(&mut out, 1, 2));
///     assert_eq!(out[0], if row[0] == 1.0 { 0.0 } else { 3.0 });
/// }
/// ```
///
/// # Cost
/// As much memory as B, with rows of panels rounded up to whole registers; one copy when it is made.
#[derive(Debug)]
pub struct PackedB<T> {
    packing: Packing<T>,
    /// With room to begin at a line of the caches.
    data: Vec<T>,
}

impl<T: Float> PackedB<T> {
    /// Packs a matrix.
    ///
    /// # Panics
    /// If its size exceeds the address space.
    #[must_use]
    pub fn new(b: MatRef<'_, T>) -> Self {
        let packing = Packing::new(b.rows(), b.cols());
        let mut packed = Self::empty(packing);
        packed.replace(b);
        packed
    }

    fn empty(packing: Packing<T>) -> Self {
        Self {
            packing,
            data: std::vec![T::ZERO; scratch::with_room_to_align::<T>(packing.len())],
        }
    }

    /// Packs another matrix of the same shape into the same memory.
    ///
    /// # Panics
    /// If it has another shape.
    #[track_caller]
    pub fn replace(&mut self, b: MatRef<'_, T>) {
        let Self { packing, data } = self;
        let data = scratch::aligned(data);
        for part in 0..packing.parts() {
            packing.pack(b, part, &mut data[packing.range(part)]);
        }
    }

    /// Rows and columns of the matrix.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        self.packing.shape()
    }

    /// The matrix, to be multiplied.
    #[must_use]
    pub fn view(&self) -> PackedRef<'_, T> {
        let data = scratch::aligned_ref(&self.data);
        self.packing.view(&data[..self.packing.len()])
    }
}

impl<T: Float> Clone for PackedB<T> {
    fn clone(&self) -> Self {
        // The copy begins with a line of its own memory.
        let mut copy = Self::empty(self.packing);
        scratch::aligned(&mut copy.data)[..self.packing.len()].copy_from_slice(self.view().data);
        copy
    }
}

/// A packed right-hand side, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct PackedRef<'a, T> {
    packing: Packing<T>,
    data: &'a [T],
}

impl<'a, T: Float> PackedRef<'a, T> {
    /// Rows and columns of the matrix.
    #[must_use]
    pub const fn shape(&self) -> (usize, usize) {
        self.packing.shape()
    }

    /// A panel of a block, as a matrix, and its columns.
    fn panel(&self, block: usize, panel: usize) -> (MatRef<'a, T>, Range<usize>) {
        let Part {
            terms,
            cols,
            stride,
            start,
        } = self.packing.part(block, panel);
        let view = MatRef::with_strides(&self.data[start..], terms.len(), cols.len(), stride, 1);
        (view.expect("a panel lies in its memory"), cols)
    }
}

/// A product with a packed right-hand side, whose shapes fit. What has no memory to be packed to is
/// read where it lies.
#[derive(Debug)]
pub struct PackedProduct<'a, 's, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: PackedRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
    pub(super) fused: bool,
    /// For a band of A.
    pub(super) band: &'s mut [T],
}

impl<T: Float> Kernel for PackedProduct<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let (m, packing) = (self.a.rows(), self.b.packing);
        let (depths, panels) = (packing.blocks(), packing.panels());
        let cols = split::group_cols(packing.terms.min(split::DEPTH), size_of::<T>());
        let groups = split::groups(packing.cols, cols).min(panels);
        let rows_max = split::band_rows(
            m,
            packing.terms,
            packing.cols,
            size_of::<T>(),
            !self.band.is_empty(),
        );
        for group in 0..groups {
            let panels = split::even_range(panels, groups, group);
            for depth in 0..depths {
                for from in (0..m).step_by(rows_max) {
                    let rows = from..m.min(from + rows_max);
                    self.band(token, rows, depth, panels.clone());
                }
            }
        }
    }
}

impl<T: Float> PackedProduct<'_, '_, T> {
    /// A band of rows by some panels, for one block of terms.
    #[inline(always)]
    fn band<B: Backend>(
        &mut self,
        token: B,
        rows: Range<usize>,
        depth: usize,
        panels: Range<usize>,
    ) {
        let (packing, depths) = (self.b.packing, self.b.packing.blocks());
        let terms = split::even_range(packing.terms, depths, depth);
        let finish = self.finish.for_block(depth == 0, depth == depths - 1);
        let mut a = self.a.part(rows.clone(), terms.clone());
        if !self.band.is_empty() {
            a = pack::rows(token, a, self.band, pack::stride(terms.len()));
        }
        for panel in panels {
            let (b, cols) = self.b.panel(depth, panel);
            let part = Product {
                a,
                b,
                c: self.c.reborrow().part(rows.clone(), cols.clone()),
                finish: finish.part(rows.clone(), cols),
                fused: self.fused,
            };
            blocks::panels(token, part, &[], false);
        }
    }
}
