//! The open scopes of one thread: each within the one before it, also across stolen tasks.
//!
//! Decided here: **the nest only points at the innermost frame, which lives on the stack.** A Rayon
//! worker that waits inside a scope and steals a task which opens its own scope finds that frame
//! and nests in it. Frames are made by [`Nest::within`] only, for the length of a closure, so they
//! close last in, first out.
//!
//! Deliberately elsewhere: what a frame does ([`bump`](crate::bump)), which thread
//! ([`thread`](crate::thread)). One of the crate's rooms with unsafe code.

#![expect(unsafe_code, reason = "follows a pointer to a frame on the stack")]

use std::cell::Cell;
use std::ptr;

use crate::bump::{Frame, Loan};
use crate::stats::Stats;
use crate::store::Store;

/// A store, its root frame, and the innermost of the open ones. Without a destructor, as
/// [`Store`] is.
pub(crate) struct Nest {
    /// The open frame that no other is nested in, or null.
    innermost: Cell<*const Frame>,
    root: Frame,
    store: Store,
}

/// Closes the frame when the closure of [`Nest::within`] returns or panics.
struct Open<'a> {
    nest: &'a Nest,
    frame: &'a Frame,
    loan: Loan,
    /// The frame that was innermost before this one, or null.
    outer: *const Frame,
}

impl Nest {
    /// A nest without memory; `may_retain` is asked before some is kept: will it be released?
    pub(crate) const fn new(may_retain: fn() -> bool) -> Self {
        Self {
            innermost: Cell::new(ptr::null()),
            root: Frame::root(),
            store: Store::new(None, may_retain),
        }
    }

    /// The innermost frame, or the root.
    ///
    /// # Safety
    /// `innermost` is this nest's, now or when a frame that is open now was opened.
    #[inline(always)]
    unsafe fn frame_or_root(&self, innermost: *const Frame) -> &Frame {
        match innermost.is_null() {
            true => &self.root,
            // SAFETY: `innermost` is null or a frame whose `within` has not returned, since
            // closing resets it. That call is further down this thread's stack (a nest is not
            // Sync), so the frame outlives what is called here; it is only ever borrowed shared.
            false => unsafe { &*innermost },
        }
    }

    /// Opens a frame within the innermost one, runs `f` on it, closes it.
    #[inline(always)]
    pub(crate) fn within<R>(&self, f: impl for<'f> FnOnce(&'f Store, &'f Frame) -> R) -> R {
        let outer = self.innermost.get();
        // SAFETY: the innermost of now.
        let parent = unsafe { self.frame_or_root(outer) };
        let (frame, loan) = Frame::open(parent, &self.store);
        self.innermost.set(&raw const frame);
        let open = Open {
            nest: self,
            frame: &frame,
            loan,
            outer,
        };
        f(&self.store, open.frame)
    }

    /// Gives all memory back, unless a scope is open. One may be: `exit` called inside a scope
    /// runs the destructors of thread-locals while other threads may still read its scratch.
    pub(crate) fn release(&self) {
        if self.innermost.get().is_null() {
            self.root.trim(&self.store);
            self.store.release();
        }
    }

    /// Gives back what is not in use.
    pub(crate) fn trim(&self) -> usize {
        self.root.trim(&self.store)
    }

    pub(crate) fn stats(&self) -> Stats {
        // SAFETY: the innermost of now. The others told their bytes when they lent their room.
        unsafe { self.frame_or_root(self.innermost.get()) }.count(&self.store);
        self.store.stats()
    }
}

impl Drop for Open<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let nest = self.nest;
        if !ptr::eq(nest.innermost.get(), self.frame) {
            closed_out_of_order();
        }
        // SAFETY: the innermost when this frame was opened.
        let parent = unsafe { nest.frame_or_root(self.outer) };
        // SAFETY: allocations borrow the frame for as long as the closure of `within` may use it,
        // and that has ended; this frame being innermost, none is open within it; a value is
        // dropped once.
        unsafe { self.frame.close(&nest.store, parent, &self.loan) };
        nest.innermost.set(self.outer);
    }
}

/// Safe code cannot come here: scopes are closures, and a stack unwinds from its top. Something
/// that switches stacks inside a scope could, and going on would hand out memory in use.
#[cold]
#[inline(never)]
fn closed_out_of_order() -> ! {
    eprintln!("arena: scopes closed out of order (was the stack switched inside one?)");
    std::process::abort();
}
