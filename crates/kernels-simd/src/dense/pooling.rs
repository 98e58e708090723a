//! The kernel of pooling: rows of windows become one, then columns.
//!
//! ```text
//! rows of a window, in registers      then the columns of each window
//!   ┌──┬──┬──┬──┬──┬──┬──┬──┐
//!   │  │  │  │  │  │  │  │  │ ┐
//!   ├──┼──┼──┼──┼──┼──┼──┼──┤ ├─ one row of extrema or sums ─ out, out, …
//!   │  │  │  │  │  │  │  │  │ ┘
//!   └──┴──┴──┴──┴──┴──┴──┴──┘
//! ```

use super::window::Axis;
use crate::dispatch::Kernel;
use crate::element::Float;
use crate::vector::{Backend, FloatVector, Vector};

/// How the values of a window become one.
pub(super) trait Rule<T: Float>: Copy {
    /// Runs the kernel.
    fn run(windows: &mut Windows<'_, T, Self>);
    fn start(self) -> T;
    fn combine(self, left: T, right: T) -> T;
    fn combine_registers<V: FloatVector<Elem = T>>(self, left: V, right: V) -> V;
    fn finished(self, value: T, count: usize) -> T;
}

#[derive(Debug, Clone, Copy)]
pub struct Greatest;

impl<T: Float> Rule<T> for Greatest {
    fn run(windows: &mut Windows<'_, T, Self>) {
        T::maxima_of_windows(windows);
    }

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
pub struct Mean;

impl<T: Float> Rule<T> for Mean {
    fn run(windows: &mut Windows<'_, T, Self>) {
        T::means_of_windows(windows);
    }

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

#[derive(Debug)]
pub struct Windows<'a, T, R> {
    pub(super) rows: Axis,
    pub(super) cols: Axis,
    /// The row of the result that `out` begins with, counted through all planes.
    pub(super) first_row: usize,
    pub(super) image: &'a [T],
    pub(super) out: &'a mut [T],
    /// As long as a row of the image.
    pub(super) line: &'a mut [T],
    pub(super) rule: R,
}

impl<T: Float, R: Rule<T>> Kernel for Windows<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self {
            rows, cols, rule, ..
        } = *self;
        let (plane_len, places) = (rows.extent * cols.extent, rows.places());
        let tiled = cols.before == 0 && cols.after == 0 && cols.stride == cols.window;
        let lines = self.out.chunks_exact_mut(cols.places()).enumerate();
        for (index, out) in lines {
            let row = self.first_row + index;
            let plane = &self.image[row / places * plane_len..][..plane_len];
            let inside = rows.inside(row % places);
            let height = inside.len();
            let lines = &plane[inside.start * cols.extent..inside.end * cols.extent];
            down::<T, B, R>(token, rule, lines, self.line);
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
