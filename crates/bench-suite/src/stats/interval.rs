//! How far the median of samples may be from the median of what they were drawn from.
//!
//! Decided here: the percentile bootstrap of the median, in closed form. A resample of `n` draws
//! has its `r`-th smallest value at or below the `j`-th smallest sample if at least `r` of its
//! draws fell among the `j` smallest, which is a binomial tail (Hutson and Ernst 2000). So no
//! random numbers are drawn, the same samples always give the same interval, and four thousand
//! samples cost no more than ten. Ends are rounded outwards to the next sample: with few samples
//! the interval covers more often than it promises, never less.
//!
//! This file uses nothing but the standard library and its parent's `Estimate`: the harness that
//! `cargo xtask bench --against` generates compiles it too.

use super::Estimate;

/// The median of `samples`, and the interval that holds the true one with this confidence (0.95:
/// in 95 of 100 repetitions), given that the samples are independent.
///
/// To estimate the ratio of two contenders, give it the ratios of their rounds.
///
/// ```
/// # use bench_suite::stats::median_interval;
/// let ratios = [1.02, 0.99, 1.00, 1.01, 1.03, 0.98, 1.00, 1.01, 1.00, 1.35];
/// let ratio = median_interval(&ratios, 0.95).unwrap();
/// assert!((ratio.value - 1.005).abs() < 1e-12);
/// assert!(ratio.low < 1.0 && ratio.high > 1.01);
/// assert_eq!(median_interval(&[], 0.95), None);
/// ```
///
/// No samples give `None`; one sample is its own interval. NaN sorts after every number.
#[must_use]
pub fn median_interval(samples: &[f64], confidence: f64) -> Option<Estimate> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let len = sorted.len();
    let value = f64::midpoint(*sorted.get(len.checked_sub(1)? / 2)?, sorted[len / 2]);
    let outside = (1.0 - confidence.clamp(0.0, 1.0)) / 2.0;
    let below = samples_below(len, outside);
    Some(Estimate {
        value,
        low: sorted[below],
        high: sorted[len - 1 - below],
    })
}

/// How many of the smallest samples lie below the interval: the largest number at which the
/// bootstrap's median is there with a probability of at most `outside`.
fn samples_below(len: usize, outside: f64) -> usize {
    let rank = len.div_ceil(2);
    let (mut inside, mut too_many) = (0, rank);
    while inside + 1 < too_many {
        let middle = usize::midpoint(inside, too_many);
        if at_least(rank, len, middle as f64 / len as f64) <= outside {
            inside = middle;
        } else {
            too_many = middle;
        }
    }
    // The bootstrap's median is at or below sample number `inside` that rarely; that one is the end.
    inside.saturating_sub(1)
}

/// The probability of at least `rank` successes in `len` draws of probability `p`.
fn at_least(rank: usize, len: usize, p: f64) -> f64 {
    let mut ln_choose = 0.0;
    let mut sum = 0.0;
    for k in 0..=len {
        if k > 0 {
            ln_choose += ((len - k + 1) as f64 / k as f64).ln();
        }
        if k >= rank {
            sum += (ln_choose + k as f64 * p.ln() + (len - k) as f64 * (1.0 - p).ln()).exp();
        }
    }
    sum
}
