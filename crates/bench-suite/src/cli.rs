//! The flags: what can be asked on the command line, and how a wrong question is answered.

use std::path::PathBuf;

use bench_suite::groups::{self, Group};
use bench_suite::measure::Plan;
use clap::Parser;

/// Measures the Crossover crates on this machine, checks every answer, prints tables and writes
/// report.json, report.html and pool_utilization.json.
#[derive(Debug, Parser)]
#[command(name = "bench-suite", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Fewer sizes and types, shorter rounds: under a minute on two cores (see --list)
    #[arg(long)]
    pub(crate) quick: bool,

    /// Only these groups (see --list)
    #[arg(long, value_name = "GROUP[,GROUP]", value_delimiter = ',', value_parser = group)]
    pub(crate) only: Vec<&'static Group>,

    /// Peers outside Rust to run beside ours, where they are installed
    #[arg(long, value_name = "PEER", value_delimiter = ',', value_enum)]
    pub(crate) peers: Vec<Peer>,

    /// Threads of the pools [default: the logical CPUs]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,

    /// Folder for the report; made if missing
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(crate) out: PathBuf,

    /// Lists the groups with their operations, measures nothing
    #[arg(long)]
    pub(crate) list: bool,

    /// Runs `kernels` and `dispatch` on this array: f32, f64, i32 or u8, any shape, C order.
    /// Integers run the integer kernels as they are, and `dispatch` as floats, without rounding
    #[arg(long, value_name = "FILE.npy")]
    pub(crate) data: Option<PathBuf>,

    /// Counts the instructions of the hot kernels as well, under valgrind's callgrind
    #[arg(long)]
    pub(crate) counts: bool,

    /// Exactly N rounds of short samples per case: a first look, too short to conclude from
    #[arg(long, value_name = "N", value_parser = rounds)]
    pub(crate) rounds: Option<usize>,
}

/// A peer outside Rust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// NumPy, of the `python3` in the search path: one thread, and all for products of matrices
    Numpy,
    /// OpenMP of the C compiler (`CC`, else `cc`), in `dispatch`, which runs it unasked as well
    Openmp,
    /// PyTorch and ONNX Runtime, likewise, one thread, for convolution and pooling
    Torch,
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask bench --quick
  cargo xtask bench --only kernels,dispatch --threads 4
  cargo xtask bench --only kernels --peers numpy
  cargo xtask bench --quick --data my_array.npy --out /tmp/report

The program itself takes the same flags: target/release/bench-suite --list
Ctrl-C ends the run after the case that runs, and writes what was measured.
Exit status: 0 all answers right, 1 a wrong answer or a failed write, 2 wrong flags or data,
130 ended by Ctrl-C.";

/// More threads than any machine that this was tried on has; a typing error, most likely.
const THREADS_MAX: usize = 1024;
/// An hour and more, where a round takes its shortest.
const ROUNDS_MAX: usize = 1_000_000;

impl Cli {
    /// The selected groups, each once, in the order in which they run.
    pub(crate) fn groups(&self) -> Vec<&'static Group> {
        let selected = |group: &&'static Group| {
            self.only.is_empty() || self.only.iter().any(|only| only.name == group.name)
        };
        groups::GROUPS.iter().filter(selected).collect()
    }

    /// How long each case may take.
    pub(crate) fn plan(&self) -> Plan {
        match (self.rounds, self.quick) {
            (Some(rounds), _) => Plan::rounds(rounds),
            (None, true) => Plan::QUICK,
            (None, false) => Plan::FULL,
        }
    }
}

fn group(name: &str) -> Result<&'static Group, String> {
    groups::find(name.trim())
}

fn threads(text: &str) -> Result<usize, String> {
    counted(text, THREADS_MAX)
}

fn rounds(text: &str) -> Result<usize, String> {
    counted(text, ROUNDS_MAX)
}

fn counted(text: &str, max: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("expected a number from 1 to {max}")),
    }
}
