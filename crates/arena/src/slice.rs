//! Typed slices of scratch: the requests that a [`Scope`] answers.
//!
//! Decided here: which slices there are, and that their elements are `Copy`, so that a rewind
//! has nothing to drop. Deliberately elsewhere: where the bytes come from
//! ([`bump`](crate::bump)) and how they are written ([`init`]).

#![forbid(unsafe_code)]

use std::mem::MaybeUninit;

use bytemuck::Zeroable;

use crate::align::Alignment;
use crate::error::AllocError;
use crate::init;
use crate::scope::Scope;

impl<'s, A: Alignment> Scope<'s, A> {
    /// A slice of `len` uninitialised elements: the cheapest request, for scratch that is
    /// written before it is read.
    ///
    /// ```
    /// arena::with_arena(|scope| {
    ///     let squares = scope.alloc_slice_uninit::<u32>(5);
    ///     for (i, slot) in (0..).zip(squares.iter_mut()) {
    ///         slot.write(i * i);
    ///     }
    /// });
    /// ```
    ///
    /// The slice is aligned to 64 bytes, or to `T` if that asks for more, or to what
    /// [`align_to`](Self::align_to) says. A `len` of zero, or a type without size, gives such a
    /// slice and takes no memory. Slices of 4 KiB and more are *coloured*: each takes 64 bytes
    /// more, so that buffers of a power-of-two size do not share the same sets of the cache.
    ///
    /// # Panics
    /// If `len` elements are more than `isize::MAX` bytes, the system has no memory, or a limit
    /// ([`Settings`](crate::Settings)) is reached.
    /// [`try_alloc_slice_uninit`](Self::try_alloc_slice_uninit) returns an error instead.
    ///
    /// # Cost
    /// A few comparisons and additions while the block has room.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_uninit<T: Copy>(&self, len: usize) -> &'s mut [MaybeUninit<T>] {
        self.try_alloc_slice_uninit(len)
            .unwrap_or_else(|e| refuse(e))
    }

    /// As [`alloc_slice_uninit`](Self::alloc_slice_uninit).
    ///
    /// # Errors
    /// [`AllocError`] where the other panics. The scope remains as it was.
    #[inline]
    pub fn try_alloc_slice_uninit<T: Copy>(
        &self,
        len: usize,
    ) -> Result<&'s mut [MaybeUninit<T>], AllocError> {
        let align = self.align().max(align_of::<T>());
        self.frame().take(self.store(), len, align)
    }

    /// A slice of `len` elements whose bytes are zero.
    ///
    /// ```
    /// arena::with_arena(|scope| {
    ///     let sums = scope.alloc_slice_zeroed::<f64>(3);
    ///     sums[1] += 2.5;
    ///     assert_eq!(sums, [0.0, 2.5, 0.0]);
    /// });
    /// ```
    ///
    /// Alignment and empty slices as in [`alloc_slice_uninit`](Self::alloc_slice_uninit).
    ///
    /// # Panics
    /// If `len` elements are more than `isize::MAX` bytes, the system has no memory, or a limit
    /// is reached.
    ///
    /// # Cost
    /// One pass over the slice; for buffers beyond the caches that is half as long again as a
    /// streaming kernel takes. Prefer the uninitialised slice where the kernel writes it all.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_zeroed<T: Zeroable + Copy>(&self, len: usize) -> &'s mut [T] {
        self.try_alloc_slice_zeroed(len)
            .unwrap_or_else(|e| refuse(e))
    }

    /// As [`alloc_slice_zeroed`](Self::alloc_slice_zeroed).
    ///
    /// # Errors
    /// [`AllocError`] where the other panics. The scope remains as it was.
    #[inline]
    pub fn try_alloc_slice_zeroed<T: Zeroable + Copy>(
        &self,
        len: usize,
    ) -> Result<&'s mut [T], AllocError> {
        self.try_alloc_slice_uninit(len).map(init::zeroed)
    }

    /// A copy of `source`.
    ///
    /// ```
    /// arena::with_arena(|scope| {
    ///     let sorted = scope.alloc_slice_copy(&[3, 1, 2]);
    ///     sorted.sort_unstable();
    ///     assert_eq!(sorted, [1, 2, 3]);
    /// });
    /// ```
    ///
    /// Alignment and empty slices as in [`alloc_slice_uninit`](Self::alloc_slice_uninit).
    ///
    /// # Panics
    /// If the system has no memory, a limit is reached, or padding takes the slice beyond
    /// `isize::MAX` bytes.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_copy<T: Copy>(&self, source: &[T]) -> &'s mut [T] {
        self.try_alloc_slice_copy(source)
            .unwrap_or_else(|e| refuse(e))
    }

    /// As [`alloc_slice_copy`](Self::alloc_slice_copy).
    ///
    /// # Errors
    /// [`AllocError`] where the other panics. The scope remains as it was.
    #[inline]
    pub fn try_alloc_slice_copy<T: Copy>(&self, source: &[T]) -> Result<&'s mut [T], AllocError> {
        let slots = self.try_alloc_slice_uninit(source.len())?;
        Ok(slots.write_copy_of_slice(source))
    }

    /// A slice of `len` elements, element `i` being `value(i)`, computed in order.
    ///
    /// ```
    /// arena::with_arena(|scope| {
    ///     let twiddles = scope.alloc_slice_fill_with(4, |i| 1.0 / (i + 1) as f32);
    ///     assert_eq!(twiddles[3], 0.25);
    /// });
    /// ```
    ///
    /// `value` may itself use this scope or open another: its own slice is set aside before.
    /// Alignment and empty slices as in [`alloc_slice_uninit`](Self::alloc_slice_uninit).
    ///
    /// # Panics
    /// If `value` does, in which case the slice's memory comes back with the scope; if `len`
    /// elements are more than `isize::MAX` bytes, the system has no memory, or a limit is reached.
    #[inline]
    #[track_caller]
    pub fn alloc_slice_fill_with<T: Copy>(
        &self,
        len: usize,
        value: impl FnMut(usize) -> T,
    ) -> &'s mut [T] {
        self.try_alloc_slice_fill_with(len, value)
            .unwrap_or_else(|e| refuse(e))
    }

    /// As [`alloc_slice_fill_with`](Self::alloc_slice_fill_with).
    ///
    /// # Errors
    /// [`AllocError`] where the other panics, before `value` is first called. The scope remains
    /// as it was.
    ///
    /// # Panics
    /// If `value` does.
    #[inline]
    pub fn try_alloc_slice_fill_with<T: Copy>(
        &self,
        len: usize,
        value: impl FnMut(usize) -> T,
    ) -> Result<&'s mut [T], AllocError> {
        let slots = self.try_alloc_slice_uninit(len)?;
        Ok(init::fill_with(slots, value))
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse(error: AllocError) -> ! {
    panic!("{error}")
}
