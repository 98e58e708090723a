//! The crate `ndarray`, as it comes (no BLAS), on views of the same slices.
//!
//! Its own methods where it has them (`sum`, `mean`, `dot`, `zip_mut_with`, `mapv_inplace`), and
//! `fold` and `Zip` where it has none. A view is made in the call: that costs nothing to speak of.

use ndarray::{ArrayView1, ArrayViewMut1, Zip};

use super::elementwise::{Elementwise, Formula};
use super::iterator::{greater, lesser};
use super::wide::Lanes;
use crate::data::number::{Number, Whole};
use crate::data::real::Real;

/// A type that `ndarray` has methods for.
pub trait Methods: Real {
    /// Σ x.
    #[must_use]
    fn sum(x: &[Self]) -> Self;
    /// Σ x / n; NaN for an empty slice.
    #[must_use]
    fn mean(x: &[Self]) -> Self;
    /// Σ x·y.
    #[must_use]
    fn dot(x: &[Self], y: &[Self]) -> Self;
}

/// One row: a type.
macro_rules! methods {
    ($($ty:ident)*) => {$(
        impl Methods for $ty {
            fn sum(x: &[Self]) -> Self {
                ArrayView1::from(x).sum()
            }

            fn mean(x: &[Self]) -> Self {
                ArrayView1::from(x).mean().unwrap_or($ty::NAN)
            }

            fn dot(x: &[Self], y: &[Self]) -> Self {
                ArrayView1::from(x).dot(&ArrayView1::from(y))
            }
        }
    )*};
}

methods! { f32 f64 }

/// Σ x, accumulated in `f64`.
#[must_use]
pub fn sum_wide(x: &[f32]) -> f64 {
    ArrayView1::from(x).fold(0.0, |sum, &v| sum + f64::from(v))
}

/// Σ x, exact.
#[must_use]
pub fn sum_exact<T: Whole>(x: &[T]) -> T::Wide {
    ArrayView1::from(x).fold(T::Wide::default(), |sum, v| sum + v.widened())
}

/// Σ x, wrapping around.
#[must_use]
pub fn sum_wrapping<T: Whole>(x: &[T]) -> T {
    ArrayView1::from(x).fold(T::ZERO, |sum, &v| sum.plus_wrapping(v))
}

/// Σ x·y, wrapping around.
#[must_use]
pub fn dot_wrapping<T: Whole>(x: &[T], y: &[T]) -> T {
    let mut sum = T::ZERO;
    Zip::from(ArrayView1::from(x))
        .and(ArrayView1::from(y))
        .for_each(|&a, &b| sum = sum.plus_wrapping(a.times_wrapping(b)));
    sum
}

/// The least element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min<T: Number>(x: &[T]) -> Option<T> {
    let first = *x.first()?;
    Some(ArrayView1::from(x).fold(first, |least, &v| lesser(least, v)))
}

/// The greatest element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn max<T: Number>(x: &[T]) -> Option<T> {
    let first = *x.first()?;
    Some(ArrayView1::from(x).fold(first, |greatest, &v| greater(greatest, v)))
}

/// The least element and the greatest; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min_max<T: Number>(x: &[T]) -> Option<(T, T)> {
    let first = *x.first()?;
    let view = ArrayView1::from(x);
    Some(view.fold((first, first), |(least, greatest), &v| {
        (lesser(least, v), greater(greatest, v))
    }))
}

/// Whether some element is true.
#[must_use]
pub fn any(x: &[bool]) -> bool {
    ArrayView1::from(x).iter().any(|&v| v)
}

/// Whether every element is true.
#[must_use]
pub fn all(x: &[bool]) -> bool {
    ArrayView1::from(x).iter().all(|&v| v)
}

/// How many elements are true.
#[must_use]
pub fn count_true(x: &[bool]) -> usize {
    ArrayView1::from(x).fold(0, |count, &v| count + usize::from(v))
}

/// Elementwise operations into an output that is there already, as the kernels do.
#[derive(Debug)]
pub struct Ndarray;

impl Elementwise for Ndarray {
    const NAME: &'static str = "ndarray";

    fn map<T: Lanes, F: Formula<T>>(f: F, x: &[T], out: &mut [T]) {
        Zip::from(ArrayViewMut1::from(out))
            .and(ArrayView1::from(x))
            .for_each(|out, &x| *out = f.scalar(x, x));
    }

    fn map_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T]) {
        ArrayViewMut1::from(out).mapv_inplace(|x| f.scalar(x, x));
    }

    fn zip<T: Lanes, F: Formula<T>>(f: F, x: &[T], y: &[T], out: &mut [T]) {
        Zip::from(ArrayViewMut1::from(out))
            .and(ArrayView1::from(x))
            .and(ArrayView1::from(y))
            .for_each(|out, &x, &y| *out = f.scalar(x, y));
    }

    fn zip_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T], y: &[T]) {
        ArrayViewMut1::from(out).zip_mut_with(&ArrayView1::from(y), |x, &y| *x = f.scalar(*x, y));
    }
}
