//! The kernel of convolution, as neural networks define it: the kernel is not mirrored.
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

use super::conv2d::Conv2d;
use super::error::DenseError;
use super::finish::{Finish, rectified};
use super::rows::{Offsets, Rows};
use super::split;
use super::taps::Taps;
use super::tile::Sweep;
use super::view::{MatMut, MatRef};
use super::window::{self, Axis};
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, DenseVector, Vector};

/// How the image lies that the taps see: itself, or a copy with its border in which columns of equal
/// remainder by the stride are side by side.
///
/// ```text
/// stride 2   row   a b c d e     becomes   a c e | b d ·
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    channels: usize,
    /// Of the rows that are computed.
    rows: Axis,
    cols: Axis,
    /// Rows of the whole image.
    all_rows: usize,
    /// Columns of one remainder.
    run: usize,
    row: usize,
    plane: usize,
    len: usize,
}

impl Seen {
    /// Of some rows of an image of `all_rows`.
    pub(super) fn new(
        channels: usize,
        rows: Axis,
        cols: Axis,
        all_rows: usize,
    ) -> Result<Self, DenseError> {
        let remainders = cols.stride.min(cols.padded().max(1));
        let run = cols.padded().div_ceil(remainders);
        let len = window::len("conv2d", [channels, rows.padded(), remainders, run])?;
        let row = remainders * run;
        let mut seen = Self {
            channels,
            rows,
            cols,
            all_rows,
            run,
            row,
            plane: row * rows.padded(),
            len,
        };
        if seen.is_the_image() {
            seen.plane = row * all_rows;
        }
        Ok(seen)
    }

    pub(super) const fn is_the_image(&self) -> bool {
        let Self { rows, cols, .. } = self;
        rows.before + rows.after + cols.before + cols.after == 0 && cols.stride == 1
    }

    /// Elements of a copy.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Where an element of the padded image lies.
    fn at(&self, channel: usize, row: usize, col: usize) -> usize {
        let stride = self.cols.stride;
        channel * self.plane + row * self.row + col % stride * self.run + col / stride
    }

    /// Copies an image, from the first of its rows that is seen on.
    pub(super) fn copy<T: Float>(&self, image: &[T], to: &mut [T]) {
        to.fill(T::ZERO);
        let Self { rows, cols, .. } = *self;
        if rows.extent == 0 || cols.extent == 0 {
            return;
        }
        for channel in 0..self.channels {
            let plane = &image[channel * self.all_rows * cols.extent..];
            for (row, line) in plane
                .chunks_exact(cols.extent)
                .take(rows.extent)
                .enumerate()
            {
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
}

/// Rows of the result of one image.
#[derive(Debug)]
pub struct Convolution<'a, T> {
    conv: &'a Conv2d<'a, T>,
    seen: Seen,
    image: &'a [T],
    kernel: &'a [T],
    /// A row per output channel.
    out: MatMut<'a, T>,
}

impl<'a, T> Convolution<'a, T> {
    pub(super) fn new(
        conv: &'a Conv2d<'a, T>,
        seen: Seen,
        image: &'a [T],
        kernel: &'a [T],
        out: MatMut<'a, T>,
    ) -> Self {
        Self {
            conv,
            seen,
            image,
            kernel,
            out,
        }
    }
}

impl<T: Float> Kernel for Convolution<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Seen {
            channels,
            rows,
            cols,
            ..
        } = self.seen;
        let terms = channels * rows.window * cols.window;
        let blocks = terms.div_ceil(split::DEPTH).max(1);
        let mut offsets = [0; split::DEPTH];
        let mut from = 0;
        for block in 0..blocks {
            let len = split::even(terms, blocks, block);
            for (index, offset) in offsets[..len].iter_mut().enumerate() {
                let term = from + index;
                let (rest, col) = (term / cols.window, term % cols.window);
                let (channel, row) = (rest / rows.window, rest % rows.window);
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
            seen,
            image,
            kernel,
            ref mut out,
        } = *self;
        let (rows, cols) = (seen.rows, seen.cols);
        let out = out.row_mut(0).expect("a row of the result is contiguous");
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
            seen,
            image,
            kernel,
            ref mut out,
        } = *self;
        let (rows, cols) = (seen.rows, seen.cols);
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
                let b = Rows::of_image(image, base, offsets, to - col);
                let c = line.reborrow().part(0..results, col..to);
                let finish = finish.part(0..results, col..to);
                let a = weights;
                let mut sweep = Sweep {
                    a,
                    b,
                    c,
                    finish,
                    fetches: false,
                };
                sweep.run(token, width, true);
                col = to;
            }
        }
    }
}
