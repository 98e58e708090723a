//! Tiles of a matrix: disjoint, though their rows lie between each other in memory.
//!
//! ```text
//!            columns        stride
//!          ├─────────┤──────┤            row-major: row r starts at r·stride
//!   rows   │ 0 │ 1 │2│      │            tiles are numbered row by row;
//!          │ 3 │ 4 │5│      │            the last ones may be smaller
//! ```
//! Only which elements a tile has is decided here. How tiles are shared out: `shapes/tiles.rs`.
#![expect(
    unsafe_code,
    reason = "a tile's rows alternate with those of its neighbours, which no slice can express"
)]

use crate::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// Where the elements of a matrix stand in a slice: row by row.
///
/// ```
/// use par_dispatch::RowMajor;
/// // 3 rows of 5 elements, the rows 8 elements apart: as the left part of a wider matrix.
/// let layout = RowMajor::new(3, 5).row_stride(8);
/// assert_eq!(layout.span_len(), 2 * 8 + 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowMajor {
    rows: usize,
    columns: usize,
    row_stride: usize,
}

impl RowMajor {
    /// Rows that follow each other without a gap.
    #[must_use]
    pub const fn new(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            row_stride: columns,
        }
    }

    /// Sets the elements from the start of a row to that of the next.
    ///
    /// # Panics
    /// If rows would overlap: if `elements` is less than the number of columns.
    #[must_use]
    pub const fn row_stride(mut self, elements: usize) -> Self {
        assert!(
            elements >= self.columns,
            "RowMajor::row_stride: shorter than a row"
        );
        self.row_stride = elements;
        self
    }

    /// Elements from the first to the last of the matrix, gaps between rows included: what a slice
    /// must have at least. `usize::MAX` if that is more than can be counted.
    #[must_use]
    pub const fn span_len(&self) -> usize {
        if self.rows == 0 || self.columns == 0 {
            return 0;
        }
        (self.rows - 1)
            .saturating_mul(self.row_stride)
            .saturating_add(self.columns)
    }

    /// Elements of the matrix, gaps not counted.
    pub(crate) const fn len(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

/// A tile of a matrix: for one thread at a time.
///
/// Indices into a tile start at its own first row and column; where that is in the matrix tell
/// [`row_start`](Self::row_start) and [`column_start`](Self::column_start).
pub struct TileMut<'a, T> {
    /// The first element. Row `r` is the `columns` elements from `r · row_stride` on; the tile has
    /// exclusive access to those of `rows` rows, and to nothing else unless `whole_rows`.
    start: *mut T,
    rows: usize,
    columns: usize,
    row_stride: usize,
    row_start: usize,
    column_start: usize,
    /// The gaps between the tile's rows, if there are any, belong to no other tile.
    whole_rows: bool,
    matrix: PhantomData<&'a mut [T]>,
}

// SAFETY: a tile has exclusive access to its elements, as `&mut [T]` has.
unsafe impl<T: Send> Send for TileMut<'_, T> {}
// SAFETY: through `&TileMut` elements can only be read, as through `&&mut [T]`.
unsafe impl<T: Sync> Sync for TileMut<'_, T> {}

impl<'a, T> TileMut<'a, T> {
    /// The matrix's row of the tile's first.
    #[must_use]
    pub const fn row_start(&self) -> usize {
        self.row_start
    }

    /// The matrix's column of the tile's first.
    #[must_use]
    pub const fn column_start(&self) -> usize {
        self.column_start
    }

    /// Number of rows, at least 1.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns, at least 1.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Elements from the start of a row to that of the next.
    #[must_use]
    pub const fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn row(&self, index: usize) -> &[T] {
        let start = self.start_of(index);
        // SAFETY: the row's elements are valid, and nobody changes them while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(start, self.columns) }
    }

    /// One row, to be written.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn row_mut(&mut self, index: usize) -> &mut [T] {
        let start = self.start_of(index);
        // SAFETY: the row's elements are valid; the tile, borrowed exclusively, alone has access.
        unsafe { std::slice::from_raw_parts_mut(start, self.columns) }
    }

    #[track_caller]
    fn start_of(&self, index: usize) -> *mut T {
        let rows = self.rows;
        assert!(index < rows, "row {index} of a tile of {rows}");
        // SAFETY: the start of a row of the tile lies within the slice that `start` was made of.
        unsafe { self.start.add(index * self.row_stride) }
    }

    /// All rows, from the first to the last.
    pub fn rows_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [T]> {
        let (start, columns, stride) = (self.start, self.columns, self.row_stride);
        (0..self.rows).map(move |index| {
            // SAFETY: as in `start_of`; the index is below `rows`.
            let start = unsafe { start.add(index * stride) };
            // SAFETY: the rows are valid and disjoint, each is handed out once, and the tile is
            // borrowed exclusively for as long as they live.
            unsafe { std::slice::from_raw_parts_mut(start, columns) }
        })
    }

    /// All elements as one slice, row by row, if no others lie between them: if the tile has all
    /// columns of a matrix without gaps, or a single row.
    #[must_use]
    pub fn as_slice_mut(&mut self) -> Option<&mut [T]> {
        let dense = self.columns == self.row_stride || self.rows == 1;
        dense.then(|| self.span())
    }

    /// The elements from the first to the last as one slice, gaps included, if they belong to no
    /// other tile: if the tile has all columns of the matrix, or a single row. Row `r` starts at
    /// `r · row_stride()`. That is the output of a product of matrices with a leading dimension.
    #[must_use]
    pub fn as_strided_mut(&mut self) -> Option<&mut [T]> {
        (self.whole_rows || self.rows == 1).then(|| self.span())
    }

    fn span(&mut self) -> &mut [T] {
        let len = (self.rows - 1) * self.row_stride + self.columns;
        // SAFETY: the elements are valid. Both callers know that all of them are the tile's alone:
        // there are none between its rows, or those between them are in no tile.
        unsafe { std::slice::from_raw_parts_mut(self.start, len) }
    }

    /// The first element's address, for kernels that take a pointer and a stride. What may be
    /// accessed through it are the tile's own elements, while the tile is borrowed.
    #[must_use]
    pub const fn as_mut_ptr(&mut self) -> *mut T {
        self.start
    }

    /// Cuts the tile in two, above the given row.
    ///
    /// # Panics
    /// Unless both parts have rows.
    #[must_use]
    #[track_caller]
    pub fn split_at_row(self, row: usize) -> (Self, Self) {
        let rows = self.rows;
        assert!(
            row > 0 && row < rows,
            "cut at row {row} of a tile of {rows}"
        );
        let lower = Self {
            start: self.start_of(row),
            rows: rows - row,
            row_start: self.row_start + row,
            ..self
        };
        (Self { rows: row, ..self }, lower)
    }

    /// Cuts the tile in two, left of the given column.
    ///
    /// # Panics
    /// Unless both parts have columns.
    #[must_use]
    #[track_caller]
    pub fn split_at_column(self, column: usize) -> (Self, Self) {
        let columns = self.columns;
        assert!(
            column > 0 && column < columns,
            "cut at column {column} of a tile of {columns}"
        );
        let right = Self {
            // SAFETY: `column` is one of the first row's.
            start: unsafe { self.start.add(column) },
            columns: columns - column,
            column_start: self.column_start + column,
            whole_rows: false,
            ..self
        };
        let left = Self {
            columns: column,
            whole_rows: false,
            ..self
        };
        (left, right)
    }
}

impl<T> fmt::Debug for TileMut<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.row_start..self.row_start + self.rows;
        let columns = self.column_start..self.column_start + self.columns;
        f.debug_struct("TileMut")
            .field("rows", &rows)
            .field("columns", &columns)
            .field("row_stride", &self.row_stride)
            .finish()
    }
}

/// A run of tiles of one matrix, each of which it hands out once.
#[derive(Debug)]
pub(crate) struct TileRun<'a, T> {
    /// The matrix's first element, valid for `layout.span_len()`.
    start: *mut T,
    layout: RowMajor,
    tile_rows: usize,
    tile_columns: usize,
    /// The tiles that are left, by number: in no other run.
    tiles: Range<usize>,
    matrix: PhantomData<&'a mut [T]>,
}

// SAFETY: a run has exclusive access to the elements of its tiles, as `&mut [T]` has.
unsafe impl<T: Send> Send for TileRun<'_, T> {}

impl<'a, T> TileRun<'a, T> {
    /// All tiles of a matrix, each of at most `(rows, columns)`. The slice may be longer.
    ///
    /// # Panics
    /// If a tile would have no rows or no columns.
    #[track_caller]
    pub(crate) fn of<E>(
        operation: &'static str,
        out: &'a mut [T],
        layout: RowMajor,
        (tile_rows, tile_columns): (usize, usize),
    ) -> Result<Self, Error<E>> {
        assert!(
            tile_rows > 0 && tile_columns > 0,
            "{operation}: tiles of {tile_rows} × {tile_columns}"
        );
        if out.len() < layout.span_len() {
            Error::check_lengths(operation, layout.span_len(), out.len())?;
        }
        let (tile_rows, tile_columns) = (
            tile_rows.min(layout.rows.max(1)),
            tile_columns.min(layout.columns.max(1)),
        );
        // No overflow: at most as many as there are elements.
        let tiles = layout.rows.div_ceil(tile_rows) * layout.columns.div_ceil(tile_columns);
        Ok(Self {
            start: out.as_mut_ptr(),
            layout,
            tile_rows,
            tile_columns,
            tiles: 0..tiles,
            matrix: PhantomData,
        })
    }

    /// Elements of a whole tile.
    pub(crate) const fn tile_len(&self) -> usize {
        self.tile_rows * self.tile_columns
    }

    pub(crate) const fn tiles(&self) -> usize {
        self.tiles.end - self.tiles.start
    }

    /// Moves the first tiles to a run of their own.
    pub(crate) fn split_front(&mut self, tiles: usize) -> Self {
        let end = self.tiles.start + tiles.min(self.tiles());
        let front = Self {
            tiles: self.tiles.start..end,
            ..*self
        };
        self.tiles.start = end;
        front
    }
}

impl<'a, T> Iterator for TileRun<'a, T> {
    type Item = TileMut<'a, T>;

    fn next(&mut self) -> Option<TileMut<'a, T>> {
        let index = self.tiles.next()?;
        let layout = self.layout;
        let across = layout.columns.div_ceil(self.tile_columns);
        let row_start = index / across * self.tile_rows;
        let column_start = index % across * self.tile_columns;
        let offset = row_start * layout.row_stride + column_start;
        Some(TileMut {
            // SAFETY: the first element of a tile is one of the matrix, which lies in the slice.
            start: unsafe { self.start.add(offset) },
            rows: self.tile_rows.min(layout.rows - row_start),
            columns: self.tile_columns.min(layout.columns - column_start),
            row_stride: layout.row_stride,
            row_start,
            column_start,
            whole_rows: across == 1,
            matrix: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn all(out: &mut [String], layout: RowMajor, tile: (usize, usize)) -> TileRun<'_, String> {
        TileRun::of::<()>("test", out, layout, tile).expect("long enough")
    }

    /// For Miri and ThreadSanitizer, which see every access: neighbours are written at once.
    #[test]
    fn tiles_are_written_by_several_threads_at_once() {
        let layout = RowMajor::new(5, 7).row_stride(8);
        let mut out = vec![String::new(); layout.span_len() + 1];
        let mut rest = all(&mut out, layout, (2, 3));
        let first = rest.split_front(4);
        thread::scope(|scope| {
            for run in [first, rest] {
                scope.spawn(move || {
                    for mut tile in run {
                        for row in tile.rows_mut() {
                            row.iter_mut().for_each(|value| value.push('x'));
                        }
                        tile.row_mut(0)[0].push('y');
                    }
                });
            }
        });
        let written = |mark: &str| out.iter().filter(|value| value.ends_with(mark)).count();
        assert_eq!((written("x"), written("y")), (35 - 9, 9));
    }

    #[test]
    fn tiles_that_are_kept_and_cut_do_not_overlap() {
        let layout = RowMajor::new(4, 4);
        let mut out = vec![String::new(); 16];
        let mut parts = Vec::new();
        for tile in all(&mut out, layout, (2, 4)) {
            let (upper, lower) = tile.split_at_row(1);
            let (left, right) = lower.split_at_column(3);
            parts.extend([upper, left, right]);
        }
        for part in &mut parts {
            let single = part.as_slice_mut().expect("one row");
            single.iter_mut().for_each(|value| value.push('x'));
        }
        for part in &parts {
            assert!(part.row(0).iter().all(|value| value == "x"));
        }
        assert!(out.iter().all(|value| value == "x"));
    }
}
