//! One block from the system per allocation, for tools that watch blocks: under the feature
//! `isolated`, valgrind and the address sanitizer see each overrun of a slice and each use after
//! its scope, which inside one large block of the arena look like any other access.
//!
//! Decided here: where those blocks are. The arena moves its cursors and counts as ever, only
//! what it hands out lies elsewhere, so that programs take the same ways with the feature and
//! without. One of the crate's rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "asks the system for memory and gives it back; freed when the frame that owns it closes"
)]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::RefCell;
use std::ptr::NonNull;

/// The blocks of one frame.
pub(crate) struct Isolated(RefCell<Vec<(NonNull<u8>, Layout)>>);

// SAFETY: as for a `Box`, whoever has the list owns the blocks alone.
unsafe impl Send for Isolated {}

impl Isolated {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// A block of exactly this layout, of one byte at least; `None` if the system has none. It lives until
    /// [`free_all`](Self::free_all).
    pub(crate) fn allocate(&self, layout: Layout) -> Option<NonNull<u8>> {
        let mut blocks = self.0.borrow_mut();
        blocks.try_reserve(1).ok()?;
        // SAFETY: the size is not zero: nothing is charged for an empty slice, so it is not
        // asked for here.
        let block = NonNull::new(unsafe { alloc(layout) })?;
        blocks.push((block, layout));
        Some(block)
    }

    /// Frees the block at `at`, if it is one of these.
    ///
    /// # Safety
    /// Nobody uses it.
    #[cfg(feature = "allocator-api2")]
    pub(crate) unsafe fn free(&self, at: NonNull<u8>) {
        let mut blocks = self.0.borrow_mut();
        if let Some(index) = blocks.iter().position(|(block, _)| *block == at) {
            let (block, layout) = blocks.swap_remove(index);
            // SAFETY: allocated in `allocate` with this layout, and on the list no more.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
    }

    /// Frees every block.
    ///
    /// # Safety
    /// Nobody uses any of them.
    pub(crate) unsafe fn free_all(&self) {
        for (block, layout) in self.0.take() {
            // SAFETY: allocated in `allocate` with this layout, and on the list no more.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
    }
}
