//! The system's allocator, with a count that can be switched on.
//!
//! Decided here: it counts blocks that were asked for, of all threads, and only between
//! [`start`] and [`stop`]; else a call costs a load of a flag that is always in the cache.

#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What a program installs as its global allocator to have its allocations counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted;

// Relaxed everywhere: figures, read after the threads that counted were waited for.
static ON: AtomicBool = AtomicBool::new(false);
static BLOCKS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Counts from zero.
pub(super) fn start() {
    BLOCKS.store(0, Relaxed);
    BYTES.store(0, Relaxed);
    ON.store(true, Relaxed);
}

/// Ends the count: blocks and bytes asked for since [`start`].
pub(super) fn stop() -> (u64, u64) {
    ON.store(false, Relaxed);
    (BLOCKS.load(Relaxed), BYTES.load(Relaxed))
}

#[inline]
fn asked(bytes: usize) {
    if ON.load(Relaxed) {
        BLOCKS.fetch_add(1, Relaxed);
        BYTES.fetch_add(bytes as u64, Relaxed);
    }
}

// SAFETY: every call is handed to the system's allocator as it is, and its answer back.
unsafe impl GlobalAlloc for Counted {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        asked(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        asked(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        asked(size);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.realloc(block, layout, size) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.dealloc(block, layout) }
    }
}
