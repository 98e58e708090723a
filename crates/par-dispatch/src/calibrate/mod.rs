//! Measures the profile of the machine that this runs on.
//!
//! A machine has bad moments: other work, a virtual machine whose cores are moved. So the whole is
//! measured in several passes, and of each figure the lower quartile is taken, since noise only
//! adds. Passes before and after which the machine was the same come first; where they are few, the
//! others count as well, but for those in which two threads had to share a core.

mod steady;
mod throughput;
mod waking;

use crate::dispatcher::Dispatcher;
use crate::linger::Linger;
use crate::profile::{Curve, POINTS, Profile};
use rayon::ThreadPool;
use std::fmt;
use std::time::{Duration, Instant};

pub use steady::Steadiness;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// About a second: for tests, and for a first look.
    Quick,
    /// Up to 15 seconds.
    Full,
}

impl Effort {
    /// Passes that are enough.
    const fn passes(self) -> usize {
        match self {
            Self::Quick => 1,
            Self::Full => 4,
        }
    }

    const fn time_limit(self) -> Duration {
        match self {
            Self::Quick => Duration::from_secs(2),
            Self::Full => Duration::from_secs(15),
        }
    }

    const fn rounds(self) -> usize {
        match self {
            Self::Quick => 5,
            Self::Full => 11,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// The figures.
    pub profile: Profile,
    /// Passes behind the figures.
    pub passes: usize,
    /// How many of these were made while the machine changed, for want of steady ones.
    pub unsteady: usize,
    /// Passes that are not behind the figures: the machine changed, or had no two cores for two
    /// threads.
    pub rejected: usize,
    /// The machine at the beginning.
    pub before: Steadiness,
    /// The machine at the end.
    pub after: Steadiness,
}

/// Why there are no figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalibrateError {
    /// The pool has one thread: nothing is ever parallel there, and nothing to be measured.
    OneThread,
    /// The pool's workers never came in time: it is full of other work.
    NobodyCame,
}

impl fmt::Display for CalibrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneThread => f.write_str("calibrate: a pool of one thread runs nothing parallel"),
            Self::NobodyCame => {
                f.write_str("calibrate: no worker of the pool came in time: is it busy?")
            }
        }
    }
}

impl std::error::Error for CalibrateError {}

/// Measures a pool, from outside of it. `progress` is told what comes next, and the share that is
/// done, 0 to 1.
///
/// ```no_run
/// use par_dispatch::calibrate::{Effort, calibrate};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = rayon::ThreadPoolBuilder::new().build()?;
/// let measured = calibrate(&pool, Effort::Full, |step, share| println!("{share:.2} {step}"))?;
/// let dispatcher = par_dispatch::Dispatcher::with_pool(&pool).profile(&measured.profile);
/// # let _ = dispatcher;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the pool has one thread, or is full of other work.
///
/// # Cost
/// 200 MiB of memory, and all processors for the time of the effort.
pub fn calibrate(
    pool: &ThreadPool,
    effort: Effort,
    mut progress: impl FnMut(&str, f64),
) -> Result<Calibrated, CalibrateError> {
    let threads = pool.current_num_threads();
    if threads < 2 {
        return Err(CalibrateError::OneThread);
    }
    let started = Instant::now();
    // Long enough to stay through what lies between two samples.
    let dispatcher = Dispatcher::with_pool(pool).linger(Linger::For(throughput::LINGER));
    let mut buffers = throughput::Buffers::new();
    progress("the two cores", 0.0);
    let before = awake();
    let (mut last, mut passes) = (before, Vec::new());
    while passes.is_empty()
        || (good(&passes, true).count() < effort.passes()
            && started.elapsed() < effort.time_limit())
    {
        let pass = passes.len();
        let total = effort.passes().max(pass + 1) as f64;
        let mut step = |name: &str, share: f64| progress(name, (pass as f64 + share) / total);
        let figures = one_pass(&dispatcher, threads, effort, &mut buffers, &mut step)?;
        let now = Steadiness::measure();
        let line_round_trip_ns = now.line_round_trip_ns.min(last.line_round_trip_ns);
        let pass = Pass {
            figures: Profile {
                line_round_trip_ns,
                ..figures
            },
            steady: now.is_like(last),
            cores: now.cores().min(last.cores()),
        };
        passes.push(pass);
        last = now;
    }
    progress("done", 1.0);
    let kept = kept(&passes, effort.passes().div_ceil(2));
    let figures: Vec<Profile> = kept.iter().map(|pass| pass.figures).collect();
    Ok(Calibrated {
        profile: lower_quartile(&figures),
        passes: kept.len(),
        unsteady: kept.iter().filter(|pass| !pass.steady).count(),
        rejected: passes.len() - kept.len(),
        before,
        after: last,
    })
}

/// What was measured in one go, and how the machine was around it.
#[derive(Debug, Clone, Copy)]
struct Pass {
    figures: Profile,
    /// Whether it was the same before and after.
    steady: bool,
    /// Cores that two threads had, before or after, whichever were less.
    cores: f64,
}

/// Passes but for those while two threads had to share a core, which are of another machine; of the
/// best one at least.
fn good(passes: &[Pass], steady_only: bool) -> impl Iterator<Item = Pass> {
    let best = passes.iter().map(|pass| pass.cores).fold(0.0, f64::max);
    let is_good =
        move |pass: &Pass| best - pass.cores < CORES_BEHIND_MAX && (pass.steady || !steady_only);
    passes.iter().copied().filter(is_good)
}

/// The good passes that were steady, or all good ones if those are less than `enough`.
fn kept(passes: &[Pass], enough: usize) -> Vec<Pass> {
    let steady_only = good(passes, true).count() >= enough;
    good(passes, steady_only).collect()
}

/// By how many cores a pass may be behind the best one.
const CORES_BEHIND_MAX: f64 = 0.3;

/// The machine once two threads run on two cores, as far as that comes within a second: a virtual
/// machine that was idle gets its second core only when there is something to do.
fn awake() -> Steadiness {
    let begun = Instant::now();
    loop {
        let now = Steadiness::measure();
        if now.scaling > 1.6 || begun.elapsed() > Duration::from_secs(1) {
            return now;
        }
    }
}

fn one_pass(
    dispatcher: &Dispatcher<'_>,
    threads: usize,
    effort: Effort,
    buffers: &mut throughput::Buffers,
    step: &mut dyn FnMut(&str, f64),
) -> Result<Profile, CalibrateError> {
    step("fork-join", 0.0);
    let warm = waking::warm_ns(dispatcher, 40 * effort.rounds());
    let fork_join_warm_ns = warm.ok_or(CalibrateError::NobodyCame)?;
    step("wake", 0.05);
    let wake = waking::wake(dispatcher, 5 * effort.rounds());
    let wake = wake.ok_or(CalibrateError::NobodyCame)?;
    let mut profile = Profile {
        threads,
        fork_join_warm_ns,
        wake_ns: wake.caller_ns,
        arrival_ns: wake.arrival_ns,
        cold_ns_per_byte: waking::cold_ns_per_byte(buffers, 5 * effort.rounds()),
        ..Profile::default()
    };
    step("arithmetic", 0.1);
    throughput::arithmetic(dispatcher, effort.rounds(), buffers, &mut profile);
    step("reading", 0.15);
    profile.reading = throughput::curve(dispatcher, effort.rounds(), buffers, true, &profile);
    step("writing", 0.55);
    profile.writing = throughput::curve(dispatcher, effort.rounds(), buffers, false, &profile);
    Ok(profile)
}

/// Each figure of at least one pass by itself, and no speed-up that stands alone among its
/// neighbours.
fn lower_quartile(passes: &[Profile]) -> Profile {
    let figure = |of: &dyn Fn(&Profile) -> f64, fast_is_high: bool| {
        let mut values: Vec<f64> = passes.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        if fast_is_high {
            values.reverse();
        }
        values[values.len() / 4]
    };
    let curve = |of: &dyn Fn(&Profile) -> &Curve| {
        let mut curve = *of(&passes[0]);
        for index in 0..POINTS {
            let point = &mut curve.points[index];
            point.ns_per_byte = figure(&|p| of(p).points[index].ns_per_byte, false);
            point.speed_up = figure(&|p| of(p).points[index].speed_up, true);
        }
        curve.without_outliers()
    };
    Profile {
        threads: passes[0].threads,
        fork_join_warm_ns: figure(&|p| p.fork_join_warm_ns, false),
        line_round_trip_ns: figure(&|p| p.line_round_trip_ns, false),
        wake_ns: figure(&|p| p.wake_ns, false),
        arrival_ns: figure(&|p| p.arrival_ns, false),
        cold_ns_per_byte: figure(&|p| p.cold_ns_per_byte, false),
        operations_per_ns: figure(&|p| p.operations_per_ns, true),
        operations_speed_up: figure(&|p| p.operations_speed_up, true),
        reading: curve(&|p| &p.reading),
        writing: curve(&|p| &p.writing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(threads: usize, steady: bool, cores: f64) -> Pass {
        let figures = Profile {
            threads,
            ..Profile::default()
        };
        Pass {
            figures,
            steady,
            cores,
        }
    }

    /// Which of them are kept, if two are enough.
    fn kept_of(passes: &[(bool, f64)]) -> Vec<usize> {
        let numbered = passes.iter().enumerate();
        let passes: Vec<_> = numbered
            .map(|(number, &(steady, cores))| pass(number, steady, cores))
            .collect();
        let kept = kept(&passes, 2);
        kept.iter().map(|pass| pass.figures.threads).collect()
    }

    #[test]
    fn steady_passes_on_two_cores_come_first() {
        let (steady, unsteady) = (true, false);
        let enough = [(steady, 1.9), (unsteady, 1.9), (steady, 1.8), (steady, 1.2)];
        assert_eq!(kept_of(&enough), [0, 2]);
        let few = [
            (steady, 1.9),
            (unsteady, 1.9),
            (unsteady, 1.1),
            (steady, 1.2),
        ];
        assert_eq!(kept_of(&few), [0, 1]);
        assert_eq!(kept_of(&[(unsteady, 1.0)]), [0]);
    }
}
