//! A mutable slice whose elements are handed to different threads, each by its index.
#![expect(unsafe_code, reason = "the borrow checker cannot follow indices")]

use super::caller::Claims;
use super::{Crew, Hub, Terms};
use std::marker::PhantomData;
use std::sync::Arc;

/// The elements of a slice, each of which may be borrowed once at a time.
struct Items<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: sharing it only allows to take elements (`get_mut`), each by one thread at a time, which
// is to send them: `T: Send`.
unsafe impl<T: Send> Sync for Items<'_, T> {}

impl<'a, T> Items<'a, T> {
    fn new(slice: &'a mut [T]) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            slice: PhantomData,
        }
    }

    /// Borrows one element.
    ///
    /// # Safety
    /// No other borrow of the same element is alive.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the contract")]
    unsafe fn get_mut(&self, index: usize) -> &mut T {
        assert!(index < self.len, "element {index} of {}", self.len);
        // SAFETY: `index` is within the slice that `start` was made of.
        let element = unsafe { self.start.add(index) };
        // SAFETY: the element is valid and borrowed for `'a` by `slice`; exclusive by the contract.
        unsafe { &mut *element }
    }
}

impl Hub {
    /// [`call`](Self::call) where chunk `index` gets the item of that index for itself, and the
    /// state of its thread: made by `init` when the thread claims its first chunk.
    pub(crate) fn call_with_items<S, T: Send>(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        items: &mut [T],
        init: impl Fn() -> S + Sync,
        body: impl Fn(&mut S, usize, &mut T) + Sync,
    ) {
        let count = items.len();
        let items = Items::new(items);
        self.call_each(crew, terms, count, move |claims: Claims<'_>| {
            let mut state = None;
            for index in claims {
                // SAFETY: a call hands out each index once, and returns when no body runs.
                let item = unsafe { items.get_mut(index) };
                body(state.get_or_insert_with(&init), index, item);
            }
        });
    }
}
