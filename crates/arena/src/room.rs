//! The cursor: free bytes of one block, and how they are taken, lent and given back.
//!
//! ```text
//!  block  ┌─────────────┬───────────────┬─────────────────────────┐
//!         │ outer's     │ inner's       │ free                    │
//!         └─────────────┴───────────────┴─────────────────────────┘
//!                       ^ outer.cursor  ^ inner.cursor            ^ inner.end
//!                       = outer.end while the inner room is open
//! ```
//!
//! Decided here: that a pointer only ever moves between the two ends of its block. Deliberately
//! elsewhere: who may take when ([`bump`](crate::bump)) and how much
//! ([`layout`](crate::layout)). One of the crate's rooms with unsafe code.

#![expect(unsafe_code, reason = "moves a pointer through a block")]

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::num::NonZero;
use std::ptr::NonNull;

use crate::layout::GRAIN;

/// What debug builds write over scratch that is given back.
const POISON: u8 = 0xA5;

/// Two places in one block, the first not behind the second, multiples of the grain apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: NonNull<u8>,
    pub(crate) end: NonNull<u8>,
}

impl Span {
    /// A span of no bytes, in no block.
    pub(crate) const fn empty() -> Self {
        const GRAIN_ADDR: NonZero<usize> = NonZero::new(GRAIN).expect("64");
        let nowhere = NonNull::without_provenance(GRAIN_ADDR);
        Self {
            start: nowhere,
            end: nowhere,
        }
    }

    #[inline(always)]
    pub(crate) fn bytes(self) -> usize {
        self.end.addr().get() - self.start.addr().get()
    }

    /// Marks scratch as given back: with a pattern, and under Miri as uninitialised, so that
    /// reading it as if it were not is reported.
    ///
    /// # Safety
    /// The bytes are valid for writes and in nobody's use.
    pub(crate) unsafe fn poison(self) {
        if cfg!(miri) {
            // In grains, of which every room is made; byte by byte takes Miri minutes.
            for offset in (0..self.bytes()).step_by(GRAIN) {
                // SAFETY: inside the bytes that the caller vouches for.
                let grain = unsafe { self.start.add(offset) }.cast::<MaybeUninit<[u8; GRAIN]>>();
                // SAFETY: as above, and an array of bytes is always aligned.
                unsafe { grain.write(MaybeUninit::uninit()) };
            }
        } else {
            // SAFETY: exactly what the caller vouches for.
            unsafe { self.start.write_bytes(POISON, self.bytes()) };
        }
    }
}

/// The free bytes of a block, from the cursor to the end. Nobody else uses them.
pub(crate) struct Room {
    cursor: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
    /// The address at which the cursor would stand at first had all bytes taken come from this
    /// block: `cursor - origin` is the bytes taken, without a counter on the fast path.
    origin: Cell<usize>,
}

// SAFETY: a room is the sole user of its bytes, and what it points at belongs to no thread: the
// owner of the block, which moves along with it, frees it wherever it is.
unsafe impl Send for Room {}

impl Room {
    pub(crate) const fn empty() -> Self {
        let Span { start, end } = Span::empty();
        Self {
            cursor: Cell::new(start),
            end: Cell::new(end),
            origin: Cell::new(GRAIN),
        }
    }

    /// A room over `free`, with nothing taken.
    #[inline(always)]
    pub(crate) fn over(free: Span) -> Self {
        Self {
            cursor: Cell::new(free.start),
            end: Cell::new(free.end),
            origin: Cell::new(free.start.addr().get()),
        }
    }

    /// Becomes a room over `free`, with nothing taken.
    #[inline(always)]
    pub(crate) fn restart(&self, free: Span) {
        self.cursor.set(free.start);
        self.end.set(free.end);
        self.origin.set(free.start.addr().get());
    }

    /// Goes on in another block; what was taken stays counted.
    pub(crate) fn move_to(&self, free: Span) {
        let taken = self.taken();
        self.restart(free);
        self.origin.set(free.start.addr().get().wrapping_sub(taken));
    }

    #[inline(always)]
    pub(crate) fn free(&self) -> Span {
        Span {
            start: self.cursor.get(),
            end: self.end.get(),
        }
    }

    /// Bytes that were taken and not put back.
    #[inline(always)]
    pub(crate) fn taken(&self) -> usize {
        let cursor = self.cursor.get().addr().get();
        cursor.wrapping_sub(self.origin.get())
    }

    /// Takes `bytes`, a multiple of the grain, if there are so many.
    #[inline(always)]
    pub(crate) fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
        if bytes > self.free().bytes() {
            return None;
        }
        let at = self.cursor.get();
        // SAFETY: `bytes` is at most the distance to `end`, which is in or just past the block.
        self.cursor.set(unsafe { at.add(bytes) });
        Some(at)
    }

    /// Whether the `bytes` at `at`, taken from this room and in use, were the last taken.
    #[cfg(feature = "allocator-api2")]
    pub(crate) fn is_last(&self, at: NonNull<u8>, bytes: usize) -> bool {
        at.addr().get().wrapping_add(bytes) == self.cursor.get().addr().get()
    }

    /// Puts the last `bytes` back.
    ///
    /// # Safety
    /// They were taken together from this room, last, and are in nobody's use.
    #[cfg(feature = "allocator-api2")]
    pub(crate) unsafe fn put_back(&self, bytes: usize) {
        // SAFETY: so the cursor passed them, in its block.
        self.cursor.set(unsafe { self.cursor.get().sub(bytes) });
    }

    /// Lends all that is free: nothing is left here until [`end_at`](Self::end_at).
    #[inline(always)]
    pub(crate) fn lend(&self) -> Span {
        let free = self.free();
        self.end.set(free.start);
        free
    }

    /// Takes back what was lent.
    ///
    /// # Safety
    /// `end` is that of the span lent last, this room is in the same block as then, and the
    /// borrower is gone.
    #[inline(always)]
    pub(crate) unsafe fn end_at(&self, end: NonNull<u8>) {
        self.end.set(end);
    }
}
