//! OpenMP: a C program that is compiled when the group runs, with the compiler that is there, and
//! asked for figures. Neither compiler nor library is required: what is missing is told.
//!
//! It runs between the rounds of the others, never beside them: its threads spin for milliseconds
//! after each parallel region. The protocol stands in `peers/openmp_peer.c`.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The contender's name.
pub const NAME: &str = "openmp";

const SOURCE: &str = include_str!("../../peers/openmp_peer.c");

/// A running program.
#[derive(Debug)]
pub struct OpenMp {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// How a sum is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    /// A loop that is left to the compiler.
    Plain,
    /// In several streams by hand: as fast as ours.
    Streams,
}

impl Loop {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Streams];

    const fn request(self) -> &'static str {
        match self {
            Self::Plain => "sum",
            Self::Streams => "streams",
        }
    }

    /// The names of its contenders: sequential and parallel.
    #[must_use]
    pub const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Plain => ["openmp sequential", NAME],
            Self::Streams => ["openmp streams sequential", "openmp streams"],
        }
    }
}

/// Times of a sum.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// Median of the sequential loop.
    pub sequential_ns: f64,
    /// Median of the parallel one.
    pub parallel_ns: f64,
    /// What it computed.
    pub sum: f64,
}

impl OpenMp {
    /// Compiles the program and starts it with `threads` threads.
    ///
    /// # Errors
    /// Why it is not to be had, in a line.
    pub fn start(threads: usize) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (source, program) = (folder.path().join("peer.c"), folder.path().join("peer"));
        fs::write(&source, SOURCE).map_err(|error| error.to_string())?;
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let compiled = Command::new(&compiler)
            .args(["-O3", "-march=native", "-fopenmp", "-o"])
            .args([&program, &source])
            .output()
            .map_err(|error| format!("{compiler}: {error}"))?;
        if !compiled.status.success() {
            let text = String::from_utf8_lossy(&compiled.stderr);
            let line = text.lines().next().unwrap_or("no message").to_owned();
            return Err(format!("{compiler} -fopenmp: {line}"));
        }
        let mut child = Command::new(&program)
            .env("OMP_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("no pipes".into());
        };
        let answers = BufReader::new(answers);
        let mut peer = Self {
            child,
            requests,
            answers,
        };
        // It has started once it answers; its file may go then.
        peer.meet(10, 1)?;
        Ok(peer)
    }

    /// A fork-join of two threads that wait for each other: median nanoseconds.
    ///
    /// # Errors
    /// If the program ended.
    pub fn meet(&mut self, calls: usize, rounds: usize) -> Result<f64, String> {
        match self.ask(&format!("meet {calls} {rounds}"))?[..] {
            [ns] => Ok(ns),
            _ => Err("an answer that is none".into()),
        }
    }

    /// Sums of the first `len` numbers i mod 1000, in thousandths.
    ///
    /// # Errors
    /// If the program ended, or its sum is wrong.
    pub fn sum(&mut self, written: Loop, len: usize, rounds: usize) -> Result<Sum, String> {
        let request = format!("{} {len} {rounds}", written.request());
        let [sequential_ns, parallel_ns, sum] = self.ask(&request)?[..] else {
            return Err("an answer that is none".into());
        };
        let (whole, rest) = ((len / 1000) as f64, (len % 1000) as f64);
        let expected = 0.001 * (whole * 499_500.0 + rest * (rest - 1.0) / 2.0);
        if (sum - expected).abs() > 1e-3 * expected.max(1.0) {
            return Err(format!("the sum of {len} is {sum}, expected {expected}"));
        }
        Ok(Sum {
            sequential_ns,
            parallel_ns,
            sum,
        })
    }

    fn ask(&mut self, request: &str) -> Result<Vec<f64>, String> {
        let ended = |error: std::io::Error| format!("the program ended: {error}");
        writeln!(self.requests, "{request}").map_err(ended)?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(ended)?;
        // Its threads spin on for some milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(5));
        let figures: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        figures.map_err(|error| format!("{line:?}: {error}"))
    }
}

impl Drop for OpenMp {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
