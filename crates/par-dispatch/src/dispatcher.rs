//! The dispatcher: which pool and which limits. What is decided for a call is in `decide`, what the
//! call does with that in `shapes`.

use crate::linger::Linger;
use crate::observe::Observer;
use crate::pool::Pool;
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
    pub(crate) pool: Pool<'a>,
    pub(crate) force: Force,
    max_workers: usize,
    pub(crate) linger: Linger,
    profile: Option<&'a Profile>,
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
            profile: None,
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

    /// Plans with these figures, instead of those that [`Profile::of_this_machine`] finds.
    #[must_use]
    pub const fn profile(mut self, profile: &'a Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Records each chunk of each call as a task.
    #[cfg(feature = "pool-metrics")]
    #[must_use]
    pub const fn recorder(mut self, recorder: &'a pool_metrics::Recorder) -> Self {
        self.observer = Observer::new(recorder);
        self
    }

    /// The figures that calls are planned with.
    #[inline]
    pub(crate) fn figures(&self) -> &'a Profile {
        match self.profile {
            Some(profile) => profile,
            None => Profile::of_this_machine(),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.pool.workers().min(self.max_workers)
    }
}
