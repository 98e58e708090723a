//! Helpers that have been called and have not arrived.
//!
//! A wake can be lost for milliseconds. The system may have put the worker on the processor of a
//! caller who does not stop; to its pool, which would else wake another for the job, it is awake.
//! And Rayon does not promise that a worker going to sleep sees what another has pushed. So a
//! helper that is overdue is not counted on, and another may be called: the pool then finds two
//! jobs waiting, and wakes whoever sleeps.

use super::price::now_ns;
use crate::sync::{AtomicUsize, OVERDUE_NS, Ordering::Relaxed, RESERVES_AT_ONCE};
use std::sync::atomic;

/// How many, and since when nothing has changed about it.
#[derive(Debug)]
pub(super) struct Pending {
    count: AtomicUsize,
    /// Std's: the time tells no model anything, and nothing but speed depends on it.
    since_ns: atomic::AtomicU64,
}

impl Pending {
    pub(super) fn new() -> Self {
        Self {
            count: AtomicUsize::new(0),
            since_ns: atomic::AtomicU64::new(0),
        }
    }

    /// Relaxed, like all counts of the hub.
    pub(super) fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Whether one is on its way that can be counted on.
    pub(super) fn is_expected(&self) -> bool {
        self.count() > 0 && !self.is_overdue()
    }

    /// Whether one is overdue. A model, which has no time, does not look.
    pub(super) fn is_late(&self) -> bool {
        OVERDUE_NS < u64::MAX && self.count() > 0 && self.is_overdue()
    }

    fn is_overdue(&self) -> bool {
        self.is_overdue_at(now_ns())
    }

    fn is_overdue_at(&self, now_ns: u64) -> bool {
        let waited_ns = now_ns.saturating_sub(self.since_ns.load(Relaxed));
        waited_ns > OVERDUE_NS
    }

    /// Books a helper that is about to be called, if that leaves at most `wanted` on their way; of
    /// helpers that are overdue, one more, if that leaves at most two for each of `threads`.
    pub(super) fn reserve(&self, wanted: usize, threads: usize) -> bool {
        self.reserve_if(wanted, threads, || self.is_overdue())
    }

    fn reserve_if(&self, wanted: usize, threads: usize, is_overdue: impl FnOnce() -> bool) -> bool {
        let mut limit = wanted.min(threads);
        let count = self.count();
        if limit > 0 && count >= limit && count < threads.saturating_mul(2) && is_overdue() {
            limit = count + 1;
        }
        let reserved = if RESERVES_AT_ONCE {
            let more = |pending| (pending < limit).then_some(pending + 1);
            self.count.fetch_update(Relaxed, Relaxed, more).is_ok()
        } else {
            let free = self.count() < limit;
            self.count.fetch_add(usize::from(free), Relaxed);
            free
        };
        if reserved {
            self.since_ns.store(now_ns(), Relaxed);
        }
        reserved
    }

    /// One is here.
    pub(super) fn arrive(&self) {
        self.count.fetch_sub(1, Relaxed);
        self.since_ns.store(now_ns(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_wanted_is_called_when_they_are_overdue_up_to_two_for_each_thread() {
        let pending = Pending::new();
        let reserve = |wanted, threads, is_overdue| {
            let reserved = pending.reserve_if(wanted, threads, || is_overdue);
            (reserved, pending.count())
        };
        assert_eq!(reserve(1, 2, false), (true, 1));
        assert_eq!(reserve(1, 2, false), (false, 1));
        assert_eq!(reserve(1, 0, true), (false, 1));
        assert_eq!(reserve(0, 9, true), (false, 1));
        assert_eq!(reserve(1, 1, true), (true, 2));
        assert_eq!(reserve(1, 1, true), (false, 2));
        pending.arrive();
        assert_eq!(reserve(1, 1, false), (false, 1));
        assert_eq!(reserve(2, 2, false), (true, 2));
        pending.arrive();
        pending.arrive();
        assert!(!pending.is_expected() && !pending.is_late() && pending.count() == 0);
    }

    #[test]
    fn who_was_called_or_came_last_begins_the_time_anew() {
        let pending = Pending::new();
        assert!(pending.reserve(2, 2));
        let since_ns = pending.since_ns.load(Relaxed);
        assert!(!pending.is_overdue_at(since_ns + OVERDUE_NS));
        assert!(pending.is_overdue_at(since_ns + OVERDUE_NS + 1));
        pending.since_ns.store(0, Relaxed);
        pending.arrive();
        assert!(pending.since_ns.load(Relaxed) >= since_ns);
    }
}
