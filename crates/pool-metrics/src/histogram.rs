//! Durations in buckets whose width grows with them: every quantile within a bound that does not
//! depend on the durations.
//!
//! ```text
//! 0 … 15          a bucket for each nanosecond
//! 2^e … 2^(e+1)   16 buckets of equal width, for each power of two above
//! ```
//!
//! A bucket's width is at most a 16th of its lower end, so its middle is off by at most a 32nd
//! (3.2 %) of any duration in it. Where the counts come from is `cell::counts`'.

/// Buckets per power of two: 2^4.
const SUB_BITS: u32 = 4;
/// The buckets of all durations that 64 bits hold, so that none falls beside them.
pub(crate) const BUCKETS: usize = (64 - SUB_BITS as usize + 1) << SUB_BITS;

/// The bucket of a duration.
#[inline]
pub(crate) const fn bucket_of(ns: u64) -> usize {
    // Below 2^SUB_BITS the shift is zero, so the bucket is the duration itself.
    let power = 63 - (ns | 1 << SUB_BITS).leading_zeros();
    let shift = power - SUB_BITS;
    ((shift as usize) << SUB_BITS) + (ns >> shift) as usize
}

/// The shortest and the longest duration of a bucket.
const fn range_of(bucket: usize) -> (u64, u64) {
    let group = (bucket >> SUB_BITS) as u32;
    if group == 0 {
        return (bucket as u64, bucket as u64);
    }
    let shift = group - 1;
    let low = (bucket as u64 - ((shift as u64) << SUB_BITS)) << shift;
    (low, low + ((1 << shift) - 1))
}

/// How many tasks took how long.
///
/// ```
/// let recorder = pool_metrics::Recorder::new(1);
/// for _ in 0..10 {
///     drop(recorder.task());
/// }
/// let snapshot = recorder.snapshot();
/// let median = snapshot.histogram.quantile(0.5).unwrap();
/// assert!(snapshot.task_ns_min <= median.ns_high && median.ns_low <= snapshot.task_ns_max);
/// assert_eq!(snapshot.histogram.tasks(), snapshot.tasks);
/// ```
///
/// # Accuracy
///
/// Durations are kept by bucket. A bucket's ends differ by less than a 16th of the lower one, over
/// the whole range (below 32 ns they are one nanosecond), so [`Quantile::ns`] is within a 32nd
/// (3.2 %) of the exact quantile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Histogram {
    /// Those that hold a task, the shortest first.
    buckets: Vec<Bucket>,
}

/// The tasks of one bucket of a [`Histogram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Bucket {
    /// Shortest duration that falls into it, in nanoseconds.
    pub ns_low: u64,
    /// Longest duration that falls into it, in nanoseconds.
    pub ns_high: u64,
    /// Tasks in it; at least one.
    pub tasks: u64,
}

/// Where a quantile lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quantile {
    /// It is at least this, in nanoseconds.
    pub ns_low: u64,
    /// And at most this.
    pub ns_high: u64,
}

impl Quantile {
    /// The middle of the two, at most a 32nd off.
    #[must_use]
    pub const fn ns(self) -> u64 {
        self.ns_low + (self.ns_high - self.ns_low) / 2
    }
}

impl Histogram {
    /// From counts by bucket, the first of which is bucket `first`.
    pub(crate) fn from_counts(counts: &[u64]) -> Self {
        let held = counts.iter().enumerate().filter(|(_, tasks)| **tasks > 0);
        Self {
            buckets: held
                .map(|(bucket, &tasks)| {
                    let (ns_low, ns_high) = range_of(bucket);
                    Bucket {
                        ns_low,
                        ns_high,
                        tasks,
                    }
                })
                .collect(),
        }
    }

    /// The buckets that hold a task, the shortest first.
    #[must_use]
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// All tasks.
    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.tasks).sum()
    }

    /// Tasks that took at most `ns`, where that is the longest duration of a bucket; else those
    /// of whole buckets below.
    #[must_use]
    pub fn tasks_within(&self, ns: u64) -> u64 {
        let within = self.buckets.iter().take_while(|b| b.ns_high <= ns);
        within.map(|bucket| bucket.tasks).sum()
    }

    /// Where the `q`-quantile lies: the shortest duration such that the share `q` of the tasks
    /// took no longer. 0 gives the shortest task, 1 the longest, each to its bucket. `None` without
    /// tasks.
    ///
    /// # Panics
    ///
    /// If `q` is not in `0..=1`.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Quantile> {
        assert!(
            (0.0..=1.0).contains(&q),
            "Histogram::quantile: {q} is not in 0..=1"
        );
        let rank = ((q * self.tasks() as f64).ceil() as u64).max(1);
        let mut below = 0;
        let holds_rank = |bucket: &&Bucket| {
            below += bucket.tasks;
            below >= rank
        };
        // Rounding may ask for one task more than there are.
        let bucket = self.buckets.iter().find(holds_rank);
        let &Bucket {
            ns_low, ns_high, ..
        } = bucket.or(self.buckets.last())?;
        Some(Quantile { ns_low, ns_high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        assert_eq!(range_of(0), (0, 0));
        for bucket in 1..BUCKETS {
            let (low, high) = range_of(bucket);
            assert_eq!(low, range_of(bucket - 1).1 + 1, "bucket {bucket}");
            assert!(high >= low && (high - low) as u128 * 16 < low as u128 + 16);
            assert_eq!((bucket_of(low), bucket_of(high)), (bucket, bucket));
        }
        assert_eq!(range_of(BUCKETS - 1).1, u64::MAX);
    }

    /// Durations of any magnitude: the exponent is uniform, from 1 ns to 18 hours.
    fn durations() -> impl Strategy<Value = Vec<u64>> {
        let one =
            (0u32..46, any::<u64>()).prop_map(|(power, bits)| (1 << power) | (bits % (1 << power)));
        prop::collection::vec(one, 1..200)
    }

    proptest! {
        #[test]
        fn quantiles_are_within_a_32nd(mut durations in durations(), q in 0.0f64..=1.0) {
            let mut counts = vec![0; BUCKETS];
            for &ns in &durations {
                counts[bucket_of(ns)] += 1;
            }
            let histogram = Histogram::from_counts(&counts);
            prop_assert_eq!(histogram.tasks(), durations.len() as u64);
            durations.sort_unstable();
            for q in [q, 0.0, 0.5, 0.9, 0.99, 0.999, 1.0] {
                let rank = ((q * durations.len() as f64).ceil() as usize).max(1);
                let exact = durations[rank - 1];
                let found = histogram.quantile(q).unwrap();
                prop_assert!(found.ns_low <= exact && exact <= found.ns_high);
                prop_assert!(found.ns().abs_diff(exact) as f64 <= exact as f64 / 32.0);
            }
        }
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }
}
