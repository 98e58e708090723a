//! The micro-kernel: a tile of C in registers, summed along k, and the door through which all
//! pointers of the dense kernels go.
//!
//! ```text
//!                    NV registers
//!                   ┌────┬────┐
//!             B row │ b₀ │ b₁ │  k of them, one after another
//!                   └────┴────┘
//!        ┌─┐        ┌────┬────┐
//!   A    │a│ H rows │    │    │  H·NV running sums, which stay in registers:
//!  column└─┘        └────┴────┘  sum[i][j] += aᵢ · bⱼ
//! ```
//! Low tiles take turns with several such sets of sums, which are added up at the end, unless they ask
//! for what comes next in B.
//! The tile reads A one element at a time, at any strides, and rows of B as registers, so that
//! neither needs to be rearranged: packing only changes strides. The last register of a row may be
//! partly filled. What follows the sums is done row by row, from a buffer. [`Tiles`] check that the
//! views of a sweep fit each other and then run down C at nearly equal heights; a [`Single`] is one
//! tile behind the same check. Behind that door every access lies within a view by its own promise.
#![expect(
    unsafe_code,
    reason = "accesses that were checked once for a whole sweep, or for a single tile"
)]

use super::finish::Finish;
use super::rows::Rows;
use super::split;
use super::view::{MatMut, MatRef};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::vector::{Backend, DenseVector, FloatVector, Vector};
use core::hint::black_box;
use core::mem::MaybeUninit;

/// A sweep down C: all rows, and as many columns as a few registers hold, the last at least begun.
#[derive(Debug)]
pub struct Sweep<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: Rows<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
    /// Whether the first tile asks for the same rows of the panel to the right in B.
    pub(super) fetches: bool,
}

/// A sweep by tiles that are `NV` registers wide.
struct Tiles<'s, 'a, T, const NV: usize, const FUSED: bool> {
    sweep: &'s mut Sweep<'a, T>,
}

impl<T: Float> Sweep<'_, T> {
    /// At the active level.
    #[inline(always)]
    pub(super) fn dispatch(&mut self, width: usize, fused: bool) {
        match (width, fused) {
            (1, true) => dispatch(Tiles::<T, 1, true> { sweep: self }),
            (1, false) => dispatch(Tiles::<T, 1, false> { sweep: self }),
            (2, true) => dispatch(Tiles::<T, 2, true> { sweep: self }),
            (2, false) => dispatch(Tiles::<T, 2, false> { sweep: self }),
            (_, true) => dispatch(Tiles::<T, 3, true> { sweep: self }),
            (_, false) => dispatch(Tiles::<T, 3, false> { sweep: self }),
        }
    }

    /// In the function of a level that has begun, out of line.
    #[inline(always)]
    pub(super) fn run<B: Backend>(&mut self, token: B, width: usize, fused: bool) {
        match (width, fused) {
            (1, true) => token.out_of_line(&mut Tiles::<T, 1, true> { sweep: self }),
            (1, false) => token.out_of_line(&mut Tiles::<T, 1, false> { sweep: self }),
            (2, true) => token.out_of_line(&mut Tiles::<T, 2, true> { sweep: self }),
            (2, false) => token.out_of_line(&mut Tiles::<T, 2, false> { sweep: self }),
            (_, true) => token.out_of_line(&mut Tiles::<T, 3, true> { sweep: self }),
            (_, false) => token.out_of_line(&mut Tiles::<T, 3, false> { sweep: self }),
        }
    }
}

/// A product that is one tile of one register's width, and whose sums go into C as they are: what a
/// sweep prepares for all others takes as long again.
#[derive(Debug)]
pub struct Single<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
}

impl<T: Float> Kernel for Single<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let (height, cols) = self.c.shape();
        assert!(height <= split::single_rows(T::Vector::<B>::IN_CPU));
        assert!(self.c.col_stride() == 1 || cols == 1);
        let (to, stride) = (self.c.start(), self.c.row_stride());
        let tiles = Tiles::<T, 1, true> {
            sweep: &mut Sweep {
                a: self.a,
                b: Rows::strided(self.b),
                c: self.c.reborrow(),
                finish: Finish::PLAIN,
                fetches: false,
            },
        };
        let filled = tiles.checked(token);
        let extras = Extras {
            all: filled.whole,
            adds: false,
            fetches: false,
        };
        tiles.tile(token, 0, height, filled, to, stride, extras);
    }
}

/// Sums of a tile, rows one behind another.
type Buffer<V, const NV: usize> = MaybeUninit<[[V; NV]; split::HEIGHT_MAX]>;

/// Addresses in A: one for every four rows of a tile.
const GROUPS: usize = split::HEIGHT_MAX.div_ceil(4);

/// How far a tile has come along k: places in a column of A, and their steps.
struct Along<T> {
    a: [*const T; GROUPS],
    steps: [isize; GROUPS],
}

/// What a tile does besides its sums.
#[derive(Clone, Copy)]
struct Extras {
    /// Stores all lanes of the registers.
    all: bool,
    /// Adds what is in C.
    adds: bool,
    /// Asks for the same rows of the panel to the right in B.
    fetches: bool,
}

/// How far the registers of a row are filled.
#[derive(Clone, Copy)]
struct Filled<L> {
    /// All lanes of all.
    whole: bool,
    /// Lanes of the last.
    in_last: L,
}

impl<T: Float, const NV: usize, const FUSED: bool> Kernel for Tiles<'_, '_, T, NV, FUSED> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        if const { NV > split::width_max(T::Vector::<B>::IN_CPU) } {
            unreachable!("split: a tile of {NV} registers");
        }
        let filled = self.checked(token);
        let lanes = T::Vector::<B>::LANES;
        let (rows, cols) = self.sweep.c.shape();
        if let Some(bias) = self.sweep.finish.bias {
            assert!(
                bias.shape() == (rows, cols) && (bias.col_stride() == 0 || bias.col_stride() == 1)
            );
        }
        let contiguous = self.sweep.c.col_stride() == 1 || cols == 1;
        let adds = FUSED && contiguous && self.sweep.finish.only_adds();
        let direct = adds || contiguous && self.sweep.finish.is_plain();
        let mut buffer = Buffer::<T::Vector<B>, NV>::uninit();
        let height_max = split::height_in_cache(
            const { split::height_max(T::Vector::<B>::IN_CPU, NV) },
            self.sweep.a.row_bytes(),
        );
        let mut row = 0;
        while row < rows {
            let height = split::height(rows - row, height_max, FUSED);
            let extras = Extras {
                all: filled.whole || !direct,
                adds,
                fetches: self.sweep.fetches && row == 0,
            };
            if direct {
                let c_row = self.sweep.c.row_stride();
                let to = self.sweep.c.start().wrapping_offset(row as isize * c_row);
                self.tile(token, row, height, filled, to, c_row, extras);
            } else {
                let to = buffer.as_mut_ptr().cast();
                let stride = (NV * lanes) as isize;
                self.tile(token, row, height, filled, to, stride, extras);
                let sums = buffer.as_ptr();
                if contiguous {
                    self.put_rows(token, row, height, filled, sums.cast());
                } else {
                    self.put_elements::<B>(row, height, sums.cast());
                }
            }
            row += height;
        }
    }
}

impl<T: Float, const NV: usize, const FUSED: bool> Tiles<'_, '_, T, NV, FUSED> {
    /// Compares the views with each other and with `NV`.
    #[inline(always)]
    fn checked<B: Backend>(&self, token: B) -> Filled<<T::Vector<B> as DenseVector>::Lanes> {
        let lanes = T::Vector::<B>::LANES;
        let (rows, cols) = self.sweep.c.shape();
        assert!(
            self.sweep.a.rows() == rows
                && self.sweep.a.cols() == self.sweep.b.rows()
                && self.sweep.b.cols() >= cols
        );
        assert!(cols <= NV * lanes && cols > (NV - 1) * lanes);
        Filled {
            whole: cols == NV * lanes,
            in_last: T::Vector::<B>::first_lanes(token, cols - (NV - 1) * lanes),
        }
    }

    /// The sums of a tile of A·B, to rows a stride apart.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "two places, two extents")]
    fn tile<B: Backend>(
        &self,
        token: B,
        row: usize,
        height: usize,
        filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
        to: *mut T,
        stride: isize,
        extras: Extras,
    ) {
        macro_rules! heights {
            ($($height:literal)*) => {
                match height {
                    $($height if const {
                        split::is_height($height, split::height_max(T::Vector::<B>::IN_CPU, NV), FUSED)
                    } => {
                        let sums = self.sums::<B, $height>(token, row, filled, extras);
                        store_rows::<T, B, NV, $height>(&sums, to, stride, filled, extras.all);
                    })*
                    _ => unreachable!("split: a tile of {height} rows"),
                }
            };
        }
        heights! { 1 2 3 4 5 6 7 8 14 }
    }

    /// The sums along k; what is in C, which has been asked for before, is added at the end.
    #[inline(always)]
    fn sums<B: Backend, const H: usize>(
        &self,
        token: B,
        row: usize,
        filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
        extras: Extras,
    ) -> [[T::Vector<B>; NV]; H] {
        let c_row = self.sweep.c.row_stride();
        let old = self.sweep.c.as_ref();
        let c = old.start();
        if old.col_stride() == 1 && split::fetches_c(self.sweep.a.cols(), old.row_bytes()) {
            let mut i = 0;
            while i < H {
                let line = c.wrapping_offset((row + i) as isize * c_row);
                fetch_row::<T, B, NV>(token, line);
                i += 1;
            }
        }
        let (a_row, a_col) = (self.sweep.a.row_stride(), self.sweep.a.col_stride());
        // One address for every four rows, which step on their own. The compiler is not to know that
        // they belong together: from one address it would reach each row by adding to the last, and
        // with one step it would keep an address of each row, more than it has registers for.
        let mut a = [self.sweep.a.start(); GROUPS];
        let mut steps = [a_col; GROUPS];
        let mut group = 0;
        while group < H.div_ceil(4) {
            // Wrapping: the stride of rows without elements may be any.
            a[group] = a[group].wrapping_offset(((row + 4 * group) as isize).wrapping_mul(a_row));
            group += 1;
        }
        if H > 4 {
            (a, steps) = black_box((a, steps));
        }
        let zero = T::Vector::<B>::splat(token, T::ZERO);
        let mut sums = [[zero; NV]; H];
        let count = const { split::chains(T::Vector::<B>::IN_CPU, H * NV, FUSED) };
        let mut along = Along { a, steps };
        let terms = self.sweep.a.cols();
        let mut p = 0;
        if let Some(rows) = self.sweep.b.gathered() {
            while p < terms {
                let line = rows.at(p);
                // SAFETY: row `p` of B, and column `p` of A, which has as many as B has rows.
                unsafe { self.add_term(token, line, &mut along, filled, &mut sums) };
                p += 1;
            }
        } else {
            let (mut line, step) = self.sweep.b.first();
            if extras.fetches {
                while p < terms {
                    let next = line.wrapping_add(NV * T::Vector::<B>::LANES);
                    fetch_row::<T, B, NV>(token, next);
                    // SAFETY: row `p` of B and that column of A, as above.
                    unsafe { self.add_term(token, line, &mut along, filled, &mut sums) };
                    line = line.wrapping_offset(step);
                    p += 1;
                }
            } else if count > 1 && terms >= split::CHAINED_TERMS {
                let mut chains = [[[zero; NV]; H]; split::CHAINS_MAX];
                while p + count <= terms {
                    let mut q = 0;
                    while q < count {
                        // SAFETY: row `p + q` of B, and that column of A, as above.
                        unsafe { self.add_term(token, line, &mut along, filled, &mut chains[q]) };
                        line = line.wrapping_offset(step);
                        q += 1;
                    }
                    p += count;
                }
                sums = chains[0];
                let mut q = 1;
                while q < count {
                    let mut i = 0;
                    while i < H {
                        add_row(&mut sums[i], chains[q][i]);
                        i += 1;
                    }
                    q += 1;
                }
            }
            while p < terms {
                // SAFETY: row `p` of B and that column of A, as above.
                unsafe { self.add_term(token, line, &mut along, filled, &mut sums) };
                line = line.wrapping_offset(step);
                p += 1;
            }
        }
        if FUSED && extras.adds {
            let mut i = 0;
            while i < H {
                let line = c.wrapping_offset((row + i) as isize * c_row);
                // SAFETY: row `row + i` of C, which `checked` has compared with NV.
                let old = unsafe { load_row::<T, B, NV>(token, line, filled) };
                add_row(&mut sums[i], old);
                i += 1;
            }
        }
        sums
    }

    /// Adds the product of a column of A and the row of B at `line`.
    ///
    /// # Safety
    /// `line` is the start of a row of B, `along` is at the column of A of the same number, and `H` rows
    /// of A follow from there; `checked` has compared the views.
    #[inline(always)]
    unsafe fn add_term<B: Backend, const H: usize>(
        &self,
        token: B,
        line: *const T,
        along: &mut Along<T>,
        filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
        sums: &mut [[T::Vector<B>; NV]; H],
    ) {
        let a_row = self.sweep.a.row_stride();
        // SAFETY: a row of B by the caller's word; it has as many columns as C, or more.
        let b = unsafe { load_row::<T, B, NV>(token, line, filled) };
        let mut i = 0;
        while i < H {
            // SAFETY: an element of a column of A by the caller's word, of a row that C has.
            let element = unsafe { *along.a[i >> 2].wrapping_offset((i & 3) as isize * a_row) };
            let element = T::Vector::<B>::splat(token, element);
            let mut j = 0;
            while j < NV {
                sums[i][j] = if FUSED {
                    element.mul_add(b[j], sums[i][j])
                } else {
                    sums[i][j].add(element.mul(b[j]))
                };
                j += 1;
            }
            i += 1;
        }
        let mut group = 0;
        while group < H.div_ceil(4) {
            along.a[group] = along.a[group].wrapping_offset(along.steps[group]);
            group += 1;
        }
    }

    /// Sums become rows of C, with α, β, bias and ReLU; each product and sum is rounded on its own.
    #[inline(always)]
    fn put_rows<B: Backend>(
        &mut self,
        token: B,
        row: usize,
        height: usize,
        filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
        sums: *const [T::Vector<B>; NV],
    ) {
        let Finish {
            alpha,
            beta,
            bias,
            relu,
        } = self.sweep.finish;
        let splat = |x| T::Vector::<B>::splat(token, x);
        let zero = splat(T::ZERO);
        for i in 0..height {
            let line = self
                .sweep
                .c
                .start()
                .wrapping_offset((row + i) as isize * self.sweep.c.row_stride());
            // SAFETY: the tile has written `height` rows of registers.
            let mut sum = unsafe { *sums.wrapping_add(i) };
            scale_row(&mut sum, splat(alpha));
            if beta != T::ZERO {
                // SAFETY: row `row + i` of C, which `checked` has compared with NV.
                let mut old = unsafe { load_row::<T, B, NV>(token, line, filled) };
                scale_row(&mut old, splat(beta));
                add_row(&mut sum, old);
            }
            if let Some(bias) = bias {
                let line = bias
                    .start()
                    .wrapping_offset((row + i) as isize * bias.row_stride());
                let addend = if bias.col_stride() == 0 {
                    // SAFETY: element (row + i, 0) of a bias as large as C, which is not empty.
                    [splat(unsafe { *line }); NV]
                } else {
                    // SAFETY: row `row + i` of the bias, whose elements are neighbours.
                    unsafe { load_row::<T, B, NV>(token, line, filled) }
                };
                add_row(&mut sum, addend);
            }
            if relu {
                relu_row(&mut sum, zero);
            }
            store_rows::<T, B, NV, 1>(&[sum], line, 0, filled, filled.whole);
        }
    }

    /// The same for a C whose rows are not contiguous, one element after another.
    #[inline(always)]
    fn put_elements<B: Backend>(&mut self, row: usize, height: usize, sums: *const T) {
        for i in 0..height {
            for j in 0..self.sweep.c.cols() {
                let at = i * NV * T::Vector::<B>::LANES + j;
                // SAFETY: the tile has written `height` rows of registers, all lanes of them.
                let sum = unsafe { *sums.wrapping_add(at) };
                let element = self.sweep.c.get_mut(row + i, j).expect("a tile lies in C");
                *element = self.sweep.finish.element(sum, *element, row + i, j);
            }
        }
    }
}

/// Stores registers to rows a stride apart, which have those lanes: `checked` has compared its columns
/// with NV, and each tile ends within its rows.
#[inline(always)]
fn store_rows<T: Float, B: Backend, const NV: usize, const H: usize>(
    sums: &[[T::Vector<B>; NV]; H],
    to: *mut T,
    stride: isize,
    filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
    all: bool,
) {
    let mut i = 0;
    while i < H {
        let line = to.wrapping_offset(i as isize * stride);
        let mut j = 0;
        while j < NV {
            let to = line.wrapping_add(j * T::Vector::<B>::LANES);
            if j < NV - 1 || all {
                // SAFETY: a row of C or of the buffer has these lanes.
                unsafe { sums[i][j].store_at(to) };
            } else {
                // SAFETY: as above; the last register is filled up to the columns of C.
                unsafe { sums[i][j].store_lanes(to, filled.in_last) };
            }
            j += 1;
        }
        i += 1;
    }
}

/// `NV` registers from neighbouring elements, as far as they are filled.
///
/// # Safety
/// The elements must be readable.
#[inline(always)]
unsafe fn load_row<T: Float, B: Backend, const NV: usize>(
    token: B,
    from: *const T,
    filled: Filled<<T::Vector<B> as DenseVector>::Lanes>,
) -> [T::Vector<B>; NV] {
    let mut row = [T::Vector::<B>::splat(token, T::ZERO); NV];
    let mut j = 0;
    while j < NV {
        let from = from.wrapping_add(j * T::Vector::<B>::LANES);
        row[j] = if j < NV - 1 || (filled.whole && !T::Vector::<B>::FREE_MASKS) {
            // SAFETY: the caller vouches for the elements.
            unsafe { T::Vector::<B>::load_at(token, from) }
        } else {
            // SAFETY: as above.
            unsafe { T::Vector::<B>::load_lanes(token, from, filled.in_last) }
        };
        j += 1;
    }
    row
}

/// Asks for a row of `NV` registers.
#[inline(always)]
fn fetch_row<T: Float, B: Backend, const NV: usize>(token: B, from: *const T) {
    let mut j = 0;
    while j < NV {
        T::Vector::<B>::prefetch(token, from.wrapping_add(j * T::Vector::<B>::LANES));
        j += 1;
    }
}

#[inline(always)]
fn scale_row<V: DenseVector, const NV: usize>(row: &mut [V; NV], factor: V) {
    let mut j = 0;
    while j < NV {
        row[j] = row[j].mul(factor);
        j += 1;
    }
}

#[inline(always)]
fn add_row<V: DenseVector, const NV: usize>(row: &mut [V; NV], addend: [V; NV]) {
    let mut j = 0;
    while j < NV {
        row[j] = row[j].add(addend[j]);
        j += 1;
    }
}

#[inline(always)]
fn relu_row<V: DenseVector, const NV: usize>(row: &mut [V; NV], zero: V) {
    let mut j = 0;
    while j < NV {
        row[j] = rectified(row[j], zero);
        j += 1;
    }
}

/// What is not above zero becomes +0.0; NaN stays.
#[inline(always)]
pub(super) fn rectified<V: DenseVector>(x: V, zero: V) -> V {
    // Adding zero makes −0.0, which may win against +0.0, the positive one.
    let clipped = x.max_native(zero).add(zero);
    V::select(x.unordered(zero), x, clipped)
}
