//! What more threads gain: speed-up, efficiency, and the laws behind them, for any closure.
//!
//! Decided here: every thread count has a Rayon pool of its own; all of them run in every round, in
//! turn, so that a machine that drifts does not look like one that scales; a speed-up is the
//! median of the ratios within rounds. Counts above the CPUs of this process are measured, and
//! left out of the fits: time sharing is neither Amdahl's law nor the other.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use crate::host::logical_cpus;
use crate::stats::{Amdahl, Estimate, Fit, Usl, amdahl, median_interval, usl};

/// What [`scalability`] may spend on all thread counts together; more if `work` is longer.
const BUDGET: Duration = Duration::from_secs(1);
/// Rounds at least, and at most.
const ROUNDS: (usize, usize) = (15, 300);
/// A sample is as many calls as fill this.
const SAMPLE_NS: f64 = 200_000.0;
/// Of the intervals of speed-ups.
const CONFIDENCE: f64 = 0.95;

/// How work scales with threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// One per thread count, the first for one thread.
    pub points: Vec<Point>,
    /// The serial fraction.
    pub amdahl: Fit<Amdahl>,
    /// Contention and coherence.
    pub usl: Fit<Usl>,
}

/// One thread count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Threads of the pool.
    pub threads: usize,
    /// Median time of a call, in nanoseconds.
    pub ns_median: f64,
    /// Time on one thread over time on these, with its 95 % interval.
    pub speedup: Estimate,
    /// Speed-up per thread.
    pub efficiency: f64,
}

/// Measures `work` inside Rayon pools of these sizes, and of one thread in any case: it should
/// use Rayon, or a dispatcher on the current pool, and do the same work each time it is called.
///
/// Takes about a second, or fifteen rounds of longer work.
///
/// ```
/// use rayon::prelude::*;
/// let numbers: Vec<f64> = (0..40_000).map(f64::from).collect();
/// let scaling = bench_suite::scalability(&[1, 2, 4], || {
///     numbers.par_iter().map(|x| x.sqrt()).sum::<f64>()
/// })
/// .expect("threads");
/// assert_eq!(scaling.points[0].speedup.value, 1.0);
/// println!("{scaling}"); // a table, Amdahl's serial fraction with its interval, or why there is none
/// ```
///
/// An empty list measures one thread.
///
/// # Errors
/// If the system refuses so many threads.
///
/// # Panics
/// If a thread count is 0.
pub fn scalability<R>(
    threads: &[usize],
    work: impl Fn() -> R + Sync,
) -> Result<Scaling, ThreadPoolBuildError> {
    assert!(
        !threads.contains(&0),
        "scalability: a pool of 0 threads in {threads:?}"
    );
    let mut counts = threads.to_vec();
    counts.push(1);
    counts.sort_unstable();
    counts.dedup();
    let pools = counts
        .iter()
        .map(|&count| ThreadPoolBuilder::new().num_threads(count).build())
        .collect::<Result<Vec<_>, _>>()?;
    let rounds = rounds(&pools, &work);
    Ok(Scaling::of_rounds(&counts, &rounds, logical_cpus()))
}

/// Times of a call, a round per entry and a pool per entry of that.
fn rounds<R>(pools: &[ThreadPool], work: &(impl Fn() -> R + Sync)) -> Vec<Vec<f64>> {
    let sample = |pool: &ThreadPool, calls: u64| {
        pool.install(|| {
            let start = Instant::now();
            for _ in 0..calls {
                black_box(work());
            }
            (start.elapsed().as_nanos() as f64).max(1.0) / calls as f64
        })
    };
    let calls: Vec<u64> = pools
        .iter()
        .map(|pool| {
            // The first call starts threads and touches pages.
            sample(pool, 1);
            (SAMPLE_NS / sample(pool, 1)).clamp(1.0, 1e6) as u64
        })
        .collect();
    let start = Instant::now();
    let mut rounds = Vec::new();
    while rounds.len() < ROUNDS.0 || (rounds.len() < ROUNDS.1 && start.elapsed() < BUDGET) {
        let mut round = vec![0.0; pools.len()];
        for position in 0..pools.len() {
            let index = (position + rounds.len()) % pools.len();
            round[index] = sample(&pools[index], calls[index]);
        }
        rounds.push(round);
    }
    rounds
}

impl Scaling {
    /// From `rounds` of times, one per entry of `threads` (ascending, the first 1). Counts above
    /// `cpus` are left out of the fits.
    ///
    /// # Panics
    /// If there is no round.
    #[must_use]
    pub fn of_rounds(threads: &[usize], rounds: &[Vec<f64>], cpus: usize) -> Self {
        assert!(!rounds.is_empty(), "Scaling: no rounds");
        let point = |(index, &threads): (usize, &usize)| {
            let column = |value: &dyn Fn(&Vec<f64>) -> f64| {
                let column: Vec<f64> = rounds.iter().map(value).collect();
                median_interval(&column, CONFIDENCE).expect("there are rounds")
            };
            let speedup = column(&|round| round[0] / round[index]);
            Point {
                threads,
                ns_median: column(&|round| round[index]).value,
                speedup,
                efficiency: speedup.value / threads as f64,
            }
        };
        let fitted = threads
            .iter()
            .take_while(|&&count| count <= cpus.max(1))
            .count();
        Self {
            points: threads.iter().enumerate().map(point).collect(),
            amdahl: amdahl(&threads[..fitted], rounds),
            usl: usl(&threads[..fitted], rounds),
        }
    }
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "threads   time per call   speed-up (95 % interval)   efficiency"
        )?;
        for point in &self.points {
            let Estimate { value, low, high } = point.speedup;
            writeln!(
                f,
                "{:>7}   {:>10.1} µs   {value:>8.2} ({low:.2} to {high:.2})      {:>9.0} %",
                point.threads,
                point.ns_median / 1e3,
                100.0 * point.efficiency
            )?;
        }
        match &self.amdahl {
            Fit::Fitted(Amdahl { serial_fraction: s }) => writeln!(
                f,
                "Amdahl: {:.1} % of the work is serial ({:.1} to {:.1} %)",
                100.0 * s.value,
                100.0 * s.low,
                100.0 * s.high
            )?,
            Fit::Refused(why) => writeln!(f, "Amdahl: not fitted: {why}")?,
        }
        match &self.usl {
            Fit::Fitted(Usl {
                contention: c,
                coherence: k,
            }) => write!(
                f,
                "USL: contention {:.3} ({:.3} to {:.3}), coherence {:.4} ({:.4} to {:.4})",
                c.value, c.low, c.high, k.value, k.low, k.high
            ),
            Fit::Refused(why) => write!(f, "USL: not fitted: {why}"),
        }
    }
}
