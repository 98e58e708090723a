//! What many samples say: quantiles, means, intervals and fits, as pure functions.
//!
//! Decided here: quantiles interpolate linearly between order statistics (Hyndman and Fan's type 7,
//! NumPy's default). Taking the samples, and pairing them into ratios, is [`crate::measure`]'s.

use serde::{Deserialize, Serialize};

mod fit;
mod interval;

pub use fit::{Amdahl, Fit, Usl, amdahl, usl};
pub use interval::median_interval;

/// A figure with the interval that it is believed to lie in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Middle and spread of a set of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Half the samples are at or below it.
    pub median: f64,
    /// A tenth of the samples is at or below it.
    pub p10: f64,
    /// Nine tenths of the samples are at or below it.
    pub p90: f64,
}

/// Median, 10th and 90th percentile of `samples`, in any order.
///
/// ```
/// use bench_suite::stats::summarize;
/// let summary = summarize(&[3.0, 1.0, 2.0]).unwrap();
/// assert_eq!((summary.median, summary.p10, summary.p90), (2.0, 1.2, 2.8));
/// assert_eq!(summarize(&[]), None);
/// ```
///
/// No samples give `None`. NaN sorts after every number.
#[must_use]
pub fn summarize(samples: &[f64]) -> Option<Summary> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Summary {
        median: quantile(&sorted, 0.5)?,
        p10: quantile(&sorted, 0.1)?,
        p90: quantile(&sorted, 0.9)?,
    })
}

/// The `q` quantile of samples that are sorted already; `q` is clamped to 0..=1.
///
/// ```
/// use bench_suite::stats::quantile;
/// assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
/// assert_eq!(quantile(&[], 0.5), None);
/// ```
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    let fraction = position - below as f64;
    Some(sorted[below] + fraction * (sorted[above] - sorted[below]))
}

/// The geometric mean: the mean to use for ratios, since the mean of a ratio and of its inverse
/// are then inverses too.
///
/// ```
/// use bench_suite::stats::geometric_mean;
/// assert_eq!(geometric_mean(&[0.5, 2.0]), Some(1.0));
/// assert_eq!(geometric_mean(&[]), None);
/// ```
///
/// A value that is not positive gives NaN or 0, as its logarithm does.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let logs: f64 = values.iter().map(|v| v.ln()).sum();
    Some((logs / values.len() as f64).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_numpy() {
        // np.quantile(range(1, 11), [0, .1, .25, .5, .9, 1])
        let sorted: Vec<f64> = (1..=10).map(f64::from).collect();
        for (q, expected) in [
            (0.0, 1.0),
            (0.1, 1.9),
            (0.25, 3.25),
            (0.5, 5.5),
            (0.9, 9.1),
            (1.0, 10.0),
        ] {
            let got = quantile(&sorted, q).unwrap();
            assert!(
                (got - expected).abs() < 1e-12,
                "q {q}: {got}, expected {expected}"
            );
        }
    }

    #[test]
    fn one_sample_is_its_own_summary() {
        let summary = summarize(&[7.0]).unwrap();
        assert_eq!(
            summary,
            Summary {
                median: 7.0,
                p10: 7.0,
                p90: 7.0
            }
        );
    }

    #[test]
    fn summary_ignores_the_order_and_keeps_outliers_out_of_the_median() {
        let mut samples = vec![10.0; 99];
        samples.push(1e9);
        samples.rotate_left(42);
        let summary = summarize(&samples).unwrap();
        assert_eq!(
            summary,
            Summary {
                median: 10.0,
                p10: 10.0,
                p90: 10.0
            }
        );
    }

    #[test]
    fn geometric_mean_of_powers() {
        let got = geometric_mean(&[1.0, 10.0, 100.0]).unwrap();
        assert!((got - 10.0).abs() < 1e-12);
    }
}
