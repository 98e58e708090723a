//! What arenas have done: the figures a program can ask for, of one arena or of all.
//!
//! Decided here: their names and meaning, and where each arena writes them: a *seat*, of which
//! others may read while its owner writes. Deliberately elsewhere: when they change
//! ([`store`](crate::store), [`bump`](crate::bump)).
//!
//! A seat has one writer, so an update is a load and a store, no atomic read-modify-write. Seats
//! are never freed, but handed on: there are as many as arenas with memory at the same time.
//! Everything is Relaxed: figures, with nothing published along with them.

#![forbid(unsafe_code)]

use std::iter::Sum;
use std::ops::Add;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of an arena: of this thread's ([`thread_stats`](crate::thread_stats)), of an owned
/// one ([`Arena::stats`](crate::Arena::stats)), or summed over the process ([`process_stats`]).
///
/// ```
/// use arena::{thread_stats, with_arena};
///
/// with_arena(|scope| {
///     scope.alloc_slice_zeroed::<f32>(1000);
///     assert_eq!(thread_stats().bytes_in_use, 4032); // 4000, rounded up to 64
/// });
/// let after = thread_stats();
/// assert_eq!((after.bytes_in_use, after.high_water_bytes), (0, 4032));
/// ```
///
/// States add up, so that those of a pool's workers are
/// `pool.broadcast(|_| arena::thread_stats()).into_iter().sum::<arena::Stats>()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes given away and not yet taken back, padding included, in all open scopes.
    pub bytes_in_use: usize,
    /// The most that `bytes_in_use` ever was. Of several arenas: the sum of each one's own, which
    /// is at least the most they had in use together.
    pub high_water_bytes: usize,
    /// Blocks from the system that are held now. One per arena in steady state.
    pub chunks: usize,
    /// Bytes of room in those blocks.
    pub chunk_bytes: usize,
    /// Blocks that were ever asked of the system. Does not move in steady state.
    pub system_allocations: u64,
    /// Allocations made through the handle of an outer scope while an inner one was open. Each
    /// took the slow path; a program that wants speed has none.
    pub detached_allocations: u64,
}

impl Add for Stats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes_in_use: self.bytes_in_use + other.bytes_in_use,
            high_water_bytes: self.high_water_bytes + other.high_water_bytes,
            chunks: self.chunks + other.chunks,
            chunk_bytes: self.chunk_bytes + other.chunk_bytes,
            system_allocations: self.system_allocations + other.system_allocations,
            detached_allocations: self.detached_allocations + other.detached_allocations,
        }
    }
}

impl Sum for Stats {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

/// The figures of all arenas of the process, of threads and owned, summed. The two counts of
/// what was *ever* done include arenas that are gone; the others are of those that hold memory.
///
/// Blocks are exact. Bytes in use are not counted by each request, which would slow it: an arena
/// tells them when it opens or closes a scope, takes a block, or is asked itself; so of a thread
/// at work those are missing that its innermost scope took since. While nobody works, or on the
/// workers of a pool that each sum up their own ([`thread_stats`](crate::thread_stats)), they are
/// exact.
///
/// ```
/// let held = arena::with_arena(|scope| {
///     scope.alloc_slice_zeroed::<f32>(1000);
///     let own = arena::thread_stats(); // tells
///     let all = std::thread::spawn(arena::process_stats).join().unwrap();
///     assert!(all.bytes_in_use >= own.bytes_in_use);
///     all
/// });
/// assert!(held.bytes_in_use >= 4032 && held.chunk_bytes >= 4032);
/// ```
///
/// Cost: a lock and a few loads per arena.
#[must_use]
pub fn process_stats() -> Stats {
    seats().all.iter().map(|seat| seat.read()).sum()
}

/// Where one arena writes its figures. On lines of its own: others' writes do not slow its.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Seat {
    pub(crate) bytes_in_use: AtomicUsize,
    pub(crate) high_water_bytes: AtomicUsize,
    pub(crate) chunks: AtomicUsize,
    pub(crate) chunk_bytes: AtomicUsize,
    /// Of all who ever sat here.
    system_allocations: AtomicU64,
    detached_allocations: AtomicU64,
}

/// The seat of those who have no memory yet: all its figures stay zero.
pub(crate) static NOBODY: Seat = Seat {
    bytes_in_use: AtomicUsize::new(0),
    high_water_bytes: AtomicUsize::new(0),
    chunks: AtomicUsize::new(0),
    chunk_bytes: AtomicUsize::new(0),
    system_allocations: AtomicU64::new(0),
    detached_allocations: AtomicU64::new(0),
};

struct Seats {
    all: Vec<&'static Seat>,
    free: Vec<&'static Seat>,
}

static SEATS: Mutex<Seats> = Mutex::new(Seats {
    all: Vec::new(),
    free: Vec::new(),
});

fn seats() -> MutexGuard<'static, Seats> {
    // Nothing panics while it is held.
    SEATS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    /// A seat for an arena that takes its first block; `None` if there is no memory for one.
    pub(crate) fn take() -> Option<&'static Self> {
        let mut seats = seats();
        if let Some(seat) = seats.free.pop() {
            return Some(seat);
        }
        // Room to give it back is made now, so that giving back cannot fail.
        let count = seats.all.len() + 1;
        seats.all.try_reserve(1).ok()?;
        seats.free.try_reserve(count).ok()?;
        let mut one = Vec::new();
        one.try_reserve_exact(1).ok()?;
        one.push(Self::default());
        let seat: &'static Self = &one.leak()[0];
        seats.all.push(seat);
        Some(seat)
    }

    pub(crate) fn is_nobodys(&self) -> bool {
        std::ptr::eq(self, &NOBODY)
    }

    /// For the next one. Its owner holds no memory and has nothing in use.
    pub(crate) fn give_back(&'static self) {
        self.bytes_in_use.store(0, Relaxed);
        self.high_water_bytes.store(0, Relaxed);
        seats().free.push(self);
    }

    /// Counts a block that was asked of the system.
    pub(crate) fn count_system_allocation(&self) {
        let count = &self.system_allocations;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    /// Counts an allocation beside the room of its scope.
    pub(crate) fn count_detached_allocation(&self) {
        let count = &self.detached_allocations;
        count.store(count.load(Relaxed) + 1, Relaxed);
    }

    fn read(&self) -> Stats {
        let bytes_in_use = self.bytes_in_use.load(Relaxed);
        Stats {
            bytes_in_use,
            high_water_bytes: self.high_water_bytes.load(Relaxed).max(bytes_in_use),
            chunks: self.chunks.load(Relaxed),
            chunk_bytes: self.chunk_bytes.load(Relaxed),
            system_allocations: self.system_allocations.load(Relaxed),
            detached_allocations: self.detached_allocations.load(Relaxed),
        }
    }
}
