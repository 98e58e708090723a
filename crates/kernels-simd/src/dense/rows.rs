//! Where rows of B lie: a stride apart, or anywhere in an image.

use super::view::MatRef;
use core::marker::PhantomData;

/// Starts of rows in a slice, relative to one that is given later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offsets<'a> {
    all: &'a [usize],
    largest: usize,
}

impl<'a> Offsets<'a> {
    pub(super) fn new(all: &'a [usize]) -> Self {
        let largest = all.iter().copied().max().unwrap_or(0);
        Self { all, largest }
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) const fn largest(&self) -> usize {
        self.largest
    }

    #[inline(always)]
    pub(super) const fn at(&self, p: usize) -> usize {
        self.all[p]
    }
}

/// Rows whose elements are neighbours. All `cols` elements from the start of each may be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a, T> {
    start: *const T,
    stride: isize,
    offsets: Option<&'a [usize]>,
    rows: usize,
    cols: usize,
    lifetime: PhantomData<&'a [T]>,
}

impl<'a, T> Rows<'a, T> {
    /// The rows of a matrix. Panics if the elements of one are not neighbours.
    #[inline(always)]
    pub(super) fn strided(b: MatRef<'a, T>) -> Self {
        let (rows, cols) = b.shape();
        assert!(
            b.col_stride() == 1 || cols <= 1 || rows == 0,
            "rows of B are not contiguous"
        );
        Self {
            start: b.start(),
            stride: b.row_stride(),
            offsets: None,
            rows,
            cols,
            lifetime: PhantomData,
        }
    }

    /// Rows at `base` and an offset each: an image as a convolution sees it. Panics if one leaves
    /// the slice.
    #[inline(always)]
    pub(super) fn of_image(data: &'a [T], base: usize, offsets: Offsets<'a>, cols: usize) -> Self {
        let data = &data[base..];
        let fits = data
            .len()
            .checked_sub(cols)
            .is_some_and(|last| offsets.largest <= last);
        assert!(fits, "a row leaves the image");
        Self {
            start: data.as_ptr(),
            stride: 0,
            offsets: Some(offsets.all),
            rows: offsets.len(),
            cols,
            lifetime: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(super) const fn cols(&self) -> usize {
        self.cols
    }

    /// Where each row starts, if that is told row by row.
    #[inline(always)]
    pub(super) const fn gathered(&self) -> Option<Starts<'a, T>> {
        match self.offsets {
            Some(offsets) => Some(Starts {
                start: self.start,
                offsets,
            }),
            None => None,
        }
    }

    /// The start of row 0 of others, and the way from row to row.
    #[inline(always)]
    pub(super) const fn first(&self) -> (*const T, isize) {
        (self.start, self.stride)
    }
}

/// The starts of rows that lie anywhere.
#[derive(Clone, Copy)]
pub(super) struct Starts<'a, T> {
    start: *const T,
    offsets: &'a [usize],
}

impl<T> Starts<'_, T> {
    /// That of row `p`, which must be one.
    #[inline(always)]
    pub(super) const fn at(&self, p: usize) -> *const T {
        self.start.wrapping_add(self.offsets[p])
    }
}
