//! Copies of parts of A and B that suit the caches: rows one behind another.
//!
//! The tile reads at any strides, so packing is a plain copy. It pays where the original's strides
//! do not suit: rows a large power of two apart, which share few sets of a cache; columns that are
//! contiguous where rows should be.

use super::view::MatRef;
use crate::element::Element;

/// Elements from one packed row to the next: a line more than the row, in whole lines, so that rows
/// of equal place lie in different sets.
pub(super) const fn stride(cols: usize) -> usize {
    cols.next_multiple_of(16) + 16
}

/// Copies a part into the front of `to`, rows `stride` apart.
#[inline(always)]
pub(super) fn rows<'a, T: Element>(
    from: MatRef<'_, T>,
    to: &'a mut [T],
    stride: usize,
) -> MatRef<'a, T> {
    let (rows, cols) = from.shape();
    if from.row_stride() == 1 && from.col_stride() != 1 {
        transposed(from, to, stride);
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

/// Columns that are contiguous become rows that are: by squares, so that the lines on both sides
/// stay in the first cache.
fn transposed<T: Element>(from: MatRef<'_, T>, to: &mut [T], stride: usize) {
    const SIDE: usize = 16;
    let (rows, cols) = from.shape();
    let columns = from.t();
    for top in (0..rows).step_by(SIDE) {
        let height = SIDE.min(rows - top);
        for left in (0..cols).step_by(SIDE) {
            for j in left..cols.min(left + SIDE) {
                let column = columns.row(j).expect("columns are contiguous");
                let column = &column[top..top + height];
                for (i, &element) in column.iter().enumerate() {
                    to[(top + i) * stride + j] = element;
                }
            }
        }
    }
}
