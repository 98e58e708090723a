//! Raw memory: one block from the system, owned by a [`Chunk`] and given back when it is dropped.
//!
//! ```text
//!  block, aligned to 64
//!  ┌──────────────────────┬───────────────────────────────────────────┐
//!  │ Header (64 bytes)    │ capacity bytes of room                    │
//!  └──────────────────────┴───────────────────────────────────────────┘
//!  ^ Chunk                ^ start()                              end() ^
//! ```
//!
//! Decided here: where the header lies, how a block is asked for and given back, and which blocks
//! the system is advised to back with huge pages. Deliberately elsewhere: how large a block should
//! be ([`layout`](crate::layout)), how many there may be ([`store`](crate::store)), and who uses
//! which part of it ([`bump`](crate::bump)). One of the crate's rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "asks the system for memory and gives it back; the room's users get owned values"
)]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use crate::layout::{GRAIN, PAGE};
use crate::room::Span;

/// Bytes at the head of every block that belong to the chunk.
pub(crate) const HEADER: usize = size_of::<Header>();

/// Blocks of this many bytes and more are worth huge pages: the first touch of a large block is 4
/// times cheaper with them. A block of 64 KiB gets 5 to 15 times slower instead, and 2 MiB large.
const HUGE_FROM: usize = 4 << 20;

/// What such blocks are aligned to, so that none of them begins with a mere part of a huge page.
const HUGE_PAGE: usize = 2 << 20;

const _: () = assert!(HEADER == GRAIN && align_of::<Header>() == GRAIN);

#[repr(C, align(64))]
struct Header {
    /// The next chunk of the list this one heads.
    next: Cell<Option<Chunk>>,
    /// Bytes after the header.
    capacity: usize,
    /// How much of the room is given away. Kept up to date only for chunks that no cursor runs
    /// through (those of detached allocations); the others count as full.
    taken: Cell<usize>,
}

/// One block of memory from the system: an owner, as `Box` is, and like it a link of a list.
pub(crate) struct Chunk(NonNull<Header>);

// SAFETY: as for a `Box`, whoever has the chunk owns the block alone.
unsafe impl Send for Chunk {}

impl Chunk {
    /// Asks the system for a block with `capacity` bytes of room, uninitialised; of huge pages if
    /// it is large, the system has them, and `huge_pages` says so.
    /// `None` if the system has no such block, or if no object may be that large.
    pub(crate) fn allocate(capacity: usize, huge_pages: bool) -> Option<Self> {
        let layout = block_layout(capacity)?;
        // SAFETY: the layout's size is not zero, as it includes the header.
        let block = NonNull::new(unsafe { alloc(layout) })?;
        if huge_pages && layout.size() >= HUGE_FROM {
            advise_huge_pages(block, layout.size());
        }
        let header = block.cast::<Header>();
        // SAFETY: the block is valid for writes of HEADER bytes and aligned to 64, the
        // header's alignment; nobody else knows it yet.
        unsafe {
            header.write(Header {
                next: Cell::new(None),
                capacity,
                taken: Cell::new(capacity),
            });
        }
        Some(Self(header))
    }

    fn header(&self) -> &Header {
        // SAFETY: written in `allocate`, freed in `drop` only, and never borrowed mutably: all
        // that changes in it is in cells. The room behind it is no part of the reference.
        unsafe { self.0.as_ref() }
    }

    /// Bytes of room.
    pub(crate) fn capacity(&self) -> usize {
        self.header().capacity
    }

    /// All of its room, aligned to 64. The pointers may be used for all the block.
    pub(crate) fn room(&self) -> Span {
        // SAFETY: the block is HEADER + capacity bytes, so its room starts inside or just past it.
        let start = unsafe { self.0.cast::<u8>().add(HEADER) };
        // SAFETY: as above, so this is just past it.
        let end = unsafe { start.add(self.capacity()) };
        Span { start, end }
    }

    /// Gives `bytes` of the room away, a multiple of the grain, if so many are not yet.
    pub(crate) fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
        let taken = self.header().taken.get();
        if bytes > self.capacity() - taken {
            return None;
        }
        self.header().taken.set(taken + bytes);
        // SAFETY: `taken` is at most the capacity.
        Some(unsafe { self.room().start.add(taken) })
    }

    /// Notes whether all of the room is given away, or none of it.
    pub(crate) fn set_full(&self, full: bool) {
        self.header()
            .taken
            .set(if full { self.capacity() } else { 0 });
    }

    /// Writes over all of the room what debug builds write over scratch that is given back.
    ///
    /// # Safety
    /// Nobody uses any part of the room.
    pub(crate) unsafe fn poison(&self) {
        // SAFETY: the bytes are the chunk's own, and the caller vouches that nobody uses them.
        unsafe { self.room().poison() };
    }

    /// Puts this chunk before `rest`.
    pub(crate) fn followed_by(self, rest: Option<Self>) -> Self {
        self.header().next.set(rest);
        self
    }

    /// Takes the rest of the list from its first chunk.
    pub(crate) fn split_rest(&self) -> Option<Self> {
        self.header().next.take()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        debug_assert!(
            {
                let rest = self.split_rest();
                let alone = rest.is_none();
                self.header().next.set(rest);
                alone
            },
            "a list of chunks is taken apart link by link, so that each is counted"
        );
        let Some(layout) = block_layout(self.capacity()) else {
            unreachable!("the layout was computed when the block was allocated");
        };
        // SAFETY: allocated in `allocate` with this same layout, and owned by this value alone.
        unsafe { dealloc(self.0.cast().as_ptr(), layout) };
    }
}

fn block_layout(capacity: usize) -> Option<Layout> {
    let bytes = capacity.checked_add(HEADER)?;
    let align = if bytes >= HUGE_FROM { HUGE_PAGE } else { GRAIN };
    Layout::from_size_align(bytes, align).ok()
}

/// Advice only: a system without huge pages, or out of them, goes on with small ones.
#[cfg(all(target_os = "linux", not(miri)))]
fn advise_huge_pages(block: NonNull<u8>, bytes: usize) {
    // SAFETY: the pages lie in a block of our own, which starts on a page. The advice changes
    // how they are backed, not what is in them.
    let refused = unsafe {
        libc::madvise(
            block.as_ptr().cast(),
            bytes & !(PAGE - 1),
            libc::MADV_HUGEPAGE,
        )
    };
    // Refused by a kernel built without huge pages; nothing to do about it.
    let _ = refused;
}

/// Elsewhere the system decides by itself.
#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise_huge_pages(_block: NonNull<u8>, _bytes: usize) {
    const _: usize = PAGE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_lies_behind_the_header_and_is_writable_to_its_end() {
        let large = if cfg!(miri) { 4096 } else { HUGE_FROM };
        for capacity in [0, 64, 4096 - HEADER, large, large + 4096 + 64] {
            for huge_pages in [false, true] {
                let chunk = Chunk::allocate(capacity, huge_pages).expect("a few bytes");
                assert_eq!(chunk.room().start.addr().get() % GRAIN, 0);
                assert_eq!(chunk.room().bytes(), capacity);
                // SAFETY: nobody else uses the room.
                unsafe { chunk.poison() };
                assert_eq!(chunk.capacity(), capacity, "the header is not overwritten");
            }
        }
    }

    #[test]
    fn a_room_is_given_away_to_its_last_byte() {
        let chunk = Chunk::allocate(256, true).expect("a few bytes");
        assert!(chunk.take(64).is_none(), "full at first");
        chunk.set_full(false);
        let start = chunk.room().start;
        assert_eq!(chunk.take(192), Some(start));
        assert!(chunk.take(128).is_none());
        assert!(chunk.take(64).is_some());
        assert!(chunk.take(64).is_none());
    }

    #[test]
    fn a_block_larger_than_any_object_is_refused() {
        assert!(Chunk::allocate(usize::MAX, true).is_none());
        assert!(Chunk::allocate(isize::MAX as usize, true).is_none());
    }
}
