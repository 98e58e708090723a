//! A helper's visit: it arrives, helps, calls others, lingers, and goes.
//!
//! Only what it does with its time is decided here; when it may touch a call, the board decides.

use super::presence::Presence;
use super::{Crew, Hub, Terms};
use crate::sync;
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Looks at the board between two looks at the clock and at the pool's own work: a few
/// microseconds, so that neither shows in the time of a call.
const LOOKS_PER_ROUND: u32 = 200;

/// A helper stays no longer than this, however much there is to do: its thread may belong to a
/// pool that has been dropped, and ends when the helper goes. A wake per 100 ms does not show.
const STAY: Duration = Duration::from_millis(100);

/// Room for differences between the frames from which one thread runs its jobs.
const FRAME_SLACK_BYTES: usize = 512;

thread_local! {
    /// The highest address of a helper's frame on this thread so far. Stacks grow downwards.
    static HIGHEST_FRAME: Cell<usize> = const { Cell::new(0) };
    /// Whether a helper lingers on this thread, or lingers beneath what the thread runs now.
    static LINGERS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is counted as one that has a helper.
pub(super) fn has_helper() -> bool {
    LINGERS.get()
}

/// Whether this frame is at the bottom of its thread's stack, as far as the thread knows: not
/// inside somebody's `join`, which would wait for a helper that lingers.
///
/// A thread whose first helper runs inside a `join` errs until one runs below it. That costs the
/// `join` one linger.
#[inline(never)]
fn at_bottom() -> bool {
    let local = 0_u8;
    let frame = std::hint::black_box(std::ptr::from_ref(&local)).addr();
    HIGHEST_FRAME.with(|highest| {
        highest.set(highest.get().max(frame));
        frame + FRAME_SLACK_BYTES >= highest.get()
    })
}

impl Hub {
    /// What a helper does that has been called.
    pub fn serve(self: &Arc<Self>, crew: &impl Crew, linger: Duration) {
        self.pending.arrive();
        sync::announced();
        let served = self.help_once(crew);
        let linger = served.map_or(linger, |terms| terms.linger);
        let stays = !linger.is_zero() && !has_helper() && at_bottom();
        let lingered = stays && self.linger(crew, linger);
        self.price.settle(served.is_some() || lingered);
    }

    /// Takes part in one call, if one is open.
    pub fn help_once(self: &Arc<Self>, crew: &impl Crew) -> Option<Terms> {
        self.board.help(|terms, missing| {
            if terms.wake && missing > 0 {
                self.call_missing(crew, terms, missing.into(), 2);
            }
        })
    }

    /// Helps whoever calls until nobody has for a while; whether anybody did.
    fn linger(self: &Arc<Self>, crew: &impl Crew, linger: Duration) -> bool {
        LINGERS.set(true);
        let arrived = Instant::now();
        let mut deadline = arrived + linger;
        let mut helped = false;
        let mut presence = Presence::here(&self.around);
        loop {
            let mut served = self.watch(crew);
            presence.turn_away();
            // Who opened before that may count on this helper.
            sync::announced();
            served = self.help_once(crew).or(served);
            let now = Instant::now();
            if let Some(terms) = served {
                helped = true;
                deadline = now + terms.linger;
            }
            let stayed = now - arrived >= STAY;
            if now >= deadline || stayed {
                drop(presence);
                // Who opened before that may have called nobody because this helper would be back.
                sync::announced();
                let Some(terms) = self.help_once(crew) else {
                    break;
                };
                helped = true;
                if stayed {
                    break;
                }
                // And somebody else may have.
                deadline = Instant::now() + terms.linger;
                presence = Presence::here(&self.around);
                continue;
            }
            // The pool's other work, which may take any time: nobody waits for this helper.
            crew.give_way();
            presence.turn_back();
        }
        LINGERS.set(false);
        helped
    }

    /// Watches the board for one round and helps whoever calls; the terms of the last call.
    fn watch(self: &Arc<Self>, crew: &impl Crew) -> Option<Terms> {
        let mut last = None;
        for _ in 0..LOOKS_PER_ROUND {
            last = self.help_once(crew).or(last);
            if last.is_some_and(|terms| terms.linger.is_zero()) {
                break;
            }
            std::hint::spin_loop();
        }
        last
    }
}
