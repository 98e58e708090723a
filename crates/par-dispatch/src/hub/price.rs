//! When a wake is worth its price: by the time that callers have lost for want of a helper, and by
//! what became of earlier wakes.
//!
//! Ski rental: a call that is too short to pay for a wake by itself runs alone and leaves a credit,
//! the time that a helper would have saved. When the credit reaches the price, a helper is called,
//! so the loss is at most twice that of a caller who knew the future. The credit fades when nobody
//! calls. Relaxed throughout: nothing but speed depends on these figures, and a lost update costs
//! one late or early wake; so these are no atomics of the models either.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// The price doubles with every wake that was in vain, at most this often.
const DOUBLINGS_MAX: u64 = 6;

/// Nanoseconds in which the price halves again, as a shift: 4 ms. What made wakes vain passes: a
/// pool gets free, calls come closer together.
const FORGET_SHIFT: u32 = 22;

/// Nanoseconds in which the credit halves, as a shift: 262 µs. Calls that come every millisecond
/// earn no helper, who would have gone before the next; calls back to back lose little credit.
const HALF_LIFE_SHIFT: u32 = 18;

/// Nanoseconds after which a caller is thought to begin anew, with caches that others have used.
const QUIET_NS: u64 = 500_000;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Time since the first question of this kind.
pub(crate) fn now_ns() -> u64 {
    START.elapsed().as_nanos() as u64
}

/// What a wake costs and what has been saved for one.
#[derive(Debug, Default)]
pub(crate) struct Price {
    doublings: AtomicU64,
    settled_ns: AtomicU64,
    credit_ns: AtomicU64,
    last_ns: AtomicU64,
}

impl Price {
    /// What a wake costs more than at its best.
    pub(crate) fn factor(&self) -> f64 {
        match self.doublings.load(Relaxed) {
            0 => 1.0,
            _ => (1_u64 << self.doublings_at(now_ns())) as f64,
        }
    }

    fn doublings_at(&self, now_ns: u64) -> u64 {
        let age_ns = now_ns.saturating_sub(self.settled_ns.load(Relaxed));
        let doublings = self.doublings.load(Relaxed);
        doublings.saturating_sub(age_ns >> FORGET_SHIFT)
    }

    /// A helper that had been called goes: whether it found anything to do.
    pub(super) fn settle(&self, helped: bool) {
        self.settle_at(now_ns(), helped);
    }

    fn settle_at(&self, now_ns: u64, helped: bool) {
        let next = match helped {
            true => 0,
            false => DOUBLINGS_MAX.min(self.doublings_at(now_ns) + 1),
        };
        self.doublings.store(next, Relaxed);
        self.settled_ns.store(now_ns, Relaxed);
    }

    /// Whether for so long no helper has gone and no call has run without one. Calls that were short,
    /// or had a helper throughout, leave no trace here.
    pub(crate) fn was_quiet(&self) -> bool {
        self.was_quiet_at(now_ns())
    }

    fn was_quiet_at(&self, now_ns: u64) -> bool {
        let last_ns = self.last_ns.load(Relaxed);
        let seen_ns = last_ns.max(self.settled_ns.load(Relaxed));
        now_ns.saturating_sub(seen_ns) > QUIET_NS
    }

    /// Adds what a call loses without a helper. Whether that pays for a wake, which is then
    /// counted as paid.
    pub(crate) fn forgo(&self, loss_ns: f64, price_ns: f64) -> bool {
        self.forgo_at(now_ns(), loss_ns, price_ns)
    }

    fn forgo_at(&self, now_ns: u64, loss_ns: f64, price_ns: f64) -> bool {
        let idle_ns = now_ns.saturating_sub(self.last_ns.load(Relaxed));
        self.last_ns.store(now_ns, Relaxed);
        let halvings = (idle_ns >> HALF_LIFE_SHIFT).min(63);
        let credit_ns = (self.credit_ns.load(Relaxed) >> halvings) + loss_ns as u64;
        let factor = (1_u64 << self.doublings_at(now_ns)) as f64;
        let pays = credit_ns as f64 >= price_ns * factor;
        self.credit_ns
            .store(if pays { 0 } else { credit_ns }, Relaxed);
        pays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    #[test]
    fn calls_back_to_back_earn_a_wake_and_calls_with_pauses_do_not() {
        let calls = |every_ns: u64| {
            let price = Price::default();
            (1..10_000).find(|call| price.forgo_at(call * every_ns, 5_000.0, 100_000.0))
        };
        assert_eq!(calls(10_000), Some(20));
        assert_eq!(calls(MILLISECOND), None);
    }

    #[test]
    fn it_is_quiet_when_no_helper_went_and_no_call_went_without() {
        let price = Price::default();
        assert!(price.was_quiet_at(MILLISECOND));
        price.forgo_at(MILLISECOND, 1.0, 1e9);
        assert!(!price.was_quiet_at(MILLISECOND + QUIET_NS));
        assert!(price.was_quiet_at(MILLISECOND + QUIET_NS + 1));
        price.settle_at(2 * MILLISECOND, true);
        assert!(!price.was_quiet_at(2 * MILLISECOND + 1));
    }

    #[test]
    fn a_wake_in_vain_doubles_the_price_and_a_good_one_or_time_resets_it() {
        let price = Price::default();
        let factor = |now_ns| 1 << price.doublings_at(now_ns);
        for doublings in 1..10_u64 {
            price.settle_at(doublings, false);
            assert_eq!(factor(doublings), 1 << doublings.min(DOUBLINGS_MAX));
        }
        assert_eq!(factor(9 * MILLISECOND), 16);
        assert_eq!(factor(100 * MILLISECOND), 1);
        price.settle_at(10, true);
        assert_eq!(factor(10), 1);
    }
}
