//! Collections that live in an arena: a [`Scope`] is an allocator of the `allocator-api2` crate,
//! which is the standard library's unstable one for stable Rust.
//!
//! Decided here: what allocating, growing, shrinking and freeing mean for a cursor. The last
//! allocation grows, shrinks and goes where it lies; every other one is copied to grow, and its
//! bytes come back with the scope. Deliberately elsewhere: the bytes ([`bump`](crate::bump)). One
//! of the crate's rooms with unsafe code.

#![expect(unsafe_code, reason = "an allocator is an unsafe trait")]

use std::alloc::Layout;
use std::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::align::Alignment;
use crate::layout::{self, GRID};
use crate::scope::Scope;

impl<A: Alignment> Scope<'_, A> {
    /// What was or would be charged for `layout`, and the alignment that was used.
    fn charge(&self, layout: Layout) -> Option<(usize, usize)> {
        let align = self.align().max(layout.align());
        let charge = layout::charge(layout.size(), 1, align, GRID)?;
        Some((charge, align))
    }
}

/// With the feature `allocator-api2`: collections that take an allocator live in the scope.
///
/// ```
/// use allocator_api2::vec::Vec;
///
/// arena::with_arena(|scope| {
///     let mut names = Vec::new_in(*scope);
///     names.push(String::from("dropped by the vector, as ever"));
///     names.extend((0..100).map(|i| i.to_string()));
///     assert_eq!(names.len(), 101);
/// });
/// ```
///
/// A collection that grows while others allocate leaves its former places behind until the scope
/// ends: reserve what it will need.
///
/// It cannot leave the scope:
/// ```compile_fail
/// let kept = arena::with_arena(|scope| allocator_api2::vec![in *scope; 1, 2, 3]);
/// ```
// SAFETY: a block stays valid until the frame that took it closes or is rewound, which `'s`, held
// by every copy of the handle, does not outlive. Moving or copying a handle changes nothing.
unsafe impl<A: Alignment> Allocator for Scope<'_, A> {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        let (charge, align) = self.charge(layout).ok_or(AllocError)?;
        let first = match charge {
            0 => crate::bump::dangling(align),
            charge => self
                .frame()
                .take_bytes(self.store(), charge, layout.size(), align)
                .map_err(|_| AllocError)?,
        };
        Ok(NonNull::slice_from_raw_parts(first, layout.size()))
    }

    unsafe fn deallocate(&self, at: NonNull<u8>, layout: Layout) {
        if let Some((charge, align)) = self.charge(layout) {
            // SAFETY: the caller vouches that the block came from here with this layout, and that
            // nobody uses it.
            unsafe { self.frame().put_back(self.store(), at, charge, align) };
        }
    }

    unsafe fn grow(
        &self,
        at: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if let (Some((from, old_align)), Some((to, align))) = (self.charge(old), self.charge(new))
            && old_align == align
            // SAFETY: the caller vouches that the block came from here with the old layout.
            && let Some(at) = unsafe { self.frame().extend(at, from, to, align) }
        {
            return Ok(NonNull::slice_from_raw_parts(at, new.size()));
        }
        let larger = self.allocate(new)?;
        // SAFETY: the caller vouches for `old.size()` readable bytes; the new block has more, and
        // is another one.
        unsafe {
            larger.cast::<u8>().copy_from_nonoverlapping(at, old.size());
        }
        // SAFETY: the caller vouches that the block came from here, and gives it up.
        unsafe { self.deallocate(at, old) };
        Ok(larger)
    }

    unsafe fn grow_zeroed(
        &self,
        at: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: the caller's promise.
        let larger = unsafe { self.grow(at, old, new) }?;
        // SAFETY: the new size is not smaller than the old one.
        let added = unsafe { larger.cast::<u8>().add(old.size()) };
        // SAFETY: these are the bytes behind the old ones, of a block that is the caller's alone.
        unsafe { added.write_bytes(0, new.size() - old.size()) };
        Ok(larger)
    }

    unsafe fn shrink(
        &self,
        at: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<[u8]>, AllocError> {
        if new.align() > old.align().max(self.align()) {
            let smaller = self.allocate(new)?;
            // SAFETY: the caller vouches for the old bytes, of which the new block has fewer, and
            // it is another one.
            unsafe {
                smaller
                    .cast::<u8>()
                    .copy_from_nonoverlapping(at, new.size());
            }
            // SAFETY: the caller vouches that the block came from here, and gives it up.
            unsafe { self.deallocate(at, old) };
            return Ok(smaller);
        }
        // The rest comes back with the scope; the collection frees it for good when it goes.
        Ok(NonNull::slice_from_raw_parts(at, new.size()))
    }
}
