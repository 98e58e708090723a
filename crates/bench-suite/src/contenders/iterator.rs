//! Plain iterators: what one writes without a kernel library, and what the compiler makes of it.
//!
//! The sums are sequential, as `Iterator::sum` is: the compiler may not reorder them, which is why
//! they stay scalar.

use crate::data::real::Real;

/// Σ x.
#[must_use]
pub fn sum<T: Real>(x: &[T]) -> T {
    x.iter().copied().sum()
}

/// Σ x·y.
#[must_use]
pub fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&a, &b)| a * b).sum()
}

/// The largest element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn max<T: Real>(x: &[T]) -> Option<T> {
    // Once `a` is NaN, `b > a` is false for every b; only another NaN replaces it.
    x.iter()
        .copied()
        .reduce(|a, b| if b > a || b.is_nan() { b } else { a })
}

/// out = x + y.
pub fn add<T: Real>(x: &[T], y: &[T], out: &mut [T]) {
    for ((o, &a), &b) in out.iter_mut().zip(x).zip(y) {
        *o = a + b;
    }
}

/// out = x · y.
pub fn mul<T: Real>(x: &[T], y: &[T], out: &mut [T]) {
    for ((o, &a), &b) in out.iter_mut().zip(x).zip(y) {
        *o = a * b;
    }
}

/// out = max(x, 0); NaN stays.
pub fn relu<T: Real>(x: &[T], out: &mut [T]) {
    for (o, &a) in out.iter_mut().zip(x) {
        *o = if a < T::ZERO { T::ZERO } else { a };
    }
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
