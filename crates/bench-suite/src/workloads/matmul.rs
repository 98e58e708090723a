//! C = A·B, row by row.

use rayon::prelude::*;

use crate::data::real::Real;
use crate::reference::check_terms;

/// Extents of a product: A is m×k, B is k×n, C is m×n.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
}

impl Shape {
    /// All three extents alike.
    #[must_use]
    pub const fn square(n: usize) -> Self {
        Self { m: n, k: n, n }
    }

    /// A multiplication and an addition for each of the m·k·n terms.
    #[must_use]
    pub const fn flops(self) -> u64 {
        2 * (self.m * self.k * self.n) as u64
    }
}

/// Writes A·B to `out`; all matrices row by row.
///
/// ```
/// use bench_suite::workloads::matmul::{Shape, matmul};
/// let mut out = [0.0_f32; 4];
/// matmul(Shape::square(2), &[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], &mut out);
/// assert_eq!(out, [19.0, 22.0, 43.0, 50.0]);
/// ```
///
/// The terms of an element are added in the order of k, starting from zero; k = 0 gives zeros.
///
/// # Panics
/// If a slice has another length than its shape.
pub fn matmul<T: Real>(shape: Shape, a: &[T], b: &[T], out: &mut [T]) {
    let Shape { m, k, n } = shape;
    assert_eq!(
        a.len(),
        m * k,
        "matmul: A has another length than {shape:?}"
    );
    assert_eq!(
        b.len(),
        k * n,
        "matmul: B has another length than {shape:?}"
    );
    assert_eq!(
        out.len(),
        m * n,
        "matmul: C has another length than {shape:?}"
    );
    out.fill(T::ZERO);
    for row in 0..m {
        let c = &mut out[row * n..][..n];
        // Along a row of B: contiguous, so that even the naive version is not absurd.
        for (inner, &left) in a[row * k..][..k].iter().enumerate() {
            for (c, &right) in c.iter_mut().zip(&b[inner * n..][..n]) {
                *c += left * right;
            }
        }
    }
}

/// Compares a product with dot products in f64.
///
/// # Errors
/// With the place and both values of the first element that is too far off.
pub fn check<T: Real>(shape: Shape, a: &[T], b: &[T], got: &[T]) -> Result<(), String> {
    for row in 0..shape.m {
        for column in 0..shape.n {
            let terms = (0..shape.k).map(|inner| {
                a[row * shape.k + inner].to_f64() * b[inner * shape.n + column].to_f64()
            });
            // One rounding per product, one per addition.
            check_terms(terms, got[row * shape.n + column], shape.k + 1)
                .map_err(|wrong| format!("C[{row}, {column}]: {wrong}"))?;
        }
    }
    Ok(())
}

/// A product in f64, with what bounds the error of each element: computed once, for many answers.
#[derive(Debug)]
pub struct Reference {
    shape: Shape,
    /// Each element, and the sum of the magnitudes of its terms.
    elements: Vec<(f64, f64)>,
}

impl Reference {
    /// Of A and B, row by row, on Rayon's current pool.
    ///
    /// # Panics
    /// If a slice has another length than its shape.
    #[must_use]
    pub fn new<T: Real>(shape: Shape, a: &[T], b: &[T]) -> Self {
        let Shape { m, k, n } = shape;
        assert_eq!((a.len(), b.len()), (m * k, k * n), "{shape:?}");
        let mut elements = vec![(0.0, 0.0); m * n];
        let rows = elements.par_chunks_mut(n.max(1)).enumerate();
        rows.for_each(|(row, elements)| {
            for (inner, left) in a[row * k..][..k].iter().enumerate() {
                let left = left.to_f64();
                for (element, right) in elements.iter_mut().zip(&b[inner * n..][..n]) {
                    let term = left * right.to_f64();
                    element.0 += term;
                    element.1 += term.abs();
                }
            }
        });
        Self { shape, elements }
    }

    /// Compares a product with it.
    ///
    /// # Errors
    /// With the place and both values of the first element that is too far off.
    pub fn check<T: Real>(&self, got: &[T]) -> Result<(), String> {
        let Shape { k, n, .. } = self.shape;
        // One rounding per product, one per addition; those of the reference likewise.
        let roundings = (k + 1) as f64;
        let unit = roundings * (T::UNIT_ROUNDOFF + f64::UNIT_ROUNDOFF);
        for (index, (got, &(sum, magnitude))) in got.iter().zip(&self.elements).enumerate() {
            let bound = unit * magnitude + roundings * T::SMALLEST;
            let error = (got.to_f64() - sum).abs();
            if error > bound || error.is_nan() {
                let (row, column) = (index / n, index % n);
                return Err(format!(
                    "C[{row}, {column}]: {got}, expected {sum} ± {bound:.3e}"
                ));
            }
        }
        match got.len() == self.elements.len() {
            true => Ok(()),
            false => Err(format!(
                "{} elements, expected {}",
                got.len(),
                self.elements.len()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rectangles_by_hand() {
        // (1 2 3) · (1 4; 2 5; 3 6) = (14 32)
        let mut out = [f64::NAN; 2];
        matmul(
            Shape { m: 1, k: 3, n: 2 },
            &[1.0, 2.0, 3.0],
            &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0],
            &mut out,
        );
        assert_eq!(out, [14.0, 32.0]);
        // A column times a row is an outer product.
        let mut out = [f64::NAN; 4];
        matmul(
            Shape { m: 2, k: 1, n: 2 },
            &[2.0, 3.0],
            &[5.0, 7.0],
            &mut out,
        );
        assert_eq!(out, [10.0, 14.0, 15.0, 21.0]);
    }

    #[test]
    fn nothing_to_add_gives_zeros() {
        let mut out = [f32::NAN; 6];
        matmul(Shape { m: 2, k: 0, n: 3 }, &[], &[], &mut out);
        assert_eq!(out, [0.0; 6]);
    }

    #[test]
    fn the_check_finds_one_wrong_element() {
        let shape = Shape::square(2);
        let (a, b) = ([1.0_f32, 2.0, 3.0, 4.0], [5.0_f32, 6.0, 7.0, 8.0]);
        assert_eq!(check(shape, &a, &b, &[19.0, 22.0, 43.0, 50.0]), Ok(()));
        let wrong = check(shape, &a, &b, &[19.0, 22.0, 43.5, 50.0]).unwrap_err();
        assert!(wrong.starts_with("C[1, 0]: 43.5, expected 43"), "{wrong}");
    }

    #[test]
    fn the_reference_finds_one_wrong_element() {
        let shape = Shape { m: 2, k: 2, n: 1 };
        let reference = Reference::new(shape, &[1.0_f32, 2.0, -3.0, 4.0], &[5.0, 6.0]);
        assert_eq!(reference.check(&[17.0_f32, 9.0]), Ok(()));
        assert_eq!(reference.check(&[17.0_f32, 9.000_001]), Ok(()));
        for wrong in [&[17.0_f32, 9.001][..], &[f32::NAN, 9.0], &[17.0]] {
            assert!(reference.check(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn products_pass_their_check(m in 1..6_usize, k in 1..9_usize, n in 1..6_usize, seed in any::<u32>()) {
            let value = |i: usize| ((seed as usize + i * 37) % 101) as f32 / 7.0 - 5.0;
            let a: Vec<f32> = (0..m * k).map(value).collect();
            let b: Vec<f32> = (0..k * n).map(|i| value(i + 1000)).collect();
            let mut out = vec![f32::NAN; m * n];
            let shape = Shape { m, k, n };
            matmul(shape, &a, &b, &mut out);
            prop_assert_eq!(check(shape, &a, &b, &out), Ok(()));
            prop_assert_eq!(Reference::new(shape, &a, &b).check(&out), Ok(()));
        }
    }
}
