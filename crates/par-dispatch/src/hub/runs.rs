//! A mutable slice whose parts are handed to different threads, each by its index.
#![expect(unsafe_code, reason = "the borrow checker cannot follow indices")]

use super::caller::Claims;
use super::{Crew, Hub, Terms};
use std::marker::PhantomData;
use std::slice;
use std::sync::Arc;

/// Runs of a slice's elements, each of which may be borrowed once at a time.
struct Runs<'a, T> {
    start: *mut T,
    len: usize,
    run_len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: sharing it only allows to take runs (`get_mut`), each by one thread at a time, which is
// to send their elements: `T: Send`.
unsafe impl<T: Send> Sync for Runs<'_, T> {}

impl<'a, T> Runs<'a, T> {
    /// Runs of `run_len` elements, not 0; the last may be shorter.
    fn new(slice: &'a mut [T], run_len: usize) -> Self {
        Self {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            run_len,
            slice: PhantomData,
        }
    }

    /// Borrows one run.
    ///
    /// # Safety
    /// No other borrow of the same run is alive.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the contract")]
    #[inline(always)]
    unsafe fn get_mut(&self, index: usize) -> &mut [T] {
        let (from, len) = (index.saturating_mul(self.run_len), self.len);
        assert!(from < len, "run {index} of {len} elements");
        // SAFETY: `from` is within the slice that `start` was made of.
        let first = unsafe { self.start.add(from) };
        // SAFETY: so are the elements behind it; they are borrowed for `'a` by `slice`, and for this
        // run alone by the contract, as runs do not overlap.
        unsafe { slice::from_raw_parts_mut(first, self.run_len.min(len - from)) }
    }
}

impl Hub {
    /// [`call`](Self::call) where chunk `index` gets the run of `run_len` items of that index for
    /// itself, and the state of its thread: made by `init` when the thread claims its first chunk.
    ///
    /// A run is found by its index, not in a table: one line less for a helper to fetch.
    pub(crate) fn call_with_runs<S, T: Send>(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        (items, run_len): (&mut [T], usize),
        init: impl Fn() -> S + Sync,
        body: impl Fn(&mut S, usize, &mut [T]) + Sync,
    ) {
        let count = items.len().div_ceil(run_len);
        let runs = Runs::new(items, run_len);
        self.call_each(crew, terms, count, move |claims: Claims<'_>| {
            let mut state = None;
            for index in claims {
                // SAFETY: a call hands out each index once, and returns when no body runs.
                let run = unsafe { runs.get_mut(index) };
                body(state.get_or_insert_with(&init), index, run);
            }
        });
    }
}
