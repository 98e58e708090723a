//! The largest value of each square window: two-dimensional max pooling, stride = window.

use crate::data::real::Real;
use crate::reference::{check_exact, extrema};

/// Extents of an image and of the windows that tile it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the image.
    pub rows: usize,
    /// Columns of the image.
    pub columns: usize,
    /// Rows and columns of a window, and the step from one to the next.
    pub stride: usize,
}

impl Shape {
    /// Rows of the result; a window that would leave the image is left out.
    #[must_use]
    pub const fn rows_out(self) -> usize {
        self.rows / self.stride
    }

    /// Columns of the result.
    #[must_use]
    pub const fn columns_out(self) -> usize {
        self.columns / self.stride
    }
}

/// Writes the maximum of each window of `image` to `out`. NaN wins.
///
/// ```
/// use bench_suite::workloads::max_pool2d::{Shape, max_pool2d};
/// let image = [1.0_f32, 2.0, 5.0, 0.0, 3.0, 4.0, -1.0, f32::NAN];
/// let mut out = [0.0; 2];
/// max_pool2d(Shape { rows: 2, columns: 4, stride: 2 }, &image, &mut out);
/// assert_eq!(out[0], 4.0);
/// assert!(out[1].is_nan());
/// ```
///
/// # Panics
/// If the stride is 0 or a slice has another length than its shape.
pub fn max_pool2d<T: Real>(shape: Shape, image: &[T], out: &mut [T]) {
    let Shape {
        rows,
        columns,
        stride,
    } = shape;
    let columns_out = shape.columns_out();
    assert_eq!(
        image.len(),
        rows * columns,
        "max_pool2d: the image has another length than {shape:?}"
    );
    assert_eq!(
        out.len(),
        shape.rows_out() * columns_out,
        "max_pool2d: out has another length than {shape:?}"
    );
    for (index, o) in out.iter_mut().enumerate() {
        let (top, left) = (index / columns_out * stride, index % columns_out * stride);
        let mut largest = T::LEAST;
        for row in top..top + stride {
            for &pixel in &image[row * columns + left..][..stride] {
                if pixel > largest || pixel.is_nan() {
                    largest = pixel;
                }
            }
        }
        *o = largest;
    }
}

/// Compares a pooled image with the reference: a maximum over all pixels of each window, found
/// from the pixels' side (each pixel knows its window).
///
/// # Errors
/// With the index and both values of the first window that differs.
pub fn check<T: Real>(shape: Shape, image: &[T], got: &[T]) -> Result<(), String> {
    let columns_out = shape.columns_out();
    let mut windows: Vec<Vec<T>> = vec![Vec::new(); shape.rows_out() * columns_out];
    for (index, &pixel) in image.iter().enumerate() {
        let row = index / shape.columns / shape.stride;
        let column = index % shape.columns / shape.stride;
        if row < shape.rows_out() && column < columns_out {
            windows[row * columns_out + column].push(pixel);
        }
    }
    for (index, (window, &got)) in windows.iter().zip(got).enumerate() {
        let greatest = extrema(window).map(|(_, greatest)| greatest);
        check_exact(Some(got), greatest).map_err(|wrong| format!("window {index}: {wrong}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_by_hand_and_a_border_that_is_left_out() {
        #[rustfmt::skip]
        let image = [
            1.0,  2.0, -3.0, -4.0, 90.0,
            5.0,  0.0, -1.0, -2.0, 91.0,
            7.0,  8.0,  3.0,  3.0, 92.0,
            6.0,  9.0,  3.0,  3.0, 93.0,
            94.0, 95.0, 96.0, 97.0, 98.0,
        ];
        let shape = Shape {
            rows: 5,
            columns: 5,
            stride: 2,
        };
        let mut out = [f64::NAN; 4];
        max_pool2d(shape, &image, &mut out);
        assert_eq!(out, [5.0, -1.0, 9.0, 3.0]);
        assert_eq!(check(shape, &image, &out), Ok(()));
        out[2] = 8.0;
        assert!(
            check(shape, &image, &out)
                .unwrap_err()
                .starts_with("window 2")
        );
    }

    #[test]
    fn nan_stays_wherever_it_lies() {
        let shape = Shape {
            rows: 2,
            columns: 2,
            stride: 2,
        };
        for place in 0..4 {
            let mut image = [1.0_f32, 2.0, 3.0, 4.0];
            image[place] = f32::NAN;
            let mut out = [0.0];
            max_pool2d(shape, &image, &mut out);
            assert!(out[0].is_nan(), "NaN at {place}");
        }
    }

    #[test]
    fn a_window_larger_than_the_image_gives_nothing() {
        max_pool2d::<f32>(
            Shape {
                rows: 3,
                columns: 3,
                stride: 4,
            },
            &[1.0; 9],
            &mut [],
        );
    }
}
