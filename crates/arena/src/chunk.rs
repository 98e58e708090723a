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
//! Decided here: where the header lies and how a block is asked for and given back. Deliberately
//! elsewhere: how large it should be ([`layout`](crate::layout)) and who uses which part of it
//! ([`bump`](crate::bump)). One of the crate's three rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "asks the system for memory and gives it back; the room's users get owned values"
)]

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::NonNull;

use crate::layout::GRAIN;

/// Bytes at the head of every block that belong to the chunk.
pub(crate) const HEADER: usize = size_of::<Header>();

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

impl Chunk {
    /// Asks the system for a block with `capacity` bytes of room, uninitialised.
    /// `None` if it has none, or if no object may be that large.
    pub(crate) fn allocate(capacity: usize) -> Option<Self> {
        let layout = block_layout(capacity)?;
        // SAFETY: the layout's size is not zero, as it includes the header.
        let block = NonNull::new(unsafe { alloc(layout) })?;
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

    /// The first byte of the room, aligned to 64. The pointer may be used for all the block.
    pub(crate) fn start(&self) -> NonNull<u8> {
        // SAFETY: the block is HEADER + capacity bytes, so its room starts inside or just past it.
        unsafe { self.0.cast::<u8>().add(HEADER) }
    }

    /// Just past the last byte of the room.
    pub(crate) fn end(&self) -> NonNull<u8> {
        // SAFETY: the block is HEADER + capacity bytes, so this is just past it.
        unsafe { self.start().add(self.capacity()) }
    }

    /// Bytes of the room that are given away.
    pub(crate) fn taken(&self) -> usize {
        self.header().taken.get()
    }

    /// Notes that the first `bytes` of the room are given away.
    pub(crate) fn set_taken(&self, bytes: usize) {
        self.header().taken.set(bytes);
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
    Layout::from_size_align(capacity.checked_add(HEADER)?, GRAIN).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_lies_behind_the_header_and_is_writable_to_its_end() {
        for capacity in [0, 1, 64, 4096 - HEADER] {
            let chunk = Chunk::allocate(capacity).expect("a few bytes");
            assert_eq!(chunk.start().addr().get() % GRAIN, 0);
            let len = chunk.end().addr().get() - chunk.start().addr().get();
            assert_eq!(len, capacity);
            // SAFETY: the room is `capacity` bytes long and nobody else uses it.
            unsafe { chunk.start().write_bytes(0x5A, capacity) };
            assert_eq!(chunk.capacity(), capacity, "the header is not overwritten");
        }
    }

    #[test]
    fn a_block_larger_than_any_object_is_refused() {
        assert!(Chunk::allocate(usize::MAX).is_none());
        assert!(Chunk::allocate(isize::MAX as usize).is_none());
    }
}
