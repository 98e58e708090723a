//! Where else scratch memory comes from: the system's allocator through `Vec`, mimalloc, and the
//! bump allocators bumpalo and bump-scope.
//!
//! Decided here: each is used as its own users would, on memory that it keeps between calls, and
//! all hand out uninitialised slots, which [`fill`] makes values, so that only the memory differs.
//! mimalloc is called as the global allocator of a program would be, without being ours.

#![expect(
    unsafe_code,
    reason = "an allocator called directly; slots that were all written become values"
)]

use std::alloc::{GlobalAlloc, Layout};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::slice;

use mimalloc::MiMalloc;

/// Writes `values` into `slots`, which it must fill.
///
/// # Panics
/// If there are fewer values than slots.
#[inline]
pub fn fill(
    slots: &mut [MaybeUninit<f32>],
    values: impl ExactSizeIterator<Item = f32>,
) -> &mut [f32] {
    assert!(
        values.len() >= slots.len(),
        "fill: {} values for {} slots",
        values.len(),
        slots.len()
    );
    let mut written = 0;
    for (slot, value) in slots.iter_mut().zip(values) {
        slot.write(value);
        written += 1;
    }
    assert_eq!(written, slots.len(), "fill: the iterator miscounted");
    // SAFETY: every slot was written, as just counted.
    unsafe { slots.assume_init_mut() }
}

/// Puts glibc's thresholds where they stand in a program that frees no block larger than `bytes`:
/// after the first such free, blocks of that size come from the heap, and twice as much at its
/// top is given back to the system. In our process other groups have freed larger blocks before,
/// which raised both (mallopt(3), "dynamic mmap threshold"). Nothing on other systems.
pub fn as_if_nothing_larger_was_freed(bytes: usize) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // With the block's header, in whole pages, as glibc counts a mapped block.
        let block = (bytes + 16).next_multiple_of(4096);
        let block = libc::c_int::try_from(block).unwrap_or(libc::c_int::MAX / 2);
        // SAFETY: sets two figures of the allocator.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, block) };
        // SAFETY: as above.
        unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * block) };
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = bytes;
}

/// A buffer from mimalloc, 64-byte aligned as the arena's are; given back when dropped.
#[derive(Debug)]
pub struct MimallocBuffer {
    start: NonNull<MaybeUninit<f32>>,
    len: usize,
}

impl MimallocBuffer {
    /// `len` elements.
    ///
    /// # Panics
    /// If `len` is 0, too large, or there is no memory.
    #[must_use]
    #[inline]
    pub fn new(len: usize) -> Self {
        assert!(len > 0, "MimallocBuffer::new: 0 elements");
        // SAFETY: the size is not zero.
        let block = unsafe { MiMalloc.alloc(Self::layout(len)) };
        let start = NonNull::new(block.cast()).expect("mimalloc: out of memory");
        Self { start, len }
    }

    /// Its elements.
    #[inline]
    pub fn slots(&mut self) -> &mut [MaybeUninit<f32>] {
        // SAFETY: the block has `len` elements, which need no contents, and is borrowed with us.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    fn layout(len: usize) -> Layout {
        let layout = Layout::array::<f32>(len).and_then(|layout| layout.align_to(64));
        layout.expect("no buffer is larger than an object may be")
    }
}

impl Drop for MimallocBuffer {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout, and dropped once.
        unsafe { MiMalloc.dealloc(self.start.as_ptr().cast(), Self::layout(self.len)) };
    }
}

/// `len` slots of a bumpalo arena, aligned to `align`.
///
/// # Panics
/// If `align` is no power of two or less than 4.
#[inline]
#[must_use]
#[expect(
    clippy::mut_from_ref,
    reason = "each call gives away other bytes, as bumpalo itself does"
)]
pub fn bumpalo_slots(bump: &bumpalo::Bump, len: usize, align: usize) -> &mut [MaybeUninit<f32>] {
    let layout = Layout::array::<f32>(len).and_then(|layout| layout.align_to(align));
    let block = bump.alloc_layout(layout.expect("a buffer"));
    // SAFETY: the block has `len` elements' bytes, at least aligned for them, and is nobody
    // else's until the arena is reset, which borrows it mutably.
    unsafe { slice::from_raw_parts_mut(block.cast().as_ptr(), len) }
}
