//! The dispatcher: which pool, which limits, and the decision for a call. What a call does with
//! the decision is in `shapes`.

use crate::linger::Linger;
use crate::observe::Observer;
use crate::op::Op;
use crate::plan::Plan;
use crate::pool::{Pool, Sharing, Site};
use crate::profile::Profile;

/// Whether a dispatcher may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// The plan decides.
    #[default]
    Auto,
    /// Always on the calling thread.
    Sequential,
    /// Always in chunks on the pool, if there are two leaves and two workers.
    Parallel,
}

/// Runs work sequentially or on a pool, whichever the plan says is faster.
///
/// It is a small value: copy it, change the copy.
///
/// ```
/// use par_dispatch::{Dispatcher, Force, Op};
///
/// const SQUARE: Op = Op::new("square").bytes_per_element(16);
/// let mut x: Vec<f64> = (0..5_000).map(f64::from).collect();
/// let dispatcher = Dispatcher::global().force(Force::Parallel);
/// dispatcher.for_each_chunk_mut(&SQUARE, &mut x, |_offset, chunk| {
///     for value in chunk {
///         *value *= *value;
///     }
/// });
/// assert_eq!(x[4_999], 4_999.0 * 4_999.0);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dispatcher<'a> {
    pool: Pool<'a>,
    force: Force,
    max_workers: usize,
    linger: Linger,
    profile: Profile,
    pub(crate) observer: Observer<'a>,
}

impl Dispatcher<'static> {
    /// Uses Rayon's global pool, or inside a pool the current one. Without the feature `rayon`:
    /// the calling thread.
    #[must_use]
    pub fn global() -> Self {
        Self::on(Pool::current())
    }

    /// Uses the calling thread only.
    #[must_use]
    pub fn sequential() -> Self {
        Self::on(Pool::none())
    }
}

impl<'a> Dispatcher<'a> {
    /// Uses the given pool, from inside or outside of it.
    #[cfg(feature = "rayon")]
    #[must_use]
    pub fn with_pool(pool: &'a rayon::ThreadPool) -> Self {
        Self::on(Pool::custom(pool))
    }

    fn on(pool: Pool<'a>) -> Self {
        Self {
            pool,
            force: Force::Auto,
            max_workers: usize::MAX,
            linger: Linger::default(),
            profile: Profile::default(),
            observer: Observer::default(),
        }
    }

    /// Takes the choice away from the plan, or gives it back.
    #[must_use]
    pub const fn force(mut self, force: Force) -> Self {
        self.force = force;
        self
    }

    /// Runs a call on at most this many threads, the calling one among them.
    ///
    /// # Panics
    /// If `workers` is 0.
    #[must_use]
    pub const fn max_workers(mut self, workers: usize) -> Self {
        assert!(workers > 0, "Dispatcher::max_workers: 0 workers");
        self.max_workers = workers;
        self
    }

    /// Sets how long workers stay awake after they have helped.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Linger};
    /// let thrifty = Dispatcher::global().linger(Linger::Off);
    /// # let _ = thrifty;
    /// ```
    #[must_use]
    pub const fn linger(mut self, linger: Linger) -> Self {
        self.linger = linger;
        self
    }

    /// Plans with the figures of this machine.
    #[must_use]
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Records each chunk of each call as a task.
    #[cfg(feature = "pool-metrics")]
    #[must_use]
    pub const fn recorder(mut self, recorder: &'a pool_metrics::Recorder) -> Self {
        self.observer = Observer::new(recorder);
        self
    }

    /// What a call of this length would do at this moment, without doing it: it depends on
    /// whether a worker lingers.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op, Plan};
    /// assert_eq!(Dispatcher::global().plan(&Op::new("add"), 100), Plan::Sequential);
    /// ```
    #[must_use]
    pub fn plan(&self, op: &Op, len: usize) -> Plan {
        match self.force {
            Force::Sequential => Plan::Sequential,
            Force::Parallel => Plan::force_parallel(op, len, self.workers()),
            // Asking a pool for its size costs as much as a short kernel: not for short calls.
            Force::Auto if self.profile.never_pays(op, len) => Plan::Sequential,
            Force::Auto => self.pool.site().map_or(Plan::Sequential, |site| {
                let warm = site.is_warm();
                Plan::choose(op, len, self.workers(), warm, &self.prices(&site))
            }),
        }
    }

    /// What a call does: the plan, and whether a worker is called for it.
    ///
    /// A call that would pay only with a worker awake leaves a credit; calls that come close
    /// together so earn a wake.
    pub(crate) fn way(&self, op: &Op, len: usize) -> Way<'a> {
        if self.force == Force::Sequential
            || self.force == Force::Auto && self.profile.never_pays(op, len)
        {
            return Way::Sequential;
        }
        let workers = self.workers();
        let Some(site) = self.pool.site().filter(|_| workers > 1) else {
            return Way::Sequential;
        };
        let (plan, wake) = match self.force {
            Force::Auto => self.auto(op, len, workers, &site),
            _ => (Plan::force_parallel(op, len, workers), true),
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
            count,
            site,
            sharing,
        }
    }

    fn auto(&self, op: &Op, len: usize, workers: usize, site: &Site<'_>) -> (Plan, bool) {
        let prices = self.prices(site);
        let cold = Plan::choose(op, len, workers, false, &prices);
        if cold != Plan::Sequential {
            return (cold, true);
        }
        let warm = Plan::choose(op, len, workers, true, &prices);
        if warm == Plan::Sequential || site.is_warm() {
            return (warm, false);
        }
        let loss_ns = prices.sequential_ns(op, len) - prices.parallel_ns(op, len, workers, true);
        let wake = site.forgo(loss_ns, self.profile.fork_join_cold_ns);
        if wake || site.expects_helpers() {
            return (warm, wake);
        }
        (Plan::Sequential, false)
    }

    /// The profile, with the price that wakes have at this moment.
    fn prices(&self, site: &Site<'_>) -> Profile {
        let mut prices = self.profile;
        prices.fork_join_cold_ns *= site.wake_factor();
        prices
    }

    fn workers(&self) -> usize {
        self.pool.workers().min(self.max_workers)
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
        count: usize,
        site: Site<'a>,
        sharing: Sharing,
    },
}
