//! Copies of parts of A and B that suit the caches: rows one behind another.
//!
//! The tile reads A at any strides and rows of B that are contiguous, so packing is a plain copy, or
//! columns are turned into rows. It pays where the original's strides do not suit: rows a large power
//! of two apart, which share few sets of a cache; columns that are contiguous where rows should be.

use super::view::MatRef;
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector};
use core::array;

/// Elements from one packed row to the next: a line more than the row, in whole lines, so that rows
/// of equal place lie in different sets.
pub(super) const fn stride(cols: usize) -> usize {
    cols.next_multiple_of(16) + 16
}

/// A copy by itself, outside of the function of a level.
#[derive(Debug)]
pub struct Repack<'a, T> {
    pub(super) from: MatRef<'a, T>,
    pub(super) to: &'a mut [T],
    pub(super) stride: usize,
}

impl<T: Float> Kernel for Repack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        rows(token, self.from, self.to, self.stride);
    }
}

/// Copies a part into the front of `to`, rows `stride` apart.
#[inline(always)]
pub(super) fn rows<'a, T: Float, B: Backend>(
    token: B,
    from: MatRef<'_, T>,
    to: &'a mut [T],
    stride: usize,
) -> MatRef<'a, T> {
    let (rows, cols) = from.shape();
    if from.row_stride() == 1 && from.col_stride() != 1 {
        turned(token, from, to, stride);
    } else {
        for (i, line) in to.chunks_mut(stride).enumerate().take(rows) {
            let line = &mut line[..cols];
            match from.row(i) {
                Some(row) => copy_line(row, line),
                None => {
                    for (j, element) in line.iter_mut().enumerate() {
                        *element = *from.get(i, j).expect("a place in the view");
                    }
                }
            }
        }
    }
    packed(to, (rows, cols), stride)
}

/// What has been copied to the front of `to`.
#[inline(always)]
pub(super) fn packed<T>(to: &[T], (rows, cols): (usize, usize), stride: usize) -> MatRef<'_, T> {
    MatRef::with_strides(to, rows, cols, stride, 1).expect("packed rows fit their scratch")
}

/// Copies a short row without a call of `memcpy`, which takes longer than the row.
#[inline(always)]
pub(super) fn copy_line<T: Copy>(from: &[T], to: &mut [T]) {
    let (whole, rest) = from.as_chunks::<16>();
    let (whole_to, rest_to) = to.as_chunks_mut::<16>();
    for (from, to) in whole.iter().zip(whole_to) {
        *to = *from;
    }
    for (from, to) in rest.iter().zip(rest_to) {
        *to = *from;
    }
}

/// Columns that are contiguous become rows that are: by squares in registers. The last squares may lie
/// upon others, and their last columns, of which there is none in the matrix, in what a packed row is
/// longer than one of the matrix.
#[inline(always)]
fn turned<T: Float, B: Backend>(token: B, from: MatRef<'_, T>, to: &mut [T], stride: usize) {
    let side = T::Vector::<B>::SQUARE;
    let (rows, cols) = from.shape();
    if rows == 0 || cols == 0 {
        return;
    }
    let columns = from.t();
    let column = |j: usize| columns.row(j).expect("columns are contiguous");
    debug_assert!(
        stride >= cols.next_multiple_of(side),
        "no room behind a row"
    );
    if rows < side {
        for j in 0..cols {
            for (i, &element) in column(j).iter().enumerate() {
                to[i * stride + j] = element;
            }
        }
        return;
    }
    for left in (0..cols).step_by(side) {
        let block = array::from_fn(|j| column((left + j).min(cols - 1)));
        for top in (0..rows).step_by(side) {
            let top = top.min(rows - side);
            let to = &mut to[top * stride + left..];
            T::Vector::<B>::turn_square(token, &block, top, to, stride);
        }
    }
}
