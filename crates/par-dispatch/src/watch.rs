//! A call that may end early or be looked at: cancellation, progress, and the first error.
//!
//! Who runs what is decided elsewhere; here only whether a unit is run at all and what is told
//! about it. Relaxed atomics throughout: the hub orders what chunks wrote before the caller's
//! return, and until then these figures are hints.

use crate::error::Error;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// Ends calls early: a flag that any thread may set.
///
/// ```
/// use par_dispatch::{CancelToken, Dispatcher, Error, Op};
/// let token = CancelToken::new();
/// let dispatcher = Dispatcher::global().cancellation(&token);
/// token.cancel();
/// let mut out = vec![0; 1_000];
/// let result = dispatcher.try_for_each_chunk_mut(&Op::new("fill"), &mut out, |_, chunk| {
///     chunk.fill(1);
///     Ok::<(), Error>(())
/// });
/// assert_eq!(result.unwrap_err().to_string(), "fill: cancelled after 0 of 1000 elements");
/// ```
#[derive(Debug, Default)]
pub struct CancelToken(AtomicBool);

impl CancelToken {
    /// A token that has not been cancelled.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Ends the calls that watch this token: chunks that have started are run to their end, others
    /// are not started. For good.
    pub fn cancel(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) has been called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Who watches the calls of a dispatcher.
#[derive(Clone, Copy, Default)]
pub(crate) struct Watchers<'a> {
    pub(crate) cancel: Option<&'a CancelToken>,
    pub(crate) progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl Watchers<'_> {
    /// For calls that cannot say that they were cancelled.
    #[inline]
    pub(crate) const fn to_the_end(self) -> Self {
        Self {
            cancel: None,
            ..self
        }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.cancel.is_none() && self.progress.is_none()
    }
}

impl fmt::Debug for Watchers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchers")
            .field("cancel", &self.cancel)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}

/// The unit was not run, or failed: the task is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped;

/// One call, on its caller's frame.
pub(crate) struct Watch<'a, E> {
    watchers: Watchers<'a>,
    total: usize,
    done: AtomicUsize,
    /// What progress was told last; whoever holds the lock tells it.
    told: Mutex<usize>,
    /// The lowest task that failed, and that was not run because of cancellation.
    failed: AtomicUsize,
    cancelled: AtomicUsize,
    error: Mutex<Option<(usize, E)>>,
}

impl<'a, E> Watch<'a, E> {
    /// A call of `total` elements, of which nothing is done.
    pub(crate) const fn new(watchers: Watchers<'a>, total: usize) -> Self {
        Self {
            watchers,
            total,
            done: AtomicUsize::new(0),
            told: Mutex::new(0),
            failed: AtomicUsize::new(usize::MAX),
            cancelled: AtomicUsize::new(usize::MAX),
            error: Mutex::new(None),
        }
    }

    /// Runs a unit of `len` elements that belongs to a task, unless the call is over for it.
    ///
    /// It is if a task below has failed: what is below a failure is run, as a loop would have.
    #[inline]
    pub(crate) fn unit<R>(
        &self,
        task: usize,
        len: usize,
        body: impl FnOnce() -> Result<R, E>,
    ) -> Result<R, Stopped> {
        if self.failed.load(Relaxed) < task {
            return Err(Stopped);
        }
        if self.watchers.cancel.is_some_and(CancelToken::is_cancelled) {
            self.cancelled.fetch_min(task, Relaxed);
            return Err(Stopped);
        }
        match body() {
            Ok(result) => {
                if !self.watchers.is_empty() {
                    self.count(len);
                }
                Ok(result)
            }
            Err(error) => Err(self.fail(task, error)),
        }
    }

    fn count(&self, len: usize) {
        self.done.fetch_add(len, Relaxed);
        let Some(progress) = self.watchers.progress else {
            return;
        };
        // Busy: somebody is telling, and the next one will tell this too.
        if let Ok(mut told) = self.told.try_lock() {
            let done = self.done.load(Relaxed);
            if done > *told {
                *told = done;
                progress(done, self.total);
            }
        }
    }

    #[cold]
    fn fail(&self, task: usize, error: E) -> Stopped {
        self.failed.fetch_min(task, Relaxed);
        let mut lowest = self.error.lock().expect("nothing panics under the lock");
        let replaced = match &*lowest {
            Some((other, _)) if *other < task => Some((task, error)),
            _ => lowest.replace((task, error)),
        };
        drop(lowest);
        // Outside the lock: the user's code.
        drop(replaced);
        Stopped
    }

    /// How the call ended, when no unit is running.
    pub(crate) fn finish(self, operation: &'static str) -> Result<(), Error<E>> {
        let cancelled = self.cancelled.into_inner();
        let error = self.error.into_inner();
        match error.expect("nothing panics under the lock") {
            // Below it, all was run.
            Some((task, error)) if task < cancelled => return Err(Error::Body(error)),
            None if cancelled == usize::MAX => {}
            _ => {
                return Err(Error::Cancelled {
                    operation,
                    done: self.done.into_inner(),
                    total: self.total,
                });
            }
        }
        if let Some(progress) = self.watchers.progress {
            let told = self.told.into_inner();
            if told.is_ok_and(|told| told < self.total) {
                progress(self.total, self.total);
            }
        }
        Ok(())
    }
}
