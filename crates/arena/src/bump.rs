//! The frame: what one open scope takes its scratch from, and what happens when its room is used
//! up.
//!
//! Decided here, and what the unsafe code rests on:
//!
//! - **Each frame owns its cursor.** A frame opened within another borrows the rest of the
//!   other's room ([`Frame::open`], [`Loan`]) and gives it back when it closes. No byte belongs to
//!   two frames.
//! - **A frame whose room is lent** takes from a chunk of its own, beside its room: a *detached*
//!   allocation, which leaves its cursor where it is. Lending a second time lends nothing. So
//!   frames may close in any order, or be forgotten, and no room is ever given away twice.
//! - **Memory is given back only when the frame that took it closes** or is rewound, and
//!   allocations borrow the frame, so no reference outlives its bytes.
//! - **The root frame** has the room of the retained block. When its room is all its own and
//!   unused, the store may exchange that block ([`Frame::settle`]).
//!
//! Deliberately elsewhere: sizes ([`layout`]), pointers ([`room`](crate::room)), blocks
//! ([`store`](crate::store)), types ([`slice`](crate::slice)), which frame is opened within which
//! ([`nest`](crate::nest), [`owned`](crate::owned)). One of the crate's rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "makes slices of bytes that the cursor passed, and says when they are nobody's"
)]

use std::cell::Cell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::num::NonZero;
use std::ptr::NonNull;
use std::slice;

use crate::chunk::Chunk;
use crate::error::AllocError;
#[cfg(feature = "isolated")]
use crate::isolated::Isolated;
use crate::layout::{self, GRAIN, GRID};
use crate::room::{Room, Span};
use crate::store::Store;

/// An open scope, or the root of an arena. It has no destructor: its owner closes it.
pub(crate) struct Frame {
    room: Room,
    is_root: bool,
    /// Whether a frame within this one has borrowed the rest of the room.
    lent: Cell<bool>,
    /// Whether this frame, or one that was open within it, needed more than its room.
    untidy: Cell<bool>,
    /// Chunks that this frame asked for, the newest first.
    chunks: ManuallyDrop<Cell<Option<Chunk>>>,
    detached_bytes: Cell<usize>,
    /// How many of the bytes taken from the room the store has been told of.
    counted: Cell<usize>,
    #[cfg(feature = "isolated")]
    isolated: ManuallyDrop<Isolated>,
}

/// What a frame borrowed from the one it was opened within.
pub(crate) struct Loan {
    room: Span,
    /// Whether the room was there to be lent.
    granted: bool,
}

impl Frame {
    /// The root of an arena: no room yet.
    pub(crate) const fn root() -> Self {
        Self::new(Room::empty(), true)
    }

    #[inline(always)]
    const fn new(room: Room, is_root: bool) -> Self {
        Self {
            room,
            is_root,
            lent: Cell::new(false),
            untidy: Cell::new(false),
            chunks: ManuallyDrop::new(Cell::new(None)),
            detached_bytes: Cell::new(0),
            counted: Cell::new(0),
            #[cfg(feature = "isolated")]
            isolated: ManuallyDrop::new(Isolated::new()),
        }
    }

    /// Opens a frame within `parent`, which must outlive it.
    #[inline(always)]
    pub(crate) fn open(parent: &Self, store: &Store) -> (Self, Loan) {
        parent.count(store);
        let granted = !parent.lent.replace(true);
        let room = match granted {
            true => parent.room.lend(),
            false => Span::empty(),
        };
        (Self::new(Room::over(room), false), Loan { room, granted })
    }

    /// Tells the store how many bytes are in use here.
    #[inline(always)]
    pub(crate) fn count(&self, store: &Store) {
        let taken = self.room.taken();
        store.recount(self.counted.replace(taken), taken);
    }

    /// `len` elements of scratch, aligned to `align`, a power of two that is at least the grain
    /// and the alignment of `T`. They stay untouched by everyone else as long as the frame is
    /// borrowed, which is until it closes or is rewound.
    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "each call gives away other bytes, as an allocator does"
    )]
    pub(crate) fn take<T: Copy>(
        &self,
        store: &Store,
        len: usize,
        align: usize,
    ) -> Result<&mut [MaybeUninit<T>], AllocError> {
        debug_assert!(align.is_power_of_two() && align >= GRAIN.max(align_of::<T>()));
        let Some(charge) = layout::charge(len, size_of::<T>(), align, GRID) else {
            return Err(too_large(len, size_of::<T>()));
        };
        // Nothing is charged, and nowhere is aligned as well as anywhere.
        let first = match charge == 0 {
            true => dangling(align),
            false => self.take_bytes(store, charge, len * size_of::<T>(), align)?,
        };
        // SAFETY: `first` is aligned for T. Behind it lie `len * size_of::<T>()` bytes, at most
        // isize::MAX, in one block; their cursor has passed them and goes back when this frame
        // closes or is rewound, after the borrow of `self` that the slice inherits, so nobody
        // else uses them until then. `MaybeUninit` needs no particular contents.
        Ok(unsafe { slice::from_raw_parts_mut(first.cast().as_ptr(), len) })
    }

    /// `bytes` of scratch aligned to `align`, for which `charge`, not zero, was computed.
    #[inline(always)]
    pub(crate) fn take_bytes(
        &self,
        store: &Store,
        charge: usize,
        bytes: usize,
        align: usize,
    ) -> Result<NonNull<u8>, AllocError> {
        let isolated = self.isolate(bytes, align)?;
        let at = match self.room.take(charge) {
            Some(at) => at,
            None => self.take_cold(store, charge)?,
        };
        if let Some(elsewhere) = isolated {
            return Ok(elsewhere);
        }
        if align <= GRAIN {
            return Ok(at);
        }
        let padding = layout::padding(at.addr().get(), align);
        debug_assert!(padding + bytes <= charge);
        // SAFETY: `at` is a multiple of the grain, so the padding is at most the slack of
        // `align - grain` bytes that the charge includes.
        Ok(unsafe { at.add(padding) })
    }

    /// A block of its own for these bytes, if allocations are isolated.
    #[cfg(feature = "isolated")]
    fn isolate(&self, bytes: usize, align: usize) -> Result<Option<NonNull<u8>>, AllocError> {
        let needed_bytes = bytes;
        let layout = std::alloc::Layout::from_size_align(bytes, align).ok();
        let block = layout.and_then(|layout| self.isolated.allocate(layout));
        block
            .map(Some)
            .ok_or(AllocError::OutOfMemory { needed_bytes })
    }

    #[cfg(not(feature = "isolated"))]
    #[inline(always)]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "its twin, with the feature, does something"
    )]
    fn isolate(&self, _bytes: usize, _align: usize) -> Result<Option<NonNull<u8>>, AllocError> {
        Ok(None)
    }

    #[cold]
    #[inline(never)]
    fn take_cold(&self, store: &Store, charge: usize) -> Result<NonNull<u8>, AllocError> {
        match self.lent.get() {
            false => self.take_grown(store, charge),
            true => self.take_detached(store, charge),
        }
    }

    /// The room is all this frame's own and full: goes on in another block.
    fn take_grown(&self, store: &Store, charge: usize) -> Result<NonNull<u8>, AllocError> {
        let chunk = store.acquire(charge)?;
        self.room.move_to(chunk.room());
        self.own(chunk);
        let needed_bytes = charge;
        let at = self.room.take(charge);
        self.count(store);
        at.ok_or(AllocError::OutOfMemory { needed_bytes })
    }

    /// A frame within holds the rest of the room: takes from a chunk beside it.
    fn take_detached(&self, store: &Store, charge: usize) -> Result<NonNull<u8>, AllocError> {
        let newest = self.chunks.take();
        let beside = newest.as_ref().and_then(|chunk| chunk.take(charge));
        self.chunks.set(newest);
        let at = match beside {
            Some(at) => at,
            None => {
                let fresh = store.acquire_small(charge)?;
                fresh.set_full(false);
                let at = fresh.take(charge);
                self.own(fresh);
                let needed_bytes = charge;
                at.ok_or(AllocError::OutOfMemory { needed_bytes })?
            }
        };
        self.detached_bytes.set(self.detached_bytes.get() + charge);
        store.recount(0, charge);
        store.count_detached();
        Ok(at)
    }

    /// Puts back the allocation at `at`, for which `charge` was taken with `align`, if it was the
    /// last and lies in the room; else its bytes come back with the frame.
    ///
    /// # Safety
    /// This frame handed it out, by [`take_bytes`](Self::take_bytes) with these figures, and
    /// nobody uses it.
    #[cfg(feature = "allocator-api2")]
    pub(crate) unsafe fn put_back(
        &self,
        store: &Store,
        at: NonNull<u8>,
        charge: usize,
        align: usize,
    ) {
        #[cfg(feature = "isolated")]
        // SAFETY: the caller's promise.
        unsafe {
            self.isolated.free(at);
        }
        if charge == 0 || !self.is_last(at, charge, align) {
            return;
        }
        if cfg!(debug_assertions) {
            let end = self.room.free().start;
            let used = Span { start: at, end };
            // SAFETY: these are the bytes charged for it, and the caller vouches for them.
            unsafe { used.poison() };
        }
        // Before, as it may be the most that was in use.
        self.count(store);
        // SAFETY: it was the last, and the caller vouches that nobody uses it.
        unsafe { self.room.put_back(charge) };
    }

    /// Makes the allocation at `at` larger where it lies, if it was the last and there is room:
    /// for `from` bytes charged now `to` are.
    ///
    /// # Safety
    /// This frame handed it out, by [`take_bytes`](Self::take_bytes) with `from` and `align`, and
    /// it is in use.
    #[cfg(feature = "allocator-api2")]
    pub(crate) unsafe fn extend(
        &self,
        at: NonNull<u8>,
        from: usize,
        to: usize,
        align: usize,
    ) -> Option<NonNull<u8>> {
        if from == 0 || to < from || !self.is_last(at, from, align) {
            return None;
        }
        let added = self.room.take(to - from)?;
        // SAFETY: the allocation ends where the added bytes begin, `from` bytes from its start.
        Some(unsafe { added.sub(from) })
    }

    /// Whether the cursor stands right behind the allocation at `at`, of this frame and in use.
    /// Not with more than the ordinary alignment (its padding is not known any more), nor while
    /// the room is lent: the cursor must stand still then. In isolation the allocation lies
    /// elsewhere.
    #[cfg(feature = "allocator-api2")]
    fn is_last(&self, at: NonNull<u8>, charge: usize, align: usize) -> bool {
        cfg!(not(feature = "isolated"))
            && align == GRAIN
            && !self.lent.get()
            && self.room.is_last(at, charge)
    }

    fn own(&self, chunk: Chunk) {
        self.chunks.set(Some(chunk.followed_by(self.chunks.take())));
        self.untidy.set(true);
    }

    /// Ends this frame, opened within `parent` with `loan`.
    ///
    /// # Safety
    /// Nobody uses what it handed out, nor a frame within it, now or later; and this is the one
    /// call for that loan.
    #[inline(always)]
    pub(crate) unsafe fn close(&self, store: &Store, parent: &Self, loan: &Loan) {
        // SAFETY: the caller's promise, and the loan's room is what this frame began with.
        unsafe { self.give_up(store, loan.room) };
        if loan.granted {
            // SAFETY: while its room is lent, the parent neither moves to another block nor lends
            // again, so this was lent last, and the borrower is this frame.
            unsafe { parent.room.end_at(loan.room.end) };
            parent.lent.set(false);
        }
        if self.untidy.get() {
            parent.untidy.set(true);
        }
        if parent.is_root {
            parent.settle_at_times(store);
        }
    }

    /// Takes back all that this frame handed out; it stays open. It was opened with `loan`.
    ///
    /// # Safety
    /// Nobody uses what it handed out, nor a frame within it, now or later.
    pub(crate) unsafe fn rewind(&self, store: &Store, loan: &Loan) {
        // SAFETY: the caller's promise.
        unsafe { self.give_up(store, loan.room) };
        self.lent.set(false);
        self.room.restart(loan.room);
    }

    /// Takes back all that the root frame handed out.
    ///
    /// # Safety
    /// Nobody uses what it handed out, nor a frame within it, now or later.
    pub(crate) unsafe fn reset(&self, store: &Store) {
        let base = store.base_room();
        // SAFETY: the caller's promise; the base's room is what a root frame begins with.
        unsafe { self.give_up(store, base) };
        store.uncount_all();
        self.lent.set(false);
        self.room.restart(base);
        self.settle_at_times(store);
    }

    /// Gives everything back that this frame took since it began with the room `began`.
    ///
    /// # Safety
    /// As for [`rewind`](Self::rewind), and `began` is that room.
    #[inline(always)]
    unsafe fn give_up(&self, store: &Store, began: Span) {
        if cfg!(debug_assertions) {
            // A frame that went on in another block left no note of how far it had come here.
            let free = self.room.free();
            let moved = free.end != began.end;
            let end = if moved { began.end } else { free.start };
            let used = Span { end, ..began };
            // SAFETY: the bytes are this frame's, and the caller vouches that nobody uses them.
            unsafe { used.poison() };
        }
        #[cfg(feature = "isolated")]
        // SAFETY: the caller vouches that nobody uses what was handed out.
        unsafe {
            self.isolated.free_all();
        }
        store.uncount(self.counted.take(), self.room.taken());
        if self.untidy.get() {
            // SAFETY: the caller's promise.
            unsafe { self.give_up_chunks(store) };
        }
    }

    /// # Safety
    /// As for [`rewind`](Self::rewind).
    #[cold]
    #[inline(never)]
    unsafe fn give_up_chunks(&self, store: &Store) {
        let detached = self.detached_bytes.take();
        store.uncount(detached, detached);
        let mut chunks = self.chunks.take();
        while let Some(chunk) = chunks {
            chunks = chunk.split_rest();
            if cfg!(debug_assertions) {
                // SAFETY: the chunk was this frame's, and the caller vouches that nobody uses
                // what came from it.
                unsafe { chunk.poison() };
            }
            store.take_back(chunk);
        }
    }

    /// A frame within this root was closed, or all of it taken back: lets the store settle on one
    /// block if there are more, or look at its size when it is time for that.
    #[inline(always)]
    fn settle_at_times(&self, store: &Store) {
        if store.count_outermost() | self.untidy.get() {
            self.settle(store);
        }
    }

    #[cold]
    #[inline(never)]
    fn settle(&self, store: &Store) {
        if self.lent.get() || self.room.taken() != 0 {
            return;
        }
        store.settle();
        self.room.restart(store.base_room());
        self.untidy.set(false);
    }

    /// Gives the root's block back, and the spare one, if they are not in use. How many bytes
    /// those were.
    pub(crate) fn trim(&self, store: &Store) -> usize {
        if self.lent.get() || self.room.taken() != 0 {
            return store.trim_spare();
        }
        let bytes = store.trim();
        self.room.restart(store.base_room());
        bytes
    }
}

/// An address for slices without bytes.
#[inline(always)]
pub(crate) fn dangling(align: usize) -> NonNull<u8> {
    NonNull::without_provenance(NonZero::new(align).unwrap_or(NonZero::<usize>::MIN))
}

#[cold]
#[inline(never)]
fn too_large(len: usize, element_bytes: usize) -> AllocError {
    AllocError::TooLarge { len, element_bytes }
}
