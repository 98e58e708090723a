//! `records`: README's table of figures is made from the committed report of the reference run, and
//! checked to be. How fast this machine is has no part in it.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Command;
use crate::flags::Usage;
use crate::workspace;

pub(crate) const COMMAND: Command = Command {
    name: "records",
    about: "Makes README's table from the committed reference run",
    usage:
        "\
Usage: cargo xtask records [--check]

Writes the table between the marks in README.md from crates/bench-suite/records/reference.json.
  --check   writes nothing, fails if the table is another one

To make a new reference run: cargo xtask bench on a quiet machine, then copy its report.json there.",
    forwards_all: false,
    run,
};

const RECORD: &str = "crates/bench-suite/records/reference.json";
const README: &str = "README.md";
const MARKS: [&str; 2] = ["<!-- cargo xtask records -->", "<!-- end of records -->"];
/// Rows of the table: what everybody knows, in the caches and beside memory.
const QUESTIONS: [(&str, &str); 5] = [
    ("sum", "f32"),
    ("dot", "f32"),
    ("max", "f32"),
    ("add", "f32"),
    ("sum", "f64"),
];
const SIZES: [u64; 3] = [1 << 10, 1 << 16, 1 << 20];
const OURS: &str = "kernels-simd";
const PEERS: [&str; 4] = ["ndarray", "wide", "iterator", "raw"];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    match args.as_slice() {
        [] => {
            let (path, readme, table) = made()?;
            fs::write(&path, readme.replaced(&table)).context("cannot write README.md")?;
        }
        [flag] if flag == "--check" => check()?,
        _ => return Err(Usage("takes --check or nothing".to_owned()).into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails if README's table is not the one of the record.
pub(super) fn check() -> Result<()> {
    let (_, readme, table) = made()?;
    if readme.table.trim() != table.trim() {
        bail!("README.md's table is not that of {RECORD}: run `cargo xtask records`");
    }
    println!("records: README's table is that of {RECORD}");
    Ok(())
}

fn made() -> Result<(PathBuf, Readme, String)> {
    let root = workspace::root();
    let path = root.join(README);
    let text = fs::read_to_string(&path).context("cannot read README.md")?;
    let record =
        fs::read_to_string(root.join(RECORD)).with_context(|| format!("cannot read {RECORD}"))?;
    let record = serde_json::from_str(&record).with_context(|| format!("{RECORD} is no JSON"))?;
    Ok((path, Readme::of(&text)?, table(&record)?))
}

/// README around its table.
struct Readme {
    before: String,
    table: String,
    after: String,
}

impl Readme {
    fn of(text: &str) -> Result<Self> {
        let [begin, end] = MARKS;
        let parts = text.split_once(begin).and_then(|(before, rest)| {
            let (table, after) = rest.split_once(end)?;
            Some((before, table, after))
        });
        let (before, table, after) =
            parts.with_context(|| format!("README.md has no {begin} … {end}"))?;
        Ok(Self {
            before: before.to_owned(),
            table: table.to_owned(),
            after: after.to_owned(),
        })
    }

    fn replaced(&self, table: &str) -> String {
        let [begin, end] = MARKS;
        format!("{}{begin}\n{table}{end}{}", self.before, self.after)
    }
}

/// The table in Markdown, under a line that says where and how it was measured.
fn table(record: &Value) -> Result<String> {
    if record["partial"] == true {
        bail!("{RECORD} is of a run that was ended early");
    }
    let text = |object: &str, name: &str| record[object][name].as_str().unwrap_or("unknown");
    let commit: String = text("project", "commit").chars().take(12).collect();
    let mut out = format!(
        "{}, {} threads, kernels at level {}, {}, at {commit}{}. The machine was {}.\n\n\
         | op | elements | {OURS} | {} |\n|---|---|---|{}\n",
        text("host", "cpu"),
        record["settings"]["threads"],
        text("settings", "level"),
        text("host", "rustc").split(" (").next().unwrap_or_default(),
        if record["settings"]["quick"] == true {
            ", --quick"
        } else {
            ""
        },
        text("noise", "verdict"),
        PEERS.join(" | "),
        "---|".repeat(PEERS.len()),
    );
    let rows = record["results"]
        .as_array()
        .with_context(|| format!("{RECORD} has no results"))?;
    for (op, dtype) in QUESTIONS {
        for size in SIZES {
            let ns = |contender: &str| {
                let row = rows.iter().find(|row| {
                    row["group"] == "kernels"
                        && row["op"] == op
                        && row["dtype"] == dtype
                        && row["shape"] == serde_json::json!([size])
                        && row["contender"] == contender
                });
                row.and_then(|row| row["ns_median"].as_f64())
            };
            let Some(ours) = ns(OURS) else {
                continue;
            };
            let peers = PEERS.map(|peer| {
                ns(peer).map_or("–".to_owned(), |ns| {
                    format!("{} ({:.2}×)", time(ns), ns / ours)
                })
            });
            out.push_str(&format!(
                "| {op} {dtype} | {} | {} | {} |\n",
                if size < 1 << 20 {
                    format!("{}K", size >> 10)
                } else {
                    format!("{}M", size >> 20)
                },
                time(ours),
                peers.join(" | ")
            ));
        }
    }
    if !out.contains("| sum f32 |") {
        bail!("{RECORD} has no row of the group kernels");
    }
    Ok(out)
}

fn time(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns:.1} ns"),
        ..1e6 => format!("{:.1} µs", ns / 1e3),
        _ => format!("{:.2} ms", ns / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Value {
        let row = |contender: &str, ns: f64| {
            json!({"group": "kernels", "op": "sum", "dtype": "f32", "shape": [1024],
                   "contender": contender, "ns_median": ns})
        };
        json!({"project": {"commit": "0123456789abcdef"}, "host": {"cpu": "C", "rustc": "rustc 1.95.0 (x)"},
               "settings": {"threads": 2, "level": "avx2"}, "noise": {"verdict": "quiet"},
               "results": [row(OURS, 20.0), row("wide", 60.0)]})
    }

    #[test]
    fn the_table_has_times_and_factors() {
        let table = table(&record()).unwrap();
        assert!(
            table
                .starts_with("C, 2 threads, kernels at level avx2, rustc 1.95.0, at 0123456789ab.")
        );
        assert!(
            table.contains("| sum f32 | 1K | 20.0 ns | – | 60.0 ns (3.00×) | – | – |"),
            "{table}"
        );
    }

    #[test]
    fn records_without_kernels_and_partial_ones_are_refused() {
        let mut none = record();
        none["results"] = json!([]);
        assert!(table(&none).is_err());
        let mut partial = record();
        partial["partial"] = json!(true);
        assert!(table(&partial).is_err());
    }

    #[test]
    fn a_table_is_replaced_between_its_marks() {
        let [begin, end] = MARKS;
        let readme = Readme::of(&format!("a\n{begin}\nold\n{end}\nb")).unwrap();
        assert_eq!(readme.table.trim(), "old");
        assert_eq!(
            readme.replaced("new\n"),
            format!("a\n{begin}\nnew\n{end}\nb")
        );
        assert!(Readme::of("no marks").is_err());
    }
}
