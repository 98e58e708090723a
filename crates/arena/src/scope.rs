//! The scope: the handle through which scratch is taken, and the closure it lives for.
//!
//! Decided here: what can be done with a scope in safe code, that is, who may hold one and for
//! how long. Deliberately elsewhere: what it hands out ([`slice`](crate::slice)) and how it
//! rewinds ([`bump`](crate::bump)).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use crate::bump::Frame;
use crate::thread::with_store;

/// Scratch memory of this thread, for the length of a [`with_arena`] call.
///
/// What it hands out lives for `'s`, until the call ends. It is neither `Send` nor `Sync`: the
/// slices may go to other threads (`rayon::join` over parts of one works), the handle may not.
///
/// ```compile_fail,E0277
/// arena::with_arena(|scope| {
///     rayon::join(|| scope.alloc_slice_zeroed::<f32>(1).len(), || 0); // not Sync
/// });
/// ```
/// ```compile_fail,E0277
/// fn is_send<T: Send>(_: &T) {}
/// arena::with_arena(|scope| is_send(scope));
/// ```
/// Values that must be dropped are refused, for nobody would drop them:
/// ```compile_fail,E0277
/// arena::with_arena(|scope| {
///     scope.alloc_slice_fill_with(1, |_| String::new());
/// });
/// ```
pub struct Scope<'s> {
    frame: &'s Frame<'s>,
    /// Invariant: one scope's lifetime never passes for another's.
    _brand: PhantomData<Cell<&'s mut ()>>,
}

impl<'s> Scope<'s> {
    #[inline(always)]
    pub(crate) fn frame(&self) -> &'s Frame<'s> {
        self.frame
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Runs `f` with a scope on this thread's arena and takes the scratch back when it ends, also by
/// a panic.
///
/// ```
/// let norm = arena::with_arena(|scope| {
///     let squares = scope.alloc_slice_fill_with(3, |i| (i * i) as f64);
///     squares.iter().sum::<f64>().sqrt()
/// });
/// assert_eq!(norm, 5.0_f64.sqrt());
/// ```
///
/// Scopes nest: an inner one takes from the rest of the outer's memory and gives it back. That
/// holds as well when `f` waits in Rayon and this worker meanwhile runs another task with a
/// scope of its own. The outer handle may be used inside the inner scope; it then takes the slow
/// path, which [`ThreadStats::detached_allocations`](crate::ThreadStats) counts.
///
/// Nothing borrowed can leave:
/// ```compile_fail
/// let kept = arena::with_arena(|scope| scope.alloc_slice_zeroed::<f32>(8));
/// ```
/// ```compile_fail,E0521
/// let mut kept = None;
/// arena::with_arena(|scope| kept = Some(scope.alloc_slice_zeroed::<f32>(8)));
/// ```
/// nor go to a task that may outlive the scope:
/// ```compile_fail
/// arena::with_arena(|scope| {
///     let partials = scope.alloc_slice_zeroed::<f32>(8);
///     rayon::spawn(move || partials[0] = 1.0);
/// });
/// ```
/// while borrowing for the time of a call is fine:
/// ```
/// arena::with_arena(|scope| {
///     let (left, right) = scope.alloc_slice_zeroed::<f32>(8).split_at_mut(4);
///     rayon::join(|| left.fill(1.0), || right.fill(2.0));
///     assert_eq!((left[3], right[0]), (1.0, 2.0));
/// });
/// ```
///
/// # Cost
/// A few nanoseconds and no system call once this thread's block has grown to what its scopes
/// need.
#[inline]
pub fn with_arena<R>(f: impl for<'s> FnOnce(&Scope<'s>) -> R) -> R {
    with_store(|store| {
        store.within(|frame| {
            f(&Scope {
                frame,
                _brand: PhantomData,
            })
        })
    })
}
