//! The arena of this thread: where the ambient store lives and when it dies.
//!
//! Decided here: two thread-locals instead of one. The store itself has no destructor, so
//! reaching it is one address computation without a check, and it can be reached at any time,
//! also from the destructor of another thread-local. The one block that it retains is given
//! back by a second thread-local, registered when there is first something to give back.
//! Deliberately elsewhere: what a store does ([`bump`](crate::bump)).

#![forbid(unsafe_code)]

use crate::bump::Store;
use crate::stats::ThreadStats;

thread_local! {
    /// Without a destructor by construction, see above.
    static STORE: Store = const { Store::new(register_exit) };

    static EXIT: Exit = const { Exit };
}

const _: () = assert!(!std::mem::needs_drop::<Store>());

/// Gives the retained block back when the thread ends.
struct Exit;

impl Drop for Exit {
    fn drop(&mut self) {
        STORE.with(Store::release);
    }
}

/// Whether a block may be kept after the outermost scope: not once this thread's exit has
/// run, because nobody would free it.
fn register_exit() -> bool {
    EXIT.try_with(|_| ()).is_ok()
}

/// Runs `f` on the store of this thread.
#[inline(always)]
pub(crate) fn with_store<R>(f: impl FnOnce(&Store) -> R) -> R {
    STORE.with(f)
}

/// The figures of this thread's arena.
///
/// Cost: a few loads; nothing is counted on the fast path for it.
///
/// ```
/// let before = arena::thread_stats();
/// assert_eq!(before.bytes_in_use, 0);
/// ```
#[must_use]
pub fn thread_stats() -> ThreadStats {
    with_store(Store::stats)
}
