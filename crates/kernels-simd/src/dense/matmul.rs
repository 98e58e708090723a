//! C = αAB + βC: what can be asked for, and whether the shapes fit. How it is computed: `product`.

use super::error::DenseError;
use super::finish::Finish;
use super::packed::{PackedProduct, PackedRef};
use super::product::{self, Product};
use super::scratch::{self, Memory};
use super::view::{MatMut, MatRef};
use crate::element::Float;
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
/// roundoff, unless a product of two or three of α, aᵢₚ and bₚⱼ overflows or underflows on the way, or
/// the sum that is then multiplied by α.
/// NaN and infinities in A and B reach every element that they are a term of, also where α is zero. A
/// β of zero overwrites C, NaN included, and does not read it. With k = 0 the product is zero.
///
/// The bits depend on the level and on how the matrices lie, and terms may be summed in another order
/// from row to row; [`Matmul::reproducible`] has a product whose bits do not depend on that.
///
/// # Cost
/// Small products pack nothing and take no memory. Others use a buffer of some hundred KiB, which
/// each thread keeps, or that of [`Matmul::run_with_scratch`].
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
    /// Products and sums are rounded one after the other, in `k.div_ceil(512)` blocks of nearly equal
    /// lengths, the longer ones first, each summed in order from zero and then added to the element.
    /// Slower: two instructions where there was one, and smaller tiles.
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

    /// As [`try_run`](Self::try_run), packing into `scratch`, whose contents do not matter, instead
    /// of memory that the thread keeps. One shorter than [`scratch_len`](Self::scratch_len) may be left
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

    /// Computes it with a right-hand side that was packed before. Fastest where rows of C are
    /// contiguous.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    #[inline]
    pub fn run_packed(self, a: MatRef<'_, T>, b: PackedRef<'_, T>, c: MatMut<'_, T>) {
        if let Err(error) = self.try_run_packed(a, b, c) {
            error.panic();
        }
    }

    /// As [`run_packed`](Self::run_packed).
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    #[inline]
    pub fn try_run_packed(
        self,
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.run_packed_in(Memory::Kept, a, b, c)
    }

    /// As [`try_run_packed`](Self::try_run_packed), with scratch as in
    /// [`run_with_scratch`](Self::run_with_scratch).
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub fn run_packed_with_scratch(
        self,
        scratch: &mut [T],
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.run_packed_in(Memory::Given(scratch), a, b, c)
    }

    /// Elements of scratch that a product of m×k and k×n takes at most, however the matrices lie.
    #[must_use]
    pub const fn scratch_len(m: usize, k: usize, n: usize) -> usize {
        product::scratch_len::<T>(m, k, n)
    }

    /// Elements of scratch that this product packs into: 0 if it needs none.
    #[must_use]
    pub fn scratch_needed(&self, a: &MatRef<'_, T>, b: &MatRef<'_, T>, c: &MatMut<'_, T>) -> usize {
        product::scratch_needed(a, b, c, self.fused)
    }

    /// The same of a product with a packed right-hand side.
    #[must_use]
    pub fn scratch_needed_packed(a: &MatRef<'_, T>, b: &PackedRef<'_, T>) -> usize {
        match packed_band_len(a, b.shape().1) {
            0 => 0,
            len => scratch::with_room_to_align::<T>(len),
        }
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
        self.checked(a.shape(), b.shape(), c.shape()).map(|_| ())
    }

    /// The same for a right-hand side that was packed before.
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    pub fn check_packed(
        &self,
        a: &MatRef<'_, T>,
        b: &PackedRef<'_, T>,
        c: &MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        self.checked(a.shape(), b.shape(), c.shape()).map(|_| ())
    }

    /// The same for Cᵀ = BᵀAᵀ: a bias of rows becomes one of columns.
    pub const fn transposed(self) -> Self {
        let bias = match self.bias {
            Some(Bias::Columns(bias)) => Some(Bias::Rows(bias)),
            Some(Bias::Rows(bias)) => Some(Bias::Columns(bias)),
            None => None,
        };
        Self { bias, ..self }
    }

    /// Whether a product is computed as its transpose, because columns of C are contiguous and rows
    /// are not.
    #[must_use]
    pub fn is_transposed(c: &MatMut<'_, T>) -> bool {
        product::is_by_columns(c)
    }

    /// Whether B is packed for this product with A, into a C whose rows are contiguous.
    #[must_use]
    pub fn packs_right(&self, a: &MatRef<'_, T>, b: &MatRef<'_, T>, c: &MatMut<'_, T>) -> bool {
        product::packs_right(a, b, c, self.fused)
    }

    #[inline(always)]
    fn run_in(
        self,
        memory: Memory<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        let finish = self.checked(a.shape(), b.shape(), c.shape())?;
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

    fn run_packed_in(
        self,
        memory: Memory<'_, T>,
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), DenseError> {
        let finish = self.checked(a.shape(), b.shape(), c.shape())?;
        let n = b.shape().1;
        if a.rows() == 0 || n == 0 {
            return Ok(());
        }
        let fused = self.fused;
        memory.with(packed_band_len(&a, n), |band| {
            T::packed_product(&mut PackedProduct {
                a,
                b,
                c,
                finish,
                fused,
                band,
            });
        });
        Ok(())
    }

    /// What follows the product, after all shapes were compared.
    #[inline(always)]
    fn checked<'b>(
        &self,
        a: (usize, usize),
        b: (usize, usize),
        c: (usize, usize),
    ) -> Result<Finish<'b, T>, DenseError>
    where
        'a: 'b,
    {
        let ((m, k), n) = (a, b.1);
        if b.0 != k {
            return Err(mismatch(("A", a), ("B", b)));
        }
        if c != (m, n) {
            return Err(mismatch(("the product", (m, n)), ("C", c)));
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

/// Elements of a packed band of A, for a B of `n` columns; 0 if A is read where it lies.
fn packed_band_len<T>(a: &MatRef<'_, T>, n: usize) -> usize {
    match product::packs_a(a, n) {
        true => product::band_len::<T>(a.rows(), a.cols(), n),
        false => 0,
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
