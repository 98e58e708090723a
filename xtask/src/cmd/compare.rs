//! `compare BASE.json NEW.json`: what changed between two runs of the bench suite, beyond noise.
//!
//! Decided here: what is told, and what counts as worse. How a report is read is `report`'s, what a
//! change is `judge`'s: the runs were two processes at two times, so rows are held against the
//! contenders that ran beside them, and noise is what those did. This sees large changes only and
//! says how large; small ones are for `bench --against`.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use super::Command;
use crate::flags::Usage;

mod judge;
mod report;

use judge::{Change, Judged};
use report::Report;

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    about: "What changed between two reports of the benchmarks, beyond noise",
    usage: "\
Usage: cargo xtask compare BASE.json NEW.json

Prints the kernels (over all their sizes) and the single rows that changed by more than the
contenders beside them did, which are the same code in both runs; and how large a change must be to
be seen between these two runs. On a shared machine that is tens of percent for a row of a quick
run. For small changes of the kernels use `cargo xtask bench --against REV`.
Exit status: 0 nothing slower, 1 something is slower or wrong in NEW, 2 a report cannot be read.",
    forwards_all: false,
    run,
};

/// A common change of this ratio beyond the clock's is told as a change of everything.
const COMMON_MAX: f64 = 1.15;
/// Lost rows that are named.
const LOST_MAX: usize = 10;

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let [base, new] = args.as_slice() else {
        return Err(Usage("takes two reports: BASE.json NEW.json".to_owned()).into());
    };
    if let Some(flag) = [base, new]
        .iter()
        .find(|a| a.to_string_lossy().starts_with("--"))
    {
        return Err(Usage(format!("unknown option '{}'", flag.to_string_lossy())).into());
    }
    let read = |path: &OsString| Report::read(Path::new(path));
    let reports = read(base).and_then(|base| Ok((base, read(new)?)));
    let (base, new) = match reports {
        Ok(reports) => reports,
        Err(error) => {
            eprintln!("cargo xtask compare: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    let compared = Compared::of(&base, &new);
    print!("{}", compared.told(&base, &new));
    Ok(if compared.is_worse() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The outcome.
struct Compared {
    judged: Judged,
    /// What the clock did.
    clock: f64,
    /// Rows in both.
    rows: usize,
    /// Only in one of the reports.
    lost: Vec<String>,
    added: usize,
    /// Right in base, wrong in new.
    wrong: Vec<String>,
}

impl Compared {
    fn of(base: &Report, new: &Report) -> Self {
        let only = |of: &Report, other: &Report| -> Vec<String> {
            let keys = of.rows.keys();
            keys.filter(|key| !other.rows.contains_key(*key))
                .cloned()
                .collect()
        };
        let wrong = base.rows.iter().filter_map(|(key, was)| {
            let is = &new.rows.get(key)?.answer;
            (was.answer == "ok" && is != "ok").then(|| format!("{key}: {is}"))
        });
        let lost = only(base, new);
        Self {
            judged: Judged::of(base, new),
            clock: match (base.clock_ns, new.clock_ns) {
                (Some(base), Some(new)) => (new / base).ln(),
                _ => 0.0,
            },
            rows: base.rows.len() - lost.len(),
            lost,
            added: only(new, base).len(),
            wrong: wrong.collect(),
        }
    }

    /// Everything is slower, by more than the clock.
    fn all_slower(&self) -> bool {
        self.judged.common - self.clock > COMMON_MAX.ln()
    }

    fn is_worse(&self) -> bool {
        let Judged { rows, kernels, .. } = &self.judged;
        let slower = rows.iter().chain(kernels).any(|c| c.ln_ratio > 0.0);
        slower || self.all_slower() || !self.wrong.is_empty()
    }

    fn told(&self, base: &Report, new: &Report) -> String {
        let mut lines = vec![format!("base {}\nnew  {}", base.commit, new.commit)];
        for (name, was) in &base.circumstances {
            let is = &new.circumstances[name];
            if is != was {
                lines.push(format!("note: another {name}: {was} and {is}"));
            }
        }
        if self.rows == 0 {
            lines.push("note: the reports have no row in common".to_owned());
        }
        let Judged { rows, kernels, .. } = &self.judged;
        lines.extend(kernels.iter().map(|kernel| told(kernel, "all sizes of ")));
        lines.extend(rows.iter().map(|row| told(row, "")));
        lines.extend(self.wrong.iter().map(|wrong| format!("wrong  {wrong}")));
        let lost = self.lost.iter().take(LOST_MAX);
        lines.extend(lost.map(|key| format!("lost   {key}")));
        if self.lost.len() > LOST_MAX {
            let more = self.lost.len() - LOST_MAX;
            lines.push(format!("lost   and {more} more"));
        }
        if self.all_slower() {
            lines.push("slower: everything, by more than the clock of the machine".to_owned());
        }
        let count = |of: &[Change]| {
            let slower = of.iter().filter(|c| c.ln_ratio > 0.0).count();
            format!("{slower} slower, {} faster", of.len() - slower)
        };
        let [of_rows, of_kernels] = self.judged.judged;
        lines.push(format!(
            "{} rows in both, {} only in new; of {of_rows} rows of ours {}; of {of_kernels} kernels \
             as a whole {}; all rows {:+.1} %, the clock {:+.1} % per step",
            self.rows,
            self.added,
            count(rows),
            count(kernels),
            percent(self.judged.common),
            percent(self.clock),
        ));
        for (class, [row, kernel]) in &self.judged.limits {
            let seen = |limit: &Option<f64>| match limit {
                Some(limit) => format!("{:.0} %", percent(*limit)),
                None => "more than there is".to_owned(),
            };
            lines.push(format!(
                "to be told from noise between these two runs ({class}), a typical row must slow \
                 down by {}, a kernel at all sizes by {}",
                seen(row),
                seen(kernel)
            ));
        }
        lines.join("\n") + "\n"
    }
}

/// A change in a line.
fn told(change: &Change, prefix: &str) -> String {
    let word = if change.ln_ratio > 0.0 {
        "slower"
    } else {
        "faster"
    };
    let times = change.ns.map_or_else(String::new, |[base, new]| {
        format!("  {} to {}", time(base), time(new))
    });
    format!(
        "{word} {:+.0} % (chance: ± {:.0} %)  {prefix}{}{times}",
        percent(change.ln_ratio),
        percent(change.limit),
        change.what,
    )
}

/// A difference of logarithms.
fn percent(ln: f64) -> f64 {
    100.0 * (ln.exp() - 1.0)
}

fn time(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{ns:.1} ns"),
        ..1e6 => format!("{:.1} µs", ns / 1e3),
        _ => format!("{:.1} ms", ns / 1e6),
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[values.len() / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const OPS: usize = 25;
    const SIZES: [usize; 3] = [1024, 65_536, 1_048_576];
    const CONTENDERS: [&str; 4] = ["kernels-simd", "iterator", "wide", "raw"];

    /// A report of 25 operations by four contenders at three sizes, 1 µs times
    /// `factor(operation, size, contender)` each.
    fn report(factor: impl Fn(usize, usize, &str) -> f64) -> Value {
        let mut rows = Vec::new();
        for (op, size) in (0..OPS).flat_map(|op| SIZES.map(|size| (op, size))) {
            for contender in CONTENDERS {
                let ns = 1000.0 * factor(op, size, contender);
                rows.push(
                    json!({"group": "kernels", "op": format!("op{op}"), "dtype": "f32",
                    "shape": [size], "contender": contender, "threads": 1, "ns_median": ns,
                    "ns_low": 0.995 * ns, "ns_high": 1.005 * ns, "answer": "ok"}),
                );
            }
        }
        json!({"schema": 1, "project": {"commit": "abc"}, "host": {"cpu": "c", "rustc": "r"},
               "settings": {"threads": 2, "level": "avx2", "quick": true, "data": "embedded"},
               "noise": {"probes": [{"ns": 10.0}]}, "results": rows})
    }

    /// Noise, the same each time for a seed: 3 % anywhere for each contender, and in every fifth
    /// question 40 % for all of them, as when a neighbour had the machine.
    fn noise(seed: u64, op: usize, size: usize, contender: &str) -> f64 {
        let unit = |parts: &[u64]| {
            let mut hash = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            for part in parts {
                hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                hash ^= hash >> 29;
            }
            (hash % 1_000_003) as f64 / 1_000_003.0
        };
        let question = [op as u64 + 1, size as u64];
        let name = contender.bytes().fold(7, |a, b| a * 31 + u64::from(b));
        let phase = if unit(&question) < 0.2 { 1.4 } else { 1.0 };
        phase * (1.0 + 0.06 * (unit(&[question[0], question[1], name]) - 0.5))
    }

    fn compared(base: &Value, new: &Value) -> Compared {
        Compared::of(&Report::of(base).unwrap(), &Report::of(new).unwrap())
    }

    fn names(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| &*change.what).collect()
    }

    #[test]
    fn the_same_code_has_not_changed_whatever_the_drift_and_the_neighbours() {
        let mut changed = 0;
        for seed in 0..20 {
            let base = report(|op, size, by| noise(2 * seed, op, size, by));
            let drift = [1.0, 1.12, 0.7][seed as usize % 3];
            let new = report(|op, size, by| drift * noise(2 * seed + 1, op, size, by));
            let compared = compared(&base, &new);
            let Judged {
                rows,
                kernels,
                judged,
                ..
            } = &compared.judged;
            assert_eq!(*judged, [OPS * SIZES.len(), OPS]);
            assert_eq!(compared.rows, OPS * SIZES.len() * CONTENDERS.len());
            changed += rows.len() + kernels.len();
        }
        // Of two thousand.
        assert!(changed <= 10, "{changed}");
    }

    #[test]
    fn a_slower_row_a_slower_kernel_and_a_faster_one_are_found() {
        for seed in 0..10 {
            let base = report(|op, size, by| noise(2 * seed, op, size, by));
            let new = report(|op, size, by| {
                let planted = match (op, size, by) {
                    (7, 65_536, "kernels-simd") => 1.4,
                    (9, _, "kernels-simd") => 1.25,
                    (11, _, "kernels-simd") => 0.6,
                    _ => 1.0,
                };
                0.85 * planted * noise(2 * seed + 1, op, size, by)
            });
            let compared = compared(&base, &new);
            let rows = names(&compared.judged.rows);
            assert!(
                rows.contains(&"kernels op7 f32 65536 kernels-simd [1]"),
                "{rows:?}"
            );
            let kernels = names(&compared.judged.kernels);
            assert_eq!(
                kernels,
                [
                    "kernels op9 kernels-simd [1]",
                    "kernels op11 kernels-simd [1]"
                ]
            );
            assert!((compared.judged.kernels[0].ln_ratio - 1.25_f64.ln()).abs() < 0.05);
            assert!(compared.is_worse());
            let told = compared.told(&Report::of(&base).unwrap(), &Report::of(&new).unwrap());
            assert!(told.contains("as a whole 1 slower, 1 faster"), "{told}");
            assert!(told.contains("must slow down by"), "{told}");
        }
    }

    #[test]
    fn a_control_that_changed_is_nobodys_regression() {
        let base = report(|op, size, by| noise(1, op, size, by));
        let new = report(|op, size, by| {
            noise(2, op, size, by) * if (op, by) == (3, "wide") { 2.0 } else { 1.0 }
        });
        let compared = compared(&base, &new);
        assert!(!compared.is_worse(), "{:?}", names(&compared.judged.rows));
    }

    #[test]
    fn a_row_that_scatters_must_change_by_more() {
        let base = report(|op, size, by| noise(1, op, size, by));
        let mut new = report(|op, size, by| {
            let planted = (op, size, by) == (3, 1024, "kernels-simd");
            noise(2, op, size, by) * if planted { 1.5 } else { 1.0 }
        });
        assert!(compared(&base, &new).is_worse());
        let row = new["results"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find(|row| row["op"] == "op3" && row["contender"] == "kernels-simd")
            .unwrap();
        // A visit of the same run was as fast as base.
        row["ns_low"] = json!(900.0);
        assert!(!compared(&base, &new).is_worse());
    }

    #[test]
    fn a_group_without_controls_is_held_against_its_own_scatter() {
        let of = |seed, planted| {
            let mut report = report(|op, size, _| {
                // No contender is known, and no two of a question share anything.
                let planted = if (op, size) == (5, 1024) {
                    planted
                } else {
                    1.0
                };
                planted * (1.0 + 0.1 * (noise(seed, op, size, "x") % 0.06))
            });
            let rows = report["results"].as_array_mut().unwrap();
            rows.retain(|row| row["contender"] == "kernels-simd");
            report
        };
        assert!(!compared(&of(1, 1.0), &of(2, 1.0)).is_worse());
        let compared = compared(&of(1, 1.0), &of(2, 2.0));
        assert_eq!(
            names(&compared.judged.rows),
            ["kernels op5 f32 1024 kernels-simd [1]"]
        );
    }

    #[test]
    fn a_common_slowdown_counts_if_the_clock_does_not_explain_it() {
        let base = report(|op, size, by| noise(1, op, size, by));
        let mut new = report(|op, size, by| 1.5 * noise(2, op, size, by));
        assert!(compared(&base, &new).is_worse());
        new["noise"]["probes"][0]["ns"] = json!(15.0);
        assert!(!compared(&base, &new).is_worse());
    }

    #[test]
    fn a_wrong_answer_is_worse_and_a_lost_row_is_told() {
        let base = report(|op, size, by| noise(1, op, size, by));
        let mut new = base.clone();
        new["results"][0]["answer"] = json!("2, expected 3");
        assert!(compared(&base, &new).is_worse());
        let mut new = base.clone();
        new["results"].as_array_mut().unwrap().pop();
        let compared = compared(&base, &new);
        assert_eq!((compared.lost.len(), compared.is_worse()), (1, false));
    }

    #[test]
    fn broken_and_older_reports_are_one_clear_error() {
        let good = report(|_, _, _| 1.0);
        for (path, value, says) in [
            ("/schema", json!(null), "no schema"),
            ("/schema", json!(7), "schema 7"),
            ("/results", json!("x"), "no list"),
            ("/results", json!([]), "empty"),
            ("/results/3/ns_median", json!("x"), "results[3]"),
            ("/results/3/ns_median", json!(-1), "results[3]"),
            ("/results/3/ns_low", json!(null), "older report"),
            ("/results/3/op", json!(1), "results[3]"),
        ] {
            let mut report = good.clone();
            *report.pointer_mut(path).unwrap() = value;
            let error = Report::of(&report).map(drop).unwrap_err();
            assert!(format!("{error:#}").contains(says), "{error:#}");
        }
        let error = Report::read(Path::new("no/such.json"))
            .map(drop)
            .unwrap_err();
        assert!(format!("{error:#}").contains("no/such.json"));
    }
}
