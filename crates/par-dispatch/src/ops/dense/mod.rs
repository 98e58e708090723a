//! Parallel forms of the dense kernels: what is shared out, and how.
//!
//! A call is cut into units beforehand, bands of rows or columns of the result, a few for each
//! worker; the plan weighs it by its arithmetic and its bytes, and hands runs of units to threads,
//! or the whole to the kernel. Each element is computed as in the whole, so that reproducible
//! products have the same bits.
//!
//! Decided here: how many units, and what they cost. The files beside are the kernels by kind.

mod bands;
mod images;
mod products;
mod scratch;

use crate::dispatcher::{Dispatcher, Force};
use crate::error::Error;
use crate::online::{Timing, Tuning};
use crate::op::Op;
use crate::plan::MAX_CHUNKS;
use crate::route::Route;
use crate::watch::{Watch, Watchers};
use kernels_simd::dense::DenseError;
use std::array;
use std::ops::Range;

pub use images::*;
pub use products::*;

/// Sequential time from which on each worker gets several units, so that one that comes late or is
/// disturbed keeps the others waiting for less.
const SEVERAL_FROM_NS: f64 = 200_000.0;
/// How many those are.
const SEVERAL: usize = 4;

/// Sequential time from which on a call is shared out, in fork-joins. Threads also fetch operands
/// from each other and work on shapes that suit the kernel less, which the plan knows nothing of:
/// products of n = 64 take 1.5 times as long on two threads as on one, of n = 96 0.8 to 1.0.
const FORK_JOINS_MIN: f64 = 16.0;

/// What a call costs, all of it.
#[derive(Debug, Clone, Copy)]
struct Work {
    name: &'static str,
    /// Elements read and written.
    bytes: usize,
    /// Fused multiply-adds, or comparisons, on elements of 4 bytes.
    operations: usize,
    reads_only: bool,
}

/// What becomes of a call.
enum Turn<'a> {
    /// One thread computes it all.
    Whole,
    Shared(Share<'a>),
}

/// A call that is shared out.
struct Share<'a> {
    op: Op,
    units: usize,
    route: Route<'a>,
}

impl Work {
    /// The cost of one of so many units.
    fn of_unit(&self, units: usize) -> Op {
        let share = |all: usize| u32::try_from(all.div_ceil(units)).unwrap_or(u32::MAX);
        let op = Op::new(self.name)
            .bytes_per_element(share(self.bytes))
            .operations_per_element(share(self.operations))
            .leaf_len(1);
        if self.reads_only { op.reads_only() } else { op }
    }
}

impl<'a> Dispatcher<'a> {
    /// Whether a call of this work is shared out, in at most `units_max` units. It is over when the
    /// timing is dropped.
    #[inline]
    fn turn(&self, work: &Work, units_max: usize, watchers: &Watchers<'_>) -> (Turn<'a>, Timing) {
        let watched = !watchers.is_empty();
        let plain = !watched && self.force != Force::Parallel;
        // The shortest calls ask nobody anything.
        if plain && self.is_short(&work.of_unit(1), 1) {
            return (Turn::Whole, Timing::NONE);
        }
        self.turn_of_long(work, units_max, watchers)
    }

    #[inline(never)]
    fn turn_of_long(
        &self,
        work: &Work,
        units_max: usize,
        watchers: &Watchers<'_>,
    ) -> (Turn<'a>, Timing) {
        let watched = !watchers.is_empty();
        let alone = (Turn::Whole, Timing::NONE);
        let (workers, figures) = (self.workers(), self.figures());
        let whole = work.of_unit(1);
        let alone_ns = figures.sequential_ns(&whole, 1);
        let free = self.force == Force::Auto && !watched;
        // Too short to be shared out, whatever the plan thinks of it.
        if free && alone_ns < FORK_JOINS_MIN * figures.fork_join_warm_ns {
            return alone;
        }
        // Nor is one that gains nothing even if everybody waits for work.
        let decided = free && self.tuning == Tuning::Static;
        if decided && figures.warm_ns(&whole, 1, workers) >= alone_ns {
            return alone;
        }
        let several = if alone_ns >= SEVERAL_FROM_NS {
            SEVERAL
        } else {
            1
        };
        let units = workers
            .saturating_mul(several)
            .clamp(2, MAX_CHUNKS)
            .min(units_max);
        if units == 0 || units == 1 && !watched {
            return alone;
        }
        let op = work.of_unit(units);
        let (route, timing) = self.route(&op, units, watchers);
        let turn = match route {
            Some(route) => Turn::Shared(Share { op, units, route }),
            None => Turn::Whole,
        };
        (turn, timing)
    }

    /// The whole, as one chunk.
    #[inline]
    fn run_whole(&self, work: &Work, run: impl FnOnce() -> Result<(), DenseError>) -> Outcome {
        // Its name is all that is told.
        let op = Op::new(work.name);
        self.observer.chunk(&op, run).map_err(Error::Body)
    }
}

/// How a call ended.
type Outcome = Result<(), Error<DenseError>>;

impl Share<'_> {
    /// Runs the units that `cut` takes off, each once, in runs of neighbours.
    fn run<U: Send>(
        &self,
        dispatcher: &Dispatcher<'_>,
        watchers: Watchers<'_>,
        mut cut: impl FnMut(usize) -> Option<U>,
        run: impl Fn(U) -> Result<(), DenseError> + Sync,
    ) -> Outcome {
        let mut units: [Option<U>; MAX_CHUNKS] =
            array::from_fn(|unit| if unit < self.units { cut(unit) } else { None });
        let watch = Watch::new(watchers, self.units);
        self.route.for_each_run(
            (&mut units[..self.units], self.route.cut.task_len()),
            || (),
            |(), task, units| {
                for unit in units.iter_mut().filter_map(Option::take) {
                    let chunk = || dispatcher.observer.chunk(&self.op, || run(unit));
                    if watch.unit(task, 1, chunk).is_err() {
                        break;
                    }
                }
            },
        );
        watch.finish(self.op.name)
    }
}

/// What a call does whose shapes cannot be wrong any more and that nobody may cancel; else a panic.
#[track_caller]
fn settled(outcome: Outcome) {
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Where unit `index` lies when `len` is cut into `units` that differ by one at most.
fn even_range(len: usize, units: usize, index: usize) -> Range<usize> {
    let start = |index: usize| len / units * index + (len % units).min(index);
    start(index)..start(index + 1)
}
