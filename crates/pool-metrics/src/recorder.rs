//! The public door: a recorder that threads share.
//!
//! Decided here: what is shared and how it lies in memory, and what each call costs its caller.
//! How a task is recorded is `guard`'s and `cell`'s, how a window is closed `ledger`'s.

use crate::clock::Clock;
use crate::guard::TaskGuard;
use crate::label::Label;
use crate::ledger::{Ledger, SNAPSHOT, WindowEnd};
use crate::place::{Place, Seat};
use crate::seats::{Role, Seats, Usher};
use crate::snapshot::Snapshot;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::timeline::Timeline;
use crate::window::Window;
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
/// exits keeps its role and its counts, and its cell lives as long as the recorder: some 17 KiB,
/// and 16 KiB for each label that it has used.
#[derive(Debug, Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// What the clones share. Threads that record only read it; `mode` changes rarely.
#[derive(Debug)]
pub(crate) struct Shared {
    /// [`ENABLED`] and [`TIMELINE`].
    mode: AtomicU64,
    pub(crate) clock: Clock,
    /// Finds a seat for threads that register by their first task.
    usher: Usher,
    ledger: Mutex<Ledger>,
}

/// Bits of the mode: tasks are recorded.
const ENABLED: u64 = 1;
/// Those recorded are written to the timeline as well.
const TIMELINE: u64 = 2;

impl Shared {
    #[inline]
    pub(crate) fn records_timeline(&self) -> bool {
        self.mode.load(Relaxed) & TIMELINE != 0
    }

    /// A panic inside the lock can only be that of an allocation, before anything has changed.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
                mode: AtomicU64::new(ENABLED),
                clock: Clock::start(),
                usher,
                ledger: Mutex::new(Ledger::new(seats)),
            }),
        }
    }

    /// Records a task on this thread, from now until the guard is dropped, under a label.
    ///
    /// Tasks may nest: each counts with its whole duration, and with the part of it that was in
    /// no task inside ([`LabelFigures::task_ns_exclusive`](crate::LabelFigures)).
    ///
    /// ```
    /// use pool_metrics::{Label, Recorder};
    ///
    /// static MATMUL: Label = Label::new("matmul");
    ///
    /// let recorder = Recorder::new(1);
    /// {
    ///     let _pass = recorder.track("pass");
    ///     drop(recorder.track(MATMUL));
    ///     drop(recorder.track(MATMUL));
    /// }
    /// let snapshot = recorder.snapshot();
    /// assert_eq!(snapshot.label("matmul").unwrap().tasks, 2);
    /// assert_eq!((snapshot.tasks, snapshot.depth_max), (3, 2));
    /// ```
    ///
    /// # Cost
    ///
    /// Two clock reads and about as much again, on lines that no other thread writes. The first
    /// task of a thread, and its first under a label, take a lock and allocate; so does nesting
    /// that is deeper than 64 and than ever before. While disabled: one relaxed load and a branch.
    ///
    /// A thread that calls this while its thread-locals are being destroyed records nothing.
    #[inline]
    pub fn track(&self, label: impl Into<Label>) -> TaskGuard<'_> {
        // Relaxed: a task that just misses a change is as good as one that ran just before it.
        if cfg!(pool_metrics_off) || self.shared.mode.load(Relaxed) & ENABLED == 0 {
            return TaskGuard::off();
        }
        TaskGuard::begin(self, label.into())
    }

    /// [`Recorder::track`] under the label [`Label::TASK`].
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// {
    ///     let _task = recorder.task();
    ///     // the work
    /// }
    /// assert_eq!(recorder.snapshot().tasks, 1);
    /// ```
    #[inline]
    pub fn task(&self) -> TaskGuard<'_> {
        self.track(Label::TASK)
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

    /// Opens a window, for a reader of its own: each [`Window::take`] has what was recorded since
    /// the one before. Neither other windows nor [`Recorder::snapshot`] and [`Recorder::reset`]
    /// take anything from it.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// let (mut fast, mut slow) = (recorder.window(), recorder.window());
    /// drop(recorder.task());
    /// assert_eq!(fast.take().tasks, 1);
    /// drop(recorder.task());
    /// assert_eq!((fast.take().tasks, slow.take().tasks), (1, 2));
    /// assert_eq!(recorder.snapshot().tasks, 2);
    /// ```
    #[must_use]
    pub fn window(&self) -> Window {
        Window::open(self)
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
        self.set_mode(ENABLED, enabled);
    }

    /// Writes each task that ends from now on to its thread's ring, which has room for
    /// `events_per_thread` tasks (at least 1, 32 bytes each) between two calls of
    /// [`Recorder::take_timeline`]. A task that finds the ring full is dropped there, and counted.
    ///
    /// A thread that has a ring already, of an earlier call, keeps it with its room.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// recorder.start_timeline(2);
    /// for _ in 0..3 {
    ///     drop(recorder.track("step"));
    /// }
    /// recorder.stop_timeline();
    /// let timeline = recorder.take_timeline();
    /// assert_eq!((timeline.events(), timeline.dropped()), (2, 1));
    /// assert_eq!(timeline.threads[0].events[0].label, "step");
    /// ```
    pub fn start_timeline(&self, events_per_thread: usize) {
        self.shared.ledger().set_ring_capacity(events_per_thread);
        self.set_mode(TIMELINE, true);
    }

    /// Stops what [`Recorder::start_timeline`] has started; what has been written can be taken.
    pub fn stop_timeline(&self) {
        self.set_mode(TIMELINE, false);
    }

    /// Takes the tasks written since the last call, out of the rings.
    ///
    /// Exact while threads record: each task is in one timeline, or counted as dropped in one.
    #[must_use]
    pub fn take_timeline(&self) -> Timeline {
        self.shared.ledger().take_timeline()
    }

    fn set_mode(&self, bit: u64, on: bool) {
        if on {
            self.shared.mode.fetch_or(bit, Relaxed);
        } else {
            self.shared.mode.fetch_and(!bit, Relaxed);
        }
    }

    /// The calling thread's place, which its first task makes.
    #[inline]
    pub(crate) fn place(&self) -> Option<Rc<Place>> {
        Place::find(&self.shared, || self.register(self.shared.usher))
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
    fn register(&self, usher: impl FnOnce(&mut Seats) -> Role) -> Seat {
        self.ledger().register(usher)
    }

    fn read(&self, end: WindowEnd) -> Snapshot {
        let now = || self.shared.clock.now_ns();
        Snapshot::new(&self.ledger().read(SNAPSHOT, now, end))
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.shared.ledger()
    }
}
