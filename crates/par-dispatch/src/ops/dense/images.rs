//! Convolution and pooling.

use super::{DenseError, Error, Outcome, Range, Turn, Work, even_range, scratch, settled};
use crate::dispatcher::Dispatcher;
use crate::watch::Watchers;
use kernels_simd::Float;
use kernels_simd::dense::{Conv2d, MatMut, Pool2d, avg_pool2d_rows, max_pool2d_rows};

/// Rows of the result in a unit of a convolution, at least: as many as its kernel makes together.
const ROWS_MIN: usize = 4;

/// Comparisons or additions of a pool take an instruction for each element, and some for the columns.
const POOL_OPERATIONS: usize = 2;

impl Dispatcher<'_> {
    /// [`kernels_simd::dense::conv2d`], on the pool where that pays.
    ///
    /// # Panics
    /// If a length differs from what the extents say.
    #[track_caller]
    pub fn conv2d<T: Float>(&self, conv: &Conv2d<'_, T>, image: &[T], kernel: &[T], out: &mut [T]) {
        settled(self.shared_conv2d(self.watchers.to_the_end(), conv, image, kernel, out));
    }

    /// [`conv2d`](Self::conv2d) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the length that is wrong; [`Error::Cancelled`].
    pub fn try_conv2d<T: Float>(
        &self,
        conv: &Conv2d<'_, T>,
        image: &[T],
        kernel: &[T],
        out: &mut [T],
    ) -> Result<(), Error<DenseError>> {
        self.shared_conv2d(self.watchers, conv, image, kernel, out)
    }

    fn shared_conv2d<T: Float>(
        &self,
        watchers: Watchers<'_>,
        conv: &Conv2d<'_, T>,
        image: &[T],
        kernel: &[T],
        out: &mut [T],
    ) -> Outcome {
        conv.check(image, kernel, out).map_err(Error::Body)?;
        let (rows, cols) = conv.out_extents().map_err(Error::Body)?;
        if out.is_empty() {
            return Ok(());
        }
        let results = conv.results();
        let batch = out.len() / (results * rows * cols);
        let (per_image, per_result) = (image.len() / batch, out.len() / batch);
        let terms = kernel.len() / results;
        let work = Work {
            name: "conv2d",
            bytes: size_of_val(image) + size_of_val(kernel) + size_of_val(out),
            operations: out
                .len()
                .saturating_mul(terms)
                .saturating_mul(size_of::<T>() / 4),
            reads_only: false,
        };
        // Bands of one image, or several whole images.
        let bands = rows.div_ceil(ROWS_MIN);
        let (turn, _timing) = self.turn(&work, batch.saturating_mul(bands), &watchers);
        let Turn::Shared(share) = turn else {
            return self.run_whole(&work, || whole(conv, image, kernel, out));
        };
        if batch >= share.units {
            let mut rest = out;
            let cut = |unit| {
                let images = even_range(batch, share.units, unit);
                let (out, behind) =
                    std::mem::take(&mut rest).split_at_mut(images.len() * per_result);
                rest = behind;
                let part = images.start * per_image..images.end * per_image;
                Some((conv.batch(images.len()), &image[part], out))
            };
            return share.run(self, watchers, cut, |(conv, image, out)| {
                whole(&conv, image, kernel, out)
            });
        }
        // Units are bands: of equal number in each image, as many as they may be.
        let per_batch = share.units / batch;
        let mut images = out
            .chunks_exact_mut(per_result)
            .zip(image.chunks_exact(per_image.max(1)));
        let mut left: Option<(MatMut<'_, T>, &[T])> = None;
        let cut = |unit: usize| {
            let band = unit % per_batch;
            if unit / per_batch >= batch {
                return None;
            }
            if band == 0 {
                left = images
                    .next()
                    .map(|(out, image)| (MatMut::new(out, results, rows * cols), image));
            }
            let (rest, image) = left.take()?;
            let band = even_range(rows, per_batch, band);
            let (out, behind) = rest.split_at_col(band.len() * cols);
            left = Some((behind, image));
            Some((band, image, out))
        };
        share.run(self, watchers, cut, |(band, image, out)| {
            run_rows(conv, band, image, kernel, out)
        })
    }

    /// [`kernels_simd::dense::max_pool2d`], on the pool where that pays.
    ///
    /// # Panics
    /// If a length differs from what the extents say.
    #[track_caller]
    pub fn max_pool2d<T: Float>(&self, pool: &Pool2d, image: &[T], out: &mut [T]) {
        let watchers = self.watchers.to_the_end();
        settled(self.shared_pool2d(watchers, "max_pool2d", pool, image, out, max_pool2d_rows));
    }

    /// [`max_pool2d`](Self::max_pool2d) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the length that is wrong; [`Error::Cancelled`].
    pub fn try_max_pool2d<T: Float>(
        &self,
        pool: &Pool2d,
        image: &[T],
        out: &mut [T],
    ) -> Result<(), Error<DenseError>> {
        self.shared_pool2d(
            self.watchers,
            "max_pool2d",
            pool,
            image,
            out,
            max_pool2d_rows,
        )
    }

    /// [`kernels_simd::dense::avg_pool2d`], on the pool where that pays.
    ///
    /// # Panics
    /// If a length differs from what the extents say.
    #[track_caller]
    pub fn avg_pool2d<T: Float>(&self, pool: &Pool2d, image: &[T], out: &mut [T]) {
        let watchers = self.watchers.to_the_end();
        settled(self.shared_pool2d(watchers, "avg_pool2d", pool, image, out, avg_pool2d_rows));
    }

    /// [`avg_pool2d`](Self::avg_pool2d) that returns what goes wrong.
    ///
    /// # Errors
    /// [`Error::Body`] with the length that is wrong; [`Error::Cancelled`].
    pub fn try_avg_pool2d<T: Float>(
        &self,
        pool: &Pool2d,
        image: &[T],
        out: &mut [T],
    ) -> Result<(), Error<DenseError>> {
        self.shared_pool2d(
            self.watchers,
            "avg_pool2d",
            pool,
            image,
            out,
            avg_pool2d_rows,
        )
    }

    fn shared_pool2d<T: Float>(
        &self,
        watchers: Watchers<'_>,
        name: &'static str,
        pool: &Pool2d,
        image: &[T],
        out: &mut [T],
        kernel: impl Fn(&Pool2d, usize, &[T], &mut [T]) + Sync,
    ) -> Outcome {
        pool.check(image, out).map_err(Error::Body)?;
        let (_, cols) = pool.out_extents().map_err(Error::Body)?;
        if out.is_empty() {
            return Ok(());
        }
        let rows = out.len() / cols;
        let work = Work {
            name,
            bytes: size_of_val(image) + size_of_val(out),
            operations: POOL_OPERATIONS * image.len() * (size_of::<T>() / 4),
            reads_only: false,
        };
        let (turn, _timing) = self.turn(&work, rows, &watchers);
        let Turn::Shared(share) = turn else {
            return self.run_whole(&work, || {
                kernel(pool, 0, image, out);
                Ok(())
            });
        };
        let mut rest = out;
        let cut = |unit| {
            let rows = even_range(rows, share.units, unit);
            let (out, behind) = std::mem::take(&mut rest).split_at_mut(rows.len() * cols);
            rest = behind;
            Some((rows.start, out))
        };
        share.run(self, watchers, cut, |(first_row, out)| {
            kernel(pool, first_row, image, out);
            Ok(())
        })
    }
}

/// Whole images.
fn whole<T: Float>(
    conv: &Conv2d<'_, T>,
    image: &[T],
    kernel: &[T],
    out: &mut [T],
) -> Result<(), DenseError> {
    let (rows, cols) = conv.out_extents()?;
    let results = conv.results();
    let batch = out.len() / (results * rows * cols);
    let len = conv.scratch_len(rows)?;
    if len == 0 || batch == 0 {
        return kernels_simd::dense::try_conv2d(conv, image, kernel, out);
    }
    let per_image = image.len() / batch;
    scratch::with(len, |scratch| {
        for (index, out) in out.chunks_exact_mut(results * rows * cols).enumerate() {
            let image = &image[index * per_image..][..per_image];
            let out = MatMut::new(out, results, rows * cols);
            conv.run_rows_with_scratch(scratch, 0..rows, image, kernel, out);
        }
        Ok(())
    })
}

/// Rows of one image.
fn run_rows<T: Float>(
    conv: &Conv2d<'_, T>,
    rows: Range<usize>,
    image: &[T],
    kernel: &[T],
    out: MatMut<'_, T>,
) -> Result<(), DenseError> {
    let len = conv.scratch_len(rows.len())?;
    scratch::with(len, |scratch| {
        conv.run_rows_with_scratch(scratch, rows, image, kernel, out);
        Ok(())
    })
}

/// One row: names, arguments, an example.
macro_rules! functions {
    ($($name:ident $try_name:ident ($($arg:ident: $ty:ty),*), $example:literal;)*) => {$(
        #[doc = concat!("[`kernels_simd::dense::", stringify!($name), "`], on Rayon's current pool where that pays.")]
        ///
        /// ```
        #[doc = $example]
        /// ```
        ///
        /// # Panics
        /// If a length differs from what the extents say.
        #[track_caller]
        pub fn $name<T: Float>($($arg: $ty),*) {
            Dispatcher::global().$name($($arg),*);
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns a wrong length as an error.")]
        ///
        /// # Errors
        /// [`Error::Body`].
        pub fn $try_name<T: Float>($($arg: $ty),*) -> Result<(), Error<DenseError>> {
            Dispatcher::global().$try_name($($arg),*)
        }
    )*};
}

functions! {
    conv2d try_conv2d(conv: &Conv2d<'_, T>, image: &[T], kernel: &[T], out: &mut [T]),
    "use kernels_simd::dense::Conv2d;
let conv = Conv2d::new((1, 3), (1, 2));
let mut out = [0.0; 2];
par_dispatch::conv2d(&conv, &[1.0_f32, 2.0, 4.0], &[-1.0, 1.0], &mut out);
assert_eq!(out, [1.0, 2.0]);";

    max_pool2d try_max_pool2d(pool: &Pool2d, image: &[T], out: &mut [T]),
    "use kernels_simd::dense::Pool2d;
let mut out = [0.0];
par_dispatch::max_pool2d(&Pool2d::new((2, 2), (2, 2)), &[1.0_f32, 7.0, 3.0, 4.0], &mut out);
assert_eq!(out, [7.0]);";

    avg_pool2d try_avg_pool2d(pool: &Pool2d, image: &[T], out: &mut [T]),
    "use kernels_simd::dense::Pool2d;
let mut out = [0.0];
par_dispatch::avg_pool2d(&Pool2d::new((2, 2), (2, 2)), &[1.0_f32, 7.0, 3.0, 5.0], &mut out);
assert_eq!(out, [4.0]);";
}
