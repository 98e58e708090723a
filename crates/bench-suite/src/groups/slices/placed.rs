//! Slices that begin where they were told to, so that no measurement depends on where the allocator
//! put its buffers.
//!
//! Left to the allocator, that depends on what was allocated before, and so on how long other cases
//! took: the same loop over the same values took up to 1.8 times as long in another process, where
//! all its loads crossed cache lines. Buffers at different distances from their pages' beginnings
//! also keep loads from waiting for stores that only look alike.
//!
//! This file uses nothing but the standard library: the harness that `cargo xtask bench --against`
//! generates compiles it too.

use std::ops::{Deref, DerefMut};

/// Bytes of a page, and of a cache line.
const PAGE: usize = 4096;
const LINE: usize = 64;
/// A slice that begins so many lines behind a page's beginning, wherever the allocator put it.
#[derive(Debug)]
pub struct Placed<T> {
    storage: Vec<T>,
    begin: usize,
    end: usize,
}

impl<T: Copy> Placed<T> {
    /// These values at this many lines behind the beginning of a page.
    ///
    /// ```
    /// let placed = bench_suite::groups::slices::Placed::new(&[1.0_f32, 2.0], 3);
    /// assert_eq!(placed.as_ptr().addr() % 4096, 3 * 64);
    /// assert_eq!(*placed, [1.0, 2.0]);
    /// ```
    #[must_use]
    pub fn new(values: &[T], place: usize) -> Self {
        let Some(&any) = values.first() else {
            return Self {
                storage: Vec::new(),
                begin: 0,
                end: 0,
            };
        };
        let elements = |bytes: usize| bytes / size_of::<T>();
        let mut storage = vec![any; values.len() + elements(PAGE + place * LINE)];
        // Cannot fail for the sizes of numbers; if it did, the slice would only lie elsewhere.
        let page = storage.as_ptr().align_offset(PAGE).min(elements(PAGE));
        let begin = page + elements(place * LINE);
        let end = begin + values.len();
        storage[begin..end].copy_from_slice(values);
        Self {
            storage,
            begin,
            end,
        }
    }
}

impl<T> Deref for Placed<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.storage[self.begin..self.end]
    }
}

impl<T> DerefMut for Placed<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.storage[self.begin..self.end]
    }
}
