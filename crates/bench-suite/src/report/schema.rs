//! `report.json` and `pool_utilization.json` as types: the names are a contract with programs.
//!
//! Decided here: names, types and units; a change that breaks a reader raises [`SCHEMA`]. New
//! sections are added beside the old ones. How files reach the disk is [`super::write`]'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod pool;

pub use pool::{Lane, PoolUtilization, Span};

/// The version of the schema.
pub const SCHEMA: u32 = 1;
/// What [`Row::answer`] says of a right answer.
pub const ANSWER_OK: &str = "ok";

/// `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was measured.
    pub project: Project,
    /// Where.
    pub host: Host,
    /// How.
    pub settings: Settings,
    /// What was not run, and why: a line each.
    #[serde(default)]
    pub notes: Vec<String>,
    /// A row per question and contender.
    pub results: Vec<Row>,
    /// A row per question and pair of contenders.
    pub comparisons: Vec<Comparison>,
    /// The run was ended before everything was measured.
    #[serde(default)]
    pub partial: bool,
    /// What else the machine did meanwhile.
    #[serde(default)]
    pub noise: Noise,
    /// What the machine can do at most, measured in this run.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// From which size on several threads pay: a row per operation and context.
    #[serde(default)]
    pub crossovers: Vec<Crossover>,
    /// What more threads gain: a row per operation and size.
    #[serde(default)]
    pub scaling: Vec<ScalingOf>,
    /// Instructions per call under callgrind, if `--counts` asked for them.
    #[serde(default)]
    pub counts: Vec<Count>,
    /// Memory that calls ask the system for, if the group `arena` ran.
    #[serde(default)]
    pub allocations: Vec<Allocations>,
    /// Of the group `dispatch`: a row per operation, context and length.
    #[serde(default)]
    pub regret: Vec<Regret>,
    /// Of the group `dispatch`: each policy over all rows of `regret`.
    #[serde(default)]
    pub regret_policies: BTreeMap<String, RegretOfPolicy>,
}

/// What else the machine did during the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// CPUs that other processes kept busy on average; `null` where the system does not tell.
    pub other_cpus: Option<f64>,
    /// A fixed chain of operations, timed again and again.
    pub probes: Vec<Probe>,
    /// The slowest probe over the fastest, less one; 0 without probes.
    pub drift: f64,
    /// What to think of it, in a sentence.
    pub verdict: String,
}

/// One look at the clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Since the run began.
    pub at_s: f64,
    /// Time of one step of a chain of dependent multiplications.
    pub ns: f64,
}

/// What the machine can do at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Fused multiplications and additions in registers, a row per thread count.
    pub arithmetic: Vec<Peak>,
    /// Memory, a row per cache level (and `memory`) and thread count.
    pub bandwidth: Vec<Bandwidth>,
}

/// Arithmetic in registers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Threads at work.
    pub threads: usize,
    /// Of `f32`, an addition and a multiplication counted as two; of `f64` it is half.
    pub gflops_f32: f64,
}

/// Memory at one level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// `l1d`, `l2`, `l3`, or `memory`.
    pub level: String,
    /// Size of the level, of all threads together; `null` for memory.
    pub capacity_bytes: Option<u64>,
    /// Bytes that were walked over, of all threads together.
    pub footprint_bytes: u64,
    /// Threads at work.
    pub threads: usize,
    /// Bytes read per nanosecond.
    pub read_gb_per_s: f64,
    /// Bytes read and written per nanosecond, by the system's copy.
    pub copy_gb_per_s: f64,
    /// Bytes read and written per nanosecond, by out = x + y.
    pub add_gb_per_s: f64,
    /// Bytes read and written per nanosecond, in place.
    pub update_gb_per_s: f64,
}

/// From which size on several threads pay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossover {
    /// The operation.
    pub op: String,
    /// From where and how often it is called.
    pub context: String,
    /// The element type.
    pub dtype: String,
    /// Elements from which on the parallel way is faster, between two sizes; `null` if it never is.
    pub elements: Option<f64>,
    /// The largest size at which one thread is faster; `null` if it never is.
    pub sequential_until: Option<usize>,
    /// The smallest size from which on several threads stay faster; `null` if they never are.
    pub parallel_from: Option<usize>,
}

/// What more threads gain on one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingOf {
    /// The operation.
    pub op: String,
    /// The element type.
    pub dtype: String,
    /// Extents of the input.
    pub shape: Vec<usize>,
    /// Speed-ups and fits.
    #[serde(flatten)]
    pub scaling: crate::scaling::Scaling,
    /// The speed-up that arithmetic in registers reached on the most threads.
    pub ceiling: Option<f64>,
}

/// Instructions of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Count {
    /// The kernel.
    pub op: String,
    /// The element type.
    pub dtype: String,
    /// Elements.
    pub n: usize,
    /// The level that the kernels chose under valgrind, which does not know every instruction set.
    pub level: String,
    /// Instructions of one call.
    pub instructions: f64,
}

/// Memory that the calls of one contender ask the system for, of all threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocations {
    /// The operation.
    pub op: String,
    /// Who does it.
    pub contender: String,
    /// Threads that it may use.
    pub threads: usize,
    /// Elements.
    pub n: usize,
    /// Blocks that the first call asked for.
    pub first_call_blocks: u64,
    /// Their bytes.
    pub first_call_bytes: u64,
    /// Blocks per call in steady state.
    pub steady_blocks: f64,
    /// Their bytes.
    pub steady_bytes: f64,
    /// Blocks that arenas hold afterwards.
    pub arena_chunks: usize,
    /// Their bytes.
    pub arena_chunk_bytes: u64,
    /// The most bytes that scopes of arenas had in use, summed over threads.
    pub arena_bytes_in_use_max: u64,
}

/// What dispatching lost against the best way that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regret {
    /// The operation.
    pub op: String,
    /// From where, and at which rhythm.
    pub context: String,
    /// Elements.
    pub n: usize,
    /// Median time of one thread.
    pub ns_sequential: f64,
    /// Median time of the best parallel way.
    pub ns_best_parallel: f64,
    /// Median time of the dispatcher.
    pub ns_dispatched: f64,
    /// `ns_dispatched` over the smaller of the other two.
    pub regret: f64,
    /// The same of other policies, and of the noise.
    #[serde(default)]
    pub policies: BTreeMap<String, f64>,
}

/// One policy over many rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegretOfPolicy {
    /// Geometric mean.
    pub geomean: f64,
    /// 90th percentile.
    pub p90: f64,
    /// Maximum.
    pub max: f64,
}

/// The sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Of the workspace.
    pub version: String,
    /// Full hash, "-dirty" behind it if tracked files were changed; "unknown" outside git.
    pub commit: String,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// The CPU's own name, or "unknown".
    pub cpu: String,
    /// As Rust's targets call it.
    pub arch: String,
    /// Instruction sets that matter to the kernels.
    pub features: Vec<String>,
    /// CPUs that the process may run on.
    pub logical_cpus: usize,
    /// Data caches by level: `l1d`, `l2`, `l3`.
    pub cache_bytes: BTreeMap<String, u64>,
    /// Name and release.
    pub os: String,
    /// The compiler that built the program, as it names itself.
    pub rustc: String,
}

/// The run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Fewer sizes and shorter rounds.
    pub quick: bool,
    /// Threads of the pools.
    pub threads: usize,
    /// Instruction-set level of the kernels.
    pub level: String,
    /// "embedded", or the user's file with type and shape.
    pub data: String,
}

/// One contender's times on one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The group of the question.
    pub group: String,
    /// The operation.
    pub op: String,
    /// The element type; "none" where there are no elements.
    pub dtype: String,
    /// Extents of the input.
    pub shape: Vec<usize>,
    /// Who answered.
    pub contender: String,
    /// Threads that it ran on.
    pub threads: usize,
    /// Samples behind the figures, one per round.
    pub samples: usize,
    /// Median time of one call.
    pub ns_median: f64,
    /// 10th percentile.
    pub ns_p10: f64,
    /// 90th percentile.
    pub ns_p90: f64,
    /// Lower end of the median's 95 % interval.
    #[serde(default)]
    pub ns_low: f64,
    /// Upper end.
    #[serde(default)]
    pub ns_high: f64,
    /// Bytes of the operands read and the results written in one call.
    pub bytes: u64,
    /// Floating-point operations of one call.
    pub flops: u64,
    /// The least time that the limits of the machine allow over the median time: 1 is perfect.
    /// `null` where nothing is counted, or the limits were not measured.
    #[serde(default)]
    pub of_limit: Option<f64>,
    /// [`ANSWER_OK`] if the timed code's answer was compared with the reference in this run and
    /// was right, else what was wrong.
    pub answer: String,
    /// Pages of the thread's memory that the system had to bring in, per call, where the question
    /// is about memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_faults: Option<f64>,
}

/// One contender against another on one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// As in [`Row`].
    pub group: String,
    /// As in [`Row`].
    pub op: String,
    /// As in [`Row`].
    pub dtype: String,
    /// As in [`Row`].
    pub shape: Vec<usize>,
    /// Threads of `contender`.
    pub threads: usize,
    /// Whose time is above the line.
    pub contender: String,
    /// Whose time is below the line.
    pub against: String,
    /// Median over the rounds of time(contender)/time(against) within a round.
    pub ratio_median: f64,
    /// 10th percentile.
    pub ratio_p10: f64,
    /// 90th percentile.
    pub ratio_p90: f64,
    /// Lower end of the median's 95 % interval.
    #[serde(default)]
    pub ratio_low: f64,
    /// Upper end.
    #[serde(default)]
    pub ratio_high: f64,
    /// Interleaved rounds behind the figures.
    pub rounds: usize,
}
