//! The public door: a recorder that threads share.
//!
//! Decided here: what is shared and how it lies in memory, and what each call costs its caller.
//! How a task is recorded is `guard`'s and `cell`'s, how a window is closed `ledger`'s.

use crate::activity::Activity;
use crate::cell::Cell;
use crate::clock::Clock;
use crate::guard::{Place, TaskGuard};
use crate::label::Label;
use crate::ledger::{Ledger, WindowEnd};
use crate::seats::{Role, Seats, Usher};
use crate::snapshot::Snapshot;
use crate::sync::{AtomicBool, Ordering::Relaxed};
use crossbeam_utils::CachePadded;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records the tasks of a pool's threads; clones share everything.
///
/// ```
/// use pool_metrics::Recorder;
///
/// let recorder = Recorder::new(2);
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| {
///             let _outer = recorder.task();
///             let _nested = recorder.task(); // a second task, but no second busy thread
///         });
///     }
/// });
/// let closed = recorder.reset();
/// assert_eq!(closed.tasks, 4);
/// assert!(closed.peak_active <= 2);
/// assert_eq!(recorder.snapshot().tasks, 0);
/// ```
///
/// # Which threads are workers
///
/// - [`Recorder::new`]: the first `worker_threads` threads that record.
/// - `Recorder::for_global_pool`: the workers of Rayon's global pool.
/// - `Recorder::build_pool`: exactly the workers of that pool.
///
/// All others are outside callers: they count in everything but the utilisation. A thread that
/// exits keeps its role and its counts, and its cell (some 300 bytes) lives as long as the
/// recorder.
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// What the clones share. The first fields are only read by threads that record (`enabled`
/// changes rarely); the activity word, which they write, has a line of its own.
#[derive(Debug)]
pub(crate) struct Shared {
    enabled: AtomicBool,
    pub(crate) clock: Clock,
    /// Finds a seat for threads that register by their first task.
    usher: Usher,
    pub(crate) activity: CachePadded<Activity>,
    ledger: Mutex<Ledger>,
}

impl Recorder {
    /// A recorder, enabled, for `worker_threads` threads of any kind.
    ///
    /// The first `worker_threads` threads that record are its workers and later ones outside
    /// callers. To tell a Rayon pool's workers from the threads that call them, use
    /// `Recorder::for_global_pool` or `Recorder::build_pool` instead.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// drop(recorder.task());
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| drop(recorder.task()));
    /// });
    /// let snapshot = recorder.snapshot();
    /// assert_eq!((snapshot.worker_threads, snapshot.outside_threads), (1, 1));
    /// ```
    ///
    /// # Cost
    ///
    /// The first recorder of a process calibrates the clock: a few milliseconds, at most 0.2 s.
    #[must_use]
    pub fn new(worker_threads: usize) -> Self {
        Self::with_seats(Seats::new(worker_threads), Seats::take_first_free)
    }

    pub(crate) fn with_seats(seats: Seats, usher: Usher) -> Self {
        Self {
            shared: Arc::new(Shared {
                enabled: AtomicBool::new(true),
                clock: Clock::start(),
                usher,
                activity: CachePadded::new(Activity::new()),
                ledger: Mutex::new(Ledger::new(seats)),
            }),
        }
    }

    /// Records a task on this thread, from now until the guard is dropped.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// {
    ///     let _task = recorder.task();
    ///     // the work
    /// }
    /// assert_eq!(recorder.snapshot().tasks, 1);
    /// ```
    ///
    /// # Cost
    ///
    /// Two clock reads and about as much again; a nested task touches no line that another thread
    /// writes. The first task of a thread registers it, which takes a lock and allocates. While
    /// disabled: one relaxed load and a branch.
    ///
    /// A thread that calls this while its thread-locals are being destroyed records nothing.
    #[inline]
    pub fn task(&self) -> TaskGuard<'_> {
        // Relaxed: a task that just misses a change is as good as one that ran just before it.
        if !self.shared.enabled.load(Relaxed) {
            return TaskGuard::off(self);
        }
        TaskGuard::begin(self)
    }

    /// As [`Recorder::task`], under a label of its own.
    ///
    /// ```
    /// use pool_metrics::{Label, Recorder};
    ///
    /// static MATMUL: Label = Label::new("matmul");
    ///
    /// let recorder = Recorder::new(1);
    /// drop(recorder.track(&MATMUL));
    /// drop(recorder.track("convolution"));
    /// assert_eq!(recorder.snapshot().tasks, 2);
    /// ```
    #[inline]
    pub fn track(&self, label: impl Into<Label>) -> TaskGuard<'_> {
        let _label: Label = label.into();
        self.task()
    }

    /// The calling thread's place, which its first task makes.
    #[inline]
    pub(crate) fn place(&self) -> Option<Rc<Place>> {
        Place::find(&self.shared, || self.register(self.shared.usher))
    }

    /// The figures since the recorder was made, or since the last [`reset`](Self::reset).
    ///
    /// Exact while threads record: every task that has ended is in it whole, or not at all.
    /// Waits, if need be, for a thread that is just writing a record.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// drop(recorder.task());
    /// assert_eq!(recorder.snapshot().tasks, 1);
    /// assert_eq!(recorder.snapshot().tasks, 1);
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.read(WindowEnd::Open)
    }

    /// Ends the window and begins the next; returns the figures of the one that ended.
    ///
    /// No task is lost between the two or counted in both, and the busy time of one that is
    /// running is divided between them.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// let task = recorder.task();
    /// let first = recorder.reset();
    /// drop(task);
    /// let second = recorder.reset();
    /// assert_eq!((first.tasks, second.tasks), (0, 1));
    /// assert_eq!((first.peak_active, second.peak_active), (1, 1));
    /// ```
    pub fn reset(&self) -> Snapshot {
        self.read(WindowEnd::Reset)
    }

    /// Turns recording on or off, from the next task on; a task that is running ends as it began.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// recorder.set_enabled(false);
    /// drop(recorder.task());
    /// assert_eq!(recorder.snapshot().tasks, 0);
    /// ```
    pub fn set_enabled(&self, enabled: bool) {
        self.shared.enabled.store(enabled, Relaxed);
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Gives the calling thread a place now, in the role that `usher` finds for it; a thread that
    /// has one keeps it.
    #[cfg(feature = "rayon")]
    pub(crate) fn seat(&self, usher: impl FnOnce(&mut Seats) -> Role) {
        // Without thread-locals there is nothing to remember the place in, and no task to come.
        let _place = Place::find(&self.shared, || self.register(usher));
    }

    #[cold]
    fn register(&self, usher: impl FnOnce(&mut Seats) -> Role) -> Arc<CachePadded<Cell>> {
        self.ledger().register(usher)
    }

    fn read(&self, end: WindowEnd) -> Snapshot {
        let figures = self
            .ledger()
            .read(&self.shared.activity, || self.shared.clock.now_ns(), end);
        Snapshot::new(&figures)
    }

    /// A panic inside the lock can only be that of an allocation, before anything has changed.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared
            .ledger
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
