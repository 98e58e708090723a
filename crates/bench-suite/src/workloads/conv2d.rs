//! Two-dimensional convolution of one channel, valid padding, as neural networks define it: the
//! kernel is not mirrored (a cross-correlation).

use crate::data::real::Real;
use crate::reference::check_terms;

/// Extents of an image and of the kernel that slides over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the image.
    pub rows: usize,
    /// Columns of the image.
    pub columns: usize,
    /// Rows and columns of the kernel.
    pub side: usize,
}

impl Shape {
    /// Rows of the result: the places at which the kernel fits; 0 if it does not.
    #[must_use]
    pub const fn rows_out(self) -> usize {
        (self.rows + 1).saturating_sub(self.side)
    }

    /// Columns of the result; 0 if the kernel does not fit.
    #[must_use]
    pub const fn columns_out(self) -> usize {
        (self.columns + 1).saturating_sub(self.side)
    }

    /// A multiplication and an addition for each element of the kernel at each place.
    #[must_use]
    pub const fn flops(self) -> u64 {
        2 * (self.rows_out() * self.columns_out() * self.side * self.side) as u64
    }
}

/// The binomial 5×5 kernel, a small Gaussian blur; its elements add up to 1.
#[must_use]
pub fn gaussian_5x5<T: Real>() -> [T; 25] {
    const BINOMIAL: [f64; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
    std::array::from_fn(|i| T::from_f64(BINOMIAL[i / 5] * BINOMIAL[i % 5] / 256.0))
}

/// Writes the convolution of `image` with `kernel` to `out`.
///
/// ```
/// use bench_suite::workloads::conv2d::{Shape, conv2d};
/// let image = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
/// let mut out = [0.0; 4];
/// conv2d(Shape { rows: 3, columns: 3, side: 2 }, &image, &[1.0, 0.0, 0.0, -1.0], &mut out);
/// assert_eq!(out, [-4.0, -4.0, -4.0, -4.0]);
/// ```
///
/// # Panics
/// If a slice has another length than its shape.
pub fn conv2d<T: Real>(shape: Shape, image: &[T], kernel: &[T], out: &mut [T]) {
    let Shape {
        rows,
        columns,
        side,
    } = shape;
    let (rows_out, columns_out) = (shape.rows_out(), shape.columns_out());
    assert_eq!(
        image.len(),
        rows * columns,
        "conv2d: the image has another length than {shape:?}"
    );
    assert_eq!(
        kernel.len(),
        side * side,
        "conv2d: the kernel has another length than {shape:?}"
    );
    assert_eq!(
        out.len(),
        rows_out * columns_out,
        "conv2d: out has another length than {shape:?}"
    );
    out.fill(T::ZERO);
    for row in 0..rows_out {
        let line_out = &mut out[row * columns_out..][..columns_out];
        for (index, &weight) in kernel.iter().enumerate() {
            let line = &image[(row + index / side) * columns + index % side..][..columns_out];
            for (o, &pixel) in line_out.iter_mut().zip(line) {
                *o += weight * pixel;
            }
        }
    }
}

/// Compares a convolution with one in f64, place by place.
///
/// # Errors
/// With the place and both values of the first element that is too far off.
pub fn check<T: Real>(shape: Shape, image: &[T], kernel: &[T], got: &[T]) -> Result<(), String> {
    let Shape { columns, side, .. } = shape;
    for row in 0..shape.rows_out() {
        for column in 0..shape.columns_out() {
            let terms = (0..side).flat_map(|down| {
                (0..side).map(move |right| {
                    let pixel = image[(row + down) * columns + column + right];
                    kernel[down * side + right].to_f64() * pixel.to_f64()
                })
            });
            check_terms(
                terms,
                got[row * shape.columns_out() + column],
                side * side + 1,
            )
            .map_err(|wrong| format!("out[{row}, {column}]: {wrong}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_not_mirrored() {
        // A kernel that picks its upper right corner.
        let shape = Shape {
            rows: 2,
            columns: 3,
            side: 2,
        };
        let mut out = [f32::NAN; 2];
        conv2d(
            shape,
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            &[0.0, 1.0, 0.0, 0.0],
            &mut out,
        );
        assert_eq!(out, [2.0, 3.0]);
    }

    #[test]
    fn a_blur_keeps_a_constant_and_is_symmetric() {
        let kernel = gaussian_5x5::<f64>();
        assert_eq!(kernel.iter().sum::<f64>(), 1.0);
        let shape = Shape {
            rows: 7,
            columns: 9,
            side: 5,
        };
        let mut out = [f64::NAN; 3 * 5];
        conv2d(shape, &[2.0; 63], &kernel, &mut out);
        assert_eq!(out, [2.0; 15]);

        // A single bright pixel shows the kernel itself.
        let mut image = [0.0; 81];
        image[4 * 9 + 4] = 1.0;
        let mut out = [f64::NAN; 25];
        conv2d(
            Shape {
                rows: 9,
                columns: 9,
                side: 5,
            },
            &image,
            &kernel,
            &mut out,
        );
        assert_eq!(out, kernel);
    }

    #[test]
    fn a_kernel_that_does_not_fit_gives_nothing() {
        let shape = Shape {
            rows: 2,
            columns: 2,
            side: 3,
        };
        conv2d::<f32>(shape, &[1.0; 4], &[1.0; 9], &mut []);
        assert_eq!(shape.flops(), 0);
    }

    #[test]
    fn the_check_agrees_and_finds_one_wrong_element() {
        let shape = Shape {
            rows: 8,
            columns: 7,
            side: 5,
        };
        let image: Vec<f32> = (0..56).map(|i| (i * i % 17) as f32 / 3.0).collect();
        let kernel = gaussian_5x5();
        let mut out = vec![f32::NAN; 12];
        conv2d(shape, &image, &kernel, &mut out);
        assert_eq!(check(shape, &image, &kernel, &out), Ok(()));
        out[4] += 0.01;
        assert!(
            check(shape, &image, &kernel, &out)
                .unwrap_err()
                .starts_with("out[1, 1]")
        );
    }
}
