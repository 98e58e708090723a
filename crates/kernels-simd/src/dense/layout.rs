//! Extents and strides of a matrix: what of a view is no pointer. Pure arithmetic.

use super::error::DenseError;
use core::ops::Range;

/// Extents and strides: the part of a view that is not a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) row_stride: isize,
    pub(super) col_stride: isize,
}

impl Layout {
    pub(super) const fn row_major(rows: usize, cols: usize) -> Self {
        Self {
            rows,
            cols,
            row_stride: cols as isize,
            col_stride: 1,
        }
    }

    /// Elements that a slice must have for strides that are not negative: one more than the index
    /// of the last element.
    pub(super) fn needed_len(self) -> Result<usize, DenseError> {
        let overflow = DenseError::SizeOverflow {
            operation: "view",
            shape: (self.rows, self.cols),
        };
        if self.rows == 0 || self.cols == 0 {
            return Ok(0);
        }
        let last = |extent: usize, stride: isize| {
            let stride = usize::try_from(stride).ok()?;
            (extent - 1).checked_mul(stride)
        };
        let down = last(self.rows, self.row_stride);
        let right = last(self.cols, self.col_stride);
        down.zip(right)
            .and_then(|(down, right)| down.checked_add(right)?.checked_add(1))
            .filter(|&len| isize::try_from(len).is_ok())
            .ok_or(overflow)
    }

    /// Whether no two elements are the same: one of the strides steps over all of the other axis.
    pub(super) fn is_injective(self) -> bool {
        let (row, col) = (
            self.row_stride.unsigned_abs(),
            self.col_stride.unsigned_abs(),
        );
        let steps_over = |stride: usize, other: usize, other_extent: usize| {
            other != 0
                && other
                    .checked_mul(other_extent)
                    .is_some_and(|all| stride >= all)
        };
        match (self.rows, self.cols) {
            (0, _) | (_, 0) | (1, 1) => true,
            (1, _) => col != 0,
            (_, 1) => row != 0,
            (rows, cols) => steps_over(row, col, cols) || steps_over(col, row, rows),
        }
    }

    pub(super) const fn transposed(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// The offset of an element and the layout of a part. Panics if the part leaves the matrix.
    #[inline(always)]
    #[track_caller]
    pub(super) fn part(self, rows: &Range<usize>, cols: &Range<usize>) -> (isize, Self) {
        if rows.start > rows.end
            || rows.end > self.rows
            || cols.start > cols.end
            || cols.end > self.cols
        {
            self.no_part(rows, cols);
        }
        let part = Self {
            rows: rows.end - rows.start,
            cols: cols.end - cols.start,
            ..self
        };
        // An empty part may begin behind the last row, where there need not be memory.
        let offset = if part.rows == 0 || part.cols == 0 {
            0
        } else {
            self.offset(rows.start, cols.start)
        };
        (offset, part)
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn no_part(self, rows: &Range<usize>, cols: &Range<usize>) -> ! {
        panic!(
            "view: rows {rows:?} and columns {cols:?} of a matrix of {}×{}",
            self.rows, self.cols
        )
    }

    #[inline(always)]
    pub(super) const fn offset(self, row: usize, col: usize) -> isize {
        row as isize * self.row_stride + col as isize * self.col_stride
    }

    pub(super) const fn contains(self, row: usize, col: usize) -> bool {
        row < self.rows && col < self.cols
    }
}
