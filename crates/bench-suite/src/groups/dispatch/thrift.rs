//! What dispatching costs where it does not pay: short calls, rare calls, a machine that is busy.

use std::hint::black_box;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cell::Site;
use super::work::{Sum, Work};
use crate::groups::slices::Operands;
use crate::groups::{Outcome, Question};
use crate::measure::Plan;
use crate::stats::summarize;

/// The environment variable that makes this program keep a core busy until its standard input
/// ends.
pub const BUSY_VARIABLE: &str = "BENCH_SUITE_BUSY";

/// Keeps a core busy until standard input ends.
pub fn be_busy() {
    std::thread::spawn(|| {
        loop {
            black_box(Instant::now());
        }
    });
    // An error is an end too.
    let _ended = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
}

/// A process that keeps a core busy while this lives.
#[derive(Debug)]
pub(super) struct Busy(Child);

impl Busy {
    /// Starts it.
    ///
    /// # Errors
    /// If this program cannot be started once more.
    pub(super) fn start() -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let child = Command::new(program)
            .env(BUSY_VARIABLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        // Until the scheduler has found it a core.
        std::thread::sleep(Duration::from_millis(50));
        Ok(Self(child))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs of calls, sequential and dispatched in turns: rows of both and their ratio.
pub(super) fn in_turns(
    site: Site<'_>,
    question: &Question,
    plan: &Plan,
    operands: &mut Operands<f32>,
) -> Outcome {
    let dispatcher = site.dispatcher();
    let sequential: &dyn Fn(&mut Operands<f32>, u32) -> f64 = &|operands, calls| {
        let begun = Instant::now();
        for _ in 0..calls {
            black_box(Sum::leaf(black_box(operands)));
        }
        begun.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    let dispatched: &dyn Fn(&mut Operands<f32>, u32) -> f64 = &|operands, calls| {
        let begun = Instant::now();
        for _ in 0..calls {
            black_box(Sum::dispatched(&dispatcher, black_box(operands)));
        }
        begun.elapsed().as_nanos() as f64 / f64::from(calls)
    };
    let ways = [sequential, dispatched];
    let once = sequential(operands, 100).max(1.0);
    // A millisecond: long enough for the dispatcher to learn what the moment is like.
    let calls = (10.0 * plan.sample_ns / once).clamp(1.0, 1e6) as u32;
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..plan.rounds_min.clamp(1, 15) {
        for position in 0..2 {
            let index = (position + round) % 2;
            samples[index].push(ways[index](operands, calls));
        }
    }
    let answer = Sum::dispatched(&dispatcher, operands);
    let answer = Sum::check(operands, answer);
    question.pair(
        ["dispatched", "sequential"],
        [&samples[1], &samples[0]],
        answer,
    )
}

/// Processor time per call of a program that calls once per millisecond, sequential and dispatched:
/// what the program takes over one that only sleeps. `None` where the system does not tell.
pub(super) fn processor_time(
    site: Site<'_>,
    question: &Question,
    calls: u32,
    operands: &mut Operands<f32>,
) -> Option<Outcome> {
    let dispatcher = site.dispatcher();
    let mut run = |way: usize| {
        let begun = process_ns()?;
        for _ in 0..calls {
            std::thread::sleep(Duration::from_millis(1));
            match way {
                0 => {}
                1 => drop(black_box(Sum::leaf(black_box(operands)))),
                _ => drop(black_box(Sum::dispatched(&dispatcher, black_box(operands)))),
            }
        }
        Some((process_ns()? - begun) / f64::from(calls))
    };
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..5 {
        let sleeping = run(0)?;
        samples[0].push((run(2)? - sleeping).max(1.0));
        samples[1].push((run(1)? - sleeping).max(1.0));
    }
    let answer = Sum::dispatched(&dispatcher, operands);
    let answer = Sum::check(operands, answer);
    // Runs of some milliseconds: their medians are compared.
    for samples in &mut samples {
        let median = summarize(samples)?.median;
        *samples = vec![median; 1];
    }
    Some(question.pair(
        ["dispatched", "sequential"],
        [&samples[0], &samples[1]],
        answer,
    ))
}

/// Processor time of all threads of this process.
fn process_ns() -> Option<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        // A thread may have ended since the folder was read.
        let Ok(text) = std::fs::read_to_string(task.ok()?.path().join("schedstat")) else {
            continue;
        };
        total += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    Some(total)
}
