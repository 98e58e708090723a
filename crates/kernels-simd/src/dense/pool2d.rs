//! The greatest or the mean value of each window of an image.
//!
//! ```text
//! rows of a window, in registers      then the columns of each window
//!   ┌──┬──┬──┬──┬──┬──┬──┬──┐
//!   │  │  │  │  │  │  │  │  │ ┐
//!   ├──┼──┼──┼──┼──┼──┼──┼──┤ ├─ one row of extrema or sums ─ out, out, …
//!   │  │  │  │  │  │  │  │  │ ┘
//!   └──┴──┴──┴──┴──┴──┴──┴──┘
//! ```

use super::error::DenseError;
use super::scratch;
use super::window::{Axis, Padding, check_len};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::vector::{Backend, FloatVector, Vector};

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

    fn run<T: Float, R: Rule<T>>(
        &self,
        operation: &'static str,
        image: &[T],
        out: &mut [T],
        rule: R,
    ) -> Result<(), DenseError> {
        let (rows, cols) = self.axes(operation)?;
        let (places, per_row) = (rows.places(), cols.places());
        check_len(
            operation,
            "the image",
            [1, self.planes, rows.extent, cols.extent],
            image.len(),
        )?;
        check_len(
            operation,
            "out",
            [1, self.planes, places, per_row],
            out.len(),
        )?;
        if out.is_empty() {
            return Ok(());
        }
        // With padding as wide as the image, and no image, windows have nothing in them.
        if image.is_empty() {
            out.fill(rule.finished(rule.start(), 0));
            return Ok(());
        }
        scratch::with(cols.extent, |line| {
            dispatch(Windows {
                rows,
                cols,
                image,
                out,
                line,
                rule,
            });
        });
        Ok(())
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

/// How the values of a window become one.
trait Rule<T: Float>: Copy {
    fn start(self) -> T;
    fn combine(self, left: T, right: T) -> T;
    fn combine_registers<V: FloatVector<Elem = T>>(self, left: V, right: V) -> V;
    fn finished(self, value: T, count: usize) -> T;
}

#[derive(Debug, Clone, Copy)]
struct Greatest;

impl<T: Float> Rule<T> for Greatest {
    #[inline(always)]
    fn start(self) -> T {
        T::LEAST
    }

    #[inline(always)]
    fn combine(self, left: T, right: T) -> T {
        if left > right || left.is_nan() {
            left
        } else {
            right
        }
    }

    #[inline(always)]
    fn combine_registers<V: FloatVector<Elem = T>>(self, left: V, right: V) -> V {
        // A sum with a NaN in it is one.
        V::select(
            left.unordered(right),
            left.add(right),
            left.max_native(right),
        )
    }

    #[inline(always)]
    fn finished(self, value: T, _: usize) -> T {
        value
    }
}

#[derive(Debug, Clone, Copy)]
struct Mean;

impl<T: Float> Rule<T> for Mean {
    #[inline(always)]
    fn start(self) -> T {
        T::NEG_ZERO
    }

    #[inline(always)]
    fn combine(self, left: T, right: T) -> T {
        left + right
    }

    #[inline(always)]
    fn combine_registers<V: FloatVector<Elem = T>>(self, left: V, right: V) -> V {
        left.add(right)
    }

    #[inline(always)]
    fn finished(self, value: T, count: usize) -> T {
        value / T::from_count(count)
    }
}

struct Windows<'a, T, R> {
    rows: Axis,
    cols: Axis,
    image: &'a [T],
    out: &'a mut [T],
    line: &'a mut [T],
    rule: R,
}

impl<T: Float, R: Rule<T>> Kernel for Windows<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self {
            rows, cols, rule, ..
        } = *self;
        let plane_len = rows.extent * cols.extent;
        let (places, per_row) = (rows.places(), cols.places());
        let planes = self.image.chunks_exact(plane_len);
        for (plane, out) in planes.zip(self.out.chunks_exact_mut(places * per_row)) {
            for (place, out) in out.chunks_exact_mut(per_row).enumerate() {
                let inside = rows.inside(place);
                let height = inside.len();
                let lines = &plane[inside.start * cols.extent..inside.end * cols.extent];
                down::<T, B, R>(token, rule, lines, self.line);
                let tiled = cols.before == 0 && cols.after == 0 && cols.stride == cols.window;
                match cols.window {
                    2 if tiled => along::<T, R, 2>(rule, self.line, out, 2 * height),
                    3 if tiled => along::<T, R, 3>(rule, self.line, out, 3 * height),
                    4 if tiled => along::<T, R, 4>(rule, self.line, out, 4 * height),
                    _ => {
                        for (place, out) in out.iter_mut().enumerate() {
                            let inside = cols.inside(place);
                            let count = height * inside.len();
                            let mut value = rule.start();
                            for &element in &self.line[inside] {
                                value = rule.combine(value, element);
                            }
                            *out = rule.finished(value, count);
                        }
                    }
                }
            }
        }
    }
}

/// Rows of a window, one below another in `lines`, become one.
#[inline(always)]
fn down<T: Float, B: Backend, R: Rule<T>>(token: B, rule: R, lines: &[T], line: &mut [T]) {
    let cols = line.len();
    let lanes = T::Vector::<B>::LANES;
    let whole = cols - cols % lanes;
    let mut j = 0;
    while j < whole {
        let mut value = T::Vector::<B>::splat(token, rule.start());
        let mut at = j;
        while at < lines.len() {
            value = rule.combine_registers(value, T::Vector::<B>::load(token, &lines[at..]));
            at += cols;
        }
        value.store(&mut line[j..]);
        j += lanes;
    }
    while j < cols {
        let mut value = rule.start();
        let mut at = j;
        while at < lines.len() {
            value = rule.combine(value, lines[at]);
            at += cols;
        }
        line[j] = value;
        j += 1;
    }
}

/// `W` columns of each window, side by side, become one: a loop that the compiler vectorises.
#[inline(always)]
fn along<T: Float, R: Rule<T>, const W: usize>(rule: R, line: &[T], out: &mut [T], count: usize) {
    let (windows, _) = line.as_chunks::<W>();
    for (window, out) in windows.iter().zip(out) {
        let mut value = window[0];
        let mut j = 1;
        while j < W {
            value = rule.combine(value, window[j]);
            j += 1;
        }
        *out = rule.finished(value, count);
    }
}
