//! The board: a few slots through which a call on one thread's stack is offered to others.
//!
//! Decided here: when a helper may touch a call, and when its caller may return. The argument is
//! `README.md`. Elsewhere: what a call does (`caller`), who helps and for how long (`visit`).
#![expect(
    unsafe_code,
    reason = "helpers run work that borrows from the caller's stack"
)]

use super::cursor::Cursor;
use crate::sync::{
    self, AtomicU64, Condvar, Mutex, Ordering::Relaxed, SLOTS, UnsafeCell, order, order::DRAIN,
};
use std::array;
use std::time::Duration;

/// What a slot's state word holds:
/// `[wanted: 16 | admitted ever: 16 | inside: 16 | … | PARKED | OPEN | CLAIMED]`. 0 is a free slot.
mod word {
    pub(super) const CLAIMED: u64 = 1;
    pub(super) const OPEN: u64 = 2;
    pub(super) const PARKED: u64 = 4;
    pub(super) const INSIDE: u64 = 1 << 16;
    pub(super) const ADMITTED: u64 = 1 << 32;
    pub(super) const WANTED: u64 = 1 << 48;

    pub(super) const fn inside(word: u64) -> u16 {
        (word / INSIDE) as u16
    }
    pub(super) const fn admitted(word: u64) -> u16 {
        (word / ADMITTED) as u16
    }
    pub(super) const fn wanted(word: u64) -> u16 {
        (word / WANTED) as u16
    }
}

/// Work that helpers take part in.
pub(super) trait Job: Sync {
    /// Runs the chunk `first`, then claims chunks and runs them until none is left.
    fn help(&self, first: usize, cursor: &Cursor);
}

/// What a call asks of its helpers.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Helpers admitted at most.
    pub helpers: u16,
    /// Whether helpers that arrive should wake others.
    pub wake: bool,
    /// How long a helper stays around afterwards.
    pub linger: Duration,
}

/// A call as its slot holds it.
#[derive(Clone, Copy)]
struct Payload {
    job: *const (),
    help: unsafe fn(*const (), usize, &Cursor),
    terms: Terms,
}

/// One line: what a helper that has seen a call needs to begin has come with the word it watched.
#[repr(align(128))]
struct Slot {
    word: AtomicU64,
    cursor: Cursor,
    payload: UnsafeCell<Option<Payload>>,
}

// SAFETY: the payload is written by the thread that claimed the slot, before it opens, and read by
// threads that joined while it was open; the state words order these accesses (README.md). The
// job behind the pointer is `Sync` (`Board::open`).
unsafe impl Sync for Slot {}
// SAFETY: a slot owns nothing that belongs to a thread; see above for the pointer.
unsafe impl Send for Slot {}

/// The slots, and where callers sleep.
pub(super) struct Board {
    slots: [Slot; SLOTS],
    sleepers: Mutex<()>,
    drained: Condvar,
}

impl Board {
    /// A board without calls.
    pub(super) fn new() -> Self {
        Self {
            slots: array::from_fn(|_| Slot {
                word: AtomicU64::new(0),
                cursor: Cursor::new(),
                payload: UnsafeCell::new(None),
            }),
            sleepers: Mutex::new(()),
            drained: Condvar::new(),
        }
    }

    /// Helpers that are inside a call at this moment.
    pub(super) fn inside(&self) -> usize {
        let slots = self.slots.iter();
        slots
            .map(|slot| usize::from(word::inside(slot.word.load(Relaxed))))
            .sum()
    }

    /// Whether every slot is free.
    pub(super) fn is_free(&self) -> bool {
        let mut slots = self.slots.iter();
        slots.all(|slot| slot.word.load(Relaxed) == 0)
    }

    /// Offers a job of `count` chunks while `lead` runs, which owns chunk 0 and may claim others.
    /// Returns, or unwinds, when no helper is inside, and then none will be. `Err` with `lead` not
    /// run if all slots are taken.
    pub(super) fn open<J: Job, R>(
        &self,
        job: &J,
        count: u32,
        terms: Terms,
        lead: impl FnOnce(&Cursor) -> R,
    ) -> Result<R, Full> {
        /// # Safety
        /// `job` points to a live `J`.
        unsafe fn help<J: Job>(job: *const (), first: usize, cursor: &Cursor) {
            // SAFETY: the caller of `help` says that it points to a live `J`.
            let job = unsafe { &*job.cast::<J>() };
            job.help(first, cursor);
        }

        let Some(slot) = self.claim() else {
            return Err(Full);
        };
        let payload = Payload {
            job: std::ptr::from_ref(job).cast(),
            help: help::<J>,
            terms,
        };
        slot.payload.with_mut(|place| {
            // SAFETY: the slot is claimed by this thread and not open: nobody else has access. The
            // claim saw that the last user's helpers had left.
            unsafe { *place = Some(payload) }
        });
        slot.cursor.set(1, count);
        let open = word::CLAIMED | word::OPEN | (u64::from(terms.helpers) * word::WANTED);
        slot.word.store(open, order::OPEN);
        // Closes on every way out of here; `job` is borrowed until then.
        let _opened = Opened {
            board: self,
            word: &slot.word,
        };
        Ok(lead(&slot.cursor))
    }

    fn claim(&self) -> Option<&Slot> {
        self.slots.iter().find(|Slot { word, .. }| {
            word.load(Relaxed) == 0
                && word
                    .compare_exchange(0, word::CLAIMED, order::CLAIM, Relaxed)
                    .is_ok()
        })
    }

    /// Takes part in one call that wants helpers, if there is one. `arrived` is told its terms and
    /// how many more helpers it wants, before any chunk runs; it must not panic.
    pub(super) fn help(&self, arrived: impl FnOnce(Terms, u16)) -> Option<Terms> {
        let mut slots = self.slots.iter();
        let (slot, missing) = slots.find_map(|slot| Some((slot, Self::join(&slot.word)?)))?;
        let inside = Inside {
            board: self,
            word: &slot.word,
        };
        let first = slot.cursor.claim_back();
        let payload = slot.payload.with(|place| {
            // SAFETY: this thread raised the inside count while the slot was open, so its caller
            // wrote the payload before and will not free the slot until this thread has left.
            unsafe { *place }
        });
        let payload = payload.expect("an open slot holds a payload");
        arrived(payload.terms, missing);
        if let Some(first) = first {
            // SAFETY: `job` is the `J` that `help` was made for; it is borrowed by `open`, which
            // does not return before this thread has left.
            unsafe { (payload.help)(payload.job, first, &slot.cursor) };
        }
        drop(inside);
        Some(payload.terms)
    }

    /// Raises the inside count of a call that is open and wants helpers; how many more it wants.
    #[inline]
    fn join(word: &AtomicU64) -> Option<u16> {
        let mut seen = word.load(Relaxed);
        loop {
            let open = seen & word::OPEN != 0 || !sync::JOINS_OPEN_ONLY;
            let missing = word::wanted(seen).saturating_sub(word::admitted(seen));
            if !open || missing == 0 {
                return None;
            }
            let joined = seen + word::INSIDE + word::ADMITTED;
            match word.compare_exchange_weak(seen, joined, order::JOIN, Relaxed) {
                Ok(_) => return Some(missing - 1),
                Err(now) => seen = now,
            }
        }
    }

    /// Waits until nobody is inside a call that has been closed.
    #[cold]
    fn drain(&self, word: &AtomicU64) {
        let (spins, yields) = sync::DRAIN_ROUNDS;
        for round in 0..spins + yields {
            if round < spins {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
            if word::inside(word.load(DRAIN)) == 0 {
                return;
            }
        }
        if !sync::PARKS_UNDER_LOCK && word::inside(word.fetch_or(word::PARKED, DRAIN)) == 0 {
            return;
        }
        let mut sleepers = self.sleepers.lock().expect("nothing panics under the lock");
        if sync::PARKS_UNDER_LOCK && word::inside(word.fetch_or(word::PARKED, DRAIN)) == 0 {
            return;
        }
        loop {
            let woken = self.drained.wait(sleepers);
            sleepers = woken.expect("nothing panics under the lock");
            // Woken for another caller, or for no reason: look again.
            if word::inside(word.load(DRAIN)) == 0 {
                return;
            }
        }
    }
}

/// No slot was free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// A caller whose door is open.
struct Opened<'a> {
    board: &'a Board,
    word: &'a AtomicU64,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let closed = self.word.fetch_and(!word::OPEN, DRAIN);
        if word::inside(closed) != 0 && sync::CALLER_DRAINS {
            self.board.drain(self.word);
        }
        self.word.store(0, order::FREE);
    }
}

/// A helper inside a call.
struct Inside<'a> {
    board: &'a Board,
    word: &'a AtomicU64,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // After this step the call may be gone; the board is not.
        let before = self.word.fetch_sub(word::INSIDE, order::LEAVE);
        if word::inside(before) == 1 && before & word::PARKED != 0 && sync::LEAVER_NOTIFIES {
            // The caller holds the lock from saying that it sleeps until it does.
            drop(self.board.sleepers.lock());
            self.board.drained.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn what_a_helper_needs_to_begin_is_on_the_line_it_watches() {
        assert!(offset_of!(Slot, word) + size_of::<AtomicU64>() <= 64);
        assert!(offset_of!(Slot, cursor) + size_of::<Cursor>() <= 64);
        assert!(offset_of!(Slot, payload) + size_of::<Option<Payload>>() <= 64);
    }
}
