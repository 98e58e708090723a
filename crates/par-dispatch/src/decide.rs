//! What a call does: the plan for who is awake at this moment, and whether a worker is woken.
//!
//! The plan itself is a pure function (`plan`); here it is asked with the state of the hub, and
//! calls that come close together earn a wake that none of them is worth alone. A call after a pause
//! takes longer than the profile's curves say, and so may be worth one.

use crate::dispatcher::{Dispatcher, Force};
use crate::online::{self, Arm, Timing, Tuning};
use crate::op::Op;
use crate::plan::{Crowd, Decision, Plan};
use crate::pool::{Sharing, Site};
use crate::profile::Estimate;

/// Calls of less are not timed: two looks at the clock take 50 ns.
const TIMED_NS: f64 = 1_000.0;

/// Share of what a call loses without a helper that is lost where one is expected: mostly it is back
/// in a moment, but it may have begun a long job of its pool.
const EXPECTED_LOSS: f64 = 0.125;

impl<'a> Dispatcher<'a> {
    /// What a call of this length would do at this moment, without doing it: it depends on
    /// whether workers linger. As if it came close behind another: after a pause a call may wake
    /// workers that this says it does without.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op, Plan};
    /// assert_eq!(Dispatcher::global().plan(&Op::new("add"), 100), Plan::Sequential);
    /// ```
    #[must_use]
    pub fn plan(&self, op: &Op, len: usize) -> Plan {
        match self.force {
            Force::Sequential => Plan::Sequential,
            Force::Parallel => Plan::force_parallel(op, len, self.workers(), self.figures()),
            // Asking a pool for its size costs as much as a short kernel: not for short calls.
            Force::Auto if self.figures().never_pays(op, len) => Plan::Sequential,
            Force::Auto => self.pool.site().map_or(Plan::Sequential, |site| {
                Decision::make(op, len, self.crowd(&site), self.figures()).plan
            }),
        }
    }

    /// Whether a call is too short to be planned. Inlined, so that it is a comparison and the body.
    #[inline(always)]
    pub(crate) fn is_short(&self, op: &Op, len: usize) -> bool {
        op.is_short(len) && self.force != Force::Parallel
    }

    /// Whether a call runs on one thread whoever is awake, which can be told without the pool.
    #[inline(never)]
    pub(crate) fn is_surely_alone(&self, op: &Op, len: usize) -> bool {
        match self.force {
            Force::Sequential => true,
            Force::Auto => self.figures().never_pays(op, len),
            Force::Parallel => false,
        }
    }

    /// What a call does that is not surely alone. It is over when the timing is dropped.
    pub(crate) fn way(&self, op: &Op, len: usize) -> (Way<'a>, Timing) {
        let alone = (Way::Sequential, Timing::NONE);
        let all = self.workers();
        if all < 2 {
            return alone;
        }
        let asked = match self.force {
            Force::Auto => {
                let estimate = self.figures_of_pool().estimate(op, len);
                let learns = self.tuning == Tuning::Online && estimate.alone_ns >= TIMED_NS;
                if !learns && !Decision::may_pay(estimate, op, len, all) {
                    return alone;
                }
                Some((estimate, learns))
            }
            _ => None,
        };
        let Some(site) = self.pool.site() else {
            return alone;
        };
        let (choice, timing) = match asked {
            Some((estimate, true)) => self.learnt(estimate, op, len, &site),
            Some((estimate, false)) => {
                let crowd = self.crowd(&site);
                let choice = self.choose(estimate, op, len, crowd, &site);
                (choice, Timing::NONE)
            }
            None => (
                Choice {
                    plan: Plan::force_parallel(op, len, all, self.figures()),
                    workers: all,
                    wake: true,
                },
                Timing::NONE,
            ),
        };
        let Plan::Chunks { chunk_len, count } = choice.plan else {
            return (Way::Sequential, timing);
        };
        let sharing = Sharing {
            helpers: choice.workers.min(count) - 1,
            wake: choice.wake,
            linger: self.linger.duration(),
        };
        let way = Way::Chunks {
            chunk_len,
            site,
            sharing,
        };
        (way, timing)
    }

    /// By what calls have taken, where the profile knows it only roughly.
    fn learnt(
        &self,
        estimate: Estimate<'_>,
        op: &Op,
        len: usize,
        site: &Site<'_>,
    ) -> (Choice, Timing) {
        let crowd = self.crowd(site);
        let all = crowd.workers;
        let cell = online::cell(op, len, all);
        let known = [Arm::Alone, Arm::Together].map(|arm| cell.ns(arm, len));
        let estimate = estimate.corrected(known[0], known[1], all);
        let mut choice = self.choose(estimate, op, len, crowd, site);
        let warm = crowd.idle + 1 >= all;
        let together_ns = estimate.warm_ns(all);
        let (chosen, mut cost_ns) = match choice.plan {
            Plan::Sequential => (Arm::Alone, together_ns - estimate.alone_ns),
            Plan::Chunks { .. } => (Arm::Together, estimate.alone_ns - together_ns),
        };
        if known.contains(&None) {
            // Any difference is possible.
            cost_ns = cost_ns.max(estimate.alone_ns / 2.0);
        }
        if !warm {
            cost_ns = cost_ns.max(0.0) + self.wake_price_ns(estimate) * site.wake_factor();
        }
        let mut arm = chosen;
        // A helper that is woken to find out must find the next call.
        let may_try = warm || cell.follows_closely(self.linger.duration());
        if may_try && cell.tries_other(chosen, cost_ns, warm) {
            (choice, arm) = match chosen {
                Arm::Together => (Choice::ALONE, Arm::Alone),
                Arm::Alone => (
                    Choice {
                        plan: Plan::split(op, len, estimate.alone_ns, all),
                        workers: all,
                        wake: !warm,
                    },
                    Arm::Together,
                ),
            };
        }
        let arm = (arm == Arm::Alone || warm).then_some(arm);
        (choice, Timing::of(cell, arm, len))
    }

    /// A call that would be faster with more workers awake leaves a credit; when that has reached
    /// the price of a wake, the next call wakes, however short it is.
    fn choose(
        &self,
        estimate: Estimate<'_>,
        op: &Op,
        len: usize,
        crowd: Crowd,
        site: &Site<'_>,
    ) -> Choice {
        let now = Decision::by(estimate, op, len, crowd);
        if !now.wake && now.forgone_ns > 0.0 {
            let cold = estimate.after_pause(op, len);
            let asleep = crowd.idle + crowd.away == 0;
            if asleep && cold.alone_ns > estimate.alone_ns && site.was_quiet() {
                let woken = Decision::by(cold, op, len, crowd);
                if woken.wake {
                    // Earns nothing; but now it is not quiet.
                    site.forgo(0.0, f64::INFINITY);
                    return Choice::from(woken);
                }
            }
            let expected = crowd.away > 0 || site.expects_arrival();
            let loss_ns = match expected {
                true => now.forgone_ns * EXPECTED_LOSS,
                false => now.forgone_ns,
            };
            let wake = site.forgo(loss_ns, self.wake_price_ns(estimate));
            if wake || expected {
                // As if all were here: who is on the way may come in time.
                let idle = usize::MAX;
                let all = Crowd { idle, ..crowd };
                let all = Decision::by(estimate, op, len, all);
                return Choice {
                    wake,
                    ..Choice::from(all)
                };
            }
        }
        Choice::from(now)
    }

    /// What a wake costs the caller, and the helper if it is awake for nothing. How long the helper
    /// takes to come costs nobody anything: the caller works meanwhile.
    fn wake_price_ns(&self, estimate: Estimate<'_>) -> f64 {
        estimate.profile.wake_ns + self.linger.duration().as_nanos() as f64
    }

    fn crowd(&self, site: &Site<'_>) -> Crowd {
        let (idle, away) = site.company();
        Crowd {
            workers: self.workers(),
            idle,
            away,
            wake_factor: site.wake_factor(),
        }
    }
}

/// A plan, and who is to carry it out.
#[derive(Debug, Clone, Copy)]
struct Choice {
    plan: Plan,
    workers: usize,
    wake: bool,
}

impl Choice {
    const ALONE: Self = Self {
        plan: Plan::Sequential,
        workers: 1,
        wake: false,
    };
}

impl From<Decision> for Choice {
    fn from(decision: Decision) -> Self {
        Self {
            plan: decision.plan,
            workers: decision.workers,
            wake: decision.wake,
        }
    }
}

/// How a call runs, and with whom.
#[derive(Debug)]
pub(crate) enum Way<'a> {
    /// On the calling thread.
    Sequential,
    /// In chunks.
    Chunks {
        chunk_len: usize,
        site: Site<'a>,
        sharing: Sharing,
    },
}
