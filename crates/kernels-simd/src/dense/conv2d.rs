//! Convolution of images: what can be asked for, and whether the extents fit. How it is computed:
//! `convolution`.

use super::convolution::{Convolution, Seen};
use super::error::DenseError;
use super::finish::rectified;
use super::scratch::{self, Memory};
use super::view::MatMut;
use super::window::{Axis, Padding, check_len};
use crate::element::Float;
use core::ops::Range;

/// A convolution: extents of images and kernels, steps, padding, and what follows the sums.
///
/// ```
/// use kernels_simd::dense::{Conv2d, conv2d};
/// let image = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
/// let conv = Conv2d::new((3, 3), (2, 2));
/// let mut out = [0.0; 4];
/// conv2d(&conv, &image, &[1.0, 0.0, 0.0, -1.0], &mut out);
/// assert_eq!(out, [-4.0, -4.0, -4.0, -4.0]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Conv2d<'a, T> {
    batch: usize,
    pub(super) channels: (usize, usize),
    extents: (usize, usize),
    kernel: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
    pub(super) bias: Option<&'a [T]>,
    pub(super) relu: bool,
}

impl<'a, T: Float> Conv2d<'a, T> {
    /// One image of one channel and `(rows, columns)`, and a kernel of `(rows, columns)`; step 1, no
    /// padding.
    #[must_use]
    pub const fn new(extents: (usize, usize), kernel: (usize, usize)) -> Self {
        Self {
            batch: 1,
            channels: (1, 1),
            extents,
            kernel,
            stride: (1, 1),
            padding: Padding::Valid,
            bias: None,
            relu: false,
        }
    }

    /// So many images, one behind another.
    #[must_use]
    pub const fn batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// Channels of an image and of its result: the image is C×H×W, the kernel O×C×h×w.
    #[must_use]
    pub const fn channels(self, image: usize, result: usize) -> Self {
        Self {
            channels: (image, result),
            ..self
        }
    }

    /// Rows and columns from one place of the kernel to the next.
    #[must_use]
    pub const fn stride(self, stride: (usize, usize)) -> Self {
        Self { stride, ..self }
    }

    /// Zeros around the image.
    #[must_use]
    pub const fn padding(self, padding: Padding) -> Self {
        Self { padding, ..self }
    }

    /// Adds `bias[o]` to each element of output channel o.
    #[must_use]
    pub const fn bias(self, bias: &'a [T]) -> Self {
        Self {
            bias: Some(bias),
            ..self
        }
    }

    /// Replaces what is not above zero by +0.0, at the end. NaN stays.
    #[must_use]
    pub const fn relu(self) -> Self {
        Self { relu: true, ..self }
    }

    /// Output channels.
    #[must_use]
    pub const fn results(&self) -> usize {
        self.channels.1
    }

    /// Rows and columns of the result; 0 where the kernel does not fit.
    ///
    /// # Errors
    /// [`DenseError::Parameter`] if the kernel or the stride is 0; [`DenseError::SizeOverflow`].
    pub fn out_extents(&self) -> Result<(usize, usize), DenseError> {
        let (rows, cols) = self.axes()?;
        Ok((rows.places(), cols.places()))
    }

    /// Compares lengths as [`try_conv2d`] does, and computes nothing.
    ///
    /// # Errors
    /// As [`try_conv2d`].
    pub fn check(&self, image: &[T], kernel: &[T], out: &[T]) -> Result<(), DenseError> {
        let (rows, cols) = self.axes()?;
        let (batch, (channels, results)) = (self.batch, self.channels);
        for (what, extents, len) in [
            (
                "the image",
                [batch, channels, rows.extent, cols.extent],
                image.len(),
            ),
            (
                "the kernel",
                [results, channels, rows.window, cols.window],
                kernel.len(),
            ),
            (
                "out",
                [batch, results, rows.places(), cols.places()],
                out.len(),
            ),
        ] {
            check_len(OPERATION, what, extents, len)?;
        }
        match self.bias {
            Some(bias) => check_len(OPERATION, "the bias", [1, 1, 1, results], bias.len()),
            None => Ok(()),
        }
    }

    /// Computes some rows of the result of one image, all output channels: for who shares out the
    /// work.
    ///
    /// `image` is that of C×H×W alone. `out` has a row per output channel, with the rows of its
    /// result one behind another: a part of O×(H'·W').
    ///
    /// ```
    /// use kernels_simd::dense::{Conv2d, MatMut};
    /// let image = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    /// let conv = Conv2d::new((3, 3), (2, 2));
    /// let mut out = [0.0; 2];
    /// conv.run_rows(1..2, &image, &[1.0, 0.0, 0.0, 1.0], MatMut::new(&mut out, 1, 2));
    /// assert_eq!(out, [4.0 + 8.0, 5.0 + 9.0]);
    /// ```
    ///
    /// # Panics
    /// If a length differs from what the extents say, or there are no such rows.
    pub fn run_rows(&self, rows: Range<usize>, image: &[T], kernel: &[T], out: MatMut<'_, T>) {
        self.run_rows_in(Memory::Kept, rows, image, kernel, out);
    }

    /// As [`run_rows`](Self::run_rows), copying the image, where that is needed, into `scratch`, whose
    /// contents do not matter. One shorter than [`scratch_len`](Self::scratch_len) may be left alone.
    ///
    /// # Panics
    /// As [`run_rows`](Self::run_rows).
    pub fn run_rows_with_scratch(
        &self,
        scratch: &mut [T],
        rows: Range<usize>,
        image: &[T],
        kernel: &[T],
        out: MatMut<'_, T>,
    ) {
        self.run_rows_in(Memory::Given(scratch), rows, image, kernel, out);
    }

    /// Elements of scratch that so many rows of the result take; 0 if the image is read where it
    /// lies.
    ///
    /// # Errors
    /// As [`out_extents`](Self::out_extents).
    pub fn scratch_len(&self, rows: usize) -> Result<usize, DenseError> {
        let (down, cols) = self.axes()?;
        let whole = Seen::new(self.channels.0, down, cols, down.extent)?;
        if whole.is_the_image() || down.places() == 0 {
            return Ok(0);
        }
        let (band, _) = down.part(0..rows.min(down.places()));
        let seen = Seen::new(self.channels.0, band, cols, down.extent)?;
        Ok(scratch::with_room_to_align::<T>(seen.len()))
    }

    fn run_rows_in(
        &self,
        memory: Memory<'_, T>,
        rows: Range<usize>,
        image: &[T],
        kernel: &[T],
        out: MatMut<'_, T>,
    ) {
        let (down, cols) = self.axes().unwrap_or_else(|error| error.panic());
        let (channels, results) = self.channels;
        let weights = results * channels * down.window * cols.window;
        assert!(
            image.len() == channels * down.extent * cols.extent && kernel.len() == weights,
            "{OPERATION}: an image of {} elements, a kernel of {}",
            image.len(),
            kernel.len()
        );
        let (places, bias) = (down.places(), self.bias.map_or(results, <[T]>::len));
        let fits = rows.start <= rows.end && rows.end <= places && bias == results;
        assert!(
            fits && out.shape() == (results, rows.len() * cols.places()),
            "{OPERATION}: rows {rows:?} of {places} to {:?}",
            out.shape()
        );
        if rows.is_empty() || cols.places() == 0 || results == 0 {
            return;
        }
        if channels == 0 {
            return self.without_terms(out);
        }
        let (band, first) = down.part(rows);
        let seen =
            Seen::new(channels, band, cols, down.extent).unwrap_or_else(|error| error.panic());
        let image = image.get(first * cols.extent..).unwrap_or_default();
        if seen.is_the_image() {
            return T::convolution(&mut Convolution::new(self, seen, image, kernel, out));
        }
        memory.with(seen.len(), |copy| {
            seen.copy(image, copy);
            T::convolution(&mut Convolution::new(self, seen, copy, kernel, out));
        });
    }

    /// What follows sums of nothing.
    #[cold]
    fn without_terms(&self, mut out: MatMut<'_, T>) {
        for result in 0..self.channels.1 {
            let bias = self.bias.map_or(T::ZERO, |bias| bias[result]);
            let line = out
                .row_mut(result)
                .expect("a row of the result is contiguous");
            line.fill(rectified(bias, self.relu));
        }
    }

    fn axes(&self) -> Result<(Axis, Axis), DenseError> {
        Axis::both(
            OPERATION,
            self.extents,
            self.kernel,
            self.stride,
            self.padding,
        )
    }
}

const OPERATION: &str = "conv2d";

/// Convolves `image` with `kernel`.
///
/// Layouts, slowest first: image N×C×H×W, kernel O×C×h×w, out N×O×H'×W' with the extents of
/// [`Conv2d::out_extents`].
///
/// # Panics
/// Where [`try_conv2d`] returns an error.
///
/// # Accuracy
/// As [`matmul`](super::matmul) with k = C·h·w. A NaN or infinity reaches every place whose window
/// contains it; padding is zeros that are multiplied like others.
#[track_caller]
pub fn conv2d<T: Float>(conv: &Conv2d<'_, T>, image: &[T], kernel: &[T], out: &mut [T]) {
    if let Err(error) = try_conv2d(conv, image, kernel, out) {
        error.panic();
    }
}

/// As [`conv2d`].
///
/// # Errors
/// [`DenseError::OperandLength`] if a slice has another length than its extents, and those of
/// [`Conv2d::out_extents`].
pub fn try_conv2d<T: Float>(
    conv: &Conv2d<'_, T>,
    image: &[T],
    kernel: &[T],
    out: &mut [T],
) -> Result<(), DenseError> {
    conv.check(image, kernel, out)?;
    let (rows, cols) = conv.out_extents()?;
    let (per_image, per_result) = (
        image.len() / conv.batch.max(1),
        out.len() / conv.batch.max(1),
    );
    if out.is_empty() {
        return Ok(());
    }
    for (index, out) in out.chunks_exact_mut(per_result).enumerate() {
        let image = &image[index * per_image..][..per_image];
        let out = MatMut::new(out, conv.channels.1, rows * cols);
        conv.run_rows(0..rows, image, kernel, out);
    }
    Ok(())
}
