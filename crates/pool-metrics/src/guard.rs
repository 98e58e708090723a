//! A task from its beginning to its end: the guard.
//!
//! Decided here: what is inlined into the caller, and that nothing is where the crate is compiled
//! with `--cfg pool_metrics_off`. What a task writes is `place`'s and `cell`'s.

use crate::cell::Parallel;
use crate::label::Label;
use crate::place::Place;
use crate::recorder::Recorder;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

/// A task being recorded; the drop ends it.
///
/// Made by [`Recorder::track`](crate::Recorder::track), where an example is. It stays on its
/// thread:
///
/// ```compile_fail,E0277
/// let recorder = pool_metrics::Recorder::new(1);
/// let task = recorder.task();
/// std::thread::scope(|scope| {
///     scope.spawn(move || drop(task));
/// });
/// ```
///
/// Guards of one thread may be dropped in any order; the thread is busy from the first to the
/// last. A guard that is leaked (`mem::forget`) leaves its thread busy for ever.
#[must_use = "a task lasts until its guard is dropped"]
pub struct TaskGuard<'a> {
    /// `None` if the task is not recorded.
    running: Option<Running<'a>>,
    /// Also where there is nothing to hold.
    of: PhantomData<(&'a Recorder, *const ())>,
}

/// A task that is recorded.
#[cfg(not(pool_metrics_off))]
struct Running<'a> {
    recorder: &'a Recorder,
    place: Rc<Place>,
    /// Where the place keeps the task.
    frame: usize,
}

/// Recording is compiled out: there is no such task, and the guard has no size.
#[cfg(pool_metrics_off)]
enum Running<'a> {
    #[expect(dead_code, reason = "it only holds the lifetime")]
    Never(std::convert::Infallible, PhantomData<&'a Recorder>),
}

impl<'a> TaskGuard<'a> {
    /// The guard of a recorder that is disabled.
    #[inline]
    pub(crate) fn off() -> Self {
        Self {
            running: None,
            of: PhantomData,
        }
    }

    /// Begins a task on this thread.
    #[inline]
    pub(crate) fn begin(recorder: &'a Recorder, label: Label) -> Self {
        Self {
            running: Running::begin(recorder, label),
            of: PhantomData,
        }
    }

    /// Ends the task with what it knows of the parallel work that it is a part of.
    #[cfg(feature = "rayon")]
    pub(crate) fn end_with(mut self, parallel: &Parallel) {
        if let Some(running) = self.running.take() {
            running.end(Some(parallel));
        }
    }
}

impl Drop for TaskGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.end(None);
        }
    }
}

#[cfg(not(pool_metrics_off))]
impl<'a> Running<'a> {
    #[inline]
    fn begin(recorder: &'a Recorder, label: Label) -> Option<Self> {
        let (place, frame) = begin(recorder, label);
        Some(Self {
            recorder,
            place: place?,
            frame,
        })
    }

    #[inline]
    fn end(self, parallel: Option<&Parallel>) {
        end(self.recorder, self.place, self.frame, parallel);
    }
}

/// Not inlined, and neither is [`end`], so that a task costs its caller a branch and two calls,
/// and a disabled recorder the branch alone (0.6 ns instead of 5 with all of it inlined). The
/// results fit in registers: returned as a guard, through memory, they cost 40 ns more.
#[cfg(not(pool_metrics_off))]
#[inline(never)]
fn begin(recorder: &Recorder, label: Label) -> (Option<Rc<Place>>, usize) {
    let place = recorder.place();
    let frame = place
        .as_ref()
        .map_or(0, |place| place.begin(recorder.shared(), label));
    (place, frame)
}

#[cfg(not(pool_metrics_off))]
#[inline(never)]
fn end(recorder: &Recorder, place: Rc<Place>, frame: usize, parallel: Option<&Parallel>) {
    place.end(recorder.shared(), frame, parallel);
}

#[cfg(pool_metrics_off)]
impl<'a> Running<'a> {
    #[inline]
    fn begin(_: &'a Recorder, _: Label) -> Option<Self> {
        None
    }

    #[inline]
    fn end(self, _: Option<&Parallel>) {
        match self {
            Self::Never(never, _) => match never {},
        }
    }
}

impl fmt::Debug for TaskGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGuard")
            .field("recorded", &self.running.is_some())
            .finish_non_exhaustive()
    }
}
