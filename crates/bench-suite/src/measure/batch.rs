//! How many calls a sample takes, and how many run before it.

use super::{Contender, Plan, Times};

/// Time that a contender of several threads works before the clock is read, one call at least: its turn
/// begins behind others, with its workers asleep.
const SETTLE_NS: f64 = 2_000_000.0;

/// A single call of up to so many samples may be long because it was the first of its kind.
const FIRST_OF_ITS_KIND: f64 = 16.0;

/// How many calls one sample takes, and what one cost when that was found out.
pub(super) struct Batch {
    pub(super) calls: u64,
    pub(super) call_ns: f64,
}

impl Batch {
    /// Calls the contender until that has taken long enough to tell.
    pub(super) fn of<C, R>(
        plan: &Plan,
        context: &mut C,
        contender: &Contender<'_, C, R>,
        times: &mut Times,
    ) -> Self {
        let mut calls = 1;
        loop {
            let mut batch = || {
                let ns = contender.repeat(context, calls);
                times.heard(ns, plan.sample_ns).max(1.0)
            };
            let mut batch_ns = batch();
            // An arena takes a block of the size that the call before needed: one call of 30 µs,
            // and samples of three calls, where all others take 20 ns.
            if calls == 1 && batch_ns < FIRST_OF_ITS_KIND * plan.sample_ns {
                batch_ns = batch_ns.min(batch());
            }
            // A quarter of a sample is long enough to scale up from.
            if batch_ns * 4.0 >= plan.sample_ns {
                let call_ns = batch_ns / calls as f64;
                return Self {
                    calls: ((plan.sample_ns / call_ns).round() as u64).max(1),
                    call_ns,
                };
            }
            calls *= 2;
        }
    }

    /// Calls of a contender before each sample: none on one thread.
    pub(super) fn settling_calls<C, R>(&self, contender: &Contender<'_, C, R>) -> u64 {
        match contender.threads {
            0 | 1 => 0,
            _ => ((SETTLE_NS / self.call_ns) as u64).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A contender whose n-th batch of so many calls takes what `ns` says.
    fn batch(threads: usize, ns: fn(u32, u64) -> f64) -> (Batch, u64) {
        let contender = Contender::elsewhere(
            "clock",
            threads,
            |_| Ok(()),
            move |batches: &mut u32, calls| {
                *batches += 1;
                Ok(ns(*batches, calls))
            },
        );
        let mut times = Times {
            samples_ns: Vec::new(),
            answer: Ok(()),
            page_faults: None,
        };
        let batch = Batch::of(&Plan::rounds(1), &mut 0, &contender, &mut times);
        let settling = batch.settling_calls(&contender);
        (batch, settling)
    }

    #[test]
    fn a_sample_is_filled_whatever_the_first_call_took() {
        // Ten samples of this plan, so that it might be just a long call.
        let slow_at_first = |n: u32, calls: u64| if n == 1 { 1e5 } else { 20.0 * calls as f64 };
        let steady = |_, calls: u64| 20.0 * calls as f64;
        for ns in [slow_at_first as fn(u32, u64) -> f64, steady] {
            let (batch, _) = batch(1, ns);
            assert_eq!((batch.calls, batch.call_ns), (500, 20.0));
        }
    }

    #[test]
    fn a_long_call_is_a_sample_and_several_threads_settle() {
        let (long, settling) = batch(2, |_, calls| 1e6 * calls as f64);
        assert_eq!((long.calls, settling), (1, 2));
        let (short, settling) = batch(2, |_, calls| 1e3 * calls as f64);
        assert_eq!((short.calls, settling), (10, 2000));
        let (longest, settling) = batch(2, |_, calls| 5e6 * calls as f64);
        assert_eq!((longest.calls, settling), (1, 1));
    }
}
