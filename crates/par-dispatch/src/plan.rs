//! What to do: a pure function, without threads or clocks, from the description of the work, its
//! length, the workers and the profile of the machine to a [`Plan`].

use crate::op::Op;
use crate::profile::{Estimate, Profile};

/// Chunks of one call at most: bounds the tables on the caller's stack.
pub const MAX_CHUNKS: usize = 64;

/// Units of one call at most, see [`unit_len`].
pub(crate) const MAX_UNITS: usize = 64;

/// Sequential time of a chunk where workers are woken, who come one after another: its claim, 0.1 µs,
/// does not show, and who comes late finds something to do.
const WAKING_CHUNK_NS: f64 = 8_000.0;

/// The most where workers wait: a thread that is disturbed keeps the others waiting no longer. From
/// call to call long chunks stay with the thread that has them in its cache: 8 chunks took 1.02 to
/// 1.13 times as long as 2 up to 100 µs.
const CHUNK_NS_MAX: f64 = 32_000.0;

/// Share of the sequential time that the parallel way must save: what a model is not worth.
const GAIN_MIN: f64 = 0.04;

/// How a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// One call of the body, on the calling thread.
    Sequential,
    /// Chunks on the pool.
    Chunks {
        /// Elements in each chunk but the last: a multiple of [`unit_len`].
        chunk_len: usize,
        /// Number of chunks, from 2 to [`MAX_CHUNKS`].
        count: usize,
    },
}

/// Elements in the smallest piece that a call is cut into: the operation's leaf times the power of
/// two that leaves at most 64 pieces. Each piece is a node of a reduction's tree, so a run of
/// pieces is a few nodes, wherever it begins.
///
/// ```
/// use par_dispatch::{Op, plan::unit_len};
/// let op = Op::new("sum").leaf_len(2048);
/// assert_eq!(unit_len(&op, 64 * 2048), 2048);
/// assert_eq!(unit_len(&op, 64 * 2048 + 1), 4096);
/// ```
#[must_use]
pub const fn unit_len(op: &Op, len: usize) -> usize {
    let leaves = len.div_ceil(op.leaf_len);
    op.leaf_len * leaves.div_ceil(MAX_UNITS).next_power_of_two()
}

/// Who could work on a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    /// Threads at most, the caller among them.
    pub(crate) workers: usize,
    /// Helpers that wait for work.
    pub(crate) idle: usize,
    /// Helpers that run other work and will be back, mostly in a moment: no plan counts on them.
    pub(crate) away: usize,
    /// By how much wakes have been too dear lately.
    pub(crate) wake_factor: f64,
}

/// A plan, and who is to carry it out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decision {
    pub(crate) plan: Plan,
    /// Threads, the caller among them.
    pub(crate) workers: usize,
    /// Whether workers are woken.
    pub(crate) wake: bool,
    /// What the call loses because some workers are asleep.
    pub(crate) forgone_ns: f64,
}

impl Plan {
    /// Chooses the way that takes the least time by the profile, given the workers that the call
    /// may have, and how many of them wait for work, so that they need not be woken.
    ///
    /// ```
    /// use par_dispatch::{Op, Plan, Profile};
    ///
    /// let profile = Profile::default();
    /// let sum = Op::new("sum").bytes_per_element(4).reads_only().leaf_len(2048);
    /// assert_eq!(Plan::choose(&sum, 1_000, 8, 7, &profile), Plan::Sequential);
    /// assert_ne!(Plan::choose(&sum, 100_000, 8, 7, &profile), Plan::Sequential);
    /// // Not worth a wake,
    /// assert_eq!(Plan::choose(&sum, 100_000, 8, 0, &profile), Plan::Sequential);
    /// // but a costly operation of the same length is.
    /// let costly = sum.operations_per_element(200);
    /// assert_ne!(Plan::choose(&costly, 100_000, 8, 0, &profile), Plan::Sequential);
    /// ```
    #[must_use]
    pub fn choose(op: &Op, len: usize, workers: usize, idle: usize, profile: &Profile) -> Self {
        let crowd = Crowd {
            workers,
            idle,
            away: 0,
            wake_factor: 1.0,
        };
        Decision::make(op, len, crowd, profile).plan
    }

    /// Chunks for every worker, whether or not it pays; sequential only if there is nothing to
    /// split or nobody to split it for.
    #[must_use]
    pub fn force_parallel(op: &Op, len: usize, workers: usize, profile: &Profile) -> Self {
        if workers < 2 {
            return Self::Sequential;
        }
        Self::split(op, len, profile.sequential_ns(op, len), workers)
    }

    /// Chunks for workers that wait, or soon will, for work of this sequential time.
    pub(crate) fn split(op: &Op, len: usize, alone_ns: f64, workers: usize) -> Self {
        Self::cut(op, len, chunks(alone_ns, workers), workers)
    }

    /// About `wanted` chunks that are equally long, as far as units allow.
    fn cut(op: &Op, len: usize, wanted: usize, workers: usize) -> Self {
        let unit_len = unit_len(op, len);
        let units = len.div_ceil(unit_len);
        let wanted = wanted.clamp(2, MAX_CHUNKS);
        // Rounded up or down: by what the worker has to do that ends last, then by fewer chunks.
        let last =
            |per_chunk: usize| per_chunk * units.div_ceil(per_chunk).div_ceil(workers.max(1));
        let (up, down) = (units.div_ceil(wanted).max(1), (units / wanted).max(1));
        let per_chunk = if last(down) < last(up) { down } else { up };
        let count = units.div_ceil(per_chunk);
        if count < 2 {
            return Self::Sequential;
        }
        Self::Chunks {
            // No overflow: with two chunks or more, a chunk is shorter than `len`.
            chunk_len: unit_len * per_chunk,
            count,
        }
    }
}

/// Chunks for work of this length, as many for each worker: one, more if they are long. With three
/// for two workers, one of them runs two thirds of the work, and not always the same two.
fn chunks(alone_ns: f64, workers: usize) -> usize {
    let workers = workers.clamp(1, MAX_CHUNKS);
    let each = (alone_ns / (CHUNK_NS_MAX * workers as f64)).ceil() as usize;
    workers * each.clamp(1, MAX_CHUNKS / workers)
}

/// The same for workers that are woken: as many as are worth a claim.
fn waking_chunks(alone_ns: f64, workers: usize) -> usize {
    let workers = workers.min(MAX_CHUNKS);
    ((alone_ns / WAKING_CHUNK_NS) as usize).clamp(workers, MAX_CHUNKS)
}

/// No more workers than pieces.
fn workers_of_use(op: &Op, len: usize, workers: usize) -> usize {
    workers.min(len.div_ceil(op.leaf_len)).min(MAX_CHUNKS)
}

/// How many workers that all wait for work take the least time, of so many at most.
fn least(estimate: Estimate<'_>, most: usize) -> (usize, f64) {
    (1..=most)
        .map(|workers| (workers, estimate.warm_ns(workers)))
        .fold((1, estimate.alone_ns), |best, next| {
            if next.1 < best.1 { next } else { best }
        })
}

fn pays(ns: f64, against_ns: f64) -> bool {
    ns < (1.0 - GAIN_MIN) * against_ns
}

impl Decision {
    /// Whether it pays if all workers wait for work: if not, it does not whoever is awake.
    pub(crate) fn may_pay(estimate: Estimate<'_>, op: &Op, len: usize, workers: usize) -> bool {
        let (_, warm_ns) = least(estimate, workers_of_use(op, len, workers));
        pays(warm_ns, estimate.alone_ns)
    }

    /// The least time by the profile's estimates.
    pub(crate) fn make(op: &Op, len: usize, crowd: Crowd, profile: &Profile) -> Self {
        Self::by(profile.estimate(op, len), op, len, crowd)
    }

    /// The least time by these estimates.
    pub(crate) fn by(estimate: Estimate<'_>, op: &Op, len: usize, crowd: Crowd) -> Self {
        let alone_ns = estimate.alone_ns;
        let most = workers_of_use(op, len, crowd.workers);
        let (mut workers, mut ns) = least(estimate, crowd.idle.saturating_add(1).min(most));
        if !pays(ns, alone_ns) {
            (workers, ns) = (1, alone_ns);
        }
        let (all, warm_ns) = least(estimate, most);
        let mut wake = false;
        if all > workers {
            let waking_ns = estimate.waking_ns(workers, all)
                + (crowd.wake_factor - 1.0) * estimate.profile.wake_ns;
            wake = pays(waking_ns, ns);
        }
        let forgone_ns = match wake || !pays(warm_ns, alone_ns) {
            true => 0.0,
            false => ns - warm_ns,
        };
        if wake {
            workers = all;
        }
        let plan = match workers {
            1 => Plan::Sequential,
            _ if wake => Plan::cut(op, len, waking_chunks(alone_ns, workers), workers),
            _ => Plan::split(op, len, alone_ns, workers),
        };
        Self {
            plan,
            workers,
            wake,
            forgone_ns: f64::max(forgone_ns, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_has_as_many_chunks() {
        assert_eq!([chunks(1e3, 2), chunks(6e4, 2), chunks(7e4, 2)], [2, 2, 4]);
        assert_eq!(
            [chunks(1e3, 5), chunks(2e5, 5), chunks(1e9, 5)],
            [5, 10, 60]
        );
        let most = [chunks(1e9, 1), chunks(0.0, 64), chunks(1e9, 1000)];
        assert_eq!(most, [64, 64, 64]);
    }

    #[test]
    fn of_long_work_no_worker_has_more_units_than_it_must() {
        let op = Op::new("test").leaf_len(1);
        for workers in 2..=64 {
            let Plan::Chunks { chunk_len, count } = Plan::split(&op, 64, 1e9, workers) else {
                panic!("{workers} workers: one chunk");
            };
            let most = count.div_ceil(workers) * chunk_len;
            assert_eq!(
                most,
                64_usize.div_ceil(workers),
                "{workers} workers: {count} chunks"
            );
        }
    }

    #[test]
    fn who_is_woken_finds_shorter_chunks() {
        let count = |waking| {
            let (op, alone_ns) = (Op::new("test").leaf_len(1), 64_000.0);
            let plan = match waking {
                true => Plan::cut(&op, 64, waking_chunks(alone_ns, 2), 2),
                false => Plan::split(&op, 64, alone_ns, 2),
            };
            match plan {
                Plan::Chunks { count, .. } => count,
                Plan::Sequential => 1,
            }
        };
        assert_eq!((count(true), count(false)), (8, 2));
    }

    #[test]
    fn after_a_pause_a_call_takes_longer_and_may_be_worth_a_wake() {
        let profile = Profile {
            cold_ns_per_byte: 0.2,
            ..Profile::default()
        };
        let (op, len) = (Op::new("test").leaf_len(512), 1 << 18);
        let crowd = Crowd {
            workers: 2,
            idle: 0,
            away: 0,
            wake_factor: 1.0,
        };
        let estimate = profile.estimate(&op, len);
        let cold = estimate.after_pause(&op, len);
        assert_eq!(cold.alone_ns, 0.2 * 8.0 * len as f64);
        let wakes = |estimate| Decision::by(estimate, &op, len, crowd).wake;
        assert_eq!((wakes(estimate), wakes(cold)), (false, true));
    }

    #[test]
    fn what_may_not_pay_is_alone_whoever_is_awake_and_forgoes_nothing() {
        let profile = Profile::default();
        let mut alone = 0;
        for operations in [1, 20, 400] {
            let op = Op::new("test")
                .bytes_per_element(8)
                .operations_per_element(operations)
                .leaf_len(512);
            for (log2, workers) in (4..24).flat_map(|log2| [(log2, 1), (log2, 2), (log2, 9)]) {
                let len = (1 << log2) + 7;
                let estimate = profile.estimate(&op, len);
                let may_pay = Decision::may_pay(estimate, &op, len, workers);
                alone += usize::from(!may_pay);
                for idle in [0, 1, 8, usize::MAX] {
                    let crowd = Crowd {
                        workers,
                        idle,
                        away: 0,
                        wake_factor: 1.0,
                    };
                    let decision = Decision::by(estimate, &op, len, crowd);
                    let is_alone = decision.plan == Plan::Sequential && !decision.wake;
                    assert!(may_pay || (is_alone && decision.forgone_ns == 0.0));
                }
            }
        }
        assert!(alone > 0);
    }
}
