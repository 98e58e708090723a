//! What a task runs on its own thread: the guard, and the thread's place in each recorder.
//!
//! Decided here: how a thread finds its cell (a thread-local list, so that the cell has one
//! writer), and which tasks are a thread's outermost. What is then written is `cell`'s.

use crate::cell::Cell;
use crate::recorder::{Recorder, Shared};
use crossbeam_utils::CachePadded;
use std::cell::{Cell as PlainCell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, Weak};

thread_local! {
    /// This thread's places, one per recorder that it has recorded into and that still exists
    /// (others are dropped when the thread next registers).
    static PLACES: RefCell<Vec<Rc<Place>>> = const { RefCell::new(Vec::new()) };
}

/// A thread's place in one recorder.
#[derive(Debug)]
pub(crate) struct Place {
    /// Tells whose place this is; holds the recorder's address, but not the recorder.
    owner: Weak<Shared>,
    cell: Arc<CachePadded<Cell>>,
    /// Tasks of this recorder that are running on this thread.
    depth: PlainCell<usize>,
}

impl Place {
    /// The calling thread's place in the recorder, made by `register` if it has none.
    ///
    /// `None` while the thread is being torn down and its locals are gone.
    #[inline]
    pub(crate) fn find(
        shared: &Arc<Shared>,
        register: impl FnOnce() -> Arc<CachePadded<Cell>>,
    ) -> Option<Rc<Self>> {
        PLACES
            .try_with(|places| {
                let address = Arc::as_ptr(shared);
                if let Some(place) = places
                    .borrow()
                    .iter()
                    .find(|place| Weak::as_ptr(&place.owner) == address)
                {
                    return Rc::clone(place);
                }
                Self::make(places, shared, register())
            })
            .ok()
    }

    #[cold]
    fn make(
        places: &RefCell<Vec<Rc<Self>>>,
        shared: &Arc<Shared>,
        cell: Arc<CachePadded<Cell>>,
    ) -> Rc<Self> {
        let place = Rc::new(Self {
            owner: Arc::downgrade(shared),
            cell,
            depth: PlainCell::new(0),
        });
        let mut places = places.borrow_mut();
        places.retain(|place| place.owner.strong_count() > 0);
        places.push(Rc::clone(&place));
        place
    }
}

/// A task being recorded; the drop ends it.
///
/// Made by [`Recorder::task`](crate::Recorder::task), where an example is. It stays on its thread:
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
    recorder: &'a Recorder,
    /// `None` if the task is not recorded.
    place: Option<Rc<Place>>,
    start_ns: u64,
}

impl<'a> TaskGuard<'a> {
    /// The guard of a recorder that is disabled.
    #[inline]
    pub(crate) fn off(recorder: &'a Recorder) -> Self {
        Self {
            recorder,
            place: None,
            start_ns: 0,
        }
    }

    /// Begins a task on this thread.
    #[inline]
    pub(crate) fn begin(recorder: &'a Recorder) -> Self {
        let (place, start_ns) = begin(recorder);
        Self {
            recorder,
            place,
            start_ns,
        }
    }
}

impl Drop for TaskGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            end(self.recorder, place, self.start_ns);
        }
    }
}

/// Not inlined, and neither is [`end`], so that a task costs its caller a branch and two calls,
/// and a disabled recorder the branch alone (0.6 ns instead of 5 with all of it inlined). The
/// results fit in registers: returned as a guard, through memory, they cost 40 ns more.
#[inline(never)]
fn begin(recorder: &Recorder) -> (Option<Rc<Place>>, u64) {
    let Some(place) = recorder.place() else {
        return (None, 0);
    };
    let shared = recorder.shared();
    let depth = place.depth.get();
    place.depth.set(depth + 1);
    let now = || shared.clock.now_ns();
    let start_ns = if depth == 0 {
        // Active around busy, here and in `end`: a thread that is seen busy has raised the peak
        // (`Ledger::read` relies on it).
        shared.activity.enter();
        place.cell.enter(now)
    } else {
        now()
    };
    (Some(place), start_ns)
}

#[inline(never)]
fn end(recorder: &Recorder, place: Rc<Place>, start_ns: u64) {
    let shared = recorder.shared();
    let depth = place.depth.get() - 1;
    place.depth.set(depth);
    let now = || shared.clock.now_ns();
    if depth == 0 {
        place.cell.leave(start_ns, now);
        shared.activity.leave();
    } else {
        place.cell.leave_nested(start_ns, now);
    }
}

impl fmt::Debug for TaskGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGuard")
            .field("recorded", &self.place.is_some())
            .field("start_ns", &self.start_ns)
            .finish_non_exhaustive()
    }
}
