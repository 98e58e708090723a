//! A report as `compare` reads it: rows by their keys, and who among them is a control.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::median;

/// A right answer.
pub(super) const ANSWER_OK: &str = "ok";

/// Contenders that the workspace's changes do not touch, by the beginning of their names: other
/// crates, other programs, loops of the bench suite itself. One that is missing here is judged like
/// a kernel, which costs a false alarm at worst.
const CONTROLS: [&str; 22] = [
    "iterator",
    "ndarray",
    "wide",
    "raw",
    "numpy",
    "torch",
    "openmp",
    "rayon",
    "par_",
    "chili",
    "gemm",
    "matrixmultiply",
    "faer",
    "vec",
    "kept",
    "mimalloc",
    "bumpalo",
    "bump-scope",
    "empty",
    "two_",
    "unrecorded",
    "loop",
];

fn is_control(contender: &str) -> bool {
    CONTROLS
        .iter()
        .any(|control| contender.starts_with(control))
}

/// What is compared of a report.
pub(super) struct Report {
    /// What must be alike for figures to be comparable, by name.
    pub(super) circumstances: BTreeMap<&'static str, String>,
    pub(super) commit: String,
    /// Median time of the fixed loop that gauges the clock.
    pub(super) clock_ns: Option<f64>,
    /// How many runs it was made of.
    pub(super) runs: usize,
    pub(super) rows: BTreeMap<String, Row>,
}

/// One contender's time on one question.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What was asked: contenders of one question ran beside each other.
    pub(super) question: String,
    /// Questions that differ in type and size only, and who answered.
    pub(super) kernel: String,
    /// Rows that share a drift: of a size, on one thread or on several.
    pub(super) drift: String,
    /// Rows that share a noise.
    pub(super) noise: String,
    /// Whether the contender is a library or a loop that the workspace's changes do not touch.
    pub(super) control: bool,
    pub(super) ns: f64,
    pub(super) ns_low: f64,
    pub(super) ns_high: f64,
    pub(super) answer: String,
}

impl Report {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let report: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no report: not JSON", path.display()))?;
        Self::of(&report).with_context(|| format!("{} is no report", path.display()))
    }

    /// The runs in a list of files with commas between, or in one file, as one report.
    pub(super) fn read_all(list: &OsStr) -> Result<Self> {
        let whole = Path::new(list);
        let Some(names) = list.to_str().filter(|_| !whole.exists()) else {
            return Self::read(whole);
        };
        let mut runs = names.split(',').map(|name| Self::read(Path::new(name)));
        let first = runs.next().context("no report is named")??;
        runs.try_fold(first, |all, run| Ok(all.and(run?)))
    }

    /// Two runs as one: of each row the faster, with an interval that spans both. What a process
    /// happened to get, its memory or a neighbour, is not in the next one.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (name, value) in other.circumstances {
            let ours = self.circumstances.entry(name).or_default();
            if !ours.split(" and ").any(|one| one == value) {
                *ours = format!("{ours} and {value}");
            }
        }
        if !self.commit.contains(&other.commit) {
            self.commit = format!("{}, {}", self.commit, other.commit);
        }
        for (key, row) in other.rows {
            match self.rows.get_mut(&key) {
                Some(ours) => ours.span(row),
                None => {
                    self.rows.insert(key, row);
                }
            }
        }
        let clocks = self.clock_ns.into_iter().chain(other.clock_ns);
        self.clock_ns = clocks.reduce(f64::min);
        self.runs += other.runs;
        self
    }

    pub(super) fn of(report: &Value) -> Result<Self> {
        match &report["schema"] {
            Value::Null => bail!("it has no schema"),
            schema if *schema == 1 => {}
            other => bail!("schema {other} is unknown here, this reads schema 1"),
        }
        let list = report["results"].as_array().context("results is no list")?;
        let mut rows = BTreeMap::new();
        for (index, row) in list.iter().enumerate() {
            let (key, row) = row_of(row).with_context(|| format!("results[{index}]"))?;
            rows.insert(key, row);
        }
        if rows.is_empty() {
            bail!("results is empty");
        }
        let text = |object: &str, name: &str| match &report[object][name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let probes = report["noise"]["probes"].as_array();
        let mut clock: Vec<f64> = probes
            .into_iter()
            .flatten()
            .filter_map(|probe| probe["ns"].as_f64())
            .collect();
        Ok(Self {
            circumstances: [
                ("cpu", text("host", "cpu")),
                ("compiler", text("host", "rustc")),
                ("threads", text("settings", "threads")),
                ("level", text("settings", "level")),
                ("quick", text("settings", "quick")),
                ("data", text("settings", "data")),
            ]
            .into(),
            commit: text("project", "commit"),
            clock_ns: median(&mut clock),
            runs: 1,
            rows,
        })
    }
}

impl Row {
    /// Takes in the same row of another run.
    fn span(&mut self, other: Self) {
        self.ns = self.ns.min(other.ns);
        self.ns_low = self.ns_low.min(other.ns_low);
        self.ns_high = self.ns_high.max(other.ns_high);
        if self.answer == ANSWER_OK {
            self.answer = other.answer;
        }
    }
}

/// A row and its key.
fn row_of(row: &Value) -> Result<(String, Row)> {
    let text = |name: &str| {
        row[name]
            .as_str()
            .with_context(|| format!("{name} is no text"))
    };
    let ns = |name: &str| match row[name].as_f64() {
        Some(ns) if ns.is_finite() && ns > 0.0 => Ok(ns),
        Some(ns) => bail!("{name} is {ns}"),
        None if row[name].is_null() && name != "ns_median" => {
            bail!("no {name}: an older report, measure again with this version")
        }
        None => bail!("{name} is no number"),
    };
    let shape = row["shape"].as_array().context("shape is no list")?;
    let shape: Vec<String> = shape.iter().map(Value::to_string).collect();
    let threads = row["threads"].as_u64().context("threads is no count")?;
    let (group, op, contender) = (text("group")?, text("op")?, text("contender")?);
    let question = format!("{group} {op} {} {}", text("dtype")?, shape.join("×"));
    let several = if threads > 1 {
        "several threads"
    } else {
        "one thread"
    };
    let row = Row {
        kernel: format!("{group} {op} {contender} [{threads}]"),
        drift: format!("{group}, {}, {several}", shape.join("×")),
        noise: format!("{group}, {several}"),
        control: is_control(contender),
        ns: ns("ns_median")?,
        ns_low: ns("ns_low")?,
        ns_high: ns("ns_high")?,
        answer: text("answer")?.to_owned(),
        question,
    };
    let key = format!("{} {contender} [{threads}]", row.question);
    Ok((key, row))
}
