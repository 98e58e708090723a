//! Products of matrices, and of a matrix and a vector.

use super::bands::{Bands, Unit};
use super::{DenseError, Error, Outcome, Range, Turn, Work, even_range, scratch, settled};
use crate::dispatcher::{Dispatcher, Force};
use crate::op::Op;
use crate::watch::Watchers;
use kernels_simd::Float;
use kernels_simd::dense::{MatMut, MatRef, Matmul, PackedRef, Packing};

/// Terms of a product that is shorter than the fastest fork-join, 0.3 µs, could make up for: half of
/// it is 0.3 µs at the 75 fused operations that a core with AVX-512 does in a nanosecond.
const SHORT_TERMS: usize = 45_000;

/// Bytes of a right-hand side from which on threads pack it together, if each unit would pack it. To
/// pack a smaller one in each takes less time than to fetch what another core has packed: with two
/// threads n = 128 takes 0.80 of one thread instead of 1.05, n = 192 0.62 instead of 0.87.
const PACKED_TOGETHER_FROM: usize = 256 << 10;

/// The same where each worker has one unit, and so packs once: n = 256 takes 0.53 instead of 0.61.
const PACKED_TOGETHER_FROM_BY_ONE: usize = 512 << 10;

/// The same if each unit would read it where it lies, but a product of all rows would pack it. With two
/// threads n = 768 takes 0.51 of one thread where it lies and 0.60 packed, n = 1024 0.60 and 0.54.
const PACKED_TOGETHER_ABOVE: usize = 3 << 20;

/// Names in plans, panics and recordings.
const MATMUL: &str = "matmul";
const MATVEC: &str = "matvec";
const PACKING: &str = "matmul packing";

impl Dispatcher<'_> {
    /// [`kernels_simd::dense::matmul`], on the pool where that pays.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[inline]
    #[track_caller]
    pub fn matmul<T: Float>(
        &self,
        alpha: T,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        beta: T,
        c: MatMut<'_, T>,
    ) {
        self.product(Matmul::new().alpha(alpha).beta(beta), a, b, c);
    }

    /// [`matmul`](Self::matmul) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the shapes that do not fit; [`Error::Cancelled`].
    #[inline]
    pub fn try_matmul<T: Float>(
        &self,
        alpha: T,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        beta: T,
        c: MatMut<'_, T>,
    ) -> Result<(), Error<DenseError>> {
        self.try_product(Matmul::new().alpha(alpha).beta(beta), a, b, c)
    }

    /// A product with all that can go with it ([`Matmul`]), on the pool where that pays.
    ///
    /// ```
    /// use kernels_simd::dense::{MatMut, MatRef, Matmul};
    /// use par_dispatch::Dispatcher;
    /// let (a, b) = ([1.0_f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
    /// let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
    /// let mut c = [0.0; 4];
    /// let layer = Matmul::new().bias_of_columns(&[-20.0, 0.0]).relu();
    /// Dispatcher::global().product(layer, a, b, MatMut::new(&mut c, 2, 2));
    /// assert_eq!(c, [0.0, 22.0, 23.0, 50.0]);
    /// ```
    ///
    /// A large B is packed once, by all threads for all. Of up to 256 KiB, or 512 KiB where each thread
    /// has one part of C, every part packs what it needs, and of up to 3 MiB it may read it where it lies. A
    /// [reproducible] product has the same bits on any number of threads; others may be cut into other
    /// tiles.
    ///
    /// [reproducible]: Matmul::reproducible
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[inline]
    #[track_caller]
    pub fn product<T: Float>(
        &self,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) {
        if self.is_short_product(&a, &b) {
            // Passed on as it came, so that the call costs a comparison.
            let op = &const { Op::new(MATMUL) };
            return self.observer.chunk(op, || product.run(a, b, c));
        }
        settled(self.shared_product(self.watchers.to_the_end(), MATMUL, product, a, b, c));
    }

    /// Whether a product is over before anybody could help, and nobody watches.
    #[inline(always)]
    fn is_short_product<T: Float>(&self, a: &MatRef<'_, T>, b: &MatRef<'_, T>) -> bool {
        let terms = a.rows().saturating_mul(a.cols()).saturating_mul(b.cols());
        terms <= SHORT_TERMS && self.force != Force::Parallel && self.watchers.is_empty()
    }

    /// [`product`](Self::product) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the shapes that do not fit; [`Error::Cancelled`].
    #[inline]
    pub fn try_product<T: Float>(
        &self,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), Error<DenseError>> {
        self.shared_product(self.watchers, MATMUL, product, a, b, c)
    }

    /// A product whose right-hand side was packed before.
    ///
    /// ```
    /// use kernels_simd::dense::{MatMut, MatRef, Matmul, PackedB};
    /// let weights = PackedB::new(MatRef::new(&[5.0_f32, 6.0, 7.0, 8.0], 2, 2));
    /// let mut c = [0.0; 2];
    /// let a = MatRef::new(&[1.0, 2.0], 1, 2);
    /// let dispatcher = par_dispatch::Dispatcher::global();
    /// dispatcher.product_packed(Matmul::new(), a, weights.view(), MatMut::new(&mut c, 1, 2));
    /// assert_eq!(c, [19.0, 22.0]);
    /// ```
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[inline]
    #[track_caller]
    pub fn product_packed<T: Float>(
        &self,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) {
        settled(self.shared_packed(self.watchers.to_the_end(), product, a, b, c));
    }

    /// [`product_packed`](Self::product_packed) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the shapes that do not fit; [`Error::Cancelled`].
    #[inline]
    pub fn try_product_packed<T: Float>(
        &self,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Result<(), Error<DenseError>> {
        self.shared_packed(self.watchers, product, a, b, c)
    }

    /// [`kernels_simd::dense::matvec`], on the pool where that pays.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[inline]
    #[track_caller]
    pub fn matvec<T: Float>(&self, alpha: T, a: MatRef<'_, T>, x: &[T], beta: T, y: &mut [T]) {
        settled(self.shared_matvec(self.watchers.to_the_end(), alpha, a, x, beta, y));
    }

    /// [`matvec`](Self::matvec) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the shapes that do not fit; [`Error::Cancelled`].
    #[inline]
    pub fn try_matvec<T: Float>(
        &self,
        alpha: T,
        a: MatRef<'_, T>,
        x: &[T],
        beta: T,
        y: &mut [T],
    ) -> Result<(), Error<DenseError>> {
        self.shared_matvec(self.watchers, alpha, a, x, beta, y)
    }

    fn shared_matvec<T: Float>(
        &self,
        watchers: Watchers<'_>,
        alpha: T,
        a: MatRef<'_, T>,
        x: &[T],
        beta: T,
        y: &mut [T],
    ) -> Outcome {
        if x.len() != a.cols() || y.len() != a.rows() {
            // The kernel has the words for it.
            return kernels_simd::dense::try_matvec(alpha, a, x, beta, y).map_err(Error::Body);
        }
        let (x, y) = (
            MatRef::column_major(x, x.len(), 1),
            MatMut::column_major(y, a.rows(), 1),
        );
        let product = Matmul::new().alpha(alpha).beta(beta);
        self.shared_product(watchers, MATVEC, product, a, x, y)
    }

    #[inline]
    fn shared_product<T: Float>(
        &self,
        watchers: Watchers<'_>,
        name: &'static str,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Outcome {
        product.check(&a, &b, &c).map_err(Error::Body)?;
        if Matmul::is_transposed(&c) {
            return self.shared_rows(watchers, name, product.transposed(), b.t(), a.t(), c.t());
        }
        self.shared_rows(watchers, name, product, a, b, c)
    }

    /// A product whose shapes fit, of rows of C that are contiguous if any are.
    #[inline]
    fn shared_rows<T: Float>(
        &self,
        watchers: Watchers<'_>,
        name: &'static str,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: MatRef<'_, T>,
        mut c: MatMut<'_, T>,
    ) -> Outcome {
        let (work, bands) = (work_of(name, &a, b.shape()), Bands::of(c.shape()));
        let (turn, _timing) = self.turn(&work, bands.units_max(c.shape()), &watchers);
        let Turn::Shared(share) = turn else {
            return self.run_whole(&work, || run(product, a, b, c));
        };
        let ((m, k), n) = (a.shape(), b.cols());
        let packs = |rows: usize, c: &mut MatMut<'_, T>| {
            let c = c.reborrow().part(0..rows, 0..n);
            product.packs_right(&a.part(0..rows, 0..k), &b, &c)
        };
        let from = match packs(m.div_ceil(share.units), &mut c) {
            true if share.units > self.workers() => PACKED_TOGETHER_FROM,
            true => PACKED_TOGETHER_FROM_BY_ONE,
            false => PACKED_TOGETHER_ABOVE + 1,
        };
        let is_large = k.saturating_mul(n).saturating_mul(size_of::<T>()) >= from;
        if bands != Bands::Rows || !is_large || !packs(m, &mut c) {
            let mut rest = Some(c);
            let cut = |unit| bands.cut(unit, share.units, (m, n), &mut rest);
            return share.run(self, watchers, cut, |Unit { rows, cols, c }| {
                let product = product.part(rows.clone(), cols.clone());
                let (a, b) = (a.part(rows, 0..k), b.part(0..k, cols));
                run(product, a, b, c)
            });
        }
        // Every band of rows needs all of B.
        let packing = Packing::try_new(k, n).map_err(Error::Body)?;
        scratch::for_all(packing.len(), |memory| {
            self.pack(&packing, b, memory);
            let b = packing.view(memory);
            let mut rest = Some(c);
            let cut = |unit| bands.cut(unit, share.units, (m, n), &mut rest);
            share.run(self, watchers, cut, |Unit { rows, cols, c }| {
                let product = product.part(rows.clone(), cols);
                run_packed(product, a.part(rows, 0..k), b, c)
            })
        })
    }

    fn shared_packed<T: Float>(
        &self,
        watchers: Watchers<'_>,
        product: Matmul<'_, T>,
        a: MatRef<'_, T>,
        b: PackedRef<'_, T>,
        c: MatMut<'_, T>,
    ) -> Outcome {
        product.check_packed(&a, &b, &c).map_err(Error::Body)?;
        let (work, bands) = (work_of(MATMUL, &a, b.shape()), Bands::Rows);
        let (turn, _timing) = self.turn(&work, bands.units_max(c.shape()), &watchers);
        let Turn::Shared(share) = turn else {
            return self.run_whole(&work, || run_packed(product, a, b, c));
        };
        let (shape, k) = (c.shape(), a.cols());
        let mut rest = Some(c);
        let cut = |unit| bands.cut(unit, share.units, shape, &mut rest);
        share.run(self, watchers, cut, |Unit { rows, cols, c }| {
            let product = product.part(rows.clone(), cols);
            run_packed(product, a.part(rows, 0..k), b, c)
        })
    }

    /// Packs B, by all threads if that pays.
    fn pack<T: Float>(&self, packing: &Packing<T>, b: MatRef<'_, T>, memory: &mut [T]) {
        let work = Work {
            name: PACKING,
            bytes: 2 * size_of_val(memory),
            operations: 0,
            reads_only: false,
        };
        let parts = packing.parts();
        let pack = |parts: Range<usize>, memory: &mut [T]| {
            let mut rest = memory;
            for part in parts {
                let (to, behind) = rest.split_at_mut(packing.range(part).len());
                packing.pack(b, part, to);
                rest = behind;
            }
            Ok(())
        };
        let watchers = Watchers::default();
        let (turn, _timing) = self.turn(&work, parts, &watchers);
        let packed = match turn {
            Turn::Whole => self.run_whole(&work, || pack(0..parts, memory)),
            Turn::Shared(share) => {
                let mut rest = memory;
                let cut = |unit| {
                    let parts = even_range(parts, share.units, unit);
                    let len = parts.clone().map(|part| packing.range(part).len()).sum();
                    let (to, behind) = std::mem::take(&mut rest).split_at_mut(len);
                    rest = behind;
                    Some((parts, to))
                };
                share.run(self, watchers, cut, |(parts, to)| pack(parts, to))
            }
        };
        settled(packed);
    }
}

/// What a product costs.
fn work_of<T>(name: &'static str, a: &MatRef<'_, T>, (k, n): (usize, usize)) -> Work {
    let (m, size) = (a.rows(), size_of::<T>());
    let of = |rows: usize, cols: usize| rows.saturating_mul(cols);
    let elements = of(m, k).saturating_add(of(k, n)).saturating_add(of(m, n));
    Work {
        name,
        bytes: elements.saturating_mul(size),
        operations: of(of(m, k), n).saturating_mul(size / 4),
        // One row or column is little to write.
        reads_only: m == 1 || n == 1,
    }
}

/// One unit, or all.
#[inline]
fn run<T: Float>(
    product: Matmul<'_, T>,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    c: MatMut<'_, T>,
) -> Result<(), DenseError> {
    let len = product.scratch_needed(&a, &b, &c);
    if len == 0 {
        return product.try_run(a, b, c);
    }
    scratch::with(len, |scratch| product.run_with_scratch(scratch, a, b, c))
}

fn run_packed<T: Float>(
    product: Matmul<'_, T>,
    a: MatRef<'_, T>,
    b: PackedRef<'_, T>,
    c: MatMut<'_, T>,
) -> Result<(), DenseError> {
    let len = Matmul::scratch_needed_packed(&a, &b);
    scratch::with(len, |scratch| {
        product.run_packed_with_scratch(scratch, a, b, c)
    })
}

/// [`kernels_simd::dense::matmul`], on Rayon's current pool where that pays.
///
/// ```
/// use kernels_simd::dense::{MatMut, MatRef};
/// let (a, b) = ([1.0_f32, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
/// let mut c = [0.0; 4];
/// let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
/// par_dispatch::matmul(1.0, a, b, 0.0, MatMut::new(&mut c, 2, 2));
/// assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
/// ```
///
/// # Panics
/// If the shapes do not fit.
#[inline]
#[track_caller]
pub fn matmul<T: Float>(alpha: T, a: MatRef<'_, T>, b: MatRef<'_, T>, beta: T, c: MatMut<'_, T>) {
    Dispatcher::global().matmul(alpha, a, b, beta, c);
}

/// [`matmul`] that returns shapes which do not fit as an error.
///
/// # Errors
/// [`Error::Body`].
#[inline]
pub fn try_matmul<T: Float>(
    alpha: T,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    beta: T,
    c: MatMut<'_, T>,
) -> Result<(), Error<DenseError>> {
    Dispatcher::global().try_matmul(alpha, a, b, beta, c)
}

/// [`kernels_simd::dense::matvec`], on Rayon's current pool where that pays.
///
/// ```
/// use kernels_simd::dense::MatRef;
/// let mut y = [0.0; 2];
/// par_dispatch::matvec(1.0, MatRef::new(&[1.0_f32, 2.0, 3.0, 4.0], 2, 2), &[1.0, -1.0], 0.0, &mut y);
/// assert_eq!(y, [-1.0, -1.0]);
/// ```
///
/// # Panics
/// If the shapes do not fit.
#[inline]
#[track_caller]
pub fn matvec<T: Float>(alpha: T, a: MatRef<'_, T>, x: &[T], beta: T, y: &mut [T]) {
    Dispatcher::global().matvec(alpha, a, x, beta, y);
}

/// [`matvec`] that returns shapes which do not fit as an error.
///
/// # Errors
/// [`Error::Body`].
#[inline]
pub fn try_matvec<T: Float>(
    alpha: T,
    a: MatRef<'_, T>,
    x: &[T],
    beta: T,
    y: &mut [T],
) -> Result<(), Error<DenseError>> {
    Dispatcher::global().try_matvec(alpha, a, x, beta, y)
}
