//! The greatest or the mean value of each window of an image.
//!
//! What can be asked for, and whether the extents fit. How windows are walked over: `pooling`.

use super::error::DenseError;
use super::pooling::{Greatest, Mean, Rule, Windows};
use super::scratch;
use super::window::{Axis, Padding, check_len};
use crate::element::Float;

/// What to pool: images of equal extents one behind another, and the windows on each.
///
/// ```
/// use kernels_simd::dense::{Pool2d, max_pool2d};
/// let image = [1.0_f32, 2.0, 5.0, 0.0, 3.0, 4.0, -1.0, f32::NAN];
/// let pool = Pool2d::new((2, 4), (2, 2));
/// let mut out = [0.0; 2];
/// max_pool2d(&pool, &image, &mut out);
/// assert_eq!(out[0], 4.0);
/// assert!(out[1].is_nan());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    planes: usize,
    extents: (usize, usize),
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
}

impl Pool2d {
    /// One image of `(rows, columns)`, windows of `(rows, columns)` that tile it; a window that would
    /// leave the image is left out.
    #[must_use]
    pub const fn new(extents: (usize, usize), window: (usize, usize)) -> Self {
        Self {
            planes: 1,
            extents,
            window,
            stride: window,
            padding: Padding::Valid,
        }
    }

    /// So many images, or channels of images: the product of N and C in NCHW.
    #[must_use]
    pub const fn planes(self, planes: usize) -> Self {
        Self { planes, ..self }
    }

    /// Rows and columns from one window to the next; the window's unless it is set.
    #[must_use]
    pub const fn stride(self, stride: (usize, usize)) -> Self {
        Self { stride, ..self }
    }

    /// Rows and columns around each image, which are no values: not compared, and not counted.
    #[must_use]
    pub const fn padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// Rows and columns of each result; 0 where the window does not fit.
    ///
    /// # Errors
    /// [`DenseError::Parameter`] if the window or the stride is 0, or the padding as large as the
    /// window; [`DenseError::SizeOverflow`].
    pub fn out_extents(&self) -> Result<(usize, usize), DenseError> {
        let (rows, cols) = self.axes("pool2d")?;
        Ok((rows.places(), cols.places()))
    }

    fn axes(&self, operation: &'static str) -> Result<(Axis, Axis), DenseError> {
        let (rows, cols) = Axis::both(
            operation,
            self.extents,
            self.window,
            self.stride,
            self.padding,
        )?;
        if rows.reaches_the_image() && cols.reaches_the_image() {
            return Ok((rows, cols));
        }
        Err(DenseError::Parameter {
            operation,
            reason: "the padding is less than the window",
            found: self.window,
        })
    }

    /// Compares lengths as the kernels do, and computes nothing.
    ///
    /// # Errors
    /// As [`try_max_pool2d`].
    pub fn check<T>(&self, image: &[T], out: &[T]) -> Result<(), DenseError> {
        self.checked("pool2d", image, out).map(|_| ())
    }

    fn checked<T>(
        &self,
        operation: &'static str,
        image: &[T],
        out: &[T],
    ) -> Result<(Axis, Axis), DenseError> {
        let (rows, cols) = self.axes(operation)?;
        for (what, extents, len) in [
            (
                "the image",
                [1, self.planes, rows.extent, cols.extent],
                image.len(),
            ),
            (
                "out",
                [1, self.planes, rows.places(), cols.places()],
                out.len(),
            ),
        ] {
            check_len(operation, what, extents, len)?;
        }
        Ok((rows, cols))
    }

    fn run<T: Float, R: Rule<T>>(
        &self,
        operation: &'static str,
        image: &[T],
        out: &mut [T],
        rule: R,
    ) -> Result<(), DenseError> {
        let axes = self.checked(operation, image, out)?;
        self.run_checked(axes, 0, image, out, rule);
        Ok(())
    }

    fn run_rows<T: Float, R: Rule<T>>(
        &self,
        operation: &'static str,
        first_row: usize,
        image: &[T],
        out: &mut [T],
        rule: R,
    ) {
        let axes = self.axes(operation).unwrap_or_else(|error| error.panic());
        let (rows, cols) = axes;
        let (all, per_row) = (self.planes * rows.places(), cols.places());
        let fits = image.len() == self.planes * rows.extent * cols.extent
            && (per_row == 0 || out.len().is_multiple_of(per_row))
            && out.len() <= (all - first_row.min(all)) * per_row;
        assert!(
            fits,
            "{operation}: an image of {} elements, from row {first_row} on {} of the result",
            image.len(),
            out.len()
        );
        self.run_checked(axes, first_row, image, out, rule);
    }

    fn run_checked<T: Float, R: Rule<T>>(
        &self,
        (rows, cols): (Axis, Axis),
        first_row: usize,
        image: &[T],
        out: &mut [T],
        rule: R,
    ) {
        if out.is_empty() {
            return;
        }
        // With padding as wide as the image, and no image, windows have nothing in them.
        if image.is_empty() {
            return out.fill(rule.finished(rule.start(), 0));
        }
        scratch::with(cols.extent, |line| {
            R::run(&mut Windows {
                rows,
                cols,
                first_row,
                image,
                out,
                line,
                rule,
            });
        });
    }
}

/// The greatest value of each window, NaN if there is one.
///
/// `image` has the planes one behind another, row by row, `out` the results likewise.
///
/// # Panics
/// Where [`try_max_pool2d`] returns an error.
#[track_caller]
pub fn max_pool2d<T: Float>(pool: &Pool2d, image: &[T], out: &mut [T]) {
    if let Err(error) = try_max_pool2d(pool, image, out) {
        error.panic();
    }
}

/// As [`max_pool2d`].
///
/// # Errors
/// [`DenseError::OperandLength`] if a slice has another length than its extents, and those of
/// [`Pool2d::out_extents`].
pub fn try_max_pool2d<T: Float>(
    pool: &Pool2d,
    image: &[T],
    out: &mut [T],
) -> Result<(), DenseError> {
    pool.run("max_pool2d", image, out, Greatest)
}

/// The mean of each window, over the elements that are in the image.
///
/// Sums run down the columns of a window, then along it, and have the same bits at every level; NaN
/// and infinities propagate.
///
/// # Panics
/// Where [`try_avg_pool2d`] returns an error.
#[track_caller]
pub fn avg_pool2d<T: Float>(pool: &Pool2d, image: &[T], out: &mut [T]) {
    if let Err(error) = try_avg_pool2d(pool, image, out) {
        error.panic();
    }
}

/// As [`avg_pool2d`].
///
/// # Errors
/// As [`try_max_pool2d`].
pub fn try_avg_pool2d<T: Float>(
    pool: &Pool2d,
    image: &[T],
    out: &mut [T],
) -> Result<(), DenseError> {
    pool.run("avg_pool2d", image, out, Mean)
}

/// Rows of the result of [`max_pool2d`] from `first_row` on, counted through all planes, as many as
/// `out` holds: for who shares out the work. `image` is all planes.
///
/// ```
/// use kernels_simd::dense::{Pool2d, max_pool2d_rows};
/// let pool = Pool2d::new((4, 2), (2, 2));
/// let mut out = [0.0];
/// max_pool2d_rows(&pool, 1, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &mut out);
/// assert_eq!(out, [8.0]);
/// ```
///
/// # Panics
/// If a length differs from what the extents say, `out` is not whole rows, or there are fewer.
pub fn max_pool2d_rows<T: Float>(pool: &Pool2d, first_row: usize, image: &[T], out: &mut [T]) {
    pool.run_rows("max_pool2d", first_row, image, out, Greatest);
}

/// The same of [`avg_pool2d`].
///
/// # Panics
/// As [`max_pool2d_rows`].
pub fn avg_pool2d_rows<T: Float>(pool: &Pool2d, first_row: usize, image: &[T], out: &mut [T]) {
    pool.run_rows("avg_pool2d", first_row, image, out, Mean);
}
