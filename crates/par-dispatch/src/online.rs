//! What calls have taken so far: corrects the profile's estimates, if a dispatcher asks for it.
//!
//! A cell per operation, half octave of length and number of workers holds the time per element of
//! both ways. Noise only adds, so an improvement is followed fast and a deterioration slowly. The
//! way that is not chosen is tried again for a small share of the operation's own time. A lost
//! update costs a little speed: all accesses are relaxed.

use crate::op::Op;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Whether a dispatcher learns from its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tuning {
    /// Plans with the profile alone: the same call is planned the same way whenever the same
    /// workers are awake and it follows others as closely.
    #[default]
    Static,
    /// Corrects the profile by what calls take, per operation and length, and tries the other way
    /// now and then, for a hundredth of the operation's time (a twentieth until it is known). Calls
    /// under a microsecond are not timed. Results do not change.
    Online,
}

/// Cells, found by hash; of two operations that meet in one, the later one keeps it.
const CELLS: usize = 1024;

/// Calls in a row that are run in parallel once a helper has been called to find out.
const TRIALS: u32 = 6;

/// Share of the time spent that may go into trying the other way, and until that is known.
const TRIAL_SHARE: f32 = 0.01;
const FIRST_TRIAL_SHARE: f32 = 0.05;

/// Shares by which a cell moves towards a faster and a slower call.
const FOLLOW_FASTER: f32 = 0.5;
const FOLLOW_SLOWER: f32 = 0.08;

/// A way to run a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arm {
    Alone,
    /// In parallel, with all helpers waiting.
    Together,
}

/// What is known of one operation at one length.
#[derive(Debug)]
pub(crate) struct Cell {
    key: AtomicU64,
    /// Nanoseconds per element as `f32`; 0 is unknown.
    alone: AtomicU32,
    together: AtomicU32,
    /// Nanoseconds that may go into trying the other way, as `f32`.
    budget: AtomicU32,
    trials: AtomicU32,
    /// Microseconds at which the last call ended, see `now_us`.
    ended_us: AtomicU32,
}

static MEMORY: [Cell; CELLS] = [const { Cell::new() }; CELLS];

/// The cell of an operation.
pub(crate) fn cell(op: &Op, len: usize, workers: usize) -> &'static Cell {
    // Two per octave: the exponent and the highest bit of the fraction.
    let log2 = len.max(2).ilog2();
    let half_octave = u64::from(log2) << 1 | (len >> (log2 - 1)) as u64 & 1;
    let parts = [
        op.name.as_ptr().addr() as u64,
        u64::from(op.bytes_per_element) << 32 | u64::from(op.operations_per_element),
        half_octave << 32 | workers as u64,
    ];
    let key = parts.iter().fold(1, |hash: u64, part| {
        (hash ^ part)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    });
    let cell = &MEMORY[(key >> 8) as usize % CELLS];
    if cell.key.load(Relaxed) != key {
        cell.key.store(key, Relaxed);
        for figure in [&cell.alone, &cell.together, &cell.budget, &cell.trials] {
            figure.store(0, Relaxed);
        }
    }
    cell
}

/// Microseconds since the first call that was timed; they wrap after an hour, which does no harm.
fn now_us() -> u32 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_micros() as u32
}

fn load(figure: &AtomicU32) -> f32 {
    f32::from_bits(figure.load(Relaxed))
}

fn store(figure: &AtomicU32, value: f32) {
    figure.store(value.to_bits(), Relaxed);
}

impl Cell {
    const fn new() -> Self {
        Self {
            key: AtomicU64::new(0),
            alone: AtomicU32::new(0),
            together: AtomicU32::new(0),
            budget: AtomicU32::new(0),
            trials: AtomicU32::new(0),
            ended_us: AtomicU32::new(0),
        }
    }

    fn of(&self, arm: Arm) -> &AtomicU32 {
        match arm {
            Arm::Alone => &self.alone,
            Arm::Together => &self.together,
        }
    }

    /// Nanoseconds of a call by this way, if that is known.
    pub(crate) fn ns(&self, arm: Arm, len: usize) -> Option<f64> {
        let ns = load(self.of(arm));
        (ns > 0.0).then(|| f64::from(ns) * len as f64)
    }

    /// Whether the last call ended less than `pause` ago: a helper that is woken now will be there
    /// for the next.
    pub(crate) fn follows_closely(&self, pause: Duration) -> bool {
        let pause_us = now_us().wrapping_sub(self.ended_us.load(Relaxed));
        u128::from(pause_us) < pause.as_micros()
    }

    /// Whether the other way than `chosen` should be tried now, where it costs `cost_ns` more.
    /// `warm`: all helpers wait.
    pub(crate) fn tries_other(&self, chosen: Arm, cost_ns: f64, warm: bool) -> bool {
        let trials = self.trials.load(Relaxed);
        if trials > 0 && chosen == Arm::Alone && warm {
            self.trials.store(trials - 1, Relaxed);
            return true;
        }
        let budget = load(&self.budget);
        if f64::from(budget) < cost_ns {
            return false;
        }
        store(&self.budget, 0.0);
        if chosen == Arm::Alone && !warm {
            self.trials.store(TRIALS, Relaxed);
        }
        true
    }

    /// Books a call.
    fn book(&self, arm: Arm, ns: f32, len: usize) {
        let figure = self.of(arm);
        let (known, new) = (load(figure), ns / len as f32);
        let follow = if new < known {
            FOLLOW_FASTER
        } else {
            FOLLOW_SLOWER
        };
        let next = if known > 0.0 {
            known + follow * (new - known)
        } else {
            new
        };
        store(figure, next);
    }

    fn earn(&self, ns: f32) {
        let both = load(&self.alone) > 0.0 && load(&self.together) > 0.0;
        let share = if both { TRIAL_SHARE } else { FIRST_TRIAL_SHARE };
        store(&self.budget, load(&self.budget) + share * ns);
    }
}

/// Times a call from its decision to its end; nothing if the dispatcher does not learn.
#[derive(Debug)]
pub(crate) struct Timing(Option<Timed>);

#[derive(Debug)]
struct Timed {
    cell: &'static Cell,
    /// `None` for a call that is like neither way: its helpers come late.
    arm: Option<Arm>,
    len: usize,
    begun: Instant,
}

impl Timing {
    /// Times nothing.
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn of(cell: &'static Cell, arm: Option<Arm>, len: usize) -> Self {
        Self(Some(Timed {
            cell,
            arm,
            len,
            begun: Instant::now(),
        }))
    }
}

impl Drop for Timing {
    #[inline]
    fn drop(&mut self) {
        if let Some(timed) = &self.0 {
            let ns = timed.begun.elapsed().as_nanos() as f32;
            timed.cell.earn(ns);
            timed.cell.ended_us.store(now_us(), Relaxed);
            if let Some(arm) = timed.arm {
                timed.cell.book(arm, ns, timed.len);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_follows_improvements_and_forgets_other_operations() {
        let (len, op) = (1 << 20, Op::new("online test"));
        let known = |cell: &Cell| cell.ns(Arm::Alone, len).map(|ns| ns.round());
        let here = cell(&op, len, 2);
        assert_eq!(known(here), None);
        here.book(Arm::Alone, 1000.0, len);
        here.book(Arm::Alone, 500.0, len);
        assert_eq!(known(here), Some(750.0));
        here.book(Arm::Alone, 1750.0, len);
        assert_eq!(known(here), Some(830.0));
        // Every length of the half octave is the same cell, the next is another.
        assert!(std::ptr::eq(here, cell(&op, len + len / 3, 2)));
        assert!(!std::ptr::eq(here, cell(&op, len + len / 2, 2)));
    }

    #[test]
    fn the_other_way_is_tried_for_a_share_of_the_time() {
        let cell = Cell::new();
        cell.book(Arm::Alone, 1000.0, 1000);
        cell.book(Arm::Together, 1500.0, 1000);
        let tried = (0..10_000).filter(|_| {
            cell.earn(1000.0);
            cell.tries_other(Arm::Alone, 500.0, true)
        });
        // 1% of 10 ms, at 500 ns each.
        assert!((150..=200).contains(&tried.count()));
        // A wake to find out is followed by a few trials while the helper is there.
        cell.earn(1e9);
        assert!(cell.tries_other(Arm::Alone, 500.0, false));
        let tried = (0..100).filter(|_| cell.tries_other(Arm::Alone, 500.0, true));
        assert_eq!(tried.count(), TRIALS as usize);
    }
}
