//! The specification of the reductions, as scalar code: slow, short, and the judge of all levels.
//! Each function has the name of the kernel that it specifies.

use crate::inputs::{TestElement, TestFloat};
use kernels_simd::{Float, Integer};

/// The tree of `kernels_simd::tree` over terms: leaves of `leaf` elements in `lanes` lanes.
fn tree<T: Copy>(x: &[T], leaf: usize, lanes: usize, identity: T, op: fn(T, T) -> T) -> T {
    if x.len() <= leaf {
        let mut partials = vec![identity; lanes];
        for (i, &value) in x.iter().enumerate() {
            partials[i % lanes] = op(partials[i % lanes], value);
        }
        while partials.len() > 1 {
            let right = partials.split_off(partials.len() / 2);
            partials = partials
                .into_iter()
                .zip(right)
                .map(|(l, r)| op(l, r))
                .collect();
        }
        return partials[0];
    }
    let (left, right) = x.split_at(split(x.len(), leaf));
    op(
        tree(left, leaf, lanes, identity, op),
        tree(right, leaf, lanes, identity, op),
    )
}

/// The largest power of two of leaves that leaves at least one element to the right.
fn split(len: usize, leaf: usize) -> usize {
    let mut left = leaf;
    while left * 2 < len {
        left *= 2;
    }
    left
}

/// The sum of terms, however they came about.
fn sum_terms<T: Float>(terms: &[T]) -> T {
    if terms.is_empty() {
        return T::ZERO;
    }
    tree(terms, T::LEAF, T::VL, T::NEG_ZERO, |l, r| l + r).canonical()
}

fn sum_pairs<T: Float>(x: &[T], y: &[T], term: fn(T, T) -> T) -> T {
    let terms: Vec<T> = x.iter().zip(y).map(|(&x, &y)| term(x, y)).collect();
    sum_terms(&terms)
}

pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    sum_terms(x)
}

pub(crate) fn sum_squares<T: Float>(x: &[T]) -> T {
    sum_pairs(x, x, |x, _| x * x)
}

pub(crate) fn sum_abs<T: Float>(x: &[T]) -> T {
    sum_pairs(
        x,
        x,
        |x, _| if x.is_sign_negative() { x.negated() } else { x },
    )
}

pub(crate) fn sum_ignoring_nan<T: Float>(x: &[T]) -> T {
    sum_pairs(x, x, |x, _| if x.is_nan() { T::ZERO } else { x })
}

pub(crate) fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    sum_pairs(x, y, |x, y| x * y)
}

pub(crate) fn squared_l2_distance<T: Float>(x: &[T], y: &[T]) -> T {
    sum_pairs(x, y, |x, y| (x - y) * (x - y))
}

pub(crate) fn l1_distance<T: Float>(x: &[T], y: &[T]) -> T {
    sum_pairs(x, y, |x, y| {
        let difference = x - y;
        if difference.is_sign_negative() {
            difference.negated()
        } else {
            difference
        }
    })
}

pub(crate) fn cosine_similarity<T: TestFloat>(x: &[T], y: &[T]) -> T {
    if x.is_empty() {
        return T::NAN;
    }
    let norms = sum_squares(x).std_sqrt() * sum_squares(y).std_sqrt();
    (dot(x, y) / norms).canonical()
}

pub(crate) fn mean<T: Float>(x: &[T]) -> T {
    (sum(x) / T::from_count(x.len())).canonical()
}

pub(crate) fn norm<T: TestFloat>(x: &[T]) -> T {
    sum_squares(x).std_sqrt().canonical()
}

/// Count, mean, sum of squared deviations: two passes in a leaf, Chan's formula at the nodes.
fn moments<T: TestFloat>(x: &[T]) -> (usize, T, T) {
    if x.len() <= T::LEAF {
        let mean = tree(x, T::LEAF, T::VL, T::NEG_ZERO, |l, r| l + r) / T::from_count(x.len());
        if !mean.to_f64().is_finite() {
            return (x.len(), mean, T::NAN);
        }
        let squares: Vec<T> = x.iter().map(|&x| (x - mean) * (x - mean)).collect();
        let squares = tree(&squares, T::LEAF, T::VL, T::NEG_ZERO, |l, r| l + r);
        return (x.len(), mean, squares);
    }
    let (left, right) = x.split_at(split(x.len(), T::LEAF));
    let ((n1, m1, s1), (n2, m2, s2)) = (moments(left), moments(right));
    let delta = m2 - m1;
    let weight = T::from_count(n2) / T::from_count(n1 + n2);
    let between = delta * delta * (T::from_count(n1) * weight);
    (n1 + n2, m1 + delta * weight, s1 + s2 + between)
}

pub(crate) fn variance<T: TestFloat>(x: &[T], ddof: usize) -> T {
    if x.len() <= ddof {
        return T::NAN;
    }
    (moments(x).2 / T::from_count(x.len() - ddof)).canonical()
}

pub(crate) fn standard_deviation<T: TestFloat>(x: &[T], ddof: usize) -> T {
    variance(x, ddof).std_sqrt().canonical()
}

pub(crate) fn sum_wide(x: &[f32]) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    tree(&wide, 2048, 32, -0.0, |l, r| l + r).canonical()
}

/// Sum and error; an addition keeps the exact error of the sum (Knuth's TwoSum).
pub(crate) fn sum_compensated<T: Float>(x: &[T]) -> T {
    if x.is_empty() {
        return T::ZERO;
    }
    let parts: Vec<(T, T)> = x.iter().map(|&x| (x, T::ZERO)).collect();
    let identity = (T::NEG_ZERO, T::ZERO);
    let (sum, error) = tree(&parts, T::LEAF, T::VL, identity, |l, r| {
        let sum = l.0 + r.0;
        let rounded = sum - l.0;
        let error = (l.0 - (sum - rounded)) + (r.0 - rounded);
        (sum, l.1 + r.1 + error)
    });
    if error.is_nan() { sum } else { sum + error }.canonical()
}

/// IEEE 754-2019 `maximum`: NaN wins, −0 < +0. Element after element: no order can change it.
pub(crate) fn max<T: TestElement>(x: &[T]) -> Option<T> {
    extremum(x, |key, best| key > best)
}

/// IEEE 754-2019 `minimum`.
pub(crate) fn min<T: TestElement>(x: &[T]) -> Option<T> {
    extremum(x, |key, best| key < best)
}

pub(crate) fn min_max<T: TestElement>(x: &[T]) -> Option<(T, T)> {
    Some((min(x)?, max(x)?))
}

fn extremum<T: TestElement>(x: &[T], beats: fn(i128, i128) -> bool) -> Option<T> {
    let mut best: Option<(i128, T)> = None;
    for &value in x {
        let Some(key) = value.key() else {
            return Some(value.canonical_nan());
        };
        if best.is_none_or(|(best, _)| beats(key, best)) {
            best = Some((key, value));
        }
    }
    best.map(|(_, value)| value)
}

pub(crate) fn max_ignoring_nan<T: TestFloat>(x: &[T]) -> Option<T> {
    let numbers: Vec<T> = x.iter().copied().filter(|x| !x.is_nan()).collect();
    max(&numbers)
}

pub(crate) fn min_ignoring_nan<T: TestFloat>(x: &[T]) -> Option<T> {
    let numbers: Vec<T> = x.iter().copied().filter(|x| !x.is_nan()).collect();
    min(&numbers)
}

/// The first NaN, else the first element equal to the maximum (zeros of both signs are equal).
pub(crate) fn argmax<T: TestElement>(x: &[T]) -> Option<usize> {
    position(x, max(x)?)
}

pub(crate) fn argmin<T: TestElement>(x: &[T]) -> Option<usize> {
    position(x, min(x)?)
}

fn position<T: TestElement>(x: &[T], wanted: T) -> Option<usize> {
    match wanted.key() {
        None => x.iter().position(|x| x.key().is_none()),
        Some(_) => x.iter().position(|x| *x == wanted),
    }
}

/// The exact sum, in a type that holds that of any integers here.
fn exact<T: TestElement>(x: &[T]) -> i128 {
    x.iter().filter_map(|x| x.integer()).sum()
}

pub(crate) fn sum_exact<T: Integer + TestElement>(x: &[T]) -> i128 {
    exact(x)
}

pub(crate) fn sum_wrapping<T: Integer>(x: &[T]) -> T {
    x.iter().fold(T::ZERO, |sum, &x| sum.plus_wrapping(x))
}

pub(crate) fn dot_wrapping<T: Integer>(x: &[T], y: &[T]) -> T {
    let products: Vec<T> = x
        .iter()
        .zip(y)
        .map(|(&x, &y)| x.times_wrapping(y))
        .collect();
    sum_wrapping(&products)
}

pub(crate) fn mean_exact<T: TestElement>(x: &[T]) -> f64 {
    if x.is_empty() {
        return f64::NAN;
    }
    exact(x) as f64 / x.len() as f64
}

pub(crate) fn any(x: &[bool]) -> bool {
    x.contains(&true)
}

pub(crate) fn all(x: &[bool]) -> bool {
    !x.contains(&false)
}

pub(crate) fn count_true(x: &[bool]) -> usize {
    x.iter().filter(|x| **x).count()
}
