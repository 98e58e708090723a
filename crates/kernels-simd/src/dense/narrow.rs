//! Products with one row or few terms, where memory decides: the largest matrix is read or written
//! once, in order.
//!
//! ```text
//! FewTerms      c[i] = Σₚ a[i][p] · row p of B  C is written once, up to four rows from end to end
//! Combination   c = Σₚ a[p] · row p of B        B is read by four or eight rows at a time
//! ```
#![expect(
    unsafe_code,
    reason = "accesses that were checked once for a whole product"
)]

use super::finish::{Finish, rectified};
use super::split;
use super::view::{MatMut, MatRef};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector, FloatVector, Vector};

/// Elements of C that are worked on at a time: they stay in the first cache while B passes by.
const STRETCH: usize = 2048;

/// Bytes of B that each row of C reads again, where it has few terms. With 8 KiB, 2000×3×5000 took 1.2
/// times as long.
const STREAMED_BYTES: usize = 256 << 10;

/// Elements that are a whole number of lines, whatever their type.
const LINE_LEN: usize = 64;

/// Rows of B that are read side by side, as streams of their own; twice as many from the second cache. With
/// eight, 1×1024×1024 took 1.1 times as long, whose rows share few places in the first cache; with four,
/// 1×30×200 1.25 times.
const STREAMS: usize = 4;

/// One row of C: the sum of rows of B, each multiplied by an element of A.
#[derive(Debug)]
pub struct Combination<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
}

impl<T: Float> Kernel for Combination<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let (k, n) = self.b.shape();
        assert!(self.a.shape() == (1, k) && self.c.shape() == (1, n));
        assert!(self.b.col_stride() == 1 && self.c.col_stride() == 1);
        // Not in A's elements, where it may overflow while the sum does not, unless C has a part in the
        // sum.
        let Finish { alpha, beta, .. } = self.finish;
        let (before, after) = match beta == T::ZERO {
            true => (T::ONE, alpha),
            false => (alpha, T::ONE),
        };
        let far = split::asks_ahead(k, n, size_of::<T>());
        let mut from = 0;
        while from < n {
            let len = STRETCH.min(n - from);
            scale(self.stretch_of_c(from, len), beta);
            let mut p = 0;
            if far && !split::begin_lines(self.b.start().addr(), self.b.row_bytes()) {
                while p + STREAMS <= k {
                    self.add::<B, STREAMS, true>(token, p, before, (from, len));
                    p += STREAMS;
                }
            } else {
                while !far && p + 2 * STREAMS <= k {
                    self.add::<B, { 2 * STREAMS }, false>(token, p, before, (from, len));
                    p += 2 * STREAMS;
                }
                while p + STREAMS <= k {
                    self.add::<B, STREAMS, false>(token, p, before, (from, len));
                    p += STREAMS;
                }
            }
            while p < k {
                self.add::<B, 1, false>(token, p, before, (from, len));
                p += 1;
            }
            multiply(self.stretch_of_c(from, len), after);
            from += len;
        }
        let Finish { bias, relu, .. } = self.finish;
        if bias.is_none() && !relu {
            return;
        }
        for j in 0..n {
            let bias = bias.map_or(T::NEG_ZERO, |bias| *bias.get(0, j).expect("as large as C"));
            let element = self.c.get_mut(0, j).expect("a place in C");
            *element = rectified(*element + bias, relu);
        }
    }
}

impl<T: Float> Combination<'_, T> {
    #[inline(always)]
    fn stretch_of_c(&mut self, from: usize, len: usize) -> &mut [T] {
        let line = self.c.row_mut(0).expect("a row of C is contiguous");
        &mut line[from..from + len]
    }

    /// Adds `R` rows of B, from row `p` on, to a stretch of C; their factors are multiplied by `before`.
    /// Of rows that are far away, parts are asked for ahead.
    #[inline(always)]
    fn add<B: Backend, const R: usize, const FAR: bool>(
        &mut self,
        token: B,
        p: usize,
        before: T,
        (from, len): (usize, usize),
    ) {
        let lanes = T::Vector::<B>::LANES;
        let zero = T::Vector::<B>::splat(token, T::ZERO);
        let mut factors = [zero; R];
        let mut r = 0;
        while r < R {
            let element = *self.a.get(0, p + r).expect("as many as B has rows");
            factors[r] = T::Vector::<B>::splat(token, before * element);
            r += 1;
        }
        let rest = T::Vector::<B>::first_lanes(token, len % lanes);
        let b = self
            .b
            .start()
            .wrapping_offset(p as isize * self.b.row_stride());
        let c = self.c.start();
        let (mut at, end) = (from, from + len);
        while at + lanes <= end {
            // SAFETY: element `at` of a row of C and of rows `p` on of B, and all lanes from there.
            unsafe { self.add_register::<B, R, FAR>(token, (b, c), at, (true, rest), &factors) };
            at += lanes;
        }
        if at < end {
            // SAFETY: the same, and the lanes left of the stretch.
            unsafe { self.add_register::<B, R, FAR>(token, (b, c), at, (false, rest), &factors) };
        }
    }

    /// Adds `R` rows of B to a register of C, from element `at` on.
    ///
    /// # Safety
    /// The rows of B and of C begin at these places; all lanes from element `at` on lie within them, or
    /// the first.
    #[inline(always)]
    unsafe fn add_register<B: Backend, const R: usize, const FAR: bool>(
        &self,
        token: B,
        (b, c): (*const T, *mut T),
        at: usize,
        (whole, rest): (bool, <T::Vector<B> as DenseVector>::Lanes),
        factors: &[T::Vector<B>; R],
    ) {
        // SAFETY: by the caller's word.
        let mut sum = unsafe { load(token, c.wrapping_add(at), whole, rest) };
        let mut r = 0;
        while r < R {
            let row = b.wrapping_offset(r as isize * self.b.row_stride());
            if FAR {
                let ahead = row.wrapping_add(at + const { split::AHEAD_BYTES / size_of::<T>() });
                T::Vector::<B>::prefetch(token, ahead);
            }
            // SAFETY: as above.
            let row = unsafe { load(token, row.wrapping_add(at), whole, rest) };
            sum = factors[r].mul_add(row, sum);
            r += 1;
        }
        // SAFETY: where it was loaded from.
        unsafe { store(sum, c.wrapping_add(at), whole, rest) };
    }
}

/// Rows of C, each the sum of up to six rows of B.
#[derive(Debug)]
pub struct FewTerms<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
}

impl<T: Float> Kernel for FewTerms<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let ((m, k), n) = (self.a.shape(), self.b.cols());
        assert!(self.b.rows() == k && self.c.shape() == (m, n));
        assert!(n > 1 && self.b.col_stride() == 1 && self.c.col_stride() == 1);
        if let Some(bias) = self.finish.bias {
            assert!(bias.shape() == (m, n) && (bias.col_stride() == 0 || bias.col_stride() == 1));
        }
        match k {
            1 => self.rows::<B, 1>(token),
            2 => self.rows::<B, 2>(token),
            3 => self.rows::<B, 3>(token),
            4 => self.rows::<B, 4>(token),
            5 => self.rows::<B, 5>(token),
            6 => self.rows::<B, 6>(token),
            _ => unreachable!("split: {k} are no few terms"),
        }
    }
}

impl<T: Float> FewTerms<'_, T> {
    #[inline(always)]
    fn rows<B: Backend, const R: usize>(&mut self, token: B) {
        let (m, n) = self.c.shape();
        // Whole rows, if those of B stay in the second cache: memory likes long writes.
        let stretch = STREAMED_BYTES / (R * size_of::<T>()) / LINE_LEN * LINE_LEN;
        let mut from = 0;
        while from < n {
            let to = n.min(from + stretch);
            // Rows share what is loaded of B, where that is more than what is written. 1000×6×1024 took
            // 0.53 of the time; with one or two terms it is slower for a C beyond the caches.
            let mut i = 0;
            if const { R > 2 && held(R, 4) <= T::Vector::<B>::IN_CPU } {
                while i + 4 <= m {
                    self.together::<B, R, 4>(token, i, from, to);
                    i += 4;
                }
            }
            if const { R > 2 && held(R, 2) <= T::Vector::<B>::IN_CPU } {
                while i + 2 <= m {
                    self.together::<B, R, 2>(token, i, from, to);
                    i += 2;
                }
            }
            while i < m {
                self.together::<B, R, 1>(token, i, from, to);
                i += 1;
            }
            from = to;
        }
    }

    /// A stretch of `H` rows of C, from row `i` on.
    #[inline(always)]
    fn together<B: Backend, const R: usize, const H: usize>(
        &mut self,
        token: B,
        i: usize,
        from: usize,
        to: usize,
    ) {
        match self.finish.is_plain() {
            true => self.stretch::<B, R, H, true>(token, i, from, to),
            false => self.stretch::<B, R, H, false>(token, i, from, to),
        }
    }

    /// Elements `from` to `to` of `H` rows from `i` on; nothing follows a sum that is `PLAIN`, and
    /// nothing is asked for each register.
    #[inline(always)]
    fn stretch<B: Backend, const R: usize, const H: usize, const PLAIN: bool>(
        &mut self,
        token: B,
        i: usize,
        from: usize,
        to: usize,
    ) {
        let lanes = T::Vector::<B>::LANES;
        let zero = T::Vector::<B>::splat(token, T::ZERO);
        let mut factors = [[zero; R]; H];
        let mut h = 0;
        while h < H {
            let mut r = 0;
            while r < R {
                let element = *self.a.get(i + h, r).expect("as many as B has rows");
                factors[h][r] = T::Vector::<B>::splat(token, element);
                r += 1;
            }
            h += 1;
        }
        let rest = T::Vector::<B>::first_lanes(token, (to - from) % lanes);
        let b = self.b.start();
        let (c, c_row) = (self.c.start(), self.c.row_stride());
        let mut at = from;
        while at < to {
            let whole = at + lanes <= to;
            let mut sums = [zero; H];
            let mut r = 0;
            while r < R {
                let row = b.wrapping_offset(r as isize * self.b.row_stride());
                // SAFETY: element `at` of row `r` of B, and all lanes or those left of the stretch.
                let row = unsafe { load(token, row.wrapping_add(at), whole, rest) };
                let mut h = 0;
                while h < H {
                    sums[h] = match r {
                        0 => factors[h][r].mul(row),
                        _ => factors[h][r].mul_add(row, sums[h]),
                    };
                    h += 1;
                }
                r += 1;
            }
            let mut h = 0;
            while h < H {
                let place = c.wrapping_offset((i + h) as isize * c_row).wrapping_add(at);
                let mut sum = sums[h];
                if !PLAIN {
                    sum = self.finished::<B>(token, sum, (i + h, at), place, (whole, rest));
                }
                // SAFETY: all lanes lie in row `i + h` of C, or those left of it.
                unsafe { store(sum, place, whole, rest) };
                h += 1;
            }
            at += lanes;
        }
    }

    /// What follows the sums of a register's lanes, from element `at` of row `i` on, which lie at `place`.
    #[inline(always)]
    fn finished<B: Backend>(
        &self,
        token: B,
        sum: T::Vector<B>,
        (i, at): (usize, usize),
        place: *const T,
        (whole, rest): (bool, <T::Vector<B> as DenseVector>::Lanes),
    ) -> T::Vector<B> {
        let Finish {
            alpha,
            beta,
            bias,
            relu,
        } = self.finish;
        let splat = |x| T::Vector::<B>::splat(token, x);
        // Not in the factors, where it may overflow while the sum does not.
        let mut sum = sum.mul(splat(alpha));
        if beta != T::ZERO {
            // SAFETY: lanes of row `i` of C that `stretch` is about to write.
            let old: T::Vector<B> = unsafe { load(token, place, whole, rest) };
            sum = splat(beta).mul_add(old, sum);
        }
        if let Some(bias) = bias {
            let line = bias.start().wrapping_offset(i as isize * bias.row_stride());
            let addend = if bias.col_stride() == 0 {
                // SAFETY: element (i, 0) of a bias as large as C.
                splat(unsafe { *line })
            } else {
                // SAFETY: the same lanes of a row of the bias, whose elements are neighbours.
                unsafe { load(token, line.wrapping_add(at), whole, rest) }
            };
            sum = sum.add(addend);
        }
        match relu {
            true => super::tile::rectified(sum, splat(T::ZERO)),
            false => sum,
        }
    }
}

/// Registers of `rows` sums of `terms` rows of B: factors, sums and a part of B.
const fn held(terms: usize, rows: usize) -> usize {
    rows * (terms + 1) + 1
}

/// All lanes, or the first of them.
///
/// # Safety
/// Their elements must be readable.
#[inline(always)]
pub(super) unsafe fn load<T: Float, B: Backend>(
    token: B,
    from: *const T,
    whole: bool,
    first: <T::Vector<B> as DenseVector>::Lanes,
) -> T::Vector<B> {
    if whole {
        // SAFETY: the caller vouches for the elements.
        unsafe { T::Vector::<B>::load_at(token, from) }
    } else {
        // SAFETY: as above.
        unsafe { T::Vector::<B>::load_lanes(token, from, first) }
    }
}

/// All lanes, or the first of them.
///
/// # Safety
/// Their elements must be writable.
#[inline(always)]
unsafe fn store<V: DenseVector>(register: V, to: *mut V::Elem, whole: bool, first: V::Lanes) {
    if whole {
        // SAFETY: the caller vouches for the elements.
        unsafe { register.store_at(to) };
    } else {
        // SAFETY: as above.
        unsafe { register.store_lanes(to, first) };
    }
}

/// C before the first product is added; zero overwrites it.
#[inline(always)]
fn scale<T: Float>(line: &mut [T], beta: T) {
    match beta == T::ZERO {
        true => line.fill(T::ZERO),
        false => multiply(line, beta),
    }
}

#[inline(always)]
fn multiply<T: Float>(line: &mut [T], factor: T) {
    if factor != T::ONE {
        for element in line {
            *element = *element * factor;
        }
    }
}
