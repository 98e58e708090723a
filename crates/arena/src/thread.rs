//! The arena of this thread: where the ambient nest lives and when it dies.
//!
//! Decided here: two thread-locals instead of one. The nest itself has no destructor, so
//! reaching it is one address computation without a check, and it can be reached at any time,
//! also from the destructor of another thread-local. The one block that it retains is given
//! back by a second thread-local, registered when there is first something to give back.
//! Deliberately elsewhere: what a nest does ([`nest`](crate::nest)).

#![forbid(unsafe_code)]

use crate::nest::Nest;
use crate::stats::Stats;

thread_local! {
    /// Without a destructor by construction, see above.
    static NEST: Nest = const { Nest::new(register_exit) };

    static EXIT: Exit = const { Exit };
}

const _: () = assert!(!std::mem::needs_drop::<Nest>());

/// Gives the retained block back when the thread ends.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        NEST.with(Nest::release);
    }
}

/// Whether a block may be kept after the outermost scope: not once this thread's exit has
/// run, because nobody would free it.
fn register_exit() -> bool {
    EXIT.try_with(|_| ()).is_ok()
}

/// Runs `f` on the nest of this thread.
#[inline(always)]
pub(crate) fn with_nest<R>(f: impl FnOnce(&Nest) -> R) -> R {
    NEST.with(f)
}

/// The figures of this thread's arena.
///
/// Cost: a few loads.
///
/// ```
/// let before = arena::thread_stats();
/// assert_eq!(before.bytes_in_use, 0);
/// ```
#[must_use]
pub fn thread_stats() -> Stats {
    with_nest(Nest::stats)
}

/// Gives back to the system what this thread's arena keeps for its next scope, and says how many
/// bytes that was. Inside a scope only blocks that are not in use can go.
///
/// What an arena needs it asks for again, so this is for memory that will not be needed for
/// long. For all workers of a Rayon pool: `pool.broadcast(|_| arena::trim())`.
///
/// ```
/// arena::with_arena(|scope| scope.alloc_slice_zeroed::<u8>(1 << 20).len());
/// assert!(arena::trim() >= 1 << 20);
/// assert_eq!(arena::thread_stats().chunks, 0);
/// assert_eq!(arena::trim(), 0);
/// ```
pub fn trim() -> usize {
    with_nest(Nest::trim)
}
