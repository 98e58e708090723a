//! C = αAB + βC: the call, its checks, and the way through blocks and panels.
//!
//! ```text
//! for each block of k            DEPTH terms
//!   for each block of rows       A is packed here, or read where it lies
//!     for each panel of columns  B is packed here, or read where it lies
//!       sweep down the block     tiles, in registers
//! ```
//! A panel of B is packed right before its sweep and lies in the first cache while it is used; a
//! block of A lies in the second. Small products pack nothing.

use super::error::DenseError;
use super::finish::Finish;
use super::narrow::{Combination, Dots};
use super::pack;
use super::rows::Rows;
use super::scratch::{self, Memory};
use super::split;
use super::tile::Sweep;
use super::view::{MatMut, MatRef};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::level::Level;
use crate::vector::{Backend, DenseVector, Vector};
use core::ops::Range;

/// `c = alpha · a · b + beta · c`.
///
/// ```
/// use kernels_simd::dense::{MatMut, MatRef, matmul};
/// // (1 2 3) · (4 5 6)ᵀ, added to twice what is there.
/// let (x, y) = ([1.0_f64, 2.0, 3.0], [4.0, 5.0, 6.0]);
/// let mut c = [10.0];
/// matmul(1.0, MatRef::new(&x, 1, 3), MatRef::new(&y, 3, 1), 2.0, MatMut::new(&mut c, 1, 1));
/// assert_eq!(c, [52.0]);
/// ```
///
/// All strides are served: row-major and column-major matrices, transposed ones and parts of them,
/// in any combination. [`Matmul`] has the further options.
///
/// # Panics
/// If the shapes do not fit; [`try_matmul`] returns an error instead.
///
/// # Accuracy
/// Each element is within `(k + 3)·u·(|α|·Σ|aᵢₚ·bₚⱼ| + |β·cᵢⱼ|)` of the exact one, u being the unit
/// roundoff. NaN and infinities in A and B reach every element that they are a term of, also where α
/// is zero. A β of zero overwrites C, NaN included, and does not read it. With k = 0 the product is
/// zero.
///
/// The bits depend on the level and on how the matrices lie; [`Matmul::reproducible`] has a product
/// whose bits do not.
///
/// # Cost
/// Small products pack nothing and take no memory. Others use a buffer of some hundred KiB, which
/// each thread keeps, or that of
/// [`Matmul::run_with_scratch`].
#[track_caller]
#[inline]
pub fn matmul<T: Float>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, c: MatMut<'_, T>) {
    Matmul::new().alpha(alpha).beta(beta).run(a, b, c);
}

/// As [`matmul`].
///
/// # Errors
/// [`DenseError::ShapeMismatch`] if the columns of A are not the rows of B, or C is not as large as
/// the product.
#[inline]
pub fn try_matmul<T: Float>(
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), DenseError> {
    Matmul::new().alpha(alpha).beta(beta).try_run(a, b, c)
}

/// A product of matrices with all that can go with it: `c = relu(alpha·a·b + beta·c + bias)`.
///
/// ```
/// use kernels_simd::dense::{MatMut, MatRef, Matmul};
/// let a = MatRef::new(&[1.0_f32, -1.0], 2, 1);
/// let b = MatRef::new(&[3.0, 4.0], 1, 2);
/// let mut c = [f32::NAN; 4];
/// Matmul::new()
///     .alpha(0.5)
///     .bias_of_columns(&[0.0, 10.0])
///     .relu()
///     .run(a, b, MatMut::new(&mut c, 2, 2));
/// assert_eq!(c, [1.5, 12.0, 0.0, 8.0]);
/// ```
///
/// What follows the product is done while its elements are still in registers.
#[derive(Debug, Clone, Copy)]
#[must_use = "a product is computed by `run`"]
pub struct Matmul<'a, T> {
    alpha: T,
    beta: T,
    bias: Option<Bias<'a, T>>,
    relu: bool,
    fused: bool,
}

#[derive(Debug, Clone, Copy)]
enum Bias<'a, T> {
    /// One for each column of C.
    Columns(&'a [T]),
    /// One for each row of C.
    Rows(&'a [T]),
}

impl<T: Float> Default for Matmul<'_, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, T: Float> Matmul<'a, T> {
    /// `c = a · b`.
    #[inline(always)]
    pub const fn new() -> Self {
        Self {
            alpha: T::ONE,
            beta: T::ZERO,
            bias: None,
            relu: false,
            fused: true,
        }
    }

    /// The factor of the product; 1 unless it is set.
    #[inline(always)]
    pub const fn alpha(self, alpha: T) -> Self {
        Self { alpha, ..self }
    }

    /// The factor of what is in C; 0, which does not read it, unless it is set.
    #[inline(always)]
    pub const fn beta(self, beta: T) -> Self {
        Self { beta, ..self }
    }

    /// Adds `bias[j]` to each element of column j. Replaces any other bias.
    #[inline(always)]
    pub const fn bias_of_columns(self, bias: &'a [T]) -> Self {
        let bias = Some(Bias::Columns(bias));
        Self { bias, ..self }
    }

    /// Adds `bias[i]` to each element of row i. Replaces any other bias.
    #[inline(always)]
    pub const fn bias_of_rows(self, bias: &'a [T]) -> Self {
        let bias = Some(Bias::Rows(bias));
        Self { bias, ..self }
    }

    /// Replaces what is not above zero by +0.0, at the end. NaN stays.
    #[inline(always)]
    pub const fn relu(self) -> Self {
        Self { relu: true, ..self }
    }

    /// Asks for bits that depend neither on the level nor on the number of threads.
    ///
    /// Products and sums are rounded one after the other, in `k.div_ceil(160)` blocks of nearly equal lengths, the
    /// longer ones first, each summed in order from zero and then added to the element. That takes up to twice the time.
    #[inline(always)]
    pub const fn reproducible(self) -> Self {
        Self {
            fused: false,
            ..self
        }
    }

    /// Computes it.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    #[inline]
    pub fn run(self, a: MatRef<'_, T>, b: MatRef<'_, T>, c: MatMut<'_, T>) {
        if let Err(error) = self.try_run(a, b, c) {
            error.panic();
        }
    }

    /// As [`run`](Self::run).
    ///
    /// # Errors
    /// [`DenseError::ShapeMismatch`] if the columns of A are not the rows of B, C is not as large as
    /// the product, or the bias has another length than C has columns or rows.
    #[inline]
    pub fn try_run(
        self,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.run_in(Memory::Kept, a, b, c)
    }

    /// As [`try_run`](Self::try_run), packing into `scratch`, whose contents do not matter, instead of
    /// memory that the thread keeps. One shorter than [`scratch_len`](Self::scratch_len) may be left
    /// alone.
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub fn run_with_scratch(
        self,
        scratch: &mut [T],
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.run_in(Memory::Given(scratch), a, b, c)
    }

    /// Elements of scratch that a product of m×k and k×n takes at most, however the matrices lie.
    #[must_use]
    pub const fn scratch_len(m: usize, k: usize, n: usize) -> usize {
        let block = block_len(if m > n { m } else { n }, k);
        let few = split::dots_max(size_of::<T>()) * pack::stride(k);
        let len = if block > few { block } else { few };
        scratch::with_room_to_align::<T>(len + panel_len(k))
    }

    /// The same for rows and columns of C that are computed on their own: their part of the bias.
    ///
    /// # Panics
    /// If a bias has no such part.
    pub fn part(self, rows: Range<usize>, cols: Range<usize>) -> Self {
        let bias = self.bias.map(|bias| match bias {
            Bias::Columns(bias) => Bias::Columns(&bias[cols]),
            Bias::Rows(bias) => Bias::Rows(&bias[rows]),
        });
        Self { bias, ..self }
    }

    /// Compares the shapes as [`try_run`](Self::try_run) does, and computes nothing.
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub fn check(
        &self,
        a: &MatRef<'_, T>,
        b: &MatRef<'_, T>,
        c: &MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.checked(a, b, c).map(|_| ())
    }

    #[inline(always)]
    fn run_in(
        self,
        memory: Memory<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        let finish = self.checked(&a, &b, &c)?;
        let fused = self.fused;
        let product = Product {
            a,
            b,
            c,
            finish,
            fused,
        };
        product.run(memory);
        Ok(())
    }

    /// What follows the product, after all shapes were compared.
    #[inline(always)]
    fn checked<'b>(
        &self,
        a: &MatRef<'_, T>,
        b: &MatRef<'_, T>,
        c: &MatMut<'_, T>,
    ) -> Result<Finish<'b, T>, DenseError>
    where
        'a: 'b,
    {
        let (m, k, n) = (a.rows(), a.cols(), b.cols());
        if b.rows() != k {
            return Err(mismatch(("A", a.shape()), ("B", b.shape())));
        }
        if c.shape() != (m, n) {
            return Err(mismatch(("the product", (m, n)), ("C", c.shape())));
        }
        let bias = match self.bias {
            None => None,
            Some(Bias::Columns(bias)) if bias.len() == n => Some(row_in_each(bias, m)),
            Some(Bias::Rows(bias)) if bias.len() == m => Some(row_in_each(bias, n).t()),
            Some(Bias::Columns(bias)) => {
                return Err(mismatch(
                    ("the product", (m, n)),
                    ("the bias", (1, bias.len())),
                ));
            }
            Some(Bias::Rows(bias)) => {
                return Err(mismatch(
                    ("the product", (m, n)),
                    ("the bias", (bias.len(), 1)),
                ));
            }
        };
        let Self {
            alpha, beta, relu, ..
        } = *self;
        Ok(Finish {
            alpha,
            beta,
            bias,
            relu,
        })
    }
}

fn row_in_each<T>(row: &[T], rows: usize) -> MatRef<'_, T> {
    MatRef::with_strides(row, rows, row.len(), 0, 1).expect("all rows are the slice")
}

#[cold]
fn mismatch(
    left: (&'static str, (usize, usize)),
    right: (&'static str, (usize, usize)),
) -> DenseError {
    DenseError::ShapeMismatch {
        operation: "matmul",
        left_name: left.0,
        left: left.1,
        right_name: right.0,
        right: right.1,
    }
}

/// A product whose shapes fit.
struct Product<'a, T> {
    a: MatRef<'a, T>,
    b: MatRef<'a, T>,
    c: MatMut<'a, T>,
    finish: Finish<'a, T>,
    fused: bool,
}

impl<'a, T: Float> Product<'a, T> {
    #[inline(always)]
    fn run(self, memory: Memory<'_, T>) {
        let (m, n) = self.c.shape();
        if m == 0 || n == 0 {
            return;
        }
        if let (true, Some(kind)) = (self.fused, self.narrow_kind()) {
            return self.narrow(kind, memory);
        }
        // Rows of C are to be contiguous: a column-major C is computed as its transpose.
        let product = if self.c.col_stride() != 1 && self.c.row_stride() == 1 && n != 1 {
            self.transposed()
        } else {
            self
        };
        let (pack_a, pack_b) = product.packing();
        if pack_a || pack_b {
            product.packed(pack_a, pack_b, memory);
        } else {
            product.in_place();
        }
    }

    /// The kernel for a C that is small against A or B, if there is one for these layouts.
    #[inline(always)]
    fn narrow_kind(&self) -> Option<Narrow> {
        let (m, k, n) = (self.a.rows(), self.a.cols(), self.b.cols());
        let few = split::dots_max(size_of::<T>());
        if k < split::NARROW_DEPTH || (m > few && n > few) {
            return None;
        }
        let (a_rows, b_rows) = (self.a.col_stride() == 1, self.b.col_stride() == 1);
        let (a_cols, b_cols) = (self.a.row_stride() == 1, self.b.row_stride() == 1);
        if m == 1 && b_rows && self.c.col_stride() == 1 {
            Some(Narrow::Combination)
        } else if n == 1 && a_cols && self.c.row_stride() == 1 {
            Some(Narrow::CombinationOfTransposed)
        } else if n <= few && a_rows {
            Some(Narrow::Dots)
        } else if m <= few && b_cols {
            Some(Narrow::DotsOfTransposed)
        } else {
            None
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
                dispatch(Combination { a, b, c, finish });
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
                    return dispatch(Dots { a, b, c, finish });
                }
                // The few columns of B are made contiguous.
                let stride = pack::stride(b.cols());
                memory.with(b.rows() * stride, |memory| {
                    let b = pack::rows(b, memory, stride);
                    dispatch(Dots { a, b, c, finish });
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

    /// Whether A and B are packed.
    #[inline(always)]
    fn packing(&self) -> (bool, bool) {
        let (m, k, n) = (self.a.rows(), self.a.cols(), self.b.cols());
        let size = size_of::<T>();
        let bytes = |stride: isize| stride.unsigned_abs() * size;
        let contiguous = self.b.col_stride() == 1 || n == 1 || k == 0;
        let pack_a = split::packs_a(m, k, n, bytes(self.a.row_stride()), size);
        let pack_b = split::packs_b(m, k, n, bytes(self.b.row_stride()), size);
        (pack_a, pack_b || !contiguous)
    }

    /// All is read where it lies; a C of few columns is one sweep.
    #[inline(always)]
    fn in_place(self) {
        let (bytes, registers) = match Level::active() {
            Level::Avx512 => (64, 32),
            Level::Avx2 => (32, 16),
            Level::Baseline => (32, 8),
        };
        let width = (self.c.cols() * size_of::<T>()).div_ceil(bytes);
        if width > split::width_max(registers) || self.a.cols() > split::DEPTH {
            return dispatch(Drive {
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
        match (width, fused) {
            (1, true) => dispatch(Sweep::<T, 1, true> { a, b, c, finish }),
            (1, false) => dispatch(Sweep::<T, 1, false> { a, b, c, finish }),
            (_, true) => dispatch(Sweep::<T, 2, true> { a, b, c, finish }),
            (_, false) => dispatch(Sweep::<T, 2, false> { a, b, c, finish }),
        }
    }

    #[inline(never)]
    fn packed(self, pack_a: bool, pack_b: bool, memory: Memory<'_, T>) {
        let (m, k) = self.a.shape();
        let block_len = if pack_a { block_len(m, k) } else { 0 };
        let panel_len = if pack_b { panel_len(k) } else { 0 };
        memory.with(block_len + panel_len, |memory| {
            let (panel, block) = memory.split_at_mut(panel_len);
            dispatch(Drive {
                product: self,
                block,
                panel,
            });
        });
    }
}

/// Elements of a packed block of A.
const fn block_len(m: usize, k: usize) -> usize {
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
struct Drive<'a, 's, T> {
    product: Product<'a, T>,
    block: &'s mut [T],
    panel: &'s mut [T],
}

impl<T: Float> Kernel for Drive<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self {
            product,
            block,
            panel,
        } = self;
        let (m, k) = product.a.shape();
        let depths = k.div_ceil(split::DEPTH).max(1);
        let blocks = if block.is_empty() {
            1
        } else {
            m.div_ceil(split::BLOCK_ROWS)
        };
        let mut depth = 0..0;
        for depth_index in 0..depths {
            depth = depth.end..depth.end + split::even(k, depths, depth_index);
            let finish = product
                .finish
                .for_block(depth_index == 0, depth_index == depths - 1);
            let mut rows = 0..0;
            for block_index in 0..blocks {
                rows = rows.end..rows.end + split::even(m, blocks, block_index);
                let mut a = product.a.part(rows.clone(), depth.clone());
                if !block.is_empty() {
                    a = pack::rows(a, block, pack::stride(depth.len()));
                }
                let part = Product {
                    a,
                    b: product.b.part(depth.clone(), 0..product.b.cols()),
                    c: product.c.reborrow().part(rows.clone(), 0..product.b.cols()),
                    finish: finish.part(rows.clone(), 0..product.b.cols()),
                    fused: product.fused,
                };
                panels(token, part, panel);
            }
        }
    }
}

/// A product that is one block, panel by panel of B.
#[inline(always)]
fn panels<T: Float, B: Backend>(token: B, product: Product<'_, T>, panel: &mut [T]) {
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
        sweep(token, (width, fused), a, Rows::strided(b), c, finish);
    }
}

/// One sweep down a panel that is `width` registers wide.
#[inline(always)]
pub(super) fn sweep<T: Float, B: Backend>(
    token: B,
    (width, fused): (usize, bool),
    a: MatRef<'_, T>,
    b: Rows<'_, T>,
    c: MatMut<'_, T>,
    finish: Finish<'_, T>,
) {
    match (width, fused) {
        (1, true) => token.out_of_line(&mut Sweep::<T, 1, true> { a, b, c, finish }),
        (1, false) => token.out_of_line(&mut Sweep::<T, 1, false> { a, b, c, finish }),
        (_, true) => token.out_of_line(&mut Sweep::<T, 2, true> { a, b, c, finish }),
        (_, false) => token.out_of_line(&mut Sweep::<T, 2, false> { a, b, c, finish }),
    }
}
