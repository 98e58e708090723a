//! The hub: where callers and the helpers of one pool meet without waking anybody.
//!
//! A caller offers its call on the board, takes part itself, and waits only for helpers that are
//! inside. A helper is a job on the user's pool that holds the hub and no call; when it has helped
//! it lingers for a short time at the board. `README.md` argues why that is sound. What a pool is,
//! the hub does not know: it asks a [`Crew`] to bring a helper.

mod board;
mod caller;
mod cursor;
mod homes;
mod pending;
mod presence;
mod price;
mod runs;
#[cfg(test)]
mod tests;
mod visit;

use pending::Pending;
use presence::{Around, Counts};
use price::Price;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use board::Board;
pub use board::Terms;
pub(crate) use homes::{adopt, of_pool_at, of_the_global_pool, of_this_worker};

/// Brings helpers: a Rayon pool, or threads of a model.
pub trait Crew {
    /// Has some thread of the crew call [`Hub::serve`] with this hub and time, soon or late.
    fn call_helper(&self, hub: &Arc<Hub>, linger: Duration);

    /// Threads of the crew besides this one: no more helpers are called than there are.
    fn others(&self) -> usize;

    /// Gives way to other work of the crew. Called by a helper.
    fn give_way(&self);
}

/// The meeting place of one pool.
pub struct Hub {
    board: Board,
    around: Around,
    pending: Pending,
    price: Price,
    /// Of two hubs that a worker hears of, it makes its home at the one of lower rank.
    rank: u64,
}

impl Hub {
    /// A hub where nobody is.
    #[must_use]
    pub fn new(rank: u64) -> Self {
        Self {
            board: Board::new(),
            around: Around::new(),
            pending: Pending::new(),
            price: Price::default(),
            rank,
        }
    }

    /// Helpers that would join a call at once, and those that run other work of the pool and will be
    /// back: by one look, between two of which a helper may turn.
    ///
    /// Relaxed, like all these counts: nothing but speed depends on them.
    pub(crate) fn company(&self) -> (usize, usize) {
        let Counts { here, mut away } = self.around.counts();
        if away > 0 && visit::has_helper() {
            // That one is beneath this caller.
            away -= 1;
        }
        let idle = match here {
            0 => 0,
            _ => here.saturating_sub(self.board.inside()),
        };
        (idle, away)
    }

    /// Helpers on their way.
    pub fn pending(&self) -> usize {
        self.pending.count()
    }

    /// Whether no call is on offer and nobody is inside one.
    pub fn is_free(&self) -> bool {
        self.board.is_free()
    }

    /// Whether a helper that has been called will be here soon.
    pub(crate) fn expects_arrival(&self) -> bool {
        self.pending.is_expected()
    }

    pub(crate) fn price(&self) -> &Price {
        &self.price
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("rank", &self.rank)
            .finish_non_exhaustive()
    }
}
