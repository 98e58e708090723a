//! The dispatcher: which pool and which limits. What is decided for a call is in `decide`, what the
//! call does with that in `shapes`.

use crate::linger::Linger;
use crate::observe::Observer;
use crate::online::Tuning;
use crate::pool::Pool;
use crate::profile::Profile;
use crate::watch::{CancelToken, Watchers};
use std::num::NonZero;

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
    pub(crate) tuning: Tuning,
    profile: Option<&'a Profile>,
    /// Elements that a body is handed at least, if that was asked for.
    pub(crate) chunk_len: Option<NonZero<usize>>,
    pub(crate) watchers: Watchers<'a>,
    pub(crate) observer: Observer<'a>,
}

impl Dispatcher<'static> {
    /// Uses Rayon's global pool, or inside a pool the current one. Without the feature `rayon`:
    /// the calling thread.
    #[must_use]
    #[inline]
    pub fn global() -> Self {
        Self::on(Pool::current())
    }

    /// Uses the calling thread only.
    #[must_use]
    #[inline]
    pub fn sequential() -> Self {
        Self::on(Pool::none())
    }
}

impl<'a> Dispatcher<'a> {
    /// Uses the given pool, from inside or outside of it.
    #[cfg(feature = "rayon")]
    #[must_use]
    #[inline]
    pub fn with_pool(pool: &'a rayon::ThreadPool) -> Self {
        Self::on(Pool::custom(pool))
    }

    #[inline]
    fn on(pool: Pool<'a>) -> Self {
        Self {
            pool,
            force: Force::Auto,
            max_workers: usize::MAX,
            linger: Linger::default(),
            tuning: Tuning::default(),
            profile: None,
            chunk_len: None,
            watchers: Watchers::default(),
            observer: Observer::default(),
        }
    }

    /// Takes the choice away from the plan, or gives it back.
    #[must_use]
    #[inline]
    pub const fn force(mut self, force: Force) -> Self {
        self.force = force;
        self
    }

    /// Runs a call on at most this many threads, the calling one among them.
    ///
    /// # Panics
    /// If `workers` is 0.
    #[must_use]
    #[inline]
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
    #[inline]
    pub const fn linger(mut self, linger: Linger) -> Self {
        self.linger = linger;
        self
    }

    /// Sets whether the plan learns from what calls take.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Tuning};
    /// let learning = Dispatcher::global().tuning(Tuning::Online);
    /// # let _ = learning;
    /// ```
    #[must_use]
    #[inline]
    pub const fn tuning(mut self, tuning: Tuning) -> Self {
        self.tuning = tuning;
        self
    }

    /// Plans with these figures, instead of those that [`Profile::of_this_machine`] finds.
    #[must_use]
    #[inline]
    pub const fn profile(mut self, profile: &'a Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Sets how many elements a body is handed at once, in place of the plan's choice: this many,
    /// rounded up to the operation's leaf times a power of two; fewer at the end. Whether the
    /// chunks are shared out the plan decides still, and the result of a reduction does not change.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// let mut lengths = [0; 1_000];
    /// let small = Dispatcher::global().chunk_len(100);
    /// small.for_each_chunk_mut(&Op::new("measure").leaf_len(10), &mut lengths, |_, chunk| {
    ///     let len = chunk.len();
    ///     chunk.fill(len);
    /// });
    /// assert_eq!((lengths[0], lengths[999]), (160, 40));
    /// ```
    ///
    /// # Panics
    /// If `elements` is 0.
    #[must_use]
    #[inline]
    pub const fn chunk_len(mut self, elements: usize) -> Self {
        self.chunk_len = NonZero::new(elements);
        assert!(
            self.chunk_len.is_some(),
            "Dispatcher::chunk_len: 0 elements"
        );
        self
    }

    /// Watches a token: once it is cancelled, the `try_` forms start no further chunk and return
    /// [`Error::Cancelled`](crate::Error::Cancelled). Calls that run on one thread look at it every
    /// 8 µs of estimated work, so for these calls the body is handed chunks too.
    ///
    /// The other forms have no error to return, and run to their end.
    #[must_use]
    #[inline]
    pub const fn cancellation(mut self, token: &'a CancelToken) -> Self {
        self.watchers.cancel = Some(token);
        self
    }

    /// Calls `progress(done, total)` with the elements done and those of the call, after chunks:
    /// with growing figures, never twice at once, on any of the threads that run the call, and last
    /// with `(total, total)` unless the call fails. It should be quick: the thread that runs it does
    /// nothing else. Its panic is the call's.
    ///
    /// Costs an atomic operation or two per chunk. A call that runs on one thread is cut as for
    /// [`cancellation`](Self::cancellation).
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// let percent = AtomicUsize::new(0);
    /// let show = |done: usize, total: usize| percent.store(100 * done / total, Relaxed);
    /// let mut out = vec![0; 10_000];
    /// Dispatcher::global()
    ///     .progress(&show)
    ///     .for_each_chunk_mut(&Op::new("fill"), &mut out, |_, chunk| chunk.fill(1));
    /// assert_eq!(percent.into_inner(), 100);
    /// ```
    #[must_use]
    #[inline]
    pub const fn progress(mut self, progress: &'a (dyn Fn(usize, usize) + Sync)) -> Self {
        self.watchers.progress = Some(progress);
        self
    }

    /// Records each chunk of each call as a task.
    #[cfg(feature = "pool-metrics")]
    #[must_use]
    #[inline]
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

    /// The same once a pool is at hand: where nobody has calibrated, its fork-join is measured.
    pub(crate) fn figures_of_pool(&self) -> &'a Profile {
        match self.profile {
            Some(profile) => profile,
            #[cfg(feature = "rayon")]
            None => crate::rendezvous::of_first_use(self),
            #[cfg(not(feature = "rayon"))]
            None => self.figures(),
        }
    }

    /// The same pool and limits for calls of our own: nobody sees, cancels or cuts them.
    #[cfg(feature = "rayon")]
    pub(crate) fn unobserved(self) -> Self {
        Self {
            observer: Observer::default(),
            watchers: Watchers::default(),
            chunk_len: None,
            ..self
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.pool.workers().min(self.max_workers)
    }
}
