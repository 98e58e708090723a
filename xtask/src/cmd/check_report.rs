//! `check-report`: the files of a benchmark run are whole: every name that programs read is there
//! with its type, every answer is right, and the figures are possible ones. How fast anything was
//! is judged elsewhere. The names are those of the format, schema 1.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Command;
use crate::flags::Usage;

mod pool;
mod report;

pub(crate) const COMMAND: Command = Command {
    name: "check-report",
    about: "Checks report.json and pool_utilization.json of a benchmark run",
    usage: "\
Usage: cargo xtask check-report [DIR]   (default: target/bench)

Checks names and types of schema 1, that every answer is \"ok\", that percentiles are in order, and
what must hold of a pool (peak_active ≤ workers and callers, utilization within 0 and 1, …).",
    forwards_all: false,
    run,
};

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let dir = match args.as_slice() {
        [] => PathBuf::from("target/bench"),
        [dir] if !dir.to_string_lossy().starts_with('-') => PathBuf::from(dir),
        _ => return Err(Usage("takes one directory".to_owned()).into()),
    };
    let report_path = dir.join("report.json");
    let pool_path = dir.join("pool_utilization.json");
    let report = read(&report_path)?;
    let mut faults = Faults::default();
    report::check(&report, faults.of(&report_path));
    // The pool's file belongs to a run of that group.
    let has_pool = report["results"]
        .as_array()
        .is_some_and(|rows| rows.iter().any(|r| r["group"] == "pool"));
    if has_pool || pool_path.exists() {
        pool::check(&read(&pool_path)?, faults.of(&pool_path));
    }
    for fault in &faults.found {
        println!("{fault}");
    }
    if !faults.found.is_empty() {
        bail!("{} faults", faults.found.len());
    }
    let rows = report["results"].as_array().map_or(0, Vec::len);
    println!("check-report: {rows} results, every answer ok");
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Value> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}

/// What is wrong, and where.
#[derive(Debug, Default)]
struct Faults {
    place: String,
    found: Vec<String>,
}

/// The type that a value must have.
#[derive(Clone, Copy, Debug)]
enum Type {
    Text,
    Flag,
    /// A whole number that is not negative.
    Count,
    /// A finite number that is not negative.
    Amount,
    /// A list of which each element has the type.
    List(&'static Type),
    /// An object of which each value has the type.
    Map(&'static Type),
}

impl Faults {
    /// The same list, for another file.
    fn of(&mut self, file: &Path) -> &mut Self {
        self.place = file.display().to_string();
        self
    }

    fn fault(&mut self, at: &str, what: &str) {
        self.found.push(format!("{}: {at}: {what}", self.place));
    }

    /// A fault unless `good`.
    fn require(&mut self, good: bool, at: &str, what: &str) {
        if !good {
            self.fault(at, what);
        }
    }

    /// Checks that the object at `at` has each field with its type. Whether it has.
    fn fields(&mut self, object: &Value, at: &str, fields: &[(&str, Type)]) -> bool {
        let before = self.found.len();
        for (name, kind) in fields {
            match object.get(name) {
                None => self.fault(at, &format!("{name} is missing")),
                Some(value) if !kind.fits(value) => {
                    self.fault(at, &format!("{name} is {value}, not {kind:?}"));
                }
                Some(_) => {}
            }
        }
        self.found.len() == before
    }
}

impl Type {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Count => value.is_u64(),
            Self::Amount => value.as_f64().is_some_and(|v| v.is_finite() && v >= 0.0),
            Self::List(kind) => value
                .as_array()
                .is_some_and(|list| list.iter().all(|v| kind.fits(v))),
            Self::Map(kind) => value
                .as_object()
                .is_some_and(|map| map.values().all(|v| kind.fits(v))),
        }
    }
}

/// A field that was checked to be a number.
fn number(object: &Value, name: &str) -> f64 {
    object[name].as_f64().unwrap_or(f64::NAN)
}
