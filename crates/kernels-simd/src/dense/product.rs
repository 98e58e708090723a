//! Which way a product takes, by its shape and how its matrices lie, and the scratch that it needs
//! there.

use super::blocks::Blocks;
use super::dots::Dots;
use super::finish::Finish;
use super::narrow::{Combination, FewTerms};
use super::pack;
use super::rows::Rows;
use super::scratch::{self, Memory};
use super::split;
use super::tile::{Single, Sweep};
use super::view::{MatMut, MatRef};
use crate::element::Float;
use crate::level::Level;

/// A product whose shapes fit.
#[derive(Debug)]
pub(super) struct Product<'a, T> {
    pub(super) a: MatRef<'a, T>,
    pub(super) b: MatRef<'a, T>,
    pub(super) c: MatMut<'a, T>,
    pub(super) finish: Finish<'a, T>,
    pub(super) fused: bool,
}

impl<'a, T: Float> Product<'a, T> {
    #[inline(always)]
    pub(super) fn run(self, memory: Memory<'_, T>) {
        let (m, n) = self.c.shape();
        if m == 0 || n == 0 {
            return;
        }
        if self.is_single() {
            return self.single();
        }
        if let (true, Some(kind)) = (self.fused, narrow_kind(&self.a, &self.b, &self.c)) {
            return self.narrow(kind, memory);
        }
        // Rows of C are to be contiguous: a column-major C is computed as its transpose.
        let product = if is_by_columns(&self.c) {
            let product = self.transposed();
            if product.is_single() {
                return product.single();
            }
            product
        } else {
            self
        };
        let (pack_a, pack_b) = packing(&product.a, &product.b);
        if pack_a || pack_b {
            product.packed(pack_a, pack_b, memory);
        } else {
            product.in_place();
        }
    }

    /// Whether all of C is one small tile, its rows and those of B are contiguous, and nothing follows
    /// the sums. No other way would pack anything of so few rows and columns, see [`scratch_needed`].
    #[inline(always)]
    fn is_single(&self) -> bool {
        let (m, n) = self.c.shape();
        let (register, registers) = split::registers(Level::active());
        m <= split::single_rows(registers)
            && n <= register / size_of::<T>()
            // Of more, a column of C is summed along k.
            && (n > 1 || self.a.cols() < split::NARROW_DEPTH)
            && (n == 1 || (self.b.col_stride() == 1 && self.c.col_stride() == 1))
            && self.fused
            && self.finish.is_plain()
    }

    #[inline(always)]
    fn single(self) {
        let Self { a, b, c, .. } = self;
        T::single(&mut Single { a, b, c });
    }

    /// The largest matrix is read or written once, in order.
    #[inline(never)]
    fn narrow(self, kind: Narrow, memory: Memory<'_, T>) {
        match kind {
            Narrow::FewTerms => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                T::few_terms(&mut FewTerms { a, b, c, finish });
            }
            Narrow::FewTermsOfTransposed => self.transposed().narrow(Narrow::FewTerms, memory),
            Narrow::Combination => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                T::combination(&mut Combination { a, b, c, finish });
            }
            Narrow::CombinationOfTransposed => {
                self.transposed().narrow(Narrow::Combination, memory)
            }
            Narrow::Dots => {
                let Self {
                    a, b, c, finish, ..
                } = self;
                let b = b.t();
                if b.col_stride() == 1 {
                    return T::dots(&mut Dots { a, b, c, finish });
                }
                // The few columns of B are made contiguous.
                let stride = pack::stride(b.cols());
                memory.with(b.rows() * stride, |memory| {
                    T::repack(&mut pack::Repack {
                        from: b,
                        to: memory,
                        stride,
                    });
                    let b = pack::packed(memory, b.shape(), stride);
                    T::dots(&mut Dots { a, b, c, finish });
                });
            }
            Narrow::DotsOfTransposed => self.transposed().narrow(Narrow::Dots, memory),
        }
    }

    /// Cᵀ = BᵀAᵀ.
    #[inline(always)]
    fn transposed(self) -> Self {
        Self {
            a: self.b.t(),
            b: self.a.t(),
            c: self.c.t(),
            finish: self.finish.transposed(),
            fused: self.fused,
        }
    }

    /// All is read where it lies; a C of few columns is one sweep.
    #[inline(always)]
    fn in_place(self) {
        let (bytes, registers) = split::registers(Level::active());
        let width = (self.c.cols() * size_of::<T>()).div_ceil(bytes);
        if width > split::width_max(registers)
            || self.a.cols() > split::depth(self.c.rows(), false, self.fused)
        {
            return T::blocks(&mut Blocks {
                product: self,
                band: &mut [],
                group: &mut [],
            });
        }
        let Self {
            a,
            b,
            c,
            finish,
            fused,
        } = self;
        let mut sweep = Sweep {
            a,
            b: Rows::strided(b),
            c,
            finish,
            fetches: false,
        };
        T::sweep(&mut sweep, width, fused);
    }

    #[inline(never)]
    fn packed(self, pack_a: bool, pack_b: bool, memory: Memory<'_, T>) {
        let ((m, k), n) = (self.a.shape(), self.b.cols());
        let band_len = if pack_a { band_len::<T>(m, k, n) } else { 0 };
        let group_len = if pack_b { group_len::<T>(k, n) } else { 0 };
        memory.with(band_len + group_len, |memory| {
            let (group, band) = memory.split_at_mut(group_len);
            T::blocks(&mut Blocks {
                product: self,
                band,
                group,
            });
        });
    }
}

/// Elements of scratch that a product of m×k and k×n takes at most, however the matrices lie.
pub(super) const fn scratch_len<T>(m: usize, k: usize, n: usize) -> usize {
    let packed = max(packed_len::<T>(m, k, n), packed_len::<T>(n, k, m));
    let few = split::dots_max(size_of::<T>()) * pack::stride(k);
    scratch::with_room_to_align::<T>(max(packed, few))
}

/// Elements of scratch that this very product packs into.
pub(super) fn scratch_needed<T: Float>(
    a: &MatRef<'_, T>,
    b: &MatRef<'_, T>,
    c: &MatMut<'_, T>,
    fused: bool,
) -> usize {
    let contiguous = |few: &MatRef<'_, T>| match few.col_stride() {
        1 => 0,
        _ => few.rows() * pack::stride(few.cols()),
    };
    let len = match narrow_kind(a, b, c).filter(|_| fused) {
        Some(Narrow::FewTerms | Narrow::FewTermsOfTransposed) => 0,
        Some(Narrow::Combination | Narrow::CombinationOfTransposed) => 0,
        Some(Narrow::Dots) => contiguous(&b.t()),
        Some(Narrow::DotsOfTransposed) => contiguous(a),
        None => {
            let (a, b) = match is_by_columns(c) {
                true => (b.t(), a.t()),
                false => (*a, *b),
            };
            let ((m, k), n) = (a.shape(), b.cols());
            let (pack_a, pack_b) = packing(&a, &b);
            let band = if pack_a { band_len::<T>(m, k, n) } else { 0 };
            band + if pack_b { group_len::<T>(k, n) } else { 0 }
        }
    };
    match len {
        0 => 0,
        len => scratch::with_room_to_align::<T>(len),
    }
}

/// Whether this very product packs B, if rows of C are contiguous.
pub(super) fn packs_right<T: Float>(
    a: &MatRef<'_, T>,
    b: &MatRef<'_, T>,
    c: &MatMut<'_, T>,
    fused: bool,
) -> bool {
    let narrow = fused && narrow_kind(a, b, c).is_some();
    !narrow && packing(a, b).1
}

/// The kernel for a product that is narrow in one of its dimensions, or small in all, if there is one for
/// these layouts.
#[inline(always)]
fn narrow_kind<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>, c: &MatMut<'_, T>) -> Option<Narrow> {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let (a_rows, b_rows) = (a.col_stride() == 1, b.col_stride() == 1);
    let (a_cols, b_cols) = (a.row_stride() == 1, b.row_stride() == 1);
    let (c_rows, c_cols) = (c.col_stride() == 1, c.row_stride() == 1);
    let are_few = |rows, len| split::is_few_terms(rows, k, len, size_of::<T>());
    if are_few(m, n) && b_rows && c_rows {
        return Some(Narrow::FewTerms);
    }
    if are_few(n, m) && a_cols && c_cols {
        return Some(Narrow::FewTermsOfTransposed);
    }
    let few = split::dots_max(size_of::<T>());
    let is_deep = k >= split::NARROW_DEPTH;
    let is_long = |len: usize| {
        let shortest = match is_deep {
            true => split::SHORT_ROW_BYTES,
            false => split::ROW_BYTES,
        };
        k > 0 && len.saturating_mul(size_of::<T>()) >= shortest
    };
    let dots = |contiguous, rows, cols| match contiguous {
        true => split::sums_along(rows, k, cols),
        false => is_deep && split::turns_for_dots(rows, cols),
    };
    if m == 1 && is_long(n) && b_rows && c_rows {
        Some(Narrow::Combination)
    } else if n == 1 && is_long(m) && a_cols && c_cols {
        Some(Narrow::CombinationOfTransposed)
    } else if n <= few && a_rows && dots(b_cols, m, n) {
        Some(Narrow::Dots)
    } else if m <= few && b_cols && dots(a_rows, n, m) {
        Some(Narrow::DotsOfTransposed)
    } else {
        None
    }
}

/// Whether C is computed as its transpose, so that its rows are contiguous.
#[inline(always)]
pub(super) fn is_by_columns<T>(c: &MatMut<'_, T>) -> bool {
    c.col_stride() != 1 && c.row_stride() == 1 && c.cols() != 1
}

/// Whether A and B are packed.
#[inline(always)]
fn packing<T>(a: &MatRef<'_, T>, b: &MatRef<'_, T>) -> (bool, bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let size = size_of::<T>();
    let contiguous = b.col_stride() == 1 || n == 1 || k == 0;
    let pack_b = split::packs_b(m, k, n, b.row_bytes(), size);
    (packs_a(a, n), pack_b || !contiguous)
}

/// Whether A is packed for a B of `n` columns.
#[inline(always)]
pub(super) fn packs_a<T>(a: &MatRef<'_, T>, n: usize) -> bool {
    let ((m, k), size) = (a.shape(), size_of::<T>());
    split::packs_a(m, k, n, a.col_stride() == 1, size)
}

const fn max(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Elements of both, packed.
const fn packed_len<T>(m: usize, k: usize, n: usize) -> usize {
    band_len::<T>(m, k, n) + group_len::<T>(k, n)
}

/// Elements of a packed band of A.
pub(super) const fn band_len<T>(m: usize, k: usize, n: usize) -> usize {
    min(m, split::band_rows(m, k, n, size_of::<T>(), true)) * pack::stride(min(k, split::DEPTH))
}

/// Elements of a packed group of B; a row of it ends with a whole register of any level.
const fn group_len<T>(k: usize, n: usize) -> usize {
    let terms = min(k, split::DEPTH);
    let cols = split::group_cols(terms, size_of::<T>());
    terms * min(n, cols).next_multiple_of(16)
}

/// Kernels for products that are narrow in one of their dimensions.
#[derive(Debug, Clone, Copy)]
enum Narrow {
    FewTerms,
    FewTermsOfTransposed,
    Combination,
    CombinationOfTransposed,
    Dots,
    DotsOfTransposed,
}

#[cfg(test)]
mod tests {
    use super::super::matmul::Matmul;
    use super::{MatMut, MatRef};

    #[test]
    fn nothing_is_asked_for_what_is_read_where_it_lies() {
        let x = [1.0_f32; 6000];
        let line = &x[..1000];
        let (row, column) = (MatRef::new(line, 1, 1000), MatRef::new(line, 1000, 1));
        let mut one = [0.0];
        let dot = MatMut::new(&mut one, 1, 1);
        let asked = |product: Matmul<'_, f32>| product.scratch_needed(&row, &column, &dot);
        assert_eq!(asked(Matmul::new()), 0);
        assert_eq!(asked(Matmul::new().reproducible()), 0);
        // Two columns that are to be contiguous, of rows that are not a line apart.
        let pair = MatRef::new(line, 500, 2);
        let mut c = [0.0; 24];
        let mut needed = |rows: usize| {
            let a = MatRef::new(&x[..500 * rows], rows, 500);
            let c = MatMut::new(&mut c[..2 * rows], rows, 2);
            Matmul::new().scratch_needed(&a, &pair, &c)
        };
        assert!((1000..1200).contains(&needed(12)), "{}", needed(12));
        // Not for a tile of few rows, which reads them as they lie.
        assert_eq!((needed(2), needed(8)), (0, 0));
    }
}
