//! How many threads are busy, and the most that were: one word, `[peak:32 | active:32]`.
//!
//! Decided here: both halves change in one step, so a peak belongs to the window in which it was
//! reached. Counting first and raising the peak afterwards would let a reader cut in between and
//! book the peak in the next window. Which calls are a thread's first and last (a nested task is
//! no second thread) is `guard`'s to know.
//!
//! All accesses are relaxed: each is about this one word, whose changes have a single order. That
//! a window with a task in it has a peak of at least 1 follows from the order of `ledger`'s steps.

use crate::sync::{AtomicU64, Ordering::Relaxed, PEAK_WITH_ENTER};

const ACTIVE: u64 = u32::MAX as u64;
const PEAK_SHIFT: u32 = 32;

/// The number of busy threads and its peak since the last cut.
#[derive(Debug)]
pub struct Activity {
    word: AtomicU64,
}

impl Default for Activity {
    fn default() -> Self {
        Self::new()
    }
}

impl Activity {
    /// No thread is active, and none has been.
    #[must_use]
    pub fn new() -> Self {
        Self {
            word: AtomicU64::new(0),
        }
    }

    /// The calling thread turns busy.
    #[inline]
    pub fn enter(&self) {
        if !PEAK_WITH_ENTER {
            return self.enter_in_two_steps();
        }
        let mut word = self.word.load(Relaxed);
        loop {
            let active = (word & ACTIVE) + 1;
            let peak = (word >> PEAK_SHIFT).max(active);
            let entered = peak << PEAK_SHIFT | active;
            match self
                .word
                .compare_exchange_weak(word, entered, Relaxed, Relaxed)
            {
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
    }

    /// The calling thread turns idle. It has called [`Activity::enter`], so the lower half does
    /// not borrow from the upper.
    #[inline]
    pub fn leave(&self) {
        self.word.fetch_sub(1, Relaxed);
    }

    /// The peak since the last cut.
    pub fn peak(&self) -> u64 {
        self.word.load(Relaxed) >> PEAK_SHIFT
    }

    /// Starts a new window, whose peak begins at the threads active now, and returns the peak of
    /// the one before.
    pub fn cut(&self) -> u64 {
        let mut word = self.word.load(Relaxed);
        loop {
            let active = word & ACTIVE;
            let next = active << PEAK_SHIFT | active;
            match self
                .word
                .compare_exchange_weak(word, next, Relaxed, Relaxed)
            {
                Ok(_) => return word >> PEAK_SHIFT,
                Err(seen) => word = seen,
            }
        }
    }

    /// The mistake that the single step avoids, kept as a mutant for the model to catch.
    #[cold]
    fn enter_in_two_steps(&self) {
        let active = (self.word.fetch_add(1, Relaxed) & ACTIVE) + 1;
        let mut word = self.word.load(Relaxed);
        while word >> PEAK_SHIFT < active {
            let raised = active << PEAK_SHIFT | word & ACTIVE;
            match self
                .word
                .compare_exchange_weak(word, raised, Relaxed, Relaxed)
            {
                Ok(_) => return,
                Err(seen) => word = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Activity;

    #[test]
    fn a_cut_starts_from_the_threads_that_are_active() {
        let activity = Activity::new();
        for _ in 0..3 {
            activity.enter();
        }
        activity.leave();
        assert_eq!(activity.peak(), 3);
        assert_eq!(activity.cut(), 3);
        assert_eq!(activity.peak(), 2);
        activity.leave();
        activity.leave();
        assert_eq!(activity.cut(), 2);
        assert_eq!(activity.cut(), 0);
    }
}
