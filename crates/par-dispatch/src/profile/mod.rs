//! What a machine is like: the figures that a plan needs, and the times that follow from them.
//!
//! How they are measured is in `calibrate`; where they are found when a program starts, in `find`.

mod curve;
pub mod file;
pub mod find;
pub mod machine;

use crate::op::Op;
pub use curve::{Curve, POINTS, Point};

/// Costs of the machine, in nanoseconds, bytes and operations.
///
/// The [`default`](Self::default) holds figures of 2-core x86-64 servers (AMD Zen 3 and Zen 5),
/// chosen so that a doubtful size stays sequential. [`Profile::of_this_machine`] is what
/// dispatchers use.
///
/// ```
/// use par_dispatch::{Op, Profile};
/// let profile = Profile::default();
/// let sum = Op::new("sum").bytes_per_element(4).reads_only();
/// assert!(profile.sequential_ns(&sum, 1_000) < profile.sequential_ns(&sum, 100_000));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Threads that the figures for all threads were taken with.
    pub threads: usize,
    /// A fork-join of two chunks that both run, while a worker lingers at the hub.
    pub fork_join_warm_ns: f64,
    /// From one core to another and back, through one cache line.
    pub line_round_trip_ns: f64,
    /// What waking a worker costs the caller.
    pub wake_ns: f64,
    /// From the beginning of a call that wakes a worker until the worker runs.
    pub arrival_ns: f64,
    /// Least time per byte of one thread after a pause of some milliseconds, in which others have used
    /// its caches and its processor has slowed down.
    pub cold_ns_per_byte: f64,
    /// Vectorised arithmetic instructions per nanosecond of one thread, times their lanes.
    pub operations_per_ns: f64,
    /// How much faster all threads are on work that is bound by arithmetic.
    pub operations_speed_up: f64,
    /// Work that only reads.
    pub reading: Curve,
    /// Work that writes as well.
    pub writing: Curve,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            threads: 2,
            // Two chunks that wait for each other: 0.3 µs, 0.8 where the cores are far apart.
            fork_join_warm_ns: 600.0,
            line_round_trip_ns: 150.0,
            wake_ns: 20_000.0,
            arrival_ns: 80_000.0,
            // As if a pause changed nothing: what is doubtful stays sequential.
            cold_ns_per_byte: 1e-3,
            // Measured: exp of f32, 40 at AVX2 and 80 at AVX-512.
            operations_per_ns: 40.0,
            operations_speed_up: 1.8,
            reading: Curve::through(&[(15, 150.0), (19, 80.0), (23, 40.0), (26, 20.0)], 1.7),
            writing: Curve::through(&[(15, 150.0), (19, 60.0), (23, 30.0), (26, 15.0)], 1.6),
        }
    }
}

impl Profile {
    /// What `op` is bound by at this length: one thread's time, and how much faster all of the
    /// profile's threads are.
    #[inline]
    fn bound(&self, op: &Op, len: usize) -> (f64, f64) {
        let bytes = f64::from(op.bytes_per_element) * len as f64;
        let point = self.curve(op).at(bytes);
        let streaming_ns = bytes * point.ns_per_byte;
        let operations = f64::from(op.operations_per_element) * len as f64;
        let arithmetic_ns = operations / self.operations_per_ns;
        if streaming_ns >= arithmetic_ns {
            (streaming_ns, point.speed_up)
        } else {
            (arithmetic_ns, self.operations_speed_up)
        }
    }

    const fn curve(&self, op: &Op) -> &Curve {
        match op.reads_only {
            true => &self.reading,
            false => &self.writing,
        }
    }

    /// Time that one thread takes for `len` elements.
    #[must_use]
    pub fn sequential_ns(&self, op: &Op, len: usize) -> f64 {
        self.bound(op, len).0
    }

    /// How much faster `workers` threads are than one, without the cost of bringing them together.
    #[must_use]
    pub fn speed_up(&self, op: &Op, len: usize, workers: usize) -> f64 {
        Scaling::new(self, self.bound(op, len).1).of(workers)
    }

    /// Time that `workers` threads take, all but the caller waiting for work.
    #[must_use]
    pub fn warm_ns(&self, op: &Op, len: usize, workers: usize) -> f64 {
        let (alone_ns, speed_up) = self.bound(op, len);
        self.warm(alone_ns, Scaling::new(self, speed_up), workers)
    }

    /// Time of a call that wakes workers until there are `workers`, of which `here` are awake at
    /// its beginning, the caller among them.
    #[must_use]
    pub fn waking_ns(&self, op: &Op, len: usize, here: usize, workers: usize) -> f64 {
        let (alone_ns, speed_up) = self.bound(op, len);
        self.waking(alone_ns, Scaling::new(self, speed_up), here, workers)
    }

    pub(crate) fn estimate(&self, op: &Op, len: usize) -> Estimate<'_> {
        let (alone_ns, speed_up) = self.bound(op, len);
        Estimate {
            profile: self,
            alone_ns,
            scaling: Scaling::new(self, speed_up),
        }
    }

    /// Helpers join one after another, each through the same line.
    fn warm(&self, alone_ns: f64, scaling: Scaling, workers: usize) -> f64 {
        if workers < 2 {
            return alone_ns;
        }
        self.joins_ns(workers) + alone_ns / scaling.of(workers)
    }

    /// What it costs to bring workers together who wait.
    pub(crate) fn joins_ns(&self, workers: usize) -> f64 {
        let others = workers.saturating_sub(2) as f64;
        self.fork_join_warm_ns + others * self.line_round_trip_ns / 2.0
    }

    /// The caller wakes one worker, each that arrives wakes two. Until then who is here works.
    fn waking(&self, alone_ns: f64, scaling: Scaling, here: usize, workers: usize) -> f64 {
        let (mut elapsed_ns, mut left_ns) = (self.wake_ns, alone_ns);
        let mut present = here.max(1);
        let mut stage_ns = (self.arrival_ns - self.wake_ns).max(0.0);
        let mut arriving = 1;
        while present < workers {
            let rate = scaling.of(present);
            if left_ns <= stage_ns * rate {
                break;
            }
            left_ns -= stage_ns * rate;
            elapsed_ns += stage_ns;
            present = workers.min(present + arriving);
            arriving *= 2;
            stage_ns = self.arrival_ns;
        }
        // Whoever came late shares the end of the work.
        elapsed_ns + left_ns / scaling.of(present) + self.fork_join_warm_ns
    }

    /// Whether no number of workers can make the call pay: a test that needs no knowledge of the
    /// pool, for the calls that are short.
    #[must_use]
    #[inline]
    pub fn never_pays(&self, op: &Op, len: usize) -> bool {
        // As `bound`, without its division.
        let operations = f64::from(op.operations_per_element) * len as f64;
        let bytes = f64::from(op.bytes_per_element) * len as f64;
        operations <= self.fork_join_warm_ns * self.operations_per_ns
            && bytes * self.curve(op).at(bytes).ns_per_byte <= self.fork_join_warm_ns
    }
}

/// The profile's view of one call: its bound is looked up once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate<'p> {
    pub(crate) profile: &'p Profile,
    pub(crate) alone_ns: f64,
    scaling: Scaling,
}

impl Estimate<'_> {
    /// The same call, of `len` elements of `op`, after a pause.
    pub(crate) fn after_pause(self, op: &Op, len: usize) -> Self {
        let bytes = f64::from(op.bytes_per_element) * len as f64;
        Self {
            alone_ns: self.alone_ns.max(bytes * self.profile.cold_ns_per_byte),
            ..self
        }
    }

    /// The same call with times that were measured, alone and with `workers` that all waited.
    pub(crate) fn corrected(
        self,
        alone_ns: Option<f64>,
        together_ns: Option<f64>,
        workers: usize,
    ) -> Self {
        let alone_ns = alone_ns.unwrap_or(self.alone_ns);
        let scaling = match together_ns {
            Some(together_ns) => {
                let work_ns = together_ns - self.profile.joins_ns(workers);
                // Where a fork-join is cheaper than the profile says, the work seems to take no
                // time at all: the rest is at most all that there is.
                let work_ns = work_ns.max(alone_ns / (2 * workers) as f64);
                let added = workers.saturating_sub(1).max(1) as f64;
                Scaling {
                    per_worker: ((alone_ns / work_ns - 1.0) / added).max(0.0),
                }
            }
            None => self.scaling,
        };
        Self {
            alone_ns,
            scaling,
            ..self
        }
    }

    pub(crate) fn warm_ns(&self, workers: usize) -> f64 {
        self.profile.warm(self.alone_ns, self.scaling, workers)
    }

    pub(crate) fn waking_ns(&self, here: usize, workers: usize) -> f64 {
        self.profile
            .waking(self.alone_ns, self.scaling, here, workers)
    }
}

/// How speed grows with threads: in proportion, through the figure that was measured.
#[derive(Debug, Clone, Copy)]
struct Scaling {
    per_worker: f64,
}

impl Scaling {
    fn new(profile: &Profile, speed_up: f64) -> Self {
        let added = profile.threads.saturating_sub(1).max(1) as f64;
        Self {
            per_worker: ((speed_up - 1.0) / added).max(0.0),
        }
    }

    fn of(self, workers: usize) -> f64 {
        1.0 + self.per_worker * workers.saturating_sub(1) as f64
    }
}
