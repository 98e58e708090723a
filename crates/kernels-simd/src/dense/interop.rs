//! Views of matrices from and to those of `ndarray`.
#![expect(
    unsafe_code,
    reason = "views of the two crates promise the same to each other"
)]

use super::view::{MatMut, MatRef};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, Ix2, ShapeBuilder as _, StrideShape};

impl<'a, T> From<ArrayView2<'a, T>> for MatRef<'a, T> {
    fn from(array: ArrayView2<'a, T>) -> Self {
        let ((rows, cols), strides) = (array.dim(), array.strides());
        let (row_stride, col_stride) = (strides[0], strides[1]);
        // SAFETY: the array borrows its elements, at its strides, for `'a`.
        unsafe { Self::from_raw_parts(array.as_ptr(), rows, cols, row_stride, col_stride) }
    }
}

impl<'a, T> From<ArrayViewMut2<'a, T>> for MatMut<'a, T> {
    fn from(mut array: ArrayViewMut2<'a, T>) -> Self {
        let ((rows, cols), strides) = (array.dim(), array.strides());
        let (row_stride, col_stride) = (strides[0], strides[1]);
        // SAFETY: the array borrows its elements mutably for `'a`, and no two of them are the same.
        unsafe { Self::from_raw_parts(array.as_mut_ptr(), rows, cols, row_stride, col_stride) }
    }
}

/// Extents and strides in ndarray's terms, whose constructors take no negative strides: those axes
/// are counted from their other end, `offset` elements from the start, and inverted afterwards.
struct Upward {
    shape: StrideShape<Ix2>,
    offset: isize,
    inverted: [bool; 2],
}

impl Upward {
    fn new(extents: (usize, usize), strides: (isize, isize)) -> Self {
        let to_end = |extent: usize, stride: isize| match stride {
            ..0 => (extent.max(1) - 1) as isize * stride,
            _ => 0,
        };
        let offset = to_end(extents.0, strides.0) + to_end(extents.1, strides.1);
        let sizes = (strides.0.unsigned_abs(), strides.1.unsigned_abs());
        Self {
            shape: extents.strides(sizes),
            offset: if extents.0 == 0 || extents.1 == 0 {
                0
            } else {
                offset
            },
            inverted: [strides.0 < 0, strides.1 < 0],
        }
    }
}

impl<'a, T> From<MatRef<'a, T>> for ArrayView2<'a, T> {
    fn from(matrix: MatRef<'a, T>) -> Self {
        let strides = (matrix.row_stride(), matrix.col_stride());
        let upward = Upward::new(matrix.shape(), strides);
        let start = matrix.start().wrapping_offset(upward.offset);
        // SAFETY: the view borrows its elements, at these strides, for `'a`; `start` is the one with
        // the lowest address.
        let mut array = unsafe { Self::from_shape_ptr(upward.shape, start) };
        invert(upward.inverted, |axis| array.invert_axis(axis));
        array
    }
}

impl<'a, T> From<MatMut<'a, T>> for ArrayViewMut2<'a, T> {
    fn from(matrix: MatMut<'a, T>) -> Self {
        let strides = (matrix.row_stride(), matrix.col_stride());
        let upward = Upward::new(matrix.shape(), strides);
        let start = matrix.start().wrapping_offset(upward.offset);
        // SAFETY: as above; the elements of a mutable view are distinct.
        let mut array = unsafe { Self::from_shape_ptr(upward.shape, start) };
        invert(upward.inverted, |axis| array.invert_axis(axis));
        array
    }
}

fn invert(inverted: [bool; 2], mut invert_axis: impl FnMut(Axis)) {
    for (axis, _) in inverted
        .iter()
        .enumerate()
        .filter(|&(_, &inverted)| inverted)
    {
        invert_axis(Axis(axis));
    }
}
