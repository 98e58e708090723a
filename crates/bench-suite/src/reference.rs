//! What the right answer is, and how far a rounded one may be from it.
//!
//! Decided here: a sum is compared with a compensated sum in f64 under the textbook bound
//! `|error| ≤ (1 + u)^k − 1 ≲ k·u·Σ|terms|` (Higham, "Accuracy and Stability of Numerical
//! Algorithms", §4.2), where k is the longest chain of roundings that the contender states and u
//! the unit roundoff. No statistics about likely errors: a right answer is never refused. What is
//! exact (maximum, elementwise operations, masks) is compared exactly, −0 counted equal to +0 and
//! any NaN equal to any other.

use std::fmt::Debug;

use crate::data::real::Real;

/// Compares a sum of `x` with the reference.
///
/// ```
/// use bench_suite::reference::check_sum;
/// assert!(check_sum(&[1.0_f32, 2.0], 3.0, 1).is_ok());
/// assert!(check_sum(&[1.0_f32, 2.0], 3.1, 1).is_err());
/// assert!(check_sum(&[1.0_f32, f32::NAN], f32::NAN, 1).is_ok());
/// ```
///
/// # Errors
/// With both values and the bound, if they are further apart.
pub fn check_sum<T: Real>(x: &[T], got: T, roundings: usize) -> Result<(), String> {
    check_terms::<T>(x.iter().map(|v| v.to_f64()), got, roundings)
}

/// Compares a dot product of `x` and `y` with the reference.
///
/// # Errors
/// With both values and the bound, if they are further apart.
pub fn check_dot<T: Real>(x: &[T], y: &[T], got: T, roundings: usize) -> Result<(), String> {
    let products = x.iter().zip(y).map(|(a, b)| a.to_f64() * b.to_f64());
    // The product itself rounds once.
    check_terms::<T>(products, got, roundings + 1)
}

/// Compares a sum of `terms` with the reference: the base of every check of a rounded answer.
///
/// # Errors
/// With both values and the bound, if they are further apart.
pub fn check_terms<T: Real>(
    terms: impl Iterator<Item = f64>,
    got: T,
    roundings: usize,
) -> Result<(), String> {
    check_quotient(terms, 1.0, got, roundings)
}

/// Compares a sum of `terms` over a `divisor`.
fn check_quotient<T: Real>(
    terms: impl Iterator<Item = f64>,
    divisor: f64,
    got: T,
    roundings: usize,
) -> Result<(), String> {
    let Compensated {
        sum,
        magnitude,
        count,
        not_finite,
        nan,
    } = Compensated::of(terms);
    let got = got.to_f64();
    if not_finite {
        // Which infinity, or NaN, may depend on the order; that it is not finite may not.
        let right = if nan { got.is_nan() } else { !got.is_finite() };
        return if right {
            Ok(())
        } else {
            Err(format!("{got}, expected a value that is not finite"))
        };
    }
    if magnitude > T::LARGEST {
        // Partial sums may overflow in one order and not in another: nothing can be asked.
        return Ok(());
    }
    // Two more for the rounding of the reference itself.
    let bound = (roundings + 2) as f64 * T::UNIT_ROUNDOFF * magnitude + count as f64 * T::SMALLEST;
    let (sum, bound) = (sum / divisor, bound / divisor + T::SMALLEST);
    let error = (got - sum).abs();
    if error <= bound {
        return Ok(());
    }
    Err(format!(
        "{got}, expected {sum} (error {error:.3e}, bound {bound:.3e})"
    ))
}

/// A sum in f64 with the lost low parts carried along (Neumaier 1974).
struct Compensated {
    sum: f64,
    magnitude: f64,
    count: usize,
    not_finite: bool,
    nan: bool,
}

impl Compensated {
    fn of(terms: impl Iterator<Item = f64>) -> Self {
        let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
        let mut all = Self {
            sum: 0.0,
            magnitude: 0.0,
            count: 0,
            not_finite: false,
            nan: false,
        };
        for term in terms {
            let next = sum + term;
            let (large, small) = if sum.abs() >= term.abs() {
                (sum, term)
            } else {
                (term, sum)
            };
            lost += (large - next) + small;
            sum = next;
            all.magnitude += term.abs();
            all.count += 1;
            all.not_finite |= !term.is_finite();
            all.nan |= term.is_nan();
        }
        all.sum = sum + lost;
        all
    }
}

/// Compares a mean of `x` with the reference.
///
/// # Errors
/// With both values and the bound, if they are further apart.
pub fn check_mean<T: Real>(x: &[T], got: T, roundings: usize) -> Result<(), String> {
    check_quotient::<T>(
        x.iter().map(|v| v.to_f64()),
        x.len() as f64,
        got,
        roundings + 1,
    )
}

/// The extrema of `x`, in which NaN wins: what answers are compared with.
///
/// ```
/// use bench_suite::reference::extrema;
/// assert_eq!(extrema(&[3, 1, 2]), Some((1, 3)));
/// assert!(extrema(&[1.0, f64::NAN, 3.0]).unwrap().0.is_nan());
/// assert_eq!(extrema::<f32>(&[]), None);
/// ```
#[must_use]
#[expect(
    clippy::eq_op,
    reason = "NaN is what differs from itself, in every type"
)]
pub fn extrema<T: Copy + PartialOrd>(x: &[T]) -> Option<(T, T)> {
    let first = *x.first()?;
    Some(x.iter().fold((first, first), |(least, greatest), &v| {
        (
            if v < least || v != v { v } else { least },
            if v > greatest || v != v { v } else { greatest },
        )
    }))
}

/// Compares an exact answer with the expected one.
///
/// ```
/// use bench_suite::reference::check_exact;
/// assert!(check_exact(Some(1), Some(1)).is_ok());
/// assert!(check_exact(f32::NAN, f32::NAN).is_ok());
/// assert!(check_exact(1.0, 2.0).is_err());
/// ```
///
/// # Errors
/// With both values, if they differ.
pub fn check_exact<R: PartialEq + Debug>(got: R, expected: R) -> Result<(), String> {
    if same(&got, &expected) {
        Ok(())
    } else {
        Err(format!("{got:?}, expected {expected:?}"))
    }
}

/// Compares each element of `got` with `expected(index)`.
///
/// # Errors
/// With the index and both values of the first that differs.
pub fn check_each<T: Copy + PartialEq + Debug>(
    got: &[T],
    expected: impl Fn(usize) -> T,
) -> Result<(), String> {
    let wrong = got.iter().enumerate().find_map(|(index, &got)| {
        let expected = expected(index);
        (!same(&got, &expected)).then_some((index, got, expected))
    });
    match wrong {
        None => Ok(()),
        Some((index, got, expected)) => Err(format!("{got:?} at {index}, expected {expected:?}")),
    }
}

/// Equal, or both with a NaN in them: what contains a NaN differs from itself.
#[expect(
    clippy::eq_op,
    reason = "NaN is what differs from itself, in every type"
)]
fn same<R: PartialEq>(a: &R, b: &R) -> bool {
    a == b || (a != a && b != b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cancelling_sums_are_judged_by_their_terms() {
        // 1e16 + 1 − 1e16 is 1; f64 addition from left to right gives 0, within the bound.
        let x = [1e16, 1.0, -1e16];
        assert!(check_sum(&x, 1.0, 2).is_ok());
        assert!(check_sum(&x, 0.0, 2).is_ok());
        assert!(check_sum(&x, 20.0, 2).is_err());
    }

    #[test]
    fn infinities_and_overflow() {
        assert!(check_sum(&[f32::INFINITY, 1.0], f32::INFINITY, 1).is_ok());
        assert!(check_sum(&[f32::INFINITY, 1.0], 1.0, 1).is_err());
        assert!(check_sum(&[f32::NAN], f32::INFINITY, 1).is_err());
        assert!(check_sum(&[f32::MAX, f32::MAX], f32::INFINITY, 1).is_ok());
        assert!(check_dot(&[f32::INFINITY], &[0.0], f32::NAN, 1).is_ok());
    }

    #[test]
    fn nan_wins_an_extremum() {
        let max = |x: &[f32]| extrema(x).map(|(_, greatest)| greatest);
        assert!(check_exact(max(&[1.0, f32::NAN, 3.0]), Some(f32::NAN)).is_ok());
        assert!(check_exact(max(&[1.0, f32::NAN, 3.0]), Some(3.0)).is_err());
        assert!(check_exact(max(&[]), None).is_ok());
        assert!(check_exact(max(&[]), Some(0.0)).is_err());
        assert!(check_exact(extrema(&[-1.0, -2.0]), Some((-2.0, -1.0))).is_ok());
        assert!(check_exact(extrema(&[7_u8, 9, 8]), Some((7, 8))).is_err());
    }

    #[test]
    fn a_mean_is_a_sum_over_the_length() {
        let x = [1.0_f32, 2.0, 6.0];
        assert!(check_mean(&x, 3.0, 3).is_ok());
        assert!(check_mean(&x, 3.001, 3).is_err());
        assert!(check_mean(&x, 9.0, 3).is_err());
        assert!(check_mean(&[1.0, f64::NAN], f64::NAN, 1).is_ok());
    }

    #[test]
    fn the_first_wrong_element_is_named() {
        let answer = check_each(&[1.0_f32, 2.0, 4.0], |i| (i + 1) as f32);
        assert_eq!(answer, Err("4.0 at 2, expected 3.0".into()));
    }

    proptest! {
        /// The bound admits every order of summation of its length, and refuses a lost element.
        #[test]
        fn plain_sums_pass_and_a_lost_element_fails(x in prop::collection::vec(0.5_f32..1.0, 2..400)) {
            let forward: f32 = x.iter().sum();
            let backward: f32 = x.iter().rev().sum();
            prop_assert!(check_sum(&x, forward, x.len()).is_ok());
            prop_assert!(check_sum(&x, backward, x.len()).is_ok());
            let lost: f32 = x[1..].iter().sum();
            prop_assert!(check_sum(&x, lost, x.len()).is_err());
        }
    }
}
