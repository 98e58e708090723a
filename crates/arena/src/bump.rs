//! The cursor: how a scope takes bytes from the room it has, and what happens when there is none.
//!
//! ```text
//!  block  ┌─────────────┬───────────────┬─────────────────────────┐
//!         │ outer's     │ inner's       │ room                    │
//!         └─────────────┴───────────────┴─────────────────────────┘
//!                       ^ outer.cursor  ^ inner.cursor            ^ inner.end
//!                       = outer.end while the inner scope is open
//! ```
//!
//! Decided here, and what the unsafe code rests on:
//!
//! - **Each open scope is a [`Frame`] on the stack that owns its cursor.** The store only points
//!   at the innermost frame. A Rayon worker that waits inside a scope and steals a task which
//!   opens its own scope finds that frame and nests in it. Frames are made by [`Store::within`]
//!   only, for the length of a closure, so they close last in, first out.
//! - **An inner frame claims the rest of the outer's room**, by setting the outer's end to its
//!   cursor, and gives it back when it closes. No byte belongs to two frames.
//! - **A frame whose handle is used while another is innermost finds no room** and takes a chunk
//!   of its own on the cold path: a *detached* allocation, which leaves its cursor where it is.
//! - **Memory is given back only when the frame that took it closes**, and allocations borrow
//!   the frame, so no reference outlives its bytes.
//! - **The outermost frame claims from the root**, the room of the one retained block. When a
//!   frame needed more than that, it closes *untidily*: chunks are given back but for one spare,
//!   and after the outermost frame only a block that fits the high-water mark stays.
//!
//! Deliberately elsewhere: sizes ([`layout`]), blocks ([`chunk`](crate::chunk)), types
//! ([`slice`](crate::slice)), which thread ([`thread`](crate::thread)). One of the crate's three
//! rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "moves a pointer through a block and makes slices of what it passed"
)]

use std::cell::Cell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::num::NonZero;
use std::ptr::{self, NonNull};
use std::slice;

use crate::chunk::{Chunk, HEADER};
use crate::error::AllocError;
use crate::layout::{self, GRAIN, Growth, MIN_BLOCK, PAGE};
use crate::stats::ThreadStats;

/// What debug builds write over scratch that is given back.
const POISON: u8 = 0xA5;

/// Free bytes of one block, `cursor <= end`, both in or just past it and multiples of the grain
/// apart. Nobody else uses the bytes between them.
struct Room {
    cursor: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
    /// The address at which the cursor would stand had all bytes in use come from this block:
    /// `cursor - origin` is the bytes in use, without a counter on the fast path.
    origin: Cell<usize>,
}

impl Room {
    const fn empty() -> Self {
        const GRAIN_ADDR: NonZero<usize> = NonZero::new(GRAIN).expect("64");
        let nowhere = NonNull::without_provenance(GRAIN_ADDR);
        Self {
            cursor: Cell::new(nowhere),
            end: Cell::new(nowhere),
            origin: Cell::new(GRAIN),
        }
    }

    #[inline(always)]
    fn left(&self) -> usize {
        self.end.get().addr().get() - self.cursor.get().addr().get()
    }

    #[inline(always)]
    fn bytes_in_use(&self) -> usize {
        self.cursor
            .get()
            .addr()
            .get()
            .wrapping_sub(self.origin.get())
    }

    /// Takes `bytes`, a multiple of the grain, if there are so many.
    #[inline(always)]
    fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
        if bytes > self.left() {
            return None;
        }
        let at = self.cursor.get();
        // SAFETY: `bytes` is at most the distance to `end`, which is in or just past the block.
        self.cursor.set(unsafe { at.add(bytes) });
        Some(at)
    }

    /// A room over all that is left of this one, and nothing left here.
    #[inline(always)]
    fn claim(&self) -> Self {
        let (cursor, end) = (self.cursor.get(), self.end.get());
        self.end.set(cursor);
        Self {
            cursor: Cell::new(cursor),
            end: Cell::new(end),
            origin: Cell::new(self.origin.get()),
        }
    }

    /// Moves on to a fresh chunk; the bytes in use stay as many.
    fn move_to(&self, chunk: &Chunk) {
        let in_use = self.bytes_in_use();
        let start = chunk.start();
        self.origin.set(start.addr().get().wrapping_sub(in_use));
        self.cursor.set(start);
        self.end.set(chunk.end());
    }
}

/// The memory behind a stack of scopes: the retained block, a spare one, and the innermost frame.
///
/// It has no destructor, so that it can be a thread-local that is never torn down; its owner
/// calls [`release`](Self::release).
pub(crate) struct Store {
    /// The open frame that no other is nested in, or null.
    innermost: Cell<*const Frame<'static>>,
    /// The room of `base`: what an outermost frame claims.
    root: Room,
    /// The block kept between outermost scopes.
    base: ManuallyDrop<Cell<Option<Chunk>>>,
    /// One chunk of a closed inner frame, kept until the outermost closes, because an inner
    /// scope in a loop would ask the system for it again and again.
    spare: ManuallyDrop<Cell<Option<Chunk>>>,
    high_water_bytes: Cell<usize>,
    chunks: Cell<usize>,
    chunk_bytes: Cell<usize>,
    system_allocations: Cell<u64>,
    detached_allocations: Cell<u64>,
    /// Asked before a block is retained: will someone release this store?
    may_retain: fn() -> bool,
}

/// An open scope: the room it takes from and the chunks it had to add. Lives on the stack of
/// [`Store::within`] and is reached by reference only.
pub(crate) struct Frame<'a> {
    room: Room,
    store: &'a Store,
    /// The frame that was innermost before this one, or null.
    outer: *const Frame<'static>,
    /// Chunks that this frame asked for, the newest first.
    chunks: ManuallyDrop<Cell<Option<Chunk>>>,
    /// Whether closing takes more than giving the room back.
    untidy: Cell<bool>,
}

/// Closes the frame when the closure of [`Store::within`] returns or panics.
struct Open<'a> {
    frame: &'a Frame<'a>,
    /// The room that the frame claimed, to be given back.
    parent: &'a Room,
    claimed_end: NonNull<u8>,
}

impl Store {
    pub(crate) const fn new(may_retain: fn() -> bool) -> Self {
        Self {
            innermost: Cell::new(ptr::null()),
            root: Room::empty(),
            base: ManuallyDrop::new(Cell::new(None)),
            spare: ManuallyDrop::new(Cell::new(None)),
            high_water_bytes: Cell::new(0),
            chunks: Cell::new(0),
            chunk_bytes: Cell::new(0),
            system_allocations: Cell::new(0),
            detached_allocations: Cell::new(0),
            may_retain,
        }
    }

    /// Opens a frame inside the innermost one, runs `f` on it, closes it.
    #[inline(always)]
    pub(crate) fn within<R>(&self, f: impl for<'f> FnOnce(&'f Frame<'f>) -> R) -> R {
        let outer = self.innermost.get();
        let parent = match outer.is_null() {
            true => &self.root,
            // SAFETY: `innermost` is null or a frame whose `within` has not returned, since
            // closing resets it. That call is further down this thread's stack (a store is not
            // Sync), so the frame outlives this call; it is only ever borrowed shared.
            false => unsafe { &(*outer).room },
        };
        let claimed_end = parent.end.get();
        let frame = Frame {
            room: parent.claim(),
            store: self,
            outer,
            chunks: ManuallyDrop::new(Cell::new(None)),
            untidy: Cell::new(false),
        };
        self.innermost.set((&raw const frame).cast());
        let open = Open {
            frame: &frame,
            parent,
            claimed_end,
        };
        f(open.frame)
    }

    /// Gives all memory back, unless a scope is open. One may be: `exit` called inside a scope
    /// runs the destructors of thread-locals while other threads may still read its scratch.
    pub(crate) fn release(&self) {
        if !self.innermost.get().is_null() {
            return;
        }
        let base = self.base.take();
        self.set_root(None);
        for chunk in [base, self.spare.take()].into_iter().flatten() {
            self.free(chunk);
        }
    }

    pub(crate) fn stats(&self) -> ThreadStats {
        let innermost = self.innermost.get();
        let bytes_in_use = match innermost.is_null() {
            true => 0,
            // SAFETY: as in `within`: an open frame further down this thread's stack.
            false => unsafe { &(*innermost).room }.bytes_in_use(),
        };
        ThreadStats {
            bytes_in_use,
            high_water_bytes: self.high_water_bytes.get().max(bytes_in_use),
            chunks: self.chunks.get(),
            chunk_bytes: self.chunk_bytes.get(),
            system_allocations: self.system_allocations.get(),
            detached_allocations: self.detached_allocations.get(),
        }
    }

    #[inline(always)]
    fn note_in_use(&self, bytes: usize) {
        if bytes > self.high_water_bytes.get() {
            self.high_water_bytes.set(bytes);
        }
    }

    /// A chunk with `needed` bytes of room: the spare one if it fits, else one from the system,
    /// which is asked for `wished` bytes first.
    fn acquire(&self, needed: usize, wished: usize) -> Option<Chunk> {
        if let Some(spare) = self.spare.take() {
            if spare.capacity() >= needed {
                spare.set_taken(spare.capacity());
                return Some(spare);
            }
            self.spare.set(Some(spare));
        }
        let growth = |wished| Growth {
            needed,
            wished,
            header: HEADER,
            min_block: MIN_BLOCK,
            page: PAGE,
        };
        let generous = layout::next_capacity(growth(wished));
        let chunk = Chunk::allocate(generous).or_else(|| match generous > needed {
            true => Chunk::allocate(needed),
            false => None,
        })?;
        self.chunks.set(self.chunks.get() + 1);
        self.chunk_bytes
            .set(self.chunk_bytes.get() + chunk.capacity());
        self.system_allocations
            .set(self.system_allocations.get() + 1);
        Some(chunk)
    }

    fn free(&self, chunk: Chunk) {
        self.chunks.set(self.chunks.get() - 1);
        self.chunk_bytes
            .set(self.chunk_bytes.get() - chunk.capacity());
        drop(chunk);
    }

    /// Keeps the larger of the spare chunk and this one; nobody uses either.
    fn keep_spare(&self, chunk: Chunk) {
        if cfg!(debug_assertions) {
            // SAFETY: the room is `capacity` bytes, and the frame that gave it away is closed.
            unsafe { poison(chunk.start(), chunk.capacity()) };
        }
        match self.spare.take() {
            Some(spare) if spare.capacity() >= chunk.capacity() => {
                self.spare.set(Some(spare));
                self.free(chunk);
            }
            spare => {
                self.spare.set(Some(chunk));
                if let Some(smaller) = spare {
                    self.free(smaller);
                }
            }
        }
    }

    /// No frame is open and there is more than the retained block: of it and the spare one keeps
    /// the smallest that fits the high-water mark. If none does, the next scope to need memory
    /// asks for a block that does. Either way the state that follows is one block.
    fn settle(&self) {
        let may_retain = (self.may_retain)();
        let (base, spare) = (self.base.take(), self.spare.take());
        let mut keep: Option<Chunk> = None;
        for chunk in [base, spare].into_iter().flatten() {
            let fits = may_retain && chunk.capacity() >= self.high_water_bytes.get();
            let better = keep
                .as_ref()
                .is_none_or(|kept| chunk.capacity() < kept.capacity());
            let loser = match fits && better {
                true => keep.replace(chunk),
                false => Some(chunk),
            };
            if let Some(loser) = loser {
                self.free(loser);
            }
        }
        self.set_root(keep);
    }

    fn set_root(&self, base: Option<Chunk>) {
        let (start, end) = match &base {
            Some(chunk) => (chunk.start(), chunk.end()),
            None => {
                let empty = Room::empty();
                (empty.cursor.get(), empty.end.get())
            }
        };
        self.root.cursor.set(start);
        self.root.end.set(end);
        self.root.origin.set(start.addr().get());
        self.base.set(base);
    }
}

impl Frame<'_> {
    /// `len` elements of scratch, aligned to the grain or to `T`, whichever is more. They stay
    /// untouched by everyone else as long as the frame is borrowed, which is until it closes.
    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "each call gives away other bytes, as an allocator does"
    )]
    pub(crate) fn take<T: Copy>(&self, len: usize) -> Result<&mut [MaybeUninit<T>], AllocError> {
        let Some(bytes) = layout::charge(len, size_of::<T>(), align_of::<T>(), GRAIN) else {
            return Err(too_large(len, size_of::<T>()));
        };
        let at = match self.room.take(bytes) {
            Some(at) => at,
            None => self.take_cold(bytes)?,
        };
        let first = match align_of::<T>() <= GRAIN {
            true => at,
            // A slice without bytes was charged none, so there is no slack to align it in.
            false if bytes == 0 => NonNull::<T>::dangling().cast(),
            false => {
                let padding = layout::padding(at.addr().get(), align_of::<T>());
                // SAFETY: `at` is a multiple of the grain, so the padding is at most the slack
                // of `align - grain` bytes that the charge includes.
                unsafe { at.add(padding) }
            }
        };
        // SAFETY: `first` is aligned for T. Behind it lie the `len * size_of::<T>()` bytes just
        // charged for, at most isize::MAX, in one block; their cursor has passed them and goes
        // back when this frame closes, after the borrow of `self` that the slice inherits, so
        // nobody else uses them until then. `MaybeUninit` needs no particular contents.
        Ok(unsafe { slice::from_raw_parts_mut(first.cast().as_ptr(), len) })
    }

    #[cold]
    #[inline(never)]
    fn take_cold(&self, bytes: usize) -> Result<NonNull<u8>, AllocError> {
        let at = match ptr::eq(self.store.innermost.get(), ptr::from_ref(self).cast()) {
            true => self.take_grown(bytes),
            false => self.take_detached(bytes),
        };
        at.ok_or(AllocError::OutOfMemory {
            needed_bytes: bytes,
        })
    }

    /// This frame is innermost and its block is full: goes on in another.
    fn take_grown(&self, bytes: usize) -> Option<NonNull<u8>> {
        let store = self.store;
        let wished = match store.chunk_bytes.get() {
            0 => store.high_water_bytes.get(),
            held => held,
        };
        let chunk = store.acquire(bytes, wished)?;
        self.room.move_to(&chunk);
        self.own(chunk);
        self.room.take(bytes)
    }

    /// Another frame holds the rest of this one's room: takes from a chunk beside it.
    fn take_detached(&self, bytes: usize) -> Option<NonNull<u8>> {
        let chunk = match self.chunks.take() {
            Some(newest) if newest.capacity() - newest.taken() >= bytes => newest,
            chunks => {
                self.chunks.set(chunks);
                let fresh = self.store.acquire(bytes, 0)?;
                fresh.set_taken(0);
                fresh.followed_by(self.chunks.take())
            }
        };
        let taken = chunk.taken();
        chunk.set_taken(taken + bytes);
        // SAFETY: `taken + bytes` is at most the capacity, by the match above.
        let at = unsafe { chunk.start().add(taken) };
        self.chunks.set(Some(chunk));
        self.untidy.set(true);
        let detached = &self.store.detached_allocations;
        detached.set(detached.get() + 1);
        self.count_below_inner_frames(bytes);
        Some(at)
    }

    /// Adds to the bytes in use of this frame and of all that are nested in it.
    fn count_below_inner_frames(&self, bytes: usize) {
        let mut frame = self.store.innermost.get();
        loop {
            // SAFETY: as in `within`, every frame of the chain from the innermost outwards is
            // open; the chain reaches this frame, which is one of them, before it ends in null.
            let open = unsafe { &*frame };
            let origin = &open.room.origin;
            origin.set(origin.get().wrapping_sub(bytes));
            if ptr::eq(frame, ptr::from_ref(self).cast()) {
                return;
            }
            frame = open.outer;
        }
    }

    fn own(&self, chunk: Chunk) {
        self.chunks.set(Some(chunk.followed_by(self.chunks.take())));
        self.untidy.set(true);
    }

    #[cold]
    #[inline(never)]
    fn close_untidily(&self) {
        let mut chunks = self.chunks.take();
        while let Some(chunk) = chunks {
            chunks = chunk.split_rest();
            self.store.keep_spare(chunk);
        }
        if self.outer.is_null() {
            self.store.settle();
        } else {
            // SAFETY: as in `within`: this frame is closed, the next one out is still open.
            unsafe { &(*self.outer).untidy }.set(true);
        }
    }
}

impl Drop for Open<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let (frame, store) = (self.frame, self.frame.store);
        if !ptr::eq(store.innermost.get(), ptr::from_ref(frame).cast()) {
            closed_out_of_order();
        }
        store.note_in_use(frame.room.bytes_in_use());
        if cfg!(debug_assertions) {
            let start = self.parent.cursor.get();
            // A frame that moved on to another chunk left no note of how far it had come here.
            let moved = frame.room.end.get() != self.claimed_end;
            let used_end = if moved {
                self.claimed_end
            } else {
                frame.room.cursor.get()
            };
            let len = used_end.addr().get() - start.addr().get();
            // SAFETY: these bytes are the frame's part of the room it claimed, and the frame is
            // closed: every borrow of it has ended.
            unsafe { poison(start, len) };
        }
        self.parent.end.set(self.claimed_end);
        store.innermost.set(frame.outer);
        if frame.untidy.get() {
            frame.close_untidily();
        }
    }
}

/// Marks scratch as given back: with a pattern, and under Miri as uninitialised, so that reading
/// it as if it were not is reported.
///
/// # Safety
/// The `len` bytes from `start`, a multiple of the grain, are valid for writes and in nobody's
/// use.
unsafe fn poison(start: NonNull<u8>, len: usize) {
    if cfg!(miri) {
        // In grains, of which every room is made; byte by byte takes Miri minutes.
        for offset in (0..len).step_by(GRAIN) {
            // SAFETY: inside the bytes that the caller vouches for.
            let grain = unsafe { start.add(offset) }.cast::<MaybeUninit<[u8; GRAIN]>>();
            // SAFETY: as above, and an array of bytes is always aligned.
            unsafe { grain.write(MaybeUninit::uninit()) };
        }
    } else {
        // SAFETY: exactly what the caller vouches for.
        unsafe { start.write_bytes(POISON, len) };
    }
}

#[cold]
#[inline(never)]
fn too_large(len: usize, element_bytes: usize) -> AllocError {
    AllocError::TooLarge { len, element_bytes }
}

/// Safe code cannot come here: scopes are closures, and a stack unwinds from its top. Something
/// that switches stacks inside a scope could, and going on would hand out memory in use.
#[cold]
#[inline(never)]
fn closed_out_of_order() -> ! {
    eprintln!("arena: scopes closed out of order (was the stack switched inside one?)");
    std::process::abort();
}
