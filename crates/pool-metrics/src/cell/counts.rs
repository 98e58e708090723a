//! What a thread has counted of one label: durations with their histogram, and what Rayon's
//! iterators and joins tell.
//!
//! Decided here: the fields and how they add up. There is a set of them for each phase of the
//! thread's cell, and the cell's protocol says who may touch which (`README.md`). The number of
//! tasks is not kept beside the histogram: it is the sum of its buckets.

use super::bank::{raise, replace, update};
use crate::histogram::bucket_of;
use crate::sync::{AtomicU64, BUCKETS, Ordering::Relaxed};

/// One thread's counts of one label: a set for each phase.
#[derive(Debug)]
pub struct Slot {
    pub(super) banks: [Counts; 2],
}

impl Default for Slot {
    fn default() -> Self {
        Self::new()
    }
}

impl Slot {
    /// Nothing counted.
    #[must_use]
    pub fn new() -> Self {
        Self {
            banks: [Counts::new(), Counts::new()],
        }
    }
}

#[derive(Debug)]
pub(super) struct Counts {
    task_ns: AtomicU64,
    nested_ns: AtomicU64,
    task_ns_min: AtomicU64,
    task_ns_max: AtomicU64,
    items: AtomicU64,
    splits: AtomicU64,
    migrations: AtomicU64,
    steals: AtomicU64,
    steal_ns: AtomicU64,
    steal_ns_max: AtomicU64,
    buckets: Box<[AtomicU64]>,
}

impl Counts {
    fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            task_ns: zero(),
            nested_ns: zero(),
            task_ns_min: AtomicU64::new(u64::MAX),
            task_ns_max: zero(),
            items: zero(),
            splits: zero(),
            migrations: zero(),
            steals: zero(),
            steal_ns: zero(),
            steal_ns_max: zero(),
            buckets: (0..BUCKETS).map(|_| zero()).collect(),
        }
    }

    /// Adds a task that took `ns`, of which tasks nested in it took `nested_ns`.
    #[inline]
    pub(super) fn add(&self, ns: u64, nested_ns: u64) {
        update(&self.task_ns, |sum| sum.wrapping_add(ns));
        if nested_ns > 0 {
            update(&self.nested_ns, |sum| sum.wrapping_add(nested_ns));
        }
        if ns < self.task_ns_min.load(Relaxed) {
            self.task_ns_min.store(ns, Relaxed);
        }
        raise(&self.task_ns_max, ns);
        update(&self.buckets[bucket(ns)], |count| count + 1);
    }

    /// Adds what a leaf or a stolen half knows of itself.
    pub(super) fn add_parallel(&self, parallel: &Parallel) {
        update(&self.items, |items| items + parallel.items);
        update(&self.splits, |splits| splits + parallel.splits);
        update(&self.migrations, |count| {
            count + u64::from(parallel.migrated)
        });
        if let Some(ns) = parallel.stolen_after_ns {
            update(&self.steals, |steals| steals + 1);
            update(&self.steal_ns, |sum| sum.wrapping_add(ns));
            raise(&self.steal_ns_max, ns);
        }
    }

    /// Adds the counts to `tally` and leaves them empty; returns the number of tasks.
    pub(super) fn drain(&self, tally: &mut LabelTally) -> u64 {
        let (min, max) = (
            replace(&self.task_ns_min, u64::MAX),
            replace(&self.task_ns_max, 0),
        );
        if min > max {
            return 0; // nothing is added without a task
        }
        let mut tasks = 0;
        // All others are empty.
        for index in bucket(min)..=bucket(max) {
            let count = replace(&self.buckets[index], 0);
            tally.buckets[index] += count;
            tasks += count;
        }
        tally.tasks += tasks;
        let held = |field: &AtomicU64| replace(field, 0);
        tally.task_ns = tally.task_ns.wrapping_add(held(&self.task_ns));
        tally.nested_ns = tally.nested_ns.wrapping_add(held(&self.nested_ns));
        tally.task_ns_min = tally.task_ns_min.min(min);
        tally.task_ns_max = tally.task_ns_max.max(max);
        tally.items += held(&self.items);
        tally.splits += held(&self.splits);
        tally.migrations += held(&self.migrations);
        tally.steals += held(&self.steals);
        tally.steal_ns = tally.steal_ns.wrapping_add(held(&self.steal_ns));
        tally.steal_ns_max = tally.steal_ns_max.max(held(&self.steal_ns_max));
        tasks
    }
}

/// The bucket of a duration; loom's models have only the first ones.
#[inline]
fn bucket(ns: u64) -> usize {
    bucket_of(ns).min(BUCKETS - 1)
}

/// What a task knows of the parallel work that it is a part of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parallel {
    /// Items that it went through.
    pub items: u64,
    /// Times that it was divided before it ran.
    pub splits: u64,
    /// It runs on another thread than the one that divided it off.
    pub migrated: bool,
    /// How long it had waited when another thread took it.
    pub stolen_after_ns: Option<u64>,
}

/// The counts of a label, as plain values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTally {
    /// Tasks that ended.
    pub tasks: u64,
    /// The sum of their durations.
    pub task_ns: u64,
    /// Of that, time in tasks nested directly in them.
    pub nested_ns: u64,
    /// The shortest of them; `u64::MAX` if there are none.
    pub task_ns_min: u64,
    /// The longest of them.
    pub task_ns_max: u64,
    /// Items that leaves went through.
    pub items: u64,
    /// Times that work was divided.
    pub splits: u64,
    /// Leaves on another thread than the one that divided them off.
    pub migrations: u64,
    /// Halves of a join that another thread took.
    pub steals: u64,
    /// The sum of the times that they had waited.
    pub steal_ns: u64,
    /// The longest of them.
    pub steal_ns_max: u64,
    /// The tasks by duration.
    pub buckets: Vec<u64>,
}

impl Default for LabelTally {
    fn default() -> Self {
        Self {
            tasks: 0,
            task_ns: 0,
            nested_ns: 0,
            task_ns_min: u64::MAX,
            task_ns_max: 0,
            items: 0,
            splits: 0,
            migrations: 0,
            steals: 0,
            steal_ns: 0,
            steal_ns_max: 0,
            buckets: vec![0; BUCKETS],
        }
    }
}

impl LabelTally {
    /// Adds the counts of another interval or thread.
    pub fn merge(&mut self, other: &Self) {
        if other.tasks == 0 {
            return;
        }
        self.tasks += other.tasks;
        self.task_ns = self.task_ns.wrapping_add(other.task_ns);
        self.nested_ns = self.nested_ns.wrapping_add(other.nested_ns);
        self.task_ns_min = self.task_ns_min.min(other.task_ns_min);
        self.task_ns_max = self.task_ns_max.max(other.task_ns_max);
        self.items += other.items;
        self.splits += other.splits;
        self.migrations += other.migrations;
        self.steals += other.steals;
        self.steal_ns = self.steal_ns.wrapping_add(other.steal_ns);
        self.steal_ns_max = self.steal_ns_max.max(other.steal_ns_max);
        for index in bucket(other.task_ns_min)..=bucket(other.task_ns_max) {
            self.buckets[index] += other.buckets[index];
        }
    }

    /// Time in these tasks and in no task nested in them.
    #[must_use]
    pub fn exclusive_ns(&self) -> u64 {
        // Cut off where a clock stepped back between two threads' cores.
        self.task_ns.saturating_sub(self.nested_ns)
    }
}
