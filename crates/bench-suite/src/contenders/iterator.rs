//! Plain iterators: what one writes without a kernel library, and what the compiler makes of it.
//!
//! Sums of floats are sequential, as `Iterator::sum` is: the compiler may not reorder them, which
//! is why they stay scalar. Sums of integers it may, and does.

use super::elementwise::{Elementwise, Formula};
use super::wide::Lanes;
use crate::data::number::{Number, Whole};
use crate::data::real::Real;

/// Σ x.
#[must_use]
pub fn sum<T: Real>(x: &[T]) -> T {
    x.iter().copied().sum()
}

/// Σ x, accumulated in `f64`.
#[must_use]
pub fn sum_wide(x: &[f32]) -> f64 {
    x.iter().map(|&v| f64::from(v)).sum()
}

/// Σ x / n.
#[must_use]
pub fn mean<T: Real>(x: &[T]) -> T {
    sum(x) / T::from_count(x.len())
}

/// Σ x·y.
#[must_use]
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&a, &b)| a * b).sum()
}

/// Σ x, exact.
#[must_use]
pub fn sum_exact<T: Whole>(x: &[T]) -> T::Wide {
    x.iter().map(|v| v.widened()).sum()
}

/// Σ x, wrapping around.
#[must_use]
pub fn sum_wrapping<T: Whole>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |sum, &v| sum.plus_wrapping(v))
}

/// Σ x·y, wrapping around.
#[must_use]
pub fn dot_wrapping<T: Whole>(x: &[T], y: &[T]) -> T {
    let products = x.iter().zip(y).map(|(&a, &b)| a.times_wrapping(b));
    products.fold(T::ZERO, |sum, product| sum.plus_wrapping(product))
}

/// The least element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min<T: Number>(x: &[T]) -> Option<T> {
    x.iter().copied().reduce(lesser)
}

/// The greatest element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn max<T: Number>(x: &[T]) -> Option<T> {
    x.iter().copied().reduce(greater)
}

/// The least element and the greatest; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min_max<T: Number>(x: &[T]) -> Option<(T, T)> {
    let pairs = x.iter().map(|&v| (v, v));
    pairs.reduce(|(least, greatest), (v, _)| (lesser(least, v), greater(greatest, v)))
}

/// The lesser; NaN wins: once `a` is NaN, `b < a` is false for every b.
#[expect(
    clippy::eq_op,
    reason = "NaN is what differs from itself, in every type"
)]
pub(super) fn lesser<T: Number>(a: T, b: T) -> T {
    if b < a || b != b { b } else { a }
}

/// The greater; NaN wins.
#[expect(
    clippy::eq_op,
    reason = "NaN is what differs from itself, in every type"
)]
pub(super) fn greater<T: Number>(a: T, b: T) -> T {
    if b > a || b != b { b } else { a }
}

/// Whether some element is true.
#[must_use]
pub fn any(x: &[bool]) -> bool {
    x.iter().any(|&v| v)
}

/// Whether every element is true.
#[must_use]
pub fn all(x: &[bool]) -> bool {
    x.iter().all(|&v| v)
}

/// How many elements are true.
#[must_use]
pub fn count_true(x: &[bool]) -> usize {
    x.iter().filter(|&&v| v).count()
}

/// Elementwise operations by `zip`: the compiler vectorises them for the build's baseline.
#[derive(Debug)]
pub struct Iter;

impl Elementwise for Iter {
    const NAME: &'static str = "iterator";

    fn map<T: Lanes, F: Formula<T>>(f: F, x: &[T], out: &mut [T]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = f.scalar(x, x);
        }
    }

    fn map_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T]) {
        for out in out {
            *out = f.scalar(*out, *out);
        }
    }

    fn zip<T: Lanes, F: Formula<T>>(f: F, x: &[T], y: &[T], out: &mut [T]) {
        for (out, (&x, &y)) in out.iter_mut().zip(x.iter().zip(y)) {
            *out = f.scalar(x, y);
        }
    }

    fn zip_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T], y: &[T]) {
        for (out, &y) in out.iter_mut().zip(y) {
            *out = f.scalar(*out, y);
        }
    }
}
