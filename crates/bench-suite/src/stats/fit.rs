//! The two laws of scaling, fitted with intervals, or refused with a reason.
//!
//! Decided here: both are straight lines in the time on `p` threads relative to one,
//! `y(p) = T(p)/T(1)`:
//! - Amdahl (1967): `y − 1/p = s·(1 − 1/p)`, with the serial fraction `s`;
//! - the Universal Scalability Law (Gunther 1993): `y − 1/p = σ·(1 − 1/p) + κ·(p − 1)`, with
//!   contention `σ` and coherence `κ`, neither below 0.
//!
//! They are fitted by least squares to the medians of rounds that ran every thread count, and once
//! more to each of [`RESAMPLES`] resamples of whole rounds, which gives the interval. A fit is
//! refused where it would be a drawing of noise: too few thread counts or rounds, an interval wider
//! than [`WIDTH_MAX`], or points further than [`MISFIT_MAX`] from the curve.

use serde::{Deserialize, Serialize};

use super::{Estimate, quantile};

/// Rounds below which nothing is fitted.
const ROUNDS_MIN: usize = 5;
/// Resamples behind an interval: its ends then vary by about a tenth of its width.
const RESAMPLES: usize = 500;
/// What an interval must hold.
const CONFIDENCE: f64 = 0.95;
/// The widest interval of a fraction that says anything.
const WIDTH_MAX: f64 = 0.3;
/// How far a point may lie from the curve, relative to its time.
const MISFIT_MAX: f64 = 0.15;

/// A law with its parameters, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit<T> {
    /// The law describes the samples.
    Fitted(T),
    /// It does not, or they say too little.
    Refused(String),
}

impl<T> Fit<T> {
    /// The parameters, if it was fitted.
    pub fn fitted(&self) -> Option<&T> {
        match self {
            Self::Fitted(law) => Some(law),
            Self::Refused(_) => None,
        }
    }
}

/// Amdahl's law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Amdahl {
    /// The share of the work that only one thread does, 0 to 1.
    pub serial_fraction: Estimate,
}

impl Amdahl {
    /// The speed-up on `threads`.
    #[must_use]
    pub fn speedup(&self, threads: f64) -> f64 {
        let s = self.serial_fraction.value;
        1.0 / (s + (1.0 - s) / threads)
    }
}

/// The Universal Scalability Law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Usl {
    /// σ: waiting for what only one can have.
    pub contention: Estimate,
    /// κ: the cost of agreeing, for each pair of threads.
    pub coherence: Estimate,
}

impl Usl {
    /// The speed-up on `threads`.
    #[must_use]
    pub fn speedup(&self, threads: f64) -> f64 {
        let (sigma, kappa) = (self.contention.value, self.coherence.value);
        threads / (1.0 + sigma * (threads - 1.0) + kappa * threads * (threads - 1.0))
    }
}

/// Fits Amdahl's law to `rounds` of times, one per entry of `threads`; the first entry is 1 thread.
///
/// Refused with fewer than two thread counts.
#[must_use]
pub fn amdahl(threads: &[usize], rounds: &[Vec<f64>]) -> Fit<Amdahl> {
    match fit(threads, rounds, 2, &|line| [line.alone(), 0.0]) {
        Ok([serial_fraction, _]) => Fit::Fitted(Amdahl { serial_fraction }),
        Err(why) => Fit::Refused(why),
    }
}

/// Fits the Universal Scalability Law as [`amdahl`] does its own.
///
/// Refused with fewer than four thread counts: two parameters always pass through two points.
#[must_use]
pub fn usl(threads: &[usize], rounds: &[Vec<f64>]) -> Fit<Usl> {
    match fit(threads, rounds, 4, &Line::both) {
        Ok([contention, coherence]) => Fit::Fitted(Usl {
            contention,
            coherence,
        }),
        Err(why) => Fit::Refused(why),
    }
}

/// Sums of least squares of `z = a·u + b·v`, where `z = y − 1/p`, `u = 1 − 1/p`, `v = p − 1`.
#[derive(Default)]
struct Line {
    uu: f64,
    uv: f64,
    vv: f64,
    uz: f64,
    vz: f64,
}

impl Line {
    fn through(threads: &[usize], relative: &[f64]) -> Self {
        let mut line = Self::default();
        for (&p, &y) in threads.iter().zip(relative) {
            let p = p as f64;
            let (u, v, z) = (1.0 - 1.0 / p, p - 1.0, y - 1.0 / p);
            line.uu += u * u;
            line.uv += u * v;
            line.vv += v * v;
            line.uz += u * z;
            line.vz += v * z;
        }
        line
    }

    /// `a`, where there is no `b`.
    fn alone(&self) -> f64 {
        self.uz / self.uu
    }

    /// `a` and `b`, neither below 0: where one would be, it is 0 and the other stands alone.
    fn both(&self) -> [f64; 2] {
        let determinant = self.uu * self.vv - self.uv * self.uv;
        let a = (self.uz * self.vv - self.vz * self.uv) / determinant;
        let b = (self.vz * self.uu - self.uz * self.uv) / determinant;
        if b < 0.0 {
            [self.alone().max(0.0), 0.0]
        } else if a < 0.0 {
            [0.0, (self.vz / self.vv).max(0.0)]
        } else {
            [a, b]
        }
    }
}

fn fit(
    threads: &[usize],
    rounds: &[Vec<f64>],
    counts_min: usize,
    solve: &dyn Fn(&Line) -> [f64; 2],
) -> Result<[Estimate; 2], String> {
    if threads.len() < counts_min {
        return Err(format!(
            "{counts_min} thread counts are needed, {} measured",
            threads.len()
        ));
    }
    if rounds.len() < ROUNDS_MIN {
        return Err(format!(
            "{ROUNDS_MIN} rounds are needed, {} measured",
            rounds.len()
        ));
    }
    let all: Vec<&[f64]> = rounds.iter().map(Vec::as_slice).collect();
    let relative = relative(threads.len(), &all);
    let solved = solve(&Line::through(threads, &relative));

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut resampled = [const { Vec::new() }; 2];
    for _ in 0..RESAMPLES {
        let drawn: Vec<&[f64]> = all.iter().map(|_| all[random.below(all.len())]).collect();
        let of_drawn = self::relative(threads.len(), &drawn);
        for (values, value) in resampled
            .iter_mut()
            .zip(solve(&Line::through(threads, &of_drawn)))
        {
            values.push(value);
        }
    }
    let mut index = 0;
    let [first, second] = resampled.map(|mut values| {
        values.sort_by(f64::total_cmp);
        let end = |q| quantile(&values, q).unwrap_or(f64::NAN);
        let outside = (1.0 - CONFIDENCE) / 2.0;
        let value = solved[index];
        index += 1;
        Estimate {
            value,
            low: end(outside).min(value),
            high: end(1.0 - outside).max(value),
        }
    });

    for Estimate { low, high, .. } in [first, second] {
        let width = high - low;
        if width.is_nan() || width > WIDTH_MAX {
            return Err(format!(
                "the samples scatter too much: anything from {low:.2} to {high:.2}"
            ));
        }
    }
    if first.high < 0.0 {
        return Err(format!(
            "faster than linear (serial fraction {:.2}), as when each thread's share fits a cache",
            first.value
        ));
    }
    if first.low > 1.0 {
        return Err("slower on more threads than on one".into());
    }
    for (&p, &y) in threads.iter().zip(&relative) {
        let p = p as f64;
        let law = 1.0 / p + solved[0] * (1.0 - 1.0 / p) + solved[1] * (p - 1.0);
        if (y / law - 1.0).abs() > MISFIT_MAX {
            return Err(format!(
                "the law does not fit: {:.0} % off at {p} threads",
                100.0 * (y / law - 1.0)
            ));
        }
    }
    // A fraction is one, whatever the noise around its ends.
    let within = |e: Estimate| Estimate {
        value: e.value.clamp(0.0, 1.0),
        low: e.low.clamp(0.0, 1.0),
        high: e.high.clamp(0.0, 1.0),
    };
    Ok([within(first), within(second)])
}

/// The median over the rounds of each thread count's time relative to the first's.
fn relative(counts: usize, rounds: &[&[f64]]) -> Vec<f64> {
    let of_count = |index: usize| {
        let mut ratios: Vec<f64> = rounds.iter().map(|round| round[index] / round[0]).collect();
        let middle = ratios.len() / 2;
        *ratios.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    (0..counts).map(of_count).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014): resamples need no better, and the same ones each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}
