//! The micro-kernel of a convolution to one channel: a few rows of the result in registers, and one
//! tap of the kernel after another over all of them.
//!
//! Neighbouring rows of the result read the image a row apart, so that there is no matrix to
//! multiply: as a product it would have one row, whose few sums wait for each other.
#![expect(unsafe_code, reason = "accesses that were checked once for all taps")]

use super::rows::Offsets;
use super::view::MatMut;
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector, Vector};

/// Rows of the result that are made together, and registers in each: eight sums and what they read
/// fit sixteen registers.
const HEIGHT: usize = 4;
const WIDTH: usize = 2;

/// `out[y][x] += Σₚ weights[p] · image[base + y·step + offsets[p] + x]`.
#[derive(Debug)]
pub(super) struct Taps<'a, T> {
    pub(super) image: &'a [T],
    /// From one row of the result to the next, in the image.
    pub(super) step: usize,
    pub(super) offsets: Offsets<'a>,
    pub(super) weights: &'a [T],
    /// Holds what is to be added to.
    pub(super) out: MatMut<'a, T>,
}

impl<T: Float> Kernel for Taps<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let (rows, cols) = self.out.shape();
        assert!(self.weights.len() == self.offsets.len() && self.out.col_stride() == 1);
        if rows == 0 || cols == 0 {
            return;
        }
        let end = (rows - 1)
            .checked_mul(self.step)
            .and_then(|last| last.checked_add(self.offsets.largest())?.checked_add(cols));
        assert!(
            end.is_some_and(|end| end <= self.image.len()),
            "taps: a row leaves the image"
        );
        let stretch = WIDTH * T::Vector::<B>::LANES;
        let mut row = 0;
        while row < rows {
            let whole = rows - row >= HEIGHT;
            let mut col = 0;
            while col < cols {
                let left = (cols - col).min(stretch);
                if whole {
                    self.tile::<B, HEIGHT>(token, row, col, left);
                } else {
                    for row in row..rows {
                        self.tile::<B, 1>(token, row, col, left);
                    }
                }
                col += left;
            }
            row += HEIGHT;
        }
    }
}

impl<T: Float> Taps<'_, T> {
    /// `H` rows by `len` columns, at most `WIDTH` registers.
    #[inline(always)]
    fn tile<B: Backend, const H: usize>(&mut self, token: B, row: usize, col: usize, len: usize) {
        let lanes = T::Vector::<B>::LANES;
        let chosen = [
            T::Vector::<B>::first_lanes(token, len.min(lanes)),
            T::Vector::<B>::first_lanes(token, len.saturating_sub(lanes)),
        ];
        let whole = len == WIDTH * lanes;
        let out = self
            .out
            .start()
            .wrapping_offset(row as isize * self.out.row_stride());
        let out = out.wrapping_add(col);
        let mut sums = [[T::Vector::<B>::splat(token, T::ZERO); WIDTH]; H];
        let mut i = 0;
        while i < H {
            let line = out.wrapping_offset(i as isize * self.out.row_stride());
            // SAFETY: `len` elements of row `row + i` of the result from column `col` on.
            sums[i] = unsafe { load::<T, B>(token, line, whole, chosen) };
            i += 1;
        }
        let image = self.image.as_ptr().wrapping_add(row * self.step + col);
        let mut p = 0;
        while p < self.weights.len() {
            let weight = T::Vector::<B>::splat(token, self.weights[p]);
            let start = image.wrapping_add(self.offsets.at(p));
            let mut i = 0;
            while i < H {
                let line = start.wrapping_add(i * self.step);
                // SAFETY: the same elements of the image, under tap `p`; `run` has compared the last
                // of all with its length.
                let seen = unsafe { load::<T, B>(token, line, whole, chosen) };
                let mut j = 0;
                while j < WIDTH {
                    sums[i][j] = weight.mul_add(seen[j], sums[i][j]);
                    j += 1;
                }
                i += 1;
            }
            p += 1;
        }
        let mut i = 0;
        while i < H {
            let line = out.wrapping_offset(i as isize * self.out.row_stride());
            let mut j = 0;
            while j < WIDTH {
                // SAFETY: where the sums were loaded from.
                unsafe { sums[i][j].store_lanes(line.wrapping_add(j * lanes), chosen[j]) };
                j += 1;
            }
            i += 1;
        }
    }
}

/// `WIDTH` registers, whole or the chosen lanes of each.
///
/// # Safety
/// Their elements must be readable.
#[inline(always)]
unsafe fn load<T: Float, B: Backend>(
    token: B,
    from: *const T,
    whole: bool,
    chosen: [<T::Vector<B> as DenseVector>::Lanes; WIDTH],
) -> [T::Vector<B>; WIDTH] {
    let mut row = [T::Vector::<B>::splat(token, T::ZERO); WIDTH];
    let mut j = 0;
    while j < WIDTH {
        let from = from.wrapping_add(j * T::Vector::<B>::LANES);
        row[j] = if whole {
            // SAFETY: the caller vouches for the elements.
            unsafe { T::Vector::<B>::load_at(token, from) }
        } else {
            // SAFETY: as above, for the chosen ones.
            unsafe { T::Vector::<B>::load_lanes(token, from, chosen[j]) }
        };
        j += 1;
    }
    row
}
