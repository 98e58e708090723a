//! The scope: the handle through which scratch is taken, and the closure it lives for.
//!
//! Decided here: what can be done with a scope in safe code, that is, who may hold one and for
//! how long. Deliberately elsewhere: what it hands out ([`slice`](crate::slice)) and how it
//! rewinds ([`bump`](crate::bump)).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use crate::align::{AlignedTo, Alignment, CacheLine};
use crate::bump::Frame;
use crate::error::AllocError;
use crate::store::Store;
use crate::thread::with_nest;

/// Scratch memory for the length of a [`with_arena`] call, or of a borrow of an owned
/// [`Arena`](crate::Arena).
///
/// What it hands out lives for `'s`, until the call or the borrow ends. It is neither `Send` nor `Sync`: the
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
pub struct Scope<'s, A: Alignment = CacheLine> {
    store: &'s Store,
    frame: &'s Frame,
    align: A,
    /// Invariant: one scope's lifetime never passes for another's.
    _brand: PhantomData<Cell<&'s mut ()>>,
}

impl<'s> Scope<'s> {
    #[inline(always)]
    pub(crate) fn new(store: &'s Store, frame: &'s Frame) -> Self {
        Self {
            store,
            frame,
            align: CacheLine,
            _brand: PhantomData,
        }
    }
}

impl<'s, A: Alignment> Scope<'s, A> {
    #[inline(always)]
    pub(crate) fn store(&self) -> &'s Store {
        self.store
    }

    #[inline(always)]
    pub(crate) fn frame(&self) -> &'s Frame {
        self.frame
    }

    #[inline(always)]
    pub(crate) fn align(&self) -> usize {
        self.align.bytes()
    }

    /// A handle on the same scope whose slices are aligned to `align` bytes, a power of two. Less
    /// than 64 gives 64.
    ///
    /// ```
    /// arena::with_arena(|scope| {
    ///     let pages = scope.align_to(4096).alloc_slice_zeroed::<f32>(5000);
    ///     assert_eq!(pages.as_ptr().addr() % 4096, 0);
    /// });
    /// ```
    ///
    /// # Panics
    /// If `align` is no power of two. [`try_align_to`](Self::try_align_to) returns an error
    /// instead.
    ///
    /// # Cost
    /// An aligned slice takes `align - 64` bytes more, wherever it comes to lie.
    #[inline]
    #[track_caller]
    #[must_use]
    pub fn align_to(&self, align: usize) -> Scope<'s, AlignedTo> {
        match self.try_align_to(align) {
            Ok(scope) => scope,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`align_to`](Self::align_to).
    ///
    /// # Errors
    /// [`AllocError::Alignment`] if `align` is no power of two. One that is, but larger than any
    /// object, is an error of the request that is made with it.
    #[inline]
    pub fn try_align_to(&self, align: usize) -> Result<Scope<'s, AlignedTo>, AllocError> {
        Ok(Scope {
            store: self.store,
            frame: self.frame,
            align: AlignedTo::new(align)?,
            _brand: PhantomData,
        })
    }
}

impl<A: Alignment> Clone for Scope<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Another handle on the same scope.
impl<A: Alignment> Copy for Scope<'_, A> {}

impl<A: Alignment> fmt::Debug for Scope<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("align", &self.align())
            .finish_non_exhaustive()
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
/// path, which [`Stats::detached_allocations`](crate::Stats) counts.
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
    with_nest(|nest| nest.within(|store, frame| f(&Scope::new(store, frame))))
}
