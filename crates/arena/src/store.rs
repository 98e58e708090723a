//! The blocks of one arena: when one is asked of the system, which is kept, when it is given back.
//!
//! Decided here:
//! - **Growth.** A block is as large as all that is held already, so memory doubles; the first
//!   one as large as what was ever needed. Beyond a limit, or if the system has none so large, it
//!   is exactly as large as needed.
//! - **Retention.** When nothing is in use, one block stays that fits the most that was ever in
//!   use (the *base*), so that in steady state the system is not asked again. None stays that is
//!   more than four times as large: requests that are detached make memory double for little. It
//!   shrinks by half when a whole window of outermost scopes used less than a quarter of it.
//! - **One spare block** stays while scopes are open, or inner scopes in a loop would ask the
//!   system in each turn.
//! - **Figures**, for the seat of this arena. Requests count nothing: a frame knows its bytes by
//!   its cursor, and tells them when it lends its room, takes a block, closes, or is asked. (With
//!   a count per request sixteen slices took 16 ns, and 50 ns where the CPU did not forward the
//!   store; without, 10 ns.)
//!
//! Deliberately elsewhere: what a block is ([`chunk`](crate::chunk)), which part of it is whose
//! ([`bump`](crate::bump)), sizes ([`layout`]), what is allowed ([`settings`]).

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::atomic::Ordering::Relaxed;

use crate::chunk::{Chunk, HEADER};
use crate::error::AllocError;
use crate::layout::{self, Growth, MIN_BLOCK, PAGE};
use crate::room::Span;
use crate::settings::{self, Settings};
use crate::stats::{NOBODY, Seat, Stats};

/// Outermost scopes after which the retained block is looked at: many, so that a program which
/// needs much now and then keeps it; a shrink costs one system allocation in each.
const WINDOW: u32 = 4096;

/// How many times as large as what was needed a block may be that is kept.
const LARGER_MOST: usize = 4;

/// It has no destructor, so that it can be a thread-local that is never torn down; its owner
/// calls [`release`](Self::release).
pub(crate) struct Store {
    /// The block kept while nothing is in use: the room of the root frame.
    base: ManuallyDrop<Cell<Option<Chunk>>>,
    /// One chunk of a closed frame.
    spare: ManuallyDrop<Cell<Option<Chunk>>>,
    seat: Cell<&'static Seat>,
    system_allocations: Cell<u64>,
    detached_allocations: Cell<u64>,
    /// Bytes that the retained block should have.
    goal: Cell<usize>,
    /// The most bytes in use in this window.
    recent_most: Cell<usize>,
    /// Outermost scopes until the window ends.
    window_left: Cell<u32>,
    /// Asked before a block is retained: will someone release this store?
    may_retain: fn() -> bool,
    own_settings: Option<Settings>,
}

impl Store {
    /// A store without blocks, with settings of its own or, if `None`, those of all threads.
    pub(crate) const fn new(settings: Option<Settings>, may_retain: fn() -> bool) -> Self {
        Self {
            base: ManuallyDrop::new(Cell::new(None)),
            spare: ManuallyDrop::new(Cell::new(None)),
            seat: Cell::new(&NOBODY),
            system_allocations: Cell::new(0),
            detached_allocations: Cell::new(0),
            goal: Cell::new(0),
            recent_most: Cell::new(0),
            window_left: Cell::new(WINDOW),
            may_retain,
            own_settings: settings,
        }
    }

    fn settings(&self) -> Settings {
        self.own_settings.unwrap_or_else(settings::settings)
    }

    /// Counts `now` bytes of a frame as in use instead of `before`.
    #[inline(always)]
    pub(crate) fn recount(&self, before: usize, now: usize) {
        if before != now {
            let in_use = &self.seat.get().bytes_in_use;
            in_use.store(in_use.load(Relaxed) - before + now, Relaxed);
        }
    }

    /// Counts a frame no more, of whose `bytes` in use `counted` were counted.
    #[inline(always)]
    pub(crate) fn uncount(&self, counted: usize, bytes: usize) {
        let in_use = self.seat.get().bytes_in_use.load(Relaxed) - counted;
        if in_use + bytes > self.recent_most.get() {
            self.note_most(in_use + bytes);
        }
        if counted != 0 {
            self.seat.get().bytes_in_use.store(in_use, Relaxed);
        }
    }

    /// Nothing is in use, whatever was counted.
    pub(crate) fn uncount_all(&self) {
        let all = self.seat.get().bytes_in_use.load(Relaxed);
        self.uncount(all, all);
    }

    #[cold]
    #[inline(never)]
    fn note_most(&self, in_use: usize) {
        self.recent_most.set(in_use);
        self.goal.set(self.goal.get().max(in_use));
        let high_water = &self.seat.get().high_water_bytes;
        high_water.store(high_water.load(Relaxed).max(in_use), Relaxed);
    }

    /// Counts an allocation beside the room of its scope.
    pub(crate) fn count_detached(&self) {
        self.detached_allocations
            .set(self.detached_allocations.get() + 1);
        self.seat.get().count_detached_allocation();
    }

    pub(crate) fn stats(&self) -> Stats {
        let seat = self.seat.get();
        let bytes_in_use = seat.bytes_in_use.load(Relaxed);
        Stats {
            bytes_in_use,
            high_water_bytes: seat.high_water_bytes.load(Relaxed).max(bytes_in_use),
            chunks: seat.chunks.load(Relaxed),
            chunk_bytes: seat.chunk_bytes.load(Relaxed),
            system_allocations: self.system_allocations.get(),
            detached_allocations: self.detached_allocations.get(),
        }
    }

    /// A chunk with `needed` bytes of room for a frame to go on in: memory doubles.
    pub(crate) fn acquire(&self, needed: usize) -> Result<Chunk, AllocError> {
        let held = self.seat.get().chunk_bytes.load(Relaxed);
        let wished = match held {
            0 => self.goal.get().min(self.settings().retain_bytes),
            held => held,
        };
        self.acquire_wishing(needed, wished)
    }

    /// A chunk with `needed` bytes of room, and no more than the smallest block.
    pub(crate) fn acquire_small(&self, needed: usize) -> Result<Chunk, AllocError> {
        self.acquire_wishing(needed, 0)
    }

    /// The spare chunk if it fits, else one from the system, which is asked for `wished` bytes
    /// first.
    fn acquire_wishing(&self, needed: usize, wished: usize) -> Result<Chunk, AllocError> {
        if let Some(spare) = self.spare.take() {
            if spare.capacity() >= needed {
                spare.set_full(true);
                return Ok(spare);
            }
            self.spare.set(Some(spare));
        }
        let generous = layout::next_capacity(growth(needed, wished));
        let exact = |error| match generous > needed {
            true => self.ask(needed, needed),
            false => Err(error),
        };
        let asked = self.ask(generous, needed).or_else(exact);
        // A spare that is too small for this may be what keeps it from the limit.
        match (asked, self.spare.take()) {
            (Err(_), Some(spare)) => {
                self.free(spare);
                self.ask(needed, needed)
            }
            (asked, spare) => {
                self.spare.set(spare);
                asked
            }
        }
    }

    /// Asks the system for a chunk, within the limits.
    fn ask(&self, capacity: usize, needed_bytes: usize) -> Result<Chunk, AllocError> {
        let out_of_memory = AllocError::OutOfMemory { needed_bytes };
        if self.seat.get().is_nobodys() {
            self.seat.set(Seat::take().ok_or(out_of_memory)?);
        }
        let (seat, settings) = (self.seat.get(), self.settings());
        let (chunks, room) = (seat.chunks.load(Relaxed), seat.chunk_bytes.load(Relaxed));
        let held_bytes = room + chunks * HEADER;
        let block = capacity.saturating_add(HEADER);
        if held_bytes.saturating_add(block) > settings.limit_bytes {
            return Err(AllocError::Limit {
                needed_bytes,
                held_bytes,
                limit_bytes: settings.limit_bytes,
            });
        }
        settings::reserve(block).map_err(|(held_bytes, limit_bytes)| AllocError::ProcessLimit {
            needed_bytes,
            held_bytes,
            limit_bytes,
        })?;
        let Some(chunk) = Chunk::allocate(capacity, settings.huge_pages) else {
            settings::unreserve(block);
            return Err(out_of_memory);
        };
        seat.chunks.store(chunks + 1, Relaxed);
        seat.chunk_bytes.store(room + capacity, Relaxed);
        seat.count_system_allocation();
        self.system_allocations
            .set(self.system_allocations.get() + 1);
        Ok(chunk)
    }

    fn free(&self, chunk: Chunk) {
        let (seat, capacity) = (self.seat.get(), chunk.capacity());
        seat.chunks.store(seat.chunks.load(Relaxed) - 1, Relaxed);
        let room = seat.chunk_bytes.load(Relaxed);
        seat.chunk_bytes.store(room - capacity, Relaxed);
        settings::unreserve(capacity + HEADER);
        drop(chunk);
    }

    /// Keeps the larger of the spare chunk and this one, which nobody uses any more.
    pub(crate) fn take_back(&self, chunk: Chunk) {
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

    /// The room of the retained block, or none.
    pub(crate) fn base_room(&self) -> Span {
        let base = self.base.take();
        let room = base.as_ref().map_or(Span::empty(), Chunk::room);
        self.base.set(base);
        room
    }

    /// Nothing is in use, and there may be more than the base: of it and the spare one keeps the
    /// smallest that fits. If none does, the next scope to need memory asks for one that does.
    /// Either way the state that follows is one block. The base may have changed.
    pub(crate) fn settle(&self) {
        let may_retain = (self.may_retain)();
        let most = self.settings().retain_bytes;
        let goal = self.goal.get().min(most);
        let largest = match most {
            0 => 0,
            most => layout::next_capacity(growth(0, most)).max(most),
        };
        let largest = largest.min(goal.max(MIN_BLOCK).saturating_mul(LARGER_MOST));
        let mut keep: Option<Chunk> = None;
        for chunk in [self.base.take(), self.spare.take()].into_iter().flatten() {
            let fits = may_retain && (goal..=largest).contains(&chunk.capacity());
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
        self.base.set(keep);
        self.shrink_at_times();
        if !may_retain {
            self.leave_seat();
        }
    }

    /// Counts an outermost scope that was closed. Whether the window has ended.
    #[inline(always)]
    pub(crate) fn count_outermost(&self) -> bool {
        let left = self.window_left.get();
        self.window_left.set(left.saturating_sub(1));
        left == 0
    }

    /// If the window has ended, begins the next, and lets the base shrink if it was too large
    /// for all of it. Nothing is in use.
    fn shrink_at_times(&self) {
        if self.window_left.get() > 0 {
            return;
        }
        self.window_left.set(WINDOW);
        let recent_most = self.recent_most.take();
        let base = self.base_room().bytes();
        if let Some(half) = layout::shrunk(base + HEADER, recent_most, MIN_BLOCK) {
            self.goal.set(half - HEADER);
            self.free_all();
        }
    }

    /// Gives every block back that this store keeps, and forgets how large they were. Nothing of
    /// the base is in use.
    pub(crate) fn trim(&self) -> usize {
        self.goal.set(0);
        self.recent_most.set(0);
        self.free_all()
    }

    /// Gives the spare block back. How many bytes that was.
    pub(crate) fn trim_spare(&self) -> usize {
        let spare = self.spare.take();
        spare.map_or(0, |spare| {
            let bytes = spare.capacity() + HEADER;
            self.free(spare);
            bytes
        })
    }

    fn free_all(&self) -> usize {
        let spare_bytes = self.trim_spare();
        self.spare.set(self.base.take());
        spare_bytes + self.trim_spare()
    }

    /// Gives all memory back, for good or for long. Nothing is in use.
    pub(crate) fn release(&self) {
        self.trim();
        self.leave_seat();
    }

    fn leave_seat(&self) {
        let seat = self.seat.replace(&NOBODY);
        if !seat.is_nobodys() {
            seat.give_back();
        }
    }
}

fn growth(needed: usize, wished: usize) -> Growth<usize> {
    Growth {
        needed,
        wished,
        header: HEADER,
        min_block: MIN_BLOCK,
        page: PAGE,
    }
}
