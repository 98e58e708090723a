//! One cell of the regret table: an operation at one length, from one place and at one rhythm,
//! in all the ways there are, in rounds that take turns.
//!
//! Decided here: the dispatcher under test has a pool of its own, so that the forced ways beside it
//! neither keep its helpers awake nor spoil its prices. All ways run on the same thread, whose
//! caches hold the operands; in a worker that is one of the tested pool's. Back to back, each way runs for a moment
//! before the clock is read. At one call per millisecond every call is a sample, behind a sleep.

use std::hint::black_box;
use std::time::{Duration, Instant};

use par_dispatch::{Dispatcher, Force, Profile, Tuning};
use rayon::ThreadPool;

use super::work::{Answer, Work};
use crate::groups::slices::Operands;
use crate::measure::Plan;
use crate::stats::{Summary, summarize};

/// Where calls come from, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    /// From a worker of the pool.
    pub(super) worker: bool,
    /// A call per millisecond.
    pub(super) paused: bool,
}

impl Context {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [
        Self::of(false, false),
        Self::of(true, false),
        Self::of(false, true),
        Self::of(true, true),
    ];

    const fn of(worker: bool, paused: bool) -> Self {
        Self { worker, paused }
    }

    /// Its name in reports.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match (self.worker, self.paused) {
            (false, false) => "outside, back to back",
            (true, false) => "worker, back to back",
            (false, true) => "outside, every ms",
            (true, true) => "worker, every ms",
        }
    }
}

/// A way to run the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// On the calling thread.
    Sequential,
    /// The same code once more: what a difference of nothing looks like.
    SequentialAgain,
    /// By the plan of the profile: what a dispatcher does unless it is told otherwise.
    Dispatched,
    /// By the plan, corrected by what calls take.
    DispatchedOnline,
    /// Through the hub, in as many chunks; rounded up to as many for each thread.
    Hub(usize),
    /// Rayon's `par_chunks` of 4096 elements.
    ParChunks,
    /// Rayon's `par_chunks`, a chunk per thread.
    ParHalves,
    /// Rayon's `par_iter`.
    ParIter,
}

impl Way {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Sequential,
        Self::SequentialAgain,
        Self::Dispatched,
        Self::DispatchedOnline,
        Self::Hub(2),
        Self::Hub(8),
        Self::Hub(32),
        Self::ParChunks,
        Self::ParHalves,
        Self::ParIter,
    ];

    /// Its name in reports.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::SequentialAgain => "sequential again",
            Self::Dispatched => "dispatched",
            Self::DispatchedOnline => "dispatched, online",
            Self::Hub(2) => "hub 2 chunks",
            Self::Hub(8) => "hub 8 chunks",
            Self::Hub(_) => "hub 32 chunks",
            Self::ParChunks => "par_chunks(4096)",
            Self::ParHalves => "par_chunks(n/threads)",
            Self::ParIter => "par_iter",
        }
    }

    /// Whether it is one of the splittings that a dispatcher is measured against.
    #[must_use]
    pub(super) const fn is_parallel(self) -> bool {
        !matches!(
            self,
            Self::Sequential | Self::SequentialAgain | Self::Dispatched | Self::DispatchedOnline
        )
    }
}

/// Pools and figures of the group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// Of the dispatcher under test.
    pub(super) tested: &'a ThreadPool,
    /// Of everybody else.
    pub(super) others: &'a ThreadPool,
    /// What the dispatcher plans with.
    pub(super) profile: &'a Profile,
}

/// What one way took.
#[derive(Debug, Clone)]
pub(super) struct Took {
    /// Which.
    pub(super) way: Way,
    /// Nanoseconds per call, one entry per round.
    pub(super) samples_ns: Vec<f64>,
    /// Its middle and spread.
    pub(super) ns: Summary,
    /// Whether the answer was right.
    pub(super) answer: Result<(), String>,
}

/// Time in which a way settles before it is timed back to back: that of many calls, each of which
/// earns a part of a wake, and of the wake.
const SETTLE: Duration = Duration::from_millis(2);

const PERIOD: Duration = Duration::from_millis(1);

/// Elements up to which answers are checked in every context.
const ALWAYS_CHECKED_LEN: usize = 1 << 18;

/// Time of a cell, as a share of the plan's for a case.
const CELL_SHARE: f64 = 0.15;

impl<'a> Site<'a> {
    /// The dispatcher under test, from outside.
    pub(super) fn dispatcher(self) -> Dispatcher<'a> {
        Dispatcher::with_pool(self.tested).profile(self.profile)
    }

    /// With the figures that a way plans with: a forced call is cut by the time that it is thought
    /// to take, 32 µs a chunk at most, and as many for each thread.
    fn of_way<W: Work>(self, way: Way, len: usize, cuts: &'a mut Profile) -> Self {
        let Way::Hub(chunks) = way else {
            return self;
        };
        let bytes = (W::SLICES * len * size_of::<f32>()) as f64;
        cuts.operations_per_ns = 1e6;
        for curve in [&mut cuts.reading, &mut cuts.writing] {
            for point in &mut curve.points {
                point.ns_per_byte = (chunks as f64 - 0.5) * 32_000.0 / bytes;
            }
        }
        Self {
            profile: cuts,
            ..self
        }
    }
}

/// Measures one cell.
pub(super) fn measure<W: Work>(
    site: Site<'_>,
    context: Context,
    plan: &Plan,
    operands: &mut Operands<f32>,
) -> Vec<Took> {
    let len = operands.x.len();
    // References of long slices take longer than the measurement: once for all contexts.
    let checked = len <= ALWAYS_CHECKED_LEN || context == Context::ALL[0];
    let mut cuts = [*site.profile; Way::ALL.len()];
    let sites: Vec<Site<'_>> = Way::ALL
        .iter()
        .zip(&mut cuts)
        .map(|(&way, cuts)| site.of_way::<W>(way, len, cuts))
        .collect();
    let mut all: Vec<Took> = Way::ALL
        .iter()
        .zip(&sites)
        .map(|(&way, &site)| Took {
            way,
            samples_ns: Vec::new(),
            ns: Summary {
                median: 0.0,
                p10: 0.0,
                p90: 0.0,
            },
            answer: match checked {
                true => answer::<W>(site, context, way, operands),
                false => Ok(()),
            },
        })
        .collect();
    let begun = Instant::now();
    let budget = plan.budget.mul_f64(CELL_SHARE);
    let (least, most) = match plan.budget.is_zero() {
        true => (plan.rounds_min, plan.rounds_max),
        false => (5, 15),
    };
    let mut round = 0;
    while round < least || (round < most && begun.elapsed() < budget) {
        for position in 0..all.len() {
            // Reversed in each second round: nobody always finds the caches of one neighbour.
            let turn = match round % 2 {
                0 => position,
                _ => all.len() - 1 - position,
            };
            let index = (turn + round / 2) % all.len();
            let way = all[index].way;
            let ns = sample::<W>(sites[index], context, plan, way, operands);
            all[index].samples_ns.push(ns);
        }
        round += 1;
    }
    for (took, &site) in all.iter_mut().zip(&sites) {
        took.ns = summarize(&took.samples_ns).expect("there was a round");
        if checked && took.answer.is_ok() {
            took.answer = answer::<W>(site, context, took.way, operands);
        }
    }
    all
}

fn answer<W: Work>(
    site: Site<'_>,
    context: Context,
    way: Way,
    operands: &mut Operands<f32>,
) -> Result<(), String> {
    operands.poison();
    let answer = within(site, context, || {
        let dispatcher = dispatcher_of(site, context, way);
        call::<W>(site, context, way, &dispatcher, operands)
    });
    W::check(operands, answer)
}

/// Runs in the place that the context says.
fn within<R: Send>(site: Site<'_>, context: Context, run: impl FnOnce() -> R + Send) -> R {
    match context.worker {
        false => run(),
        true => site.tested.install(run),
    }
}

fn sample<W: Work>(
    site: Site<'_>,
    context: Context,
    plan: &Plan,
    way: Way,
    operands: &mut Operands<f32>,
) -> f64 {
    within(site, context, || {
        let dispatcher = dispatcher_of(site, context, way);
        let mut call = || {
            black_box(call::<W>(
                site,
                context,
                way,
                &dispatcher,
                black_box(operands),
            ))
        };
        if context.paused {
            std::thread::sleep(PERIOD);
            let begun = Instant::now();
            call();
            return begun.elapsed().as_nanos().max(1) as f64;
        }
        let begun = Instant::now();
        let mut calls = 0_u32;
        while begun.elapsed() < SETTLE {
            call();
            calls += 1;
        }
        let call_ns = begun.elapsed().as_nanos() as f64 / f64::from(calls);
        let calls = (plan.sample_ns / call_ns).clamp(1.0, 1e6) as u32;
        let begun = Instant::now();
        for _ in 0..calls {
            call();
        }
        begun.elapsed().as_nanos().max(1) as f64 / f64::from(calls)
    })
}

/// The dispatcher that a way calls: made once and kept, as by a program that sets its profile.
fn dispatcher_of<'a>(site: Site<'a>, context: Context, way: Way) -> Dispatcher<'a> {
    let tested = match context.worker {
        true => Dispatcher::global().profile(site.profile),
        false => site.dispatcher(),
    };
    match way {
        Way::DispatchedOnline => tested.tuning(Tuning::Online),
        Way::Hub(_) => {
            let forced = Dispatcher::with_pool(site.others).force(Force::Parallel);
            forced.profile(site.profile)
        }
        _ => tested,
    }
}

/// One call. From outside Rayon's forms enter the pool by `install`, as users do.
#[inline]
fn call<W: Work>(
    site: Site<'_>,
    context: Context,
    way: Way,
    dispatcher: &Dispatcher<'_>,
    operands: &mut Operands<f32>,
) -> Answer {
    let rayon = |run: &mut (dyn FnMut() -> Answer + Send)| match context.worker {
        true => run(),
        false => site.others.install(run),
    };
    let len = operands.x.len();
    let threads = site.others.current_num_threads();
    match way {
        Way::Sequential | Way::SequentialAgain => W::leaf(operands),
        Way::Dispatched | Way::DispatchedOnline | Way::Hub(_) => {
            W::dispatched(dispatcher, operands)
        }
        Way::ParChunks => rayon(&mut || W::par_chunks(operands, 4096)),
        Way::ParHalves => {
            let half = len.div_ceil(threads).max(1);
            rayon(&mut || W::par_chunks(operands, half))
        }
        Way::ParIter => rayon(&mut || W::par_iter(operands)),
    }
}
