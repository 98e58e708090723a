//! What is measured: groups of cases, each a question with contenders and an expected answer.
//!
//! Decided here: what a question is made of, and how its measurement becomes rows of the report.
//! A group is a file and a row of [`GROUPS`]; everything else (flags, progress, tables, report)
//! works from that row.

pub mod arena;
pub mod dense;
pub mod dispatch;
pub mod kernels;
pub mod metrics;
pub mod pool;
pub mod scaling;
pub mod slices;

use pool_metrics::Recorder;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::contenders::numpy::{self, Numpy};
use crate::contenders::torch::{self, Torch};
use crate::data::Embedded;
use crate::data::npy::Array;
use crate::measure::{Contender, Measured, Plan, Trial, measure};
use crate::report::schema::{ANSWER_OK, Comparison, PoolUtilization, Regret, Row, ScalingOf};
use crate::stats::{Estimate, Summary, median_interval, summarize};

/// A group of cases.
#[derive(Debug)]
pub struct Group {
    /// Its name on the command line and in reports.
    pub name: &'static str,
    /// What it asks, in a line.
    pub about: &'static str,
    /// What `--quick` leaves of it.
    pub quick: &'static str,
    /// The operations of its cases.
    pub ops: &'static [&'static str],
    /// Its cases on these inputs.
    pub cases: for<'a> fn(&'a Inputs) -> Vec<Case<'a>>,
}

/// All groups, in the order in which they run.
pub static GROUPS: [Group; 7] = [
    kernels::GROUP,
    dispatch::GROUP,
    pool::GROUP,
    metrics::GROUP,
    arena::GROUP,
    dense::GROUP,
    scaling::GROUP,
];

/// The group of this name.
///
/// # Errors
/// A line that names the known groups.
pub fn find(name: &str) -> Result<&'static Group, String> {
    GROUPS
        .iter()
        .find(|group| group.name == name)
        .ok_or_else(|| {
            let known: Vec<&str> = GROUPS.iter().map(|group| group.name).collect();
            format!("unknown group; known groups: {}", known.join(", "))
        })
}

/// What cases are built from.
#[derive(Debug)]
pub struct Inputs {
    /// Fewer sizes.
    pub quick: bool,
    /// The data that ships with the suite.
    pub data: Embedded,
    /// The user's own array, on which the kernels run instead.
    pub user: Option<Array>,
    /// NumPy, if it was asked for and is there.
    pub numpy: Option<Numpy>,
    /// Another, whose BLAS has as many threads as the pools.
    pub numpy_threaded: Option<Numpy>,
    /// PyTorch and ONNX Runtime, if they were asked for and are there.
    pub torch: Option<Torch>,
    /// What will not run, and why: a line each.
    pub notes: Vec<String>,
    /// A plain pool.
    pub pool: ThreadPool,
    /// A pool of the same size with a recorder attached.
    pub recorded_pool: ThreadPool,
    /// The recorder of `recorded_pool`.
    pub recorder: Recorder,
}

impl Inputs {
    /// Inputs with pools of `threads` threads, and without peers in Python.
    ///
    /// # Errors
    /// If the system refuses so many threads.
    pub fn new(
        quick: bool,
        threads: usize,
        user: Option<Array>,
    ) -> Result<Self, ThreadPoolBuildError> {
        let builder = || ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder()
            .thread_name(|index| format!("bench-{index}"))
            .build()?;
        let (recorded_pool, recorder) =
            Recorder::build_pool(builder().thread_name(|index| format!("recorded-{index}")))?;
        Ok(Self {
            quick,
            data: Embedded::load(),
            user,
            numpy: None,
            numpy_threaded: None,
            torch: None,
            notes: kernels::notes(),
            pool,
            recorded_pool,
            recorder,
        })
    }

    /// Starts NumPy, or notes why it will not run.
    pub fn start_numpy(&mut self) {
        match Numpy::start(1) {
            Ok(numpy) => self.numpy = Some(numpy),
            Err(why) => self.notes.push(format!("{}: not run: {why}", numpy::NAME)),
        }
        if self.numpy.is_some() && self.threads() > 1 {
            self.numpy_threaded = Numpy::start(self.threads()).ok();
        }
    }

    /// Starts PyTorch and ONNX Runtime, or notes why one of them will not run.
    pub fn start_torch(&mut self) {
        let not_run = |name: &str, why: &str| format!("{name}: not run: {why}");
        match Torch::start(1) {
            Ok((torch, missing)) => {
                let missing = missing.iter().map(|name| not_run(name, "not installed"));
                self.notes.extend(missing);
                self.torch = Some(torch);
            }
            Err(why) => self.notes.push(not_run(torch::NAME, &why)),
        }
    }

    /// Threads of each pool.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }
}

/// What is asked: the key of its rows in the report, and the work of one call.
#[derive(Debug, Clone)]
pub struct Question {
    /// The group that asks.
    pub group: &'static str,
    /// The operation.
    pub op: &'static str,
    /// The element type; "none" where there are no elements.
    pub dtype: &'static str,
    /// Extents of the input.
    pub shape: Vec<usize>,
    /// Bytes of the operands read and the results written in one call.
    pub bytes: u64,
    /// Floating-point operations of one call.
    pub flops: u64,
}

impl Question {
    /// Measures the contenders, and compares those of each pair of indices (a against b).
    ///
    /// # Panics
    /// As [`measure`].
    pub fn ask<C, R>(
        &self,
        plan: &Plan,
        mut context: C,
        contenders: &[Contender<'_, C, R>],
        trials: &[Trial<'_, C, R>],
        pairs: &[(usize, usize)],
    ) -> Outcome {
        let measured = measure(plan, &mut context, contenders, trials, pairs);
        self.told(contenders, &measured, pairs)
    }

    /// What was measured, as rows of the report.
    #[must_use]
    pub fn told<C, R>(
        &self,
        contenders: &[Contender<'_, C, R>],
        measured: &Measured,
        pairs: &[(usize, usize)],
    ) -> Outcome {
        let rows = contenders
            .iter()
            .zip(&measured.contenders)
            .map(|(contender, times)| {
                let (samples, answer) = (&times.samples_ns, times.answer.clone());
                Row {
                    page_faults: times.page_faults,
                    ..self.row(contender.name(), contender.threads(), samples, answer)
                }
            });
        let comparisons = pairs.iter().zip(&measured.ratios).map(|(&(a, b), ratios)| {
            let names = [contenders[a].name(), contenders[b].name()];
            self.comparison(names, contenders[a].threads(), ratios)
        });
        Outcome {
            rows: rows.collect(),
            comparisons: comparisons.collect(),
            ..Outcome::default()
        }
    }

    /// The row of one contender, of samples that were taken elsewhere.
    #[must_use]
    pub fn row(
        &self,
        contender: &str,
        threads: usize,
        samples_ns: &[f64],
        answer: Result<(), String>,
    ) -> Row {
        let (Summary { median, p10, p90 }, Estimate { low, high, .. }) = summary(samples_ns);
        Row {
            group: self.group.into(),
            op: self.op.into(),
            dtype: self.dtype.into(),
            shape: self.shape.clone(),
            contender: contender.into(),
            threads,
            samples: samples_ns.len(),
            ns_median: median,
            ns_p10: p10,
            ns_p90: p90,
            ns_low: low,
            ns_high: high,
            bytes: self.bytes,
            flops: self.flops,
            of_limit: None,
            answer: answer.err().unwrap_or_else(|| ANSWER_OK.into()),
            page_faults: None,
        }
    }

    /// A comparison of two contenders, of ratios taken round by round.
    fn comparison(
        &self,
        [contender, against]: [&str; 2],
        threads: usize,
        ratios: &[f64],
    ) -> Comparison {
        let (Summary { median, p10, p90 }, Estimate { low, high, .. }) = summary(ratios);
        Comparison {
            group: self.group.into(),
            op: self.op.into(),
            dtype: self.dtype.into(),
            shape: self.shape.clone(),
            threads,
            contender: contender.into(),
            against: against.into(),
            ratio_median: median,
            ratio_p10: p10,
            ratio_p90: p90,
            ratio_low: low,
            ratio_high: high,
            rounds: ratios.len(),
        }
    }

    /// Two contenders and their comparison, of samples that took turns.
    #[must_use]
    pub fn pair(
        &self,
        names: [&str; 2],
        [a, b]: [&[f64]; 2],
        answer: Result<(), String>,
    ) -> Outcome {
        let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
        Outcome {
            rows: vec![
                self.row(names[0], 2, a, answer.clone()),
                self.row(names[1], 1, b, answer),
            ],
            comparisons: vec![self.comparison(names, 2, &ratios)],
            ..Outcome::default()
        }
    }
}

/// Of the intervals of medians and ratios in the report.
const CONFIDENCE: f64 = 0.95;

fn summary(samples: &[f64]) -> (Summary, Estimate) {
    summarize(samples)
        .zip(median_interval(samples, CONFIDENCE))
        .expect("a plan has at least one round")
}

/// A question that waits to be asked; its buffers are made when it is.
pub struct Case<'a> {
    /// What is asked.
    pub question: Question,
    ask: Ask<'a>,
}

/// Makes the buffers of a question and measures it.
type Ask<'a> = Box<dyn FnOnce(&Question, &Plan) -> Outcome + 'a>;

impl<'a> Case<'a> {
    /// A case that `ask` measures.
    pub fn new(question: Question, ask: impl FnOnce(&Question, &Plan) -> Outcome + 'a) -> Self {
        Self {
            question,
            ask: Box::new(ask),
        }
    }

    /// Measures it.
    #[must_use]
    pub fn run(self, plan: &Plan) -> Outcome {
        (self.ask)(&self.question, plan)
    }
}

impl std::fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("question", &self.question)
            .finish_non_exhaustive()
    }
}

/// What a case adds to the report.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One per contender.
    pub rows: Vec<Row>,
    /// One per pair.
    pub comparisons: Vec<Comparison>,
    /// What the pool did, if the case watched it.
    pub pool: Option<PoolUtilization>,
    /// What more threads gained, if the case asked.
    pub scaling: Vec<ScalingOf>,
    /// Rows of the regret table.
    pub regret: Vec<Regret>,
    /// What was not run and why, or what a reader of the figures must know: a line each.
    pub notes: Vec<String>,
}

impl Outcome {
    /// Nothing but lines.
    #[must_use]
    pub fn noted(notes: Vec<String>) -> Self {
        Self {
            notes,
            ..Self::default()
        }
    }
}
