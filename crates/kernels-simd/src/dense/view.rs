//! Views of matrices: where the elements lie, checked once, so that kernels need not.
//!
//! ```text
//! element (i, j)   start + i·row_stride + j·col_stride
//!
//! row-major m×n    strides (n, 1)        a transposed view swaps extents and strides;
//! column-major     strides (1, m)        a part of a view keeps them
//! ```
//! What a view promises, and every constructor checks: each of its elements lies in the memory that
//! it borrows, and no two elements of a mutable one are the same. Unsafe code relies on it.
#![expect(
    unsafe_code,
    reason = "a part of a matrix is no slice: its elements lie between those of other parts"
)]

use super::error::DenseError;
use super::layout::Layout;
use core::fmt::Debug;
use core::marker::PhantomData;
use core::ops::Range;

/// A matrix that is read: extents and strides over borrowed elements.
///
/// ```
/// use kernels_simd::dense::MatRef;
/// let a = MatRef::new(&[1, 2, 3, 4, 5, 6], 2, 3);
/// assert_eq!(a.get(1, 0), Some(&4));
/// assert_eq!(a.t().get(0, 1), Some(&4));
/// assert_eq!(a.part(0..2, 1..3).get(1, 1), Some(&6));
/// ```
#[derive(Debug)]
pub struct MatRef<'a, T> {
    start: *const T,
    shape: Layout,
    elements: PhantomData<&'a T>,
}

/// A matrix that is written: extents and strides over mutably borrowed elements.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    start: *mut T,
    shape: Layout,
    elements: PhantomData<&'a mut T>,
}

// SAFETY: a view is a shared borrow of elements, as `&[T]` is.
unsafe impl<T: Sync> Send for MatRef<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for MatRef<'_, T> {}
// SAFETY: a view is a borrow of distinct elements that nobody else has, as `&mut [T]` is.
unsafe impl<T: Send> Send for MatMut<'_, T> {}
// SAFETY: a shared view of it only reads.
unsafe impl<T: Sync> Sync for MatMut<'_, T> {}

impl<T> Clone for MatRef<'_, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for MatRef<'_, T> {}

/// One row: a type of views, its slice, its pointer; what it asks of strides; words for the docs.
macro_rules! views {
    ($($view:ident $slice:ty, $pointer:ty, $as_ptr:ident; distinct $distinct:expr; $what:literal;)*) => {$(
        impl<'a, T> $view<'a, T> {
            /// A row-major matrix over all of a slice.
            ///
            /// # Panics
            /// If the slice has another length than `rows · cols`.
            #[track_caller]
            #[inline]
            pub fn new(data: $slice, rows: usize, cols: usize) -> Self {
                if rows.checked_mul(cols) == Some(data.len()) {
                    return Self::unchecked(data.$as_ptr(), Layout::row_major(rows, cols));
                }
                match Self::try_new(data, rows, cols) {
                    Ok(view) => view,
                    Err(error) => error.panic(),
                }
            }

            /// As [`new`](Self::new).
            ///
            /// # Errors
            /// [`DenseError::WrongLength`] or [`DenseError::SizeOverflow`] where that one panics.
            pub fn try_new(data: $slice, rows: usize, cols: usize) -> Result<Self, DenseError> {
                let shape = (rows, cols);
                let needed_len = rows.checked_mul(cols).ok_or(DenseError::SizeOverflow {
                    operation: "view",
                    shape,
                })?;
                let found_len = data.len();
                if needed_len != found_len {
                    return Err(DenseError::WrongLength { shape, needed_len, found_len });
                }
                Ok(Self::unchecked(data.$as_ptr(), Layout::row_major(rows, cols)))
            }

            /// A column-major matrix over all of a slice.
            ///
            /// # Panics
            /// If the slice has another length than `rows · cols`.
            #[track_caller]
            pub fn column_major(data: $slice, rows: usize, cols: usize) -> Self {
                Self::new(data, cols, rows).t()
            }

            /// A matrix whose rows begin `row_stride` elements apart, and columns `col_stride`, in a
            /// slice that may be longer.
            ///
            /// # Errors
            /// [`DenseError::WrongLength`] if the last element is outside the slice,
            /// [`DenseError::SizeOverflow`] if its index exceeds the address space
            #[doc = $what]
            pub fn with_strides(
                data: $slice,
                rows: usize,
                cols: usize,
                row_stride: usize,
                col_stride: usize,
            ) -> Result<Self, DenseError> {
                let shape = (rows, cols);
                let overflow = DenseError::SizeOverflow { operation: "view", shape };
                let (Ok(row), Ok(col)) = (isize::try_from(row_stride), isize::try_from(col_stride))
                else {
                    return Err(overflow);
                };
                let layout = Layout { rows, cols, row_stride: row, col_stride: col };
                let (needed_len, found_len) = (layout.needed_len()?, data.len());
                if needed_len > found_len {
                    return Err(DenseError::WrongLength { shape, needed_len, found_len });
                }
                if $distinct && !layout.is_injective() {
                    return Err(DenseError::Overlapping { shape, strides: (row, col) });
                }
                Ok(Self::unchecked(data.$as_ptr(), layout))
            }

            /// A matrix from its first element and strides of either sign.
            ///
            /// # Safety
            /// For as long as `'a` each element (i, j) with i < `rows` and j < `cols`, at
            /// `start + i·row_stride + j·col_stride` elements, must lie in one allocation and be as
            /// valid as a reference of this kind to it, and no two of a mutable view may be the same.
            pub const unsafe fn from_raw_parts(
                start: $pointer,
                rows: usize,
                cols: usize,
                row_stride: isize,
                col_stride: isize,
            ) -> Self {
                Self::unchecked(start, Layout { rows, cols, row_stride, col_stride })
            }

            /// The one place where views come from.
            #[inline(always)]
            const fn unchecked(start: $pointer, shape: Layout) -> Self {
                Self { start, shape, elements: PhantomData }
            }

            /// Number of rows.
            #[must_use]
            #[inline(always)]
            pub const fn rows(&self) -> usize {
                self.shape.rows
            }

            /// Number of columns.
            #[must_use]
            #[inline(always)]
            pub const fn cols(&self) -> usize {
                self.shape.cols
            }

            /// Rows and columns.
            #[must_use]
            #[inline(always)]
            pub const fn shape(&self) -> (usize, usize) {
                (self.shape.rows, self.shape.cols)
            }

            /// Elements from one row to the next.
            #[must_use]
            #[inline(always)]
            pub const fn row_stride(&self) -> isize {
                self.shape.row_stride
            }

            /// Elements from one column to the next.
            #[must_use]
            #[inline(always)]
            pub const fn col_stride(&self) -> isize {
                self.shape.col_stride
            }

            /// The transposed matrix, over the same elements.
            #[must_use]
            #[inline(always)]
            pub const fn t(self) -> Self {
                Self::unchecked(self.start, self.shape.transposed())
            }

            /// The element in this row and column, if there is one.
            #[must_use]
            #[inline(always)]
            pub const fn get(&self, row: usize, col: usize) -> Option<&T> {
                if !self.shape.contains(row, col) {
                    return None;
                }
                let element = self.start.wrapping_offset(self.shape.offset(row, col));
                // SAFETY: a view's elements are readable for as long as it is borrowed.
                Some(unsafe { &*element })
            }

            /// The part in these rows and columns.
            ///
            /// # Panics
            /// If it leaves the matrix.
            #[must_use]
            #[track_caller]
            #[inline(always)]
            pub fn part(self, rows: Range<usize>, cols: Range<usize>) -> Self {
                let (offset, shape) = self.shape.part(&rows, &cols);
                Self::unchecked(self.start.wrapping_offset(offset), shape)
            }

            /// The address of the first element.
            #[inline(always)]
            pub(super) const fn start(&self) -> $pointer {
                self.start
            }
        }
    )*};
}

views! {
    MatRef &'a [T], *const T, as_ptr; distinct false; ".";
    MatMut &'a mut [T], *mut T, as_mut_ptr; distinct true;
        ", [`DenseError::Overlapping`] unless one of the strides steps over all of the other axis.";
}

impl<'a, T> MatRef<'a, T> {
    /// Bytes from one row to the next. A single row may say any number.
    #[inline(always)]
    pub(super) const fn row_bytes(&self) -> usize {
        self.row_stride()
            .unsigned_abs()
            .saturating_mul(size_of::<T>())
    }

    /// A row as a slice, if its elements lie side by side.
    #[must_use]
    #[inline(always)]
    pub fn row(&self, row: usize) -> Option<&'a [T]> {
        if self.cols() == 0 || row >= self.rows() || (self.cols() > 1 && self.col_stride() != 1) {
            return None;
        }
        let first = self.start.wrapping_offset(self.shape.offset(row, 0));
        // SAFETY: the elements of a row, which are neighbours, live as long as the view's borrow.
        Some(unsafe { core::slice::from_raw_parts(first, self.cols()) })
    }
}

impl<T> MatMut<'_, T> {
    /// The same matrix, borrowed for less long.
    #[must_use]
    #[inline(always)]
    pub const fn reborrow(&mut self) -> MatMut<'_, T> {
        MatMut::unchecked(self.start, self.shape)
    }

    /// The same matrix, to read.
    #[must_use]
    #[inline(always)]
    pub const fn as_ref(&self) -> MatRef<'_, T> {
        MatRef::unchecked(self.start, self.shape)
    }

    /// The element in this row and column, if there is one.
    #[must_use]
    #[inline(always)]
    pub const fn get_mut(&mut self, row: usize, col: usize) -> Option<&mut T> {
        if !self.shape.contains(row, col) {
            return None;
        }
        let element = self.start.wrapping_offset(self.shape.offset(row, col));
        // SAFETY: a mutable view's elements are its own for as long as it is borrowed.
        Some(unsafe { &mut *element })
    }

    /// A row as a slice, if its elements lie side by side.
    #[must_use]
    pub fn row_mut(&mut self, row: usize) -> Option<&mut [T]> {
        if self.cols() == 0 || row >= self.rows() || (self.cols() > 1 && self.col_stride() != 1) {
            return None;
        }
        let first = self.start.wrapping_offset(self.shape.offset(row, 0));
        // SAFETY: the elements of a row, which are neighbours and the view's own while it is
        // borrowed.
        Some(unsafe { core::slice::from_raw_parts_mut(first, self.cols()) })
    }
}

impl<'a, T> MatMut<'a, T> {
    /// The rows above `row`, and those from it on.
    ///
    /// # Panics
    /// If there are fewer rows.
    #[must_use]
    #[track_caller]
    pub fn split_at_row(self, row: usize) -> (Self, Self) {
        let (rows, cols) = self.shape();
        // The halves have no element in common, so each is a view of its own for all of `'a`.
        let above: MatMut<'a, T> = MatMut::unchecked(self.start, self.shape);
        (above.part(0..row, 0..cols), self.part(row..rows, 0..cols))
    }

    /// The columns left of `col`, and those from it on.
    ///
    /// # Panics
    /// If there are fewer columns.
    #[must_use]
    #[track_caller]
    pub fn split_at_col(self, col: usize) -> (Self, Self) {
        let (left, right) = self.t().split_at_row(col);
        (left.t(), right.t())
    }
}
