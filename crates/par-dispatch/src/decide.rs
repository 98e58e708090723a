//! What a call does: the plan for who is awake at this moment, and whether a worker is woken.
//!
//! The plan itself is a pure function (`plan`); here it is asked with the state of the hub, and
//! calls that come close together earn a wake that none of them is worth alone.

use crate::dispatcher::{Dispatcher, Force};
use crate::op::Op;
use crate::plan::{Crowd, Decision, Plan};
use crate::pool::{Sharing, Site};

impl<'a> Dispatcher<'a> {
    /// What a call of this length would do at this moment, without doing it: it depends on
    /// whether workers linger.
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

    /// What a call does.
    #[inline]
    pub(crate) fn way(&self, op: &Op, len: usize) -> Way<'a> {
        if self.force == Force::Sequential
            || self.force == Force::Auto && self.figures().never_pays(op, len)
        {
            return Way::Sequential;
        }
        self.way_of_long(op, len)
    }

    #[inline(never)]
    fn way_of_long(&self, op: &Op, len: usize) -> Way<'a> {
        let all = self.workers();
        let Some(site) = self.pool.site().filter(|_| all > 1) else {
            return Way::Sequential;
        };
        let (plan, workers, wake) = match self.force {
            Force::Auto => self.auto(op, len, &site),
            _ => (
                Plan::force_parallel(op, len, all, self.figures()),
                all,
                true,
            ),
        };
        let Plan::Chunks { chunk_len, count } = plan else {
            return Way::Sequential;
        };
        let sharing = Sharing {
            helpers: workers.min(count) - 1,
            wake,
            linger: self.linger.duration(),
        };
        Way::Chunks {
            chunk_len,
            site,
            sharing,
        }
    }

    /// A call that would be faster with more workers awake leaves a credit; when that has reached
    /// the price of a wake, the next call wakes, however short it is.
    fn auto(&self, op: &Op, len: usize, site: &Site<'_>) -> (Plan, usize, bool) {
        let crowd = self.crowd(site);
        let now = Decision::make(op, len, crowd, self.figures());
        if now.wake || now.forgone_ns == 0.0 {
            return (now.plan, now.workers, now.wake);
        }
        let price_ns = self.figures().wake_ns + self.figures().arrival_ns;
        let wake = site.forgo(now.forgone_ns, price_ns);
        if wake || site.expects_helpers() {
            // As if all were here: who is on the way may come in time.
            let here = Crowd {
                idle: usize::MAX,
                ..crowd
            };
            let all = Decision::make(op, len, here, self.figures());
            return (all.plan, all.workers, wake);
        }
        (now.plan, now.workers, false)
    }

    fn crowd(&self, site: &Site<'_>) -> Crowd {
        Crowd {
            workers: self.workers(),
            idle: site.idle(),
            wake_factor: site.wake_factor(),
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
