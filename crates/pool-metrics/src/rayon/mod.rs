//! Attaching a recorder to a Rayon pool.
//!
//! Decided here: how a pool's workers are told from the threads that call them. Rayon is asked
//! once per thread, never per task. What the roles mean is in `seats`; what can be seen of parallel
//! iterators and joins is in `tracked` and `join`.

mod join;
mod leaf;
mod producer;
mod tracked;

pub use tracked::{ParallelIteratorExt, Tracked};

use crate::recorder::Recorder;
use crate::seats::{Role, Seats};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

impl Recorder {
    /// A recorder for Rayon's global pool, which it starts if need be.
    ///
    /// A thread is looked at when it first records: worker `i` of a Rayon pool takes the place of
    /// worker `i`, any other thread is an outside caller. Rayon does not say which pool a worker
    /// belongs to, so a worker of *another* pool that records here takes the place if the global
    /// worker of the same index has not done so yet. For several pools use
    /// [`Recorder::build_pool`], which knows its own.
    ///
    /// ```
    /// use pool_metrics::Recorder;
    /// use rayon::prelude::*;
    ///
    /// let recorder = Recorder::for_global_pool();
    /// (0..100).into_par_iter().with_max_len(1).for_each(|_| {
    ///     let _task = recorder.task();
    /// });
    /// let snapshot = recorder.snapshot();
    /// assert_eq!(snapshot.tasks, 100);
    /// assert_eq!(snapshot.worker_threads, rayon::current_num_threads());
    /// assert!(snapshot.peak_active <= snapshot.worker_threads);
    /// ```
    ///
    /// # Panics
    ///
    /// As Rayon does if the global pool cannot be started.
    #[must_use]
    pub fn for_global_pool() -> Self {
        Self::with_seats(
            Seats::new(global_num_threads()),
            |seats| match rayon::current_thread_index() {
                Some(index) => seats.take(index),
                None => Role::Outside,
            },
        )
    }

    /// Builds a pool whose workers are this recorder's workers.
    ///
    /// They register as they start, so that no task pays for it (only the first of each label, on
    /// each worker, allocates). A builder with `use_current_thread` makes the calling thread a worker
    /// as well. All other threads that record are outside callers.
    ///
    /// ```
    /// use pool_metrics::Recorder;
    ///
    /// let builder = rayon::ThreadPoolBuilder::new().num_threads(3);
    /// let (pool, recorder) = Recorder::build_pool(builder)?;
    /// pool.install(|| drop(recorder.task()));
    /// drop(recorder.task()); // from outside
    /// let snapshot = recorder.snapshot();
    /// assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (3, 1));
    /// # Ok::<(), rayon::ThreadPoolBuildError>(())
    /// ```
    ///
    /// The builder's start handler is replaced, as Rayon keeps only one: do not set your own.
    /// Dropping the pool does not wait for its threads, so take the snapshot first.
    ///
    /// # Errors
    ///
    /// Those of [`ThreadPoolBuilder::build`].
    pub fn build_pool(
        builder: ThreadPoolBuilder,
    ) -> Result<(ThreadPool, Self), ThreadPoolBuildError> {
        let recorder = Self::with_seats(Seats::default(), |_| Role::Outside);
        let starting = recorder.clone();
        let pool = builder
            .start_handler(move |index| starting.seat(|seats| seats.take_new(index)))
            .build()?;
        recorder
            .ledger()
            .seats()
            .extend_to(pool.current_num_threads());
        // Rayon runs no start handler on a thread that it has not started.
        if let Some(index) = pool.current_thread_index() {
            recorder.seat(|seats| seats.take_new(index));
        }
        Ok((pool, recorder))
    }
}

/// The size of the global pool, also for a caller inside another one.
fn global_num_threads() -> usize {
    if rayon::current_thread_index().is_none() {
        return rayon::current_num_threads();
    }
    // A Rayon worker is told of its own pool; a thread of no pool is told of the global one.
    std::thread::scope(|scope| {
        scope
            .spawn(rayon::current_num_threads)
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl Seats {
    /// Takes the seat of a worker that starts, perhaps before the size of its pool is known.
    fn take_new(&mut self, index: usize) -> Role {
        self.extend_to(index + 1);
        self.take(index)
    }
}
