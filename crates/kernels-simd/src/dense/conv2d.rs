//! Convolution of images, as neural networks define it: the kernel is not mirrored.
//!
//! ```text
//! one row of the result, all output channels, is a product of matrices:
//!
//!              terms (input channel, row, column of the kernel)
//!            ┌─────────────┐        ┌──────────────────────┐
//!   output   │   weights   │   ·    │ rows of the image,   │  one per term: the image itself,
//!   channels └─────────────┘        │ shifted by the term  │  from another start each
//!                                   └──────────────────────┘
//! ```
//! so that nothing is unrolled in memory. An image that is padded, or whose columns are read in
//! steps, is copied first: with its border, and with columns of equal remainder side by side.

use super::error::DenseError;
use super::finish::{Finish, rectified};
use super::product::sweep;
use super::rows::{Offsets, Rows};
use super::scratch;
use super::split;
use super::taps::Taps;

use super::view::{MatMut, MatRef};
use super::window::{self, Axis, Padding, check_len};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::vector::{Backend, DenseVector, Vector};

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
    channels: (usize, usize),
    extents: (usize, usize),
    kernel: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
    bias: Option<&'a [T]>,
    relu: bool,
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

    /// Rows and columns of the result; 0 where the kernel does not fit.
    ///
    /// # Errors
    /// [`DenseError::Parameter`] if the kernel or the stride is 0; [`DenseError::SizeOverflow`].
    pub fn out_extents(&self) -> Result<(usize, usize), DenseError> {
        let (rows, cols) = self.axes()?;
        Ok((rows.places(), cols.places()))
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
    let (rows, cols) = conv.axes()?;
    let (batch, (channels, results)) = (conv.batch, conv.channels);
    let out_extents = [batch, results, rows.places(), cols.places()];
    check_len(
        OPERATION,
        "the image",
        [batch, channels, rows.extent, cols.extent],
        image.len(),
    )?;
    check_len(
        OPERATION,
        "the kernel",
        [results, channels, rows.window, cols.window],
        kernel.len(),
    )?;
    check_len(OPERATION, "out", out_extents, out.len())?;
    if let Some(bias) = conv.bias {
        check_len(OPERATION, "the bias", [1, 1, 1, results], bias.len())?;
    }
    if out.is_empty() {
        return Ok(());
    }
    let seen = Seen::new(channels, rows, cols)?;
    let per_image = channels * rows.extent * cols.extent;
    let per_result = results * rows.places() * cols.places();
    for (index, out) in out.chunks_exact_mut(per_result).enumerate() {
        let image = &image[index * per_image..][..per_image];
        if seen.is_the_image() {
            dispatch(Convolution {
                conv,
                rows,
                cols,
                seen,
                image,
                kernel,
                out,
            });
        } else {
            scratch::with(seen.len, |copy| {
                seen.copy(image, copy);
                dispatch(Convolution {
                    conv,
                    rows,
                    cols,
                    seen,
                    image: copy,
                    kernel,
                    out,
                });
            });
        }
    }
    Ok(())
}

/// How the image lies that the taps see: itself, or a copy with its border in which columns of equal
/// remainder by the stride are side by side.
///
/// ```text
/// stride 2   row   a b c d e     becomes   a c e | b d ·
/// ```
#[derive(Debug, Clone, Copy)]
struct Seen {
    channels: usize,
    rows: Axis,
    cols: Axis,
    /// Columns of one remainder.
    run: usize,
    row: usize,
    plane: usize,
    len: usize,
}

impl Seen {
    fn new(channels: usize, rows: Axis, cols: Axis) -> Result<Self, DenseError> {
        let remainders = cols.stride.min(cols.padded().max(1));
        let run = cols.padded().div_ceil(remainders);
        let len = window::len(OPERATION, [channels, rows.padded(), remainders, run])?;
        let row = remainders * run;
        let plane = row * rows.padded();
        Ok(Self {
            channels,
            rows,
            cols,
            run,
            row,
            plane,
            len,
        })
    }

    fn is_the_image(&self) -> bool {
        let Self { rows, cols, .. } = self;
        rows.before + rows.after + cols.before + cols.after == 0 && cols.stride == 1
    }

    /// Where an element of the padded image lies.
    fn at(&self, channel: usize, row: usize, col: usize) -> usize {
        let stride = self.cols.stride;
        channel * self.plane + row * self.row + col % stride * self.run + col / stride
    }

    fn copy<T: Float>(&self, image: &[T], to: &mut [T]) {
        to.fill(T::ZERO);
        let Self { rows, cols, .. } = *self;
        if image.is_empty() {
            return;
        }
        for (index, line) in image.chunks_exact(cols.extent).enumerate() {
            let (channel, row) = (index / rows.extent, index % rows.extent);
            let start = self.at(channel, row + rows.before, 0);
            if cols.stride == 1 {
                to[start + cols.before..][..line.len()].copy_from_slice(line);
                continue;
            }
            for (col, &element) in line.iter().enumerate() {
                to[start + self.at(0, 0, col + cols.before)] = element;
            }
        }
    }
}

struct Convolution<'a, T> {
    conv: &'a Conv2d<'a, T>,
    rows: Axis,
    cols: Axis,
    seen: Seen,
    image: &'a [T],
    kernel: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel for Convolution<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let terms = self.seen.channels * self.rows.window * self.cols.window;
        let blocks = terms.div_ceil(split::DEPTH).max(1);
        let mut offsets = [0; split::DEPTH];
        let mut from = 0;
        for block in 0..blocks {
            let len = split::even(terms, blocks, block);
            for (index, offset) in offsets[..len].iter_mut().enumerate() {
                let term = from + index;
                let (rest, col) = (term / self.cols.window, term % self.cols.window);
                let (channel, row) = (rest / self.rows.window, rest % self.rows.window);
                *offset = self.seen.at(channel, row, col);
            }
            let offsets = Offsets::new(&offsets[..len]);
            let (first, last) = (block == 0, block == blocks - 1);
            if self.conv.channels.1 == 1 {
                self.taps(token, from, offsets, first, last);
            } else {
                self.products(token, from, offsets, first, last);
            }
            from += len;
        }
    }
}

impl<T: Float> Convolution<'_, T> {
    /// Terms from `from` on, to one channel.
    #[inline(always)]
    fn taps<B: Backend>(
        &mut self,
        token: B,
        from: usize,
        offsets: Offsets<'_>,
        first: bool,
        last: bool,
    ) {
        let Self {
            conv,
            rows,
            cols,
            seen,
            image,
            kernel,
            ref mut out,
        } = *self;
        if first {
            out.fill(T::ZERO);
        }
        token.out_of_line(&mut Taps {
            image,
            step: rows.stride * seen.row,
            offsets,
            weights: &kernel[from..from + offsets.len()],
            out: MatMut::new(out, rows.places(), cols.places()),
        });
        if last && (conv.bias.is_some() || conv.relu) {
            let bias = conv.bias.map_or(T::NEG_ZERO, |bias| bias[0]);
            for element in out.iter_mut() {
                *element = rectified(*element + bias, conv.relu);
            }
        }
    }

    /// Terms from `from` on, to all channels: a product for each row of the result.
    #[inline(always)]
    fn products<B: Backend>(
        &mut self,
        token: B,
        from: usize,
        offsets: Offsets<'_>,
        first: bool,
        last: bool,
    ) {
        let Self {
            conv,
            rows,
            cols,
            seen,
            image,
            kernel,
            ref mut out,
        } = *self;
        let (results, terms) = (conv.channels.1, kernel.len() / conv.channels.1);
        let (places, per_row) = (rows.places(), cols.places());
        let weights =
            MatRef::new(kernel, results, terms).part(0..results, from..from + offsets.len());
        let bias = conv.bias.map(|bias| {
            MatRef::with_strides(bias, results, per_row, 1, 0).expect("as many as channels")
        });
        let finish = Finish {
            alpha: T::ONE,
            beta: T::ZERO,
            bias,
            relu: conv.relu,
        };
        let finish = finish.for_block(first, last);
        let mut out = MatMut::new(out, results, places * per_row);
        let lanes = T::Vector::<B>::LANES;
        let registers = per_row.div_ceil(lanes);
        let panels = registers.div_ceil(split::width_max(T::Vector::<B>::IN_CPU));
        for place in 0..places {
            let mut line = out
                .reborrow()
                .part(0..results, place * per_row..(place + 1) * per_row);
            let mut col = 0;
            for panel in 0..panels {
                let width = split::even(registers, panels, panel);
                let to = (col + width * lanes).min(per_row);
                let base = place * rows.stride * seen.row + col;
                let b = Rows::gathered(image, base, offsets, to - col);
                let c = line.reborrow().part(0..results, col..to);
                let finish = finish.part(0..results, col..to);
                sweep(token, (width, true), weights, b, c, finish);
                col = to;
            }
        }
    }
}
