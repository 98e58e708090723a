//! The arena of those who do not want the thread-local one: an owned value, with checkpoints.
//!
//! Decided here: what keeps it safe without a closure. Slices borrow the arena, or the checkpoint
//! they were taken from, shared; taking memory back borrows it mutably. Deliberately elsewhere:
//! what is handed out ([`slice`](crate::slice)) and how a frame rewinds ([`bump`](crate::bump)).
//! One of the crate's rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "says of the borrow checker's word that nobody uses what is rewound"
)]

use std::fmt;

use crate::bump::{Frame, Loan};
use crate::scope::Scope;
use crate::settings::Settings;
use crate::stats::Stats;
use crate::store::Store;

/// An arena that belongs to a value instead of a thread: in the state of a model, say, or handed
/// from thread to thread.
///
/// ```
/// use arena::Arena;
///
/// let mut arena = Arena::new();
/// for batch in [3, 1000, 20] {
///     let scratch = arena.scratch();
///     let inputs = scratch.alloc_slice_fill_with(batch, |i| i as f32);
///     let outputs = scratch.alloc_slice_zeroed::<f32>(batch);
///     for (y, x) in outputs.iter_mut().zip(inputs) {
///         *y = *x * 2.0;
///     }
///     arena.reset(); // the slices are gone, the memory stays
/// }
/// assert_eq!(arena.stats().chunks, 1);
/// ```
///
/// What was taken from it cannot be used after a reset:
/// ```compile_fail,E0502
/// let mut arena = arena::Arena::new();
/// let kept = arena.scratch().alloc_slice_zeroed::<f32>(8);
/// arena.reset();
/// kept[0] = 1.0;
/// ```
/// It is `Send` while nothing is taken from it, and not `Sync`:
/// ```
/// fn is_send<T: Send>() {}
/// is_send::<arena::Arena>();
/// ```
/// ```compile_fail,E0277
/// fn is_sync<T: Sync>() {}
/// is_sync::<arena::Arena>();
/// ```
pub struct Arena {
    root: Frame,
    store: Store,
}

impl Default for Arena {
    /// As [`Arena::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl Arena {
    /// An arena without memory; the first request asks the system for some. No limit but the
    /// process's.
    ///
    /// ```
    /// assert_eq!(arena::Arena::new().stats(), arena::Stats::default());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_settings(Settings::default())
    }

    /// An arena with a limit, a maximum that is retained, or without huge pages. Those of threads
    /// ([`configure`](crate::configure)) do not matter to it.
    ///
    /// ```
    /// use arena::{Arena, Settings};
    ///
    /// let arena = Arena::with_settings(Settings::default().limit_bytes(1 << 20));
    /// assert!(arena.scratch().try_alloc_slice_zeroed::<u8>(1 << 20).is_err());
    /// ```
    #[must_use]
    pub fn with_settings(settings: Settings) -> Self {
        Self {
            root: Frame::root(),
            store: Store::new(Some(settings), || true),
        }
    }

    /// The handle to take slices through. They live as long as the arena is borrowed: until it is
    /// [reset](Self::reset) or dropped.
    ///
    /// ```
    /// let arena = arena::Arena::new();
    /// let weights = arena.scratch().alloc_slice_copy(&[0.5_f32, 0.25]);
    /// assert_eq!(weights, [0.5, 0.25]);
    /// ```
    #[inline]
    #[must_use]
    pub fn scratch(&self) -> Scope<'_> {
        Scope::new(&self.store, &self.root)
    }

    /// Runs `f` with a scope on this arena, and takes back what it took when it ends, also by a
    /// panic: [`with_arena`](crate::with_arena) for an owned arena.
    ///
    /// ```
    /// let arena = arena::Arena::new();
    /// let sum: u32 = arena.scope(|scope| scope.alloc_slice_copy(&[1, 2, 3]).iter().sum());
    /// assert_eq!((sum, arena.stats().bytes_in_use), (6, 0));
    /// ```
    #[inline]
    pub fn scope<R>(&self, f: impl for<'s> FnOnce(&Scope<'s>) -> R) -> R {
        let checkpoint = self.checkpoint();
        f(&checkpoint.scratch())
    }

    /// Marks the place that the arena has reached: what is taken through the checkpoint can be
    /// taken back, while what was taken before stays.
    ///
    /// ```
    /// let arena = arena::Arena::new();
    /// let weights = arena.scratch().alloc_slice_copy(&[0.5_f32, 0.25]);
    /// let mut step = arena.checkpoint();
    /// for _ in 0..3 {
    ///     let products = step.scratch().alloc_slice_fill_with(2, |i| weights[i] * 3.0);
    ///     assert_eq!(products, [1.5, 0.75]);
    ///     step.rewind();
    /// }
    /// drop(step);
    /// assert_eq!(arena.stats().bytes_in_use, 64); // the weights
    /// ```
    ///
    /// Until the checkpoint is dropped, requests to the arena itself, and to a second checkpoint
    /// made meanwhile, find no room beside it: they take blocks of their own, which is slower.
    #[inline]
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        Checkpoint::within(&self.store, &self.root)
    }

    /// Takes back all that was taken from the arena, and keeps one block that would have fitted it.
    #[inline]
    pub fn reset(&mut self) {
        // SAFETY: slices and checkpoints borrow the arena, which is borrowed mutably.
        unsafe { self.root.reset(&self.store) };
    }

    /// Gives back to the system what the arena keeps and does not use, and says how many bytes
    /// that was. All of it after a [`reset`](Self::reset).
    ///
    /// ```
    /// let mut arena = arena::Arena::new();
    /// arena.scratch().alloc_slice_zeroed::<u8>(1 << 20);
    /// arena.reset();
    /// assert!(arena.trim() >= 1 << 20);
    /// assert_eq!(arena.stats().chunks, 0);
    /// ```
    pub fn trim(&mut self) -> usize {
        self.root.trim(&self.store)
    }

    /// The figures of this arena. What was taken through a checkpoint that is still open is in
    /// them as of when it last opened another, took a block, or was asked itself
    /// ([`Checkpoint::stats`]).
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.root.count(&self.store);
        self.store.stats()
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.reset();
        self.root.trim(&self.store);
        self.store.release();
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A place in an [`Arena`] to rewind to. Dropping it rewinds for the last time; forgetting it
/// (`std::mem::forget`) loses its memory.
///
/// Slices taken through it do not outlive a rewind:
/// ```compile_fail,E0502
/// let arena = arena::Arena::new();
/// let mut checkpoint = arena.checkpoint();
/// let kept = checkpoint.scratch().alloc_slice_zeroed::<f32>(8);
/// checkpoint.rewind();
/// kept[0] = 1.0;
/// ```
/// nor the checkpoint:
/// ```compile_fail,E0505
/// let arena = arena::Arena::new();
/// let checkpoint = arena.checkpoint();
/// let kept = checkpoint.scratch().alloc_slice_zeroed::<f32>(8);
/// drop(checkpoint);
/// kept[0] = 1.0;
/// ```
pub struct Checkpoint<'a> {
    store: &'a Store,
    parent: &'a Frame,
    frame: Frame,
    loan: Loan,
}

impl<'a> Checkpoint<'a> {
    #[inline]
    fn within(store: &'a Store, parent: &'a Frame) -> Self {
        let (frame, loan) = Frame::open(parent, store);
        Self {
            store,
            parent,
            frame,
            loan,
        }
    }

    /// The handle to take slices through, until the next rewind.
    #[inline]
    #[must_use]
    pub fn scratch(&self) -> Scope<'_> {
        Scope::new(self.store, &self.frame)
    }

    /// A checkpoint within this one, as [`Arena::checkpoint`].
    #[inline]
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        Checkpoint::within(self.store, &self.frame)
    }

    /// The figures of the arena.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.frame.count(self.store);
        self.store.stats()
    }

    /// Takes back all that was taken since the checkpoint was made.
    #[inline]
    pub fn rewind(&mut self) {
        // SAFETY: slices and inner checkpoints borrow this one, which is borrowed mutably.
        unsafe { self.frame.rewind(self.store, &self.loan) };
    }
}

impl Drop for Checkpoint<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: slices and inner checkpoints borrow this one, which is borrowed mutably, for
        // good; a value is dropped once.
        unsafe { self.frame.close(self.store, self.parent, &self.loan) };
    }
}

impl fmt::Debug for Checkpoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint").finish_non_exhaustive()
    }
}
