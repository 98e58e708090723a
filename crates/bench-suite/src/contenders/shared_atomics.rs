//! A recorder as one writes it first: counts that all threads share, as atomics.
//!
//! It counts less than ours (no label, no histogram, no nesting, no busy time), and its fields are
//! read one by one, so a reader may find a count and a sum of different sets of tasks.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts shared by all threads.
#[derive(Debug)]
pub struct SharedAtomics {
    clock: quanta::Clock,
    active: AtomicU64,
    peak: AtomicU64,
    tasks: AtomicU64,
    task_ns: AtomicU64,
    task_ns_min: AtomicU64,
    task_ns_max: AtomicU64,
}

impl Default for SharedAtomics {
    fn default() -> Self {
        Self {
            clock: quanta::Clock::new(),
            active: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            tasks: AtomicU64::new(0),
            task_ns: AtomicU64::new(0),
            task_ns_min: AtomicU64::new(u64::MAX),
            task_ns_max: AtomicU64::new(0),
        }
    }
}

impl SharedAtomics {
    /// Records a task until the guard is dropped.
    #[must_use]
    pub fn task(&self) -> SharedGuard<'_> {
        let active = self.active.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(active, Relaxed);
        SharedGuard {
            counts: self,
            start: self.clock.raw(),
        }
    }

    /// Tasks that have ended.
    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.tasks.load(Relaxed)
    }
}

/// A task being recorded.
#[derive(Debug)]
pub struct SharedGuard<'a> {
    counts: &'a SharedAtomics,
    start: u64,
}

impl Drop for SharedGuard<'_> {
    fn drop(&mut self) {
        let counts = self.counts;
        let ns = counts.clock.delta_as_nanos(self.start, counts.clock.raw());
        counts.tasks.fetch_add(1, Relaxed);
        counts.task_ns.fetch_add(ns, Relaxed);
        counts.task_ns_min.fetch_min(ns, Relaxed);
        counts.task_ns_max.fetch_max(ns, Relaxed);
        counts.active.fetch_sub(1, Relaxed);
    }
}
