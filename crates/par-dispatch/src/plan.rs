//! What to do: a pure function, without threads or clocks, from the description of the work, its
//! length, the workers and the profile of the machine to a [`Plan`].

use crate::op::Op;
use crate::profile::Profile;

/// Chunks of one call at most: bounds the table of partial results, which lives on the stack.
pub const MAX_CHUNKS: usize = 64;

/// Chunks per worker, so that a worker that starts late or is disturbed can be relieved.
const CHUNKS_PER_WORKER: usize = 4;

/// Sequential time of a chunk below which its share of the scheduling shows.
const CHUNK_NS_MIN: f64 = 8_000.0;

/// How a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// One call of the body, on the calling thread.
    Sequential,
    /// Chunks on the pool.
    Chunks {
        /// Elements in each chunk but the last: the operation's leaf times a power of two.
        chunk_len: usize,
        /// Number of chunks, from 2 to [`MAX_CHUNKS`].
        count: usize,
    },
}

impl Profile {
    /// Time that one thread takes for `len` elements.
    #[must_use]
    pub fn sequential_ns(&self, op: &Op, len: usize) -> f64 {
        let bytes = f64::from(op.bytes_per_element) * len as f64;
        let bytes_per_ns = if bytes <= self.last_level_cache_bytes {
            self.cached_bytes_per_ns
        } else {
            self.memory_bytes_per_ns
        };
        let operations = f64::from(op.operations_per_element) * len as f64;
        (bytes / bytes_per_ns).max(operations / self.operations_per_ns)
    }

    /// Time that a number of threads takes, fork-join included. `warm`: a worker waits for work.
    #[must_use]
    pub fn parallel_ns(&self, op: &Op, len: usize, workers: usize, warm: bool) -> f64 {
        let fork_join_ns = match warm {
            true => self.fork_join_warm_ns,
            false => self.fork_join_cold_ns,
        };
        let speed_up = 1.0 + workers.saturating_sub(1) as f64 * self.efficiency;
        fork_join_ns + self.sequential_ns(op, len) / speed_up
    }

    /// Whether no number of workers can make the call pay: a test that needs no knowledge of the
    /// pool, for the calls that are short.
    #[must_use]
    pub fn never_pays(&self, op: &Op, len: usize) -> bool {
        self.sequential_ns(op, len) <= self.fork_join_warm_ns.min(self.fork_join_cold_ns)
    }
}

impl Plan {
    /// Chooses by the profile's estimate of both ways. `warm`: a worker waits for work, so that
    /// nobody has to be woken.
    ///
    /// ```
    /// use par_dispatch::{Op, Plan, Profile};
    ///
    /// let profile = Profile::default();
    /// let sum = Op::new("sum").bytes_per_element(4).leaf_len(2048);
    /// assert_eq!(Plan::choose(&sum, 1_000, 8, true, &profile), Plan::Sequential);
    /// assert_ne!(Plan::choose(&sum, 100_000, 8, true, &profile), Plan::Sequential);
    /// // Not worth a wake,
    /// assert_eq!(Plan::choose(&sum, 100_000, 8, false, &profile), Plan::Sequential);
    /// // but a costly operation of the same length is.
    /// let exp = Op::new("exp").bytes_per_element(8).operations_per_element(400);
    /// assert_ne!(Plan::choose(&exp, 100_000, 8, false, &profile), Plan::Sequential);
    /// ```
    #[must_use]
    pub fn choose(op: &Op, len: usize, workers: usize, warm: bool, profile: &Profile) -> Self {
        let sequential_ns = profile.sequential_ns(op, len);
        if workers < 2 || profile.parallel_ns(op, len, workers, warm) >= sequential_ns {
            return Self::Sequential;
        }
        let worth = (sequential_ns / CHUNK_NS_MIN) as usize;
        Self::split(
            op,
            len,
            worth.min(workers.saturating_mul(CHUNKS_PER_WORKER)),
        )
    }

    /// Chunks for every worker, whether or not it pays; sequential only if there is nothing to
    /// split or nobody to split it for.
    #[must_use]
    pub fn force_parallel(op: &Op, len: usize, workers: usize) -> Self {
        if workers < 2 {
            return Self::Sequential;
        }
        Self::split(op, len, workers.saturating_mul(CHUNKS_PER_WORKER))
    }

    /// At most `wanted` chunks, each the leaf times one power of two: a node of the tree.
    fn split(op: &Op, len: usize, wanted: usize) -> Self {
        let wanted = wanted.clamp(2, MAX_CHUNKS);
        let leaves = len.div_ceil(op.leaf_len);
        let leaves_per_chunk = leaves.div_ceil(wanted).next_power_of_two();
        let count = leaves.div_ceil(leaves_per_chunk);
        if count < 2 {
            return Self::Sequential;
        }
        Self::Chunks {
            // No overflow: with two chunks or more, a chunk is shorter than `len`.
            chunk_len: op.leaf_len * leaves_per_chunk,
            count,
        }
    }
}
