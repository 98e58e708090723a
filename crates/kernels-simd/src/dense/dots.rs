//! Dot products along rows, for products of few columns and with a vector: memory decides, and the
//! largest matrix is read once, in order.
//!
//! ```text
//! c[i][j] = row i of A · row j of others    a few rows of each at a time, registers along k
//! ```
#![expect(
    unsafe_code,
    reason = "accesses that were checked once for a whole product"
)]

use super::finish::Finish;
use super::narrow::load;
use super::split;
use super::view::{MatMut, MatRef};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector, FloatVector, Vector};

/// Dot products of the rows of A with those of a few others: C = A · Bᵀ.
#[derive(Debug)]
pub struct Dots<'a, T> {
    pub(super) a: MatRef<'a, T>,
    /// A row for each column of C.
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
}

impl<T: Float> Kernel for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let (rows, cols) = self.c.shape();
        assert!(self.a.rows() == rows && self.b.rows() == cols && self.a.cols() == self.b.cols());
        let contiguous = |x: &MatRef<'_, T>| x.col_stride() == 1 || x.cols() <= 1;
        assert!(contiguous(&self.a) && contiguous(&self.b));
        let mut row = 0;
        if cols == 1 {
            let far = split::asks_ahead(rows, self.a.cols(), size_of::<T>());
            while far && row + 4 <= rows {
                self.tile::<B, 4, 1, true>(token, row, 0);
                row += 4;
            }
            while row + 8 <= rows {
                self.tile::<B, 8, 1, false>(token, row, 0);
                row += 8;
            }
            // A row alone is summed in two registers, which do not wait for each other.
            while row < rows && rows - row < 4 {
                self.tile::<B, 1, 1, true>(token, row, 0);
                row += 1;
            }
        }
        while row + 4 <= rows {
            self.tiles::<B, 4>(token, row);
            row += 4;
        }
        while row < rows {
            self.tiles::<B, 1>(token, row);
            row += 1;
        }
    }
}

impl<T: Float> Dots<'_, T> {
    /// `H` rows of C.
    #[inline(always)]
    fn tiles<B: Backend, const H: usize>(&mut self, token: B, row: usize) {
        let cols = self.c.cols();
        let mut col = 0;
        if const { T::Vector::<B>::IN_CPU >= 32 } {
            while col + 4 <= cols {
                self.tile::<B, H, 4, false>(token, row, col);
                col += 4;
            }
        }
        while col + 2 <= cols {
            self.tile::<B, H, 2, false>(token, row, col);
            col += 2;
        }
        if col < cols {
            self.tile::<B, H, 1, false>(token, row, col);
        }
    }

    /// `H` rows by `W` columns of C; of an A that is `FAR`, two registers of each row at a time, and what
    /// follows is asked for.
    #[inline(always)]
    fn tile<B: Backend, const H: usize, const W: usize, const FAR: bool>(
        &mut self,
        token: B,
        row: usize,
        col: usize,
    ) {
        assert!(row + H <= self.c.rows() && col + W <= self.c.cols());
        let lanes = T::Vector::<B>::LANES;
        let k = self.a.cols();
        let zero = T::Vector::<B>::splat(token, T::ZERO);
        let mut sums = [[zero; W]; H];
        let rest = T::Vector::<B>::first_lanes(token, k % lanes);
        let a = self
            .a
            .start()
            .wrapping_offset(row as isize * self.a.row_stride());
        let b = self
            .b
            .start()
            .wrapping_offset(col as isize * self.b.row_stride());
        let mut p = 0;
        if FAR {
            let asks = !split::begin_lines(a.addr(), self.a.row_bytes());
            let mut second = [[zero; W]; H];
            while p + 2 * lanes <= k {
                let mut i = 0;
                while asks && i < H {
                    let line = a.wrapping_offset(i as isize * self.a.row_stride());
                    let ahead = line.wrapping_add(p).wrapping_byte_add(split::AHEAD_BYTES);
                    T::Vector::<B>::prefetch(token, ahead);
                    if lanes * size_of::<T>() >= 64 {
                        T::Vector::<B>::prefetch(token, ahead.wrapping_add(lanes));
                    }
                    i += 1;
                }
                // SAFETY: all lanes of two registers from element `p` on lie within rows of A and B.
                unsafe { self.add_register(token, (a, b), p, (true, rest), &mut sums) };
                // SAFETY: as above.
                unsafe { self.add_register(token, (a, b), p + lanes, (true, rest), &mut second) };
                p += 2 * lanes;
            }
            let mut i = 0;
            while i < H {
                let mut j = 0;
                while j < W {
                    sums[i][j] = sums[i][j].add(second[i][j]);
                    j += 1;
                }
                i += 1;
            }
        }
        while p + lanes <= k {
            // SAFETY: all lanes from element `p` on lie within rows of A and B.
            unsafe { self.add_register(token, (a, b), p, (true, rest), &mut sums) };
            p += lanes;
        }
        if p < k {
            // SAFETY: those that are left do.
            unsafe { self.add_register(token, (a, b), p, (false, rest), &mut sums) };
        }
        let mut i = 0;
        while i < H {
            let mut j = 0;
            while j < W {
                self.put(row + i, col + j, sums[i][j].sum_halving());
                j += 1;
            }
            i += 1;
        }
    }

    /// Adds the products of a register of each of `H` rows of A with those of `W` rows of B, from element
    /// `p` on.
    ///
    /// # Safety
    /// The rows begin at these places; all lanes from element `p` on lie within them, or the first.
    #[inline(always)]
    unsafe fn add_register<B: Backend, const H: usize, const W: usize>(
        &self,
        token: B,
        (a, b): (*const T, *const T),
        p: usize,
        (whole, rest): (bool, <T::Vector<B> as DenseVector>::Lanes),
        sums: &mut [[T::Vector<B>; W]; H],
    ) {
        let mut others = [T::Vector::<B>::splat(token, T::ZERO); W];
        let mut j = 0;
        while j < W {
            let line = b.wrapping_offset(j as isize * self.b.row_stride());
            // SAFETY: by the caller's word.
            others[j] = unsafe { load(token, line.wrapping_add(p), whole, rest) };
            j += 1;
        }
        let mut i = 0;
        while i < H {
            let line = a.wrapping_offset(i as isize * self.a.row_stride());
            // SAFETY: as above.
            let own = unsafe { load(token, line.wrapping_add(p), whole, rest) };
            let mut j = 0;
            while j < W {
                sums[i][j] = own.mul_add(others[j], sums[i][j]);
                j += 1;
            }
            i += 1;
        }
    }

    #[inline(always)]
    fn put(&mut self, row: usize, col: usize, sum: T) {
        let element = self.c.get_mut(row, col).expect("a place in C");
        *element = self.finish.element(sum, *element, row, col);
    }
}
