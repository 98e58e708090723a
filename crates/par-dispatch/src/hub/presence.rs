//! Who is around: helpers that watch the board, and helpers that have turned to other work.
//!
//! One word, so that a helper that turns is never counted as both nor as neither: a caller that
//! found nobody for the moment of a turn would run alone.

use crate::sync::{AtomicU64, Ordering::Relaxed};

/// `[away: 32 | here: 32]`.
///
/// Relaxed: nothing but speed depends on the counts; the fences of `sync::announced` stand where
/// one side must see the other.
#[derive(Debug)]
pub(super) struct Around(AtomicU64);

const HERE: u64 = 1;
const AWAY: u64 = 1 << 32;

impl Around {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Both counts as they were at one moment.
    pub(super) fn counts(&self) -> Counts {
        let counts = self.0.load(Relaxed);
        Counts {
            here: (counts % AWAY) as usize,
            away: (counts / AWAY) as usize,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// Helpers that watch the board, or are inside a call that they found doing so.
    pub(super) here: usize,
    /// Helpers that run other work of their pool, for whatever time it takes, and will be back; and
    /// those that found a call when they turned to it.
    pub(super) away: usize,
}

/// A helper that is counted while it lives.
#[derive(Debug)]
pub(super) struct Presence<'a> {
    around: &'a Around,
    counted: u64,
}

impl<'a> Presence<'a> {
    /// A helper that is here.
    pub(super) fn here(around: &'a Around) -> Self {
        around.0.fetch_add(HERE, Relaxed);
        Self {
            around,
            counted: HERE,
        }
    }

    /// It turns to other work.
    pub(super) fn turn_away(&mut self) {
        self.turn(AWAY);
    }

    /// It is back.
    pub(super) fn turn_back(&mut self) {
        self.turn(HERE);
    }

    fn turn(&mut self, to: u64) {
        let change = to.wrapping_sub(self.counted);
        self.around.0.fetch_add(change, Relaxed);
        self.counted = to;
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        self.around.0.fetch_sub(self.counted, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_while_a_helper_turns_finds_it_once() {
        let around = Around::new();
        let mut helper = Presence::here(&around);
        std::thread::scope(|scope| {
            let turns = scope.spawn(|| {
                for _ in 0..20_000 {
                    helper.turn_away();
                    helper.turn_back();
                }
            });
            while !turns.is_finished() {
                let Counts { here, away } = around.counts();
                assert_eq!(here + away, 1);
            }
        });
    }

    #[test]
    fn a_helper_is_here_or_away_and_gone_when_it_goes() {
        let around = Around::new();
        let counts = || (around.counts().here, around.counts().away);
        let mut first = Presence::here(&around);
        let mut second = Presence::here(&around);
        assert_eq!(counts(), (2, 0));
        first.turn_away();
        assert_eq!(counts(), (1, 1));
        second.turn_away();
        first.turn_back();
        assert_eq!(counts(), (1, 1));
        drop(second);
        assert_eq!(counts(), (1, 0));
        drop(first);
        assert_eq!(counts(), (0, 0));
    }
}
