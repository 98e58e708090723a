//! y = αAx + βy: a product with one column, and the shapes that go with it.

use super::error::DenseError;
use super::matmul::Matmul;
use super::view::{MatMut, MatRef};
use crate::element::Float;

/// `y = alpha · a · x + beta · y`.
///
/// ```
/// use kernels_simd::dense::{MatRef, matvec};
/// let a = MatRef::new(&[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3);
/// let mut y = [10.0; 2];
/// matvec(1.0, a, &[1.0, 0.0, -1.0], 0.5, &mut y);
/// assert_eq!(y, [3.0, 3.0]);
/// // The transposed matrix, over the same elements.
/// let mut z = [f32::NAN; 3];
/// matvec(1.0, a.t(), &[1.0, -1.0], 0.0, &mut z);
/// assert_eq!(z, [-3.0; 3]);
/// ```
///
/// The matrix is read once, in the order in which it lies, row by row or column by column.
///
/// # Panics
/// If the shapes do not fit; [`try_matvec`] returns an error instead.
///
/// # Accuracy
/// As [`matmul`](super::matmul): a β of zero overwrites y and does not read it.
#[track_caller]
#[inline]
pub fn matvec<T: Float>(alpha: T, a: MatRef<'_, T>, x: &[T], beta: T, y: &mut [T]) {
    if let Err(error) = try_matvec(alpha, a, x, beta, y) {
        error.panic();
    }
}

/// As [`matvec`].
///
/// # Errors
/// [`DenseError::ShapeMismatch`] if x has not one element per column of A, or y per row.
#[inline]
pub fn try_matvec<T: Float>(
    alpha: T,
    a: MatRef<'_, T>,
    x: &[T],
    beta: T,
    y: &mut [T],
) -> Result<(), DenseError> {
    let mismatch = |right_name, len| DenseError::ShapeMismatch {
        operation: "matvec",
        left_name: "A",
        left: a.shape(),
        right_name,
        right: (len, 1),
    };
    if x.len() != a.cols() {
        return Err(mismatch("x", x.len()));
    }
    if y.len() != a.rows() {
        return Err(mismatch("y", y.len()));
    }
    let (x, y) = (column(x), MatMut::column_major(y, a.rows(), 1));
    Matmul::new().alpha(alpha).beta(beta).try_run(a, x, y)
}

fn column<T>(x: &[T]) -> MatRef<'_, T> {
    MatRef::column_major(x, x.len(), 1)
}
