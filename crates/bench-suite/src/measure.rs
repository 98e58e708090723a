//! How time is taken: all contenders of one question in one process, interleaved round by round.
//!
//! Decided here, and why:
//! - **Interleaved.** The machine drifts (whole runs at 70% of the speed of others), so only
//!   samples taken within one round are compared: a ratio is taken pair by pair, and the median of
//!   the ratios is reported. On identical code this raised no false alarm of 48, where saved
//!   baselines raised 13 of 24.
//! - **In turn.** The order is reversed every second round (A B B A) and rotated every two, so that
//!   nobody always runs behind the same neighbour, with the caches it leaves.
//! - **Batches.** A sample is as many calls as fill [`Plan::sample_ns`], long against the two clock
//!   reads around it (about 60 ns) and short against the time slices of other processes.
//! - **Settled.** A contender of several threads works for two milliseconds before each sample, one
//!   call at least.
//! - **Answers.** Each contender's answer is compared with the reference before the rounds, and once
//!   more after them, so that code which only times well is not reported as right.
//!
//! What is timed is [`crate::groups`]'; what the samples say is [`crate::stats`]'.

use std::hint::black_box;
use std::time::Instant;

use rayon::ThreadPool;

mod batch;
mod plan;

use batch::Batch;
pub use plan::Plan;

/// Code that answers a question, on a context `C` that all contenders share, with an answer `R`:
/// plain data, so that nothing of its end is timed or left out.
pub struct Contender<'a, C, R> {
    name: &'static str,
    threads: usize,
    roundings: usize,
    code: Code<'a, C, R>,
}

/// How a contender's code is called.
enum Code<'a, C, R> {
    /// In a loop of its own, so that a batch costs one indirect call.
    Here(Timed<'a, C, R>),
    /// In another process.
    Elsewhere {
        call: Call<'a, C, R>,
        repeat: Repeat<'a, C>,
    },
}

/// Runs code a number of times, and tells the nanoseconds that took, and the last answer.
type Timed<'a, C, R> = Box<dyn Fn(&mut C, u64) -> (f64, R) + 'a>;

/// Has code run once.
type Call<'a, C, R> = Box<dyn Fn(&mut C) -> Result<R, String> + 'a>;

/// Has code run a number of times, and tells the nanoseconds that took.
type Repeat<'a, C> = Box<dyn Fn(&mut C, u64) -> Result<f64, String> + 'a>;

impl<'a, C, R> Contender<'a, C, R> {
    /// A contender that runs `body` on `threads` threads.
    pub fn new(name: &'static str, threads: usize, body: impl Fn(&mut C) -> R + 'a) -> Self
    where
        R: Copy,
    {
        Self::of(
            name,
            threads,
            Code::Here(Box::new(move |context, times| timed(&body, context, times))),
        )
    }

    /// A contender whose batches run on a worker of `pool`, where the joins of libraries that are
    /// built on Rayon cost least. It runs on all threads of the pool.
    pub fn on_pool(
        name: &'static str,
        pool: &'a ThreadPool,
        body: impl Fn(&mut C) -> R + Send + Sync + 'a,
    ) -> Self
    where
        C: Send,
        R: Copy + Send,
    {
        let code = move |context: &mut C, times| pool.install(|| timed(&body, context, times));
        Self::of(name, pool.current_num_threads(), Code::Here(Box::new(code)))
    }

    /// A contender in another process, which may fail, and reads its own clock so that the way
    /// there is not timed: `repeat(context, times)` tells nanoseconds.
    pub fn elsewhere(
        name: &'static str,
        threads: usize,
        call: impl Fn(&mut C) -> Result<R, String> + 'a,
        repeat: impl Fn(&mut C, u64) -> Result<f64, String> + 'a,
    ) -> Self {
        let (call, repeat) = (Box::new(call), Box::new(repeat));
        Self::of(name, threads, Code::Elsewhere { call, repeat })
    }

    fn of(name: &'static str, threads: usize, code: Code<'a, C, R>) -> Self {
        Self {
            name,
            threads,
            roundings: 0,
            code,
        }
    }

    /// Runs once.
    fn call(&self, context: &mut C) -> Result<R, String> {
        match &self.code {
            Code::Here(code) => Ok(code(context, 1).1),
            Code::Elsewhere { call, .. } => call(context),
        }
    }

    /// The nanoseconds of so many calls, of one at least.
    fn repeat(&self, context: &mut C, times: u64) -> Result<f64, String> {
        match &self.code {
            Code::Here(code) => Ok(code(context, times).0),
            Code::Elsewhere { repeat, .. } => repeat(context, times),
        }
    }

    /// States the longest chain of roundings in the answer, which bounds its error; the checks of
    /// a [`Trial`] are told it. Exact code has 0, which is the default.
    #[must_use]
    pub fn roundings(mut self, roundings: usize) -> Self {
        self.roundings = roundings;
        self
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The threads it runs on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads
    }
}

impl<C, R> std::fmt::Debug for Contender<'_, C, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender")
            .field("name", &self.name)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

type Prepare<'a, C> = Box<dyn Fn(&mut C) + 'a>;
type Check<'a, C, R> = Box<dyn Fn(&C, &R, usize) -> Result<(), String> + 'a>;

/// An input, and the test of the answer to it.
pub struct Trial<'a, C, R> {
    prepare: Prepare<'a, C>,
    check: Check<'a, C, R>,
}

impl<'a, C, R> Trial<'a, C, R> {
    /// Compares the answer by `check(context, answer, roundings)` with the reference.
    pub fn new(check: impl Fn(&C, &R, usize) -> Result<(), String> + 'a) -> Self {
        Self {
            prepare: Box::new(|_| ()),
            check: Box::new(check),
        }
    }

    /// Runs `prepare` before the call: to choose an input, or to spoil an output buffer so that
    /// what a former contender left there cannot pass as an answer.
    #[must_use]
    pub fn prepared_by(mut self, prepare: impl Fn(&mut C) + 'a) -> Self {
        self.prepare = Box::new(prepare);
        self
    }
}

impl<C, R> std::fmt::Debug for Trial<'_, C, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").finish_non_exhaustive()
    }
}

/// What one contender did.
#[derive(Debug, Clone)]
pub struct Times {
    /// Nanoseconds per call, one entry per round.
    pub samples_ns: Vec<f64>,
    /// Whether every answer was right, or what was wrong with the first that was not.
    pub answer: Result<(), String>,
    /// Page faults of this thread per call, counted over a few calls after the rounds; `None`
    /// where the plan or the system does not count them.
    pub page_faults: Option<f64>,
}

impl Times {
    /// The figure, or `otherwise` and a wrong answer if the contender failed.
    fn heard(&mut self, figure: Result<f64, String>, otherwise: f64) -> f64 {
        figure.unwrap_or_else(|failure| {
            self.answer = Err(failure);
            otherwise
        })
    }
}

/// What all contenders did.
#[derive(Debug, Clone)]
pub struct Measured {
    /// In the order in which they were given.
    pub contenders: Vec<Times>,
    /// For each pair (a, b) asked for: time(a)/time(b), one entry per round.
    pub ratios: Vec<Vec<f64>>,
}

/// Checks, then times all `contenders` on one `context`.
///
/// Each trial is run by each contender before the rounds; the rounds time the input that the last
/// trial prepares, and that trial is repeated after them.
///
/// # Panics
/// If there is no trial (an unchecked answer is no evidence), or a pair names a contender that is
/// not there.
pub fn measure<C, R>(
    plan: &Plan,
    context: &mut C,
    contenders: &[Contender<'_, C, R>],
    trials: &[Trial<'_, C, R>],
    pairs: &[(usize, usize)],
) -> Measured {
    let last_trial = trials
        .last()
        .expect("measure: no trial to check the answers with");
    for &(a, b) in pairs {
        let len = contenders.len();
        assert!(
            a < len && b < len,
            "measure: pair ({a}, {b}) of {len} contenders"
        );
    }

    let mut times: Vec<Times> = contenders
        .iter()
        .map(|contender| Times {
            samples_ns: Vec::new(),
            answer: trials
                .iter()
                .try_for_each(|trial| attempt(context, contender, trial)),
            page_faults: None,
        })
        .collect();

    let batches: Vec<Batch> = contenders
        .iter()
        .zip(&mut times)
        .map(|(contender, times)| Batch::of(plan, context, contender, times))
        .collect();
    let round_ns: f64 = contenders
        .iter()
        .zip(&batches)
        .map(|(contender, batch)| {
            (batch.calls + batch.settling_calls(contender)) as f64 * batch.call_ns
        })
        .sum();
    let rounds = (plan.budget.as_nanos() as f64 / round_ns.max(1.0)) as usize;
    for round in 0..rounds.clamp(plan.rounds_min, plan.rounds_max) {
        for index in order(round, contenders.len()) {
            let Batch { calls, call_ns } = batches[index];
            let settling = batches[index].settling_calls(&contenders[index]);
            if settling > 0 {
                // Its time does not count, and its errors come again.
                let _ = contenders[index].repeat(context, settling);
            }
            let sample = contenders[index].repeat(context, calls);
            let sample = sample.map(|ns| ns.max(1.0) / calls as f64);
            let sample = times[index].heard(sample, call_ns);
            times[index].samples_ns.push(sample);
        }
    }

    for (contender, time) in contenders.iter().zip(&mut times) {
        if plan.page_faults {
            time.page_faults = page_faults(context, contender);
        }
        if time.answer.is_ok() {
            time.answer = attempt(context, contender, last_trial);
        }
    }

    let ratios = pairs
        .iter()
        .map(|&(a, b)| {
            let of = times[a].samples_ns.iter();
            of.zip(&times[b].samples_ns).map(|(a, b)| a / b).collect()
        })
        .collect();
    Measured {
        contenders: times,
        ratios,
    }
}

fn attempt<C, R>(
    context: &mut C,
    contender: &Contender<'_, C, R>,
    trial: &Trial<'_, C, R>,
) -> Result<(), String> {
    (trial.prepare)(context);
    let answer = contender.call(context)?;
    (trial.check)(context, &answer, contender.roundings)
}

/// Page faults of this thread per call, over a few calls in a row; the first is not counted, as it
/// may have to undo what another contender left.
fn page_faults<C, R>(context: &mut C, contender: &Contender<'_, C, R>) -> Option<f64> {
    const CALLS: u64 = 8;
    contender.repeat(context, 1).ok()?;
    let before = minor_faults()?;
    contender.repeat(context, CALLS).ok()?;
    Some((minor_faults()? - before) as f64 / CALLS as f64)
}

/// Pages brought in for this thread without reading a disk, where Linux tells it.
fn minor_faults() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    // After the name in brackets: state, 6 identities, then the count (proc_pid_stat(5)).
    let fields = stat.rsplit_once(')')?.1;
    fields.split_whitespace().nth(7)?.parse().ok()
}

/// The nanoseconds of so many calls, of one at least, and the answer of the last.
fn timed<C, R: Copy>(body: &impl Fn(&mut C) -> R, context: &mut C, times: u64) -> (f64, R) {
    let mut left = times;
    let start = Instant::now();
    // One place where the code is called: there are many contenders, and each is inlined here.
    let answer = loop {
        let answer = black_box(body(black_box(context)));
        left = left.saturating_sub(1);
        if left == 0 {
            break answer;
        }
    };
    // Zero would make a ratio infinite; the clock's step is about a nanosecond.
    let elapsed = (start.elapsed().as_nanos() as f64).max(1.0);
    (elapsed, answer)
}

/// The order of `len` contenders in a round: rotated every two rounds, reversed in each second.
fn order(round: usize, len: usize) -> impl Iterator<Item = usize> {
    let rotation = round / 2;
    (0..len).map(move |position| {
        let position = if round.is_multiple_of(2) {
            position
        } else {
            len - 1 - position
        };
        (position + rotation) % len
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contender_elsewhere_reads_its_own_clock_and_may_fail() {
        let contenders = [
            Contender::elsewhere("steady", 1, |_| Ok(1), |_, times| Ok(700.0 * times as f64)),
            Contender::elsewhere("gone", 1, |_| Ok(1), |_, _| Err("gone".into())),
        ];
        let trial = Trial::new(|_: &(), _, _| Ok(()));
        let measured = measure(&Plan::rounds(3), &mut (), &contenders, &[trial], &[]);
        assert_eq!(measured.contenders[0].samples_ns, [700.0; 3]);
        assert_eq!(measured.contenders[0].answer, Ok(()));
        assert_eq!(measured.contenders[1].answer, Err("gone".into()));
    }

    #[test]
    fn order_is_fair() {
        let orders: Vec<Vec<usize>> = (0..4).map(|round| order(round, 2).collect()).collect();
        assert_eq!(orders, [[0, 1], [1, 0], [1, 0], [0, 1]]);

        // Over a whole turn each of three contenders runs at each position equally often.
        let mut seen = [[0; 3]; 3];
        for round in 0..6 {
            for (position, index) in order(round, 3).enumerate() {
                seen[index][position] += 1;
            }
        }
        assert_eq!(seen, [[2; 3]; 3]);
    }

    #[test]
    fn a_slower_contender_has_a_larger_ratio() {
        let work = |rounds: u64| move |x: &mut u64| (0..rounds).fold(*x, |a, b| black_box(a ^ b));
        let contenders = [
            Contender::new("short", 1, work(100)),
            Contender::new("long", 1, work(10_000)),
        ];
        let trial = Trial::new(|_, _, _| Ok(()));
        let measured = measure(&Plan::rounds(9), &mut 1, &contenders, &[trial], &[(1, 0)]);
        let ratio = crate::stats::summarize(&measured.ratios[0]).unwrap().median;
        assert!(
            ratio > 10.0,
            "100 times the work took {ratio} times as long"
        );
    }

    #[test]
    fn a_wrong_answer_is_told_and_the_right_one_kept() {
        let contenders = [
            Contender::new("right", 1, |x: &mut i32| *x + 1),
            Contender::new("wrong", 1, |x: &mut i32| *x - 1),
        ];
        let trials = || {
            [1, 5].map(|input| {
                Trial::new(move |_: &i32, got: &i32, _| match *got {
                    right if right == input + 1 => Ok(()),
                    other => Err(format!("{other}")),
                })
                .prepared_by(move |x| *x = input)
            })
        };
        let measured = measure(&Plan::rounds(3), &mut 0, &contenders, &trials(), &[]);
        assert_eq!(measured.contenders[0].answer, Ok(()));
        assert_eq!(measured.contenders[1].answer, Err("0".into()));
    }

    #[test]
    fn an_answer_that_goes_wrong_during_the_rounds_is_found() {
        let contenders = [Contender::new("drifts", 1, |calls: &mut u32| {
            *calls += 1;
            *calls
        })];
        let trial = Trial::new(|_, calls: &u32, _| match calls {
            1 => Ok(()),
            _ => Err("stateful".into()),
        });
        let measured = measure(&Plan::rounds(3), &mut 0, &contenders, &[trial], &[]);
        assert_eq!(measured.contenders[0].answer, Err("stateful".into()));
    }
}
