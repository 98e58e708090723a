//! How fast one thread and all threads are, on what only reads, what writes and what computes.
//!
//! All threads are timed as a call that is forced to be parallel, less its fork-join: so the
//! figure holds what a call meets, chunks and caches that change hands included.

use crate::dispatcher::{Dispatcher, Force};
use crate::op::Op;
use crate::profile::{Curve, POINTS, Point, Profile};
use crate::rendezvous::quartile;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long helpers stay between samples.
pub(super) const LINGER: Duration = Duration::from_micros(300);

/// One sample: long against the clock, short against the time slices of other processes.
const SAMPLE: Duration = Duration::from_micros(60);

/// Instructions of `exp` per element, as vectors execute them: 3 to round the exponent, 4 to
/// reduce the argument, 9 for the polynomial, 4 to put it together, 8 for the powers of two and
/// 4 for the limits.
const EXP: Op = Op::new("exp")
    .bytes_per_element(8)
    .operations_per_element(32);

/// Elements that fit the second cache, in and out, and take long against a fork-join.
const EXP_LEN: usize = 1 << 16;

/// Elements of a cache line.
const LINE_LEN: usize = 64 / size_of::<f32>();

/// Fork-joins that a call alone takes at least where its speed-up is measured. A fork-join differs
/// from call to call by a third: at 4 of them that is an error of a sixth in the speed-up.
const RESOLVED_FORK_JOINS: f64 = 4.0;

/// Memory for the largest point of a curve, used from a line's beginning: slices that begin within
/// one are read at 0.6 of the speed from a second cache, where one thread then would seem slower
/// than it can be, and a size doubtful that should stay sequential.
#[derive(Debug)]
pub(super) struct Buffers(Vec<f32>);

impl Buffers {
    pub(super) fn new() -> Self {
        let len = Curve::bytes_at(POINTS - 1) / size_of::<f32>() + LINE_LEN;
        // No zeros: pages of zeros may all be one page.
        Self((0..len).map(|i| (i % 1000) as f32 * 1e-3 + 0.1).collect())
    }

    /// All of it.
    pub(super) fn aligned(&mut self) -> &mut [f32] {
        let offset = self.0.as_ptr().align_offset(64);
        // An offset that cannot be told is longer than any slice.
        &mut self.0[if offset < LINE_LEN { offset } else { 0 }..]
    }

    /// Two inputs and an output of one length, at most so long and whole lines.
    fn three(&mut self, len: usize) -> (&[f32], &[f32], &mut [f32]) {
        let len = len - len % LINE_LEN;
        let (x, rest) = self.aligned().split_at_mut(len);
        let (y, rest) = rest.split_at_mut(len);
        (x, y, &mut rest[..len])
    }
}

/// Time of one call alone, and of the same call in parallel with helpers that wait.
fn alone_and_together(
    dispatcher: &Dispatcher<'_>,
    rounds: usize,
    mut call: impl FnMut(&Dispatcher<'_>),
) -> (f64, f64) {
    let ways = [Force::Sequential, Force::Parallel].map(|force| dispatcher.force(force));
    let mut samples = [Vec::new(), Vec::new()];
    let mut calls = [1_u32; 2];
    for round in 0..=rounds {
        for ((way, samples), calls) in ways.iter().zip(&mut samples).zip(&mut calls) {
            // Helpers of the other way go, and those of this way come, before the clock is read.
            let settled = Instant::now() + LINGER + LINGER / 2;
            while Instant::now() < settled {
                call(way);
            }
            let begun = Instant::now();
            for _ in 0..*calls {
                call(way);
            }
            let ns = begun.elapsed().as_nanos() as f64 / f64::from(*calls);
            if round == 0 {
                // The first round tells how many calls fill a sample.
                let fill = SAMPLE.as_nanos() as f64 / ns.max(1.0);
                *calls = fill.clamp(1.0, 1e6) as u32;
            } else {
                samples.push(ns);
            }
        }
    }
    let [alone, together] = &mut samples;
    (quartile(alone), quartile(together))
}

/// How much faster the work itself is in parallel, between twice as slow and twice the threads.
fn speed_up(alone_ns: f64, together_ns: f64, profile: &Profile) -> f64 {
    let others = profile.threads.saturating_sub(2) as f64;
    let joins_ns = profile.fork_join_warm_ns + others * profile.line_round_trip_ns / 2.0;
    let work_ns = (together_ns - joins_ns).max(1e-3);
    (alone_ns / work_ns).clamp(0.5, 2.0 * profile.threads as f64)
}

/// Measures arithmetic into the profile.
pub(super) fn arithmetic(
    dispatcher: &Dispatcher<'_>,
    rounds: usize,
    buffers: &mut Buffers,
    profile: &mut Profile,
) {
    let (x, _, out) = buffers.three(EXP_LEN);
    let (alone_ns, together_ns) = alone_and_together(dispatcher, rounds, |way| {
        way.map(&EXP, black_box(x), out, kernels_simd::exp);
    });
    let operations = (EXP_LEN * EXP.operations_per_element as usize) as f64;
    profile.operations_per_ns = operations / alone_ns;
    profile.operations_speed_up = speed_up(alone_ns, together_ns, profile);
}

/// Measures sums (`reading`) or additions of slices over all sizes.
pub(super) fn curve(
    dispatcher: &Dispatcher<'_>,
    rounds: usize,
    buffers: &mut Buffers,
    reading: bool,
    profile: &Profile,
) -> Curve {
    let mut resolved = [false; POINTS];
    let mut points = std::array::from_fn(|index| {
        let len = Curve::bytes_at(index) / size_of::<f32>();
        let (len, (alone_ns, together_ns)) = if reading {
            let x = &buffers.aligned()[..len];
            let times = alone_and_together(dispatcher, rounds, |way| {
                black_box(way.sum(black_box(x)));
            });
            (len, times)
        } else {
            let (x, y, out) = buffers.three(len / 3);
            let len = 3 * x.len();
            let add = |way: &Dispatcher<'_>| way.add(black_box(x), y, out);
            (len, alone_and_together(dispatcher, rounds, add))
        };
        resolved[index] = alone_ns > RESOLVED_FORK_JOINS * profile.fork_join_warm_ns;
        Point {
            ns_per_byte: alone_ns / (len * size_of::<f32>()) as f64,
            speed_up: speed_up(alone_ns, together_ns, profile),
        }
    });
    if let Some(first) = resolved.iter().position(|&resolved| resolved) {
        let speed_up = points[first].speed_up;
        for point in &mut points[..first] {
            point.speed_up = speed_up;
        }
    }
    Curve { points }
}
