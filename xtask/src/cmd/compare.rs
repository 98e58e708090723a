//! `compare BASE.json NEW.json`: what changed between two runs of the bench suite, beyond noise.
//!
//! Decided here, since the runs were not interleaved: machines drift, so each row is held against
//! the median change of its group (on one thread, or on several), and a row has changed only if
//! it left that by more than [`SIGMAS`] of what remains: its own two intervals, and the scatter of
//! the other rows, of which nearly all are the same code twice. What all rows share is told beside
//! the clock of both runs. This sees large changes only and says how large; small ones are for
//! `bench --against`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Command;
use crate::flags::Usage;

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    about: "What changed between two reports of the benchmarks, beyond noise",
    usage: "\
Usage: cargo xtask compare BASE.json NEW.json

Prints the rows whose time changed by more than the noise of the two runs, with the uncertainty of
the change, and the smallest change that these runs can show. For small changes of the kernels use
`cargo xtask bench --against REV`.
Exit status: 0 nothing slower, 1 something is slower or wrong in NEW, 2 a report cannot be read.",
    forwards_all: false,
    run,
};

/// Standard deviations of noise that a change must exceed: with a thousand rows of nothing but
/// noise, and tails heavier than a normal distribution's, none should.
const SIGMAS: f64 = 5.0;
/// The least change that is told, as a ratio.
const CHANGE_MIN: f64 = 1.05;
/// Noise between two runs is never less than this, whatever the scatter says.
const SCATTER_MIN: f64 = 0.005;
/// A common change of this ratio beyond the clock's is told as a change of everything.
const COMMON_MAX: f64 = 1.15;
/// Rows that a group needs for a median of its own.
const GROUP_MIN: usize = 8;
/// Half a 95 % interval, in standard deviations.
const INTERVAL_SIGMAS: f64 = 1.96;
/// The deviation of a normal distribution over the median of its absolute values.
const NORMAL_OVER_MAD: f64 = 1.4826;

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

/// What is compared of a report.
struct Report {
    /// What must be alike for figures to be comparable, by name.
    circumstances: BTreeMap<&'static str, String>,
    commit: String,
    /// Median time of the fixed loop that gauges the clock.
    clock_ns: Option<f64>,
    rows: BTreeMap<String, Row>,
}

/// One contender's time on one question.
#[derive(Clone, Debug)]
struct Row {
    /// Rows that share a drift.
    class: String,
    ns: f64,
    ns_low: f64,
    ns_high: f64,
    answer: String,
}

impl Report {
    fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let report: Value = serde_json::from_str(&text)
            .with_context(|| format!("{} is no report: not JSON", path.display()))?;
        Self::of(&report).with_context(|| format!("{} is no report", path.display()))
    }

    fn of(report: &Value) -> Result<Self> {
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
            rows,
        })
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
    let key = format!(
        "{} {} {} {} {} [{threads}]",
        text("group")?,
        text("op")?,
        text("dtype")?,
        shape.join("×"),
        text("contender")?,
    );
    let class = format!(
        "{} {}",
        text("group")?,
        if threads > 1 { "several" } else { "one" }
    );
    let row = Row {
        class,
        ns: ns("ns_median")?,
        ns_low: ns("ns_low")?,
        ns_high: ns("ns_high")?,
        answer: text("answer")?.to_owned(),
    };
    Ok((key, row))
}

/// How one row changed.
#[derive(Debug)]
struct Change {
    key: String,
    ns: [f64; 2],
    /// ln(new/base), the common drift taken off.
    ln_ratio: f64,
    /// Its standard deviation.
    sigma: f64,
}

impl Change {
    fn is_beyond_noise(&self) -> bool {
        self.ln_ratio.abs() > f64::max(CHANGE_MIN.ln(), SIGMAS * self.sigma)
    }
}

/// The outcome.
struct Compared {
    /// Beyond noise, the worst first.
    changes: Vec<Change>,
    /// Rows in both.
    rows: usize,
    /// The smallest change that a typical row could show.
    resolution: f64,
    /// What all rows share, and what the clock did.
    common: f64,
    clock: f64,
    /// Only in one of the reports.
    lost: Vec<String>,
    added: usize,
    /// Right in base, wrong in new.
    wrong: Vec<String>,
}

impl Compared {
    fn of(base: &Report, new: &Report) -> Self {
        let both: Vec<(&String, &Row, &Row)> = base
            .rows
            .iter()
            .filter_map(|(key, row)| Some((key, row, new.rows.get(key)?)))
            .collect();
        let ln_ratio = |(_, base, new): &(&String, &Row, &Row)| (new.ns / base.ns).ln();
        let mut all: Vec<f64> = both.iter().map(ln_ratio).collect();
        let common = median(&mut all).unwrap_or(0.0);
        let mut classes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for row in &both {
            classes.entry(&row.1.class).or_default().push(ln_ratio(row));
        }
        // Drift and scatter of each class, or of everything where it is too small.
        let noise = |values: &[f64]| {
            let drift = median(&mut values.to_vec()).unwrap_or(0.0);
            let mut off: Vec<f64> = values.iter().map(|v| (v - drift).abs()).collect();
            let mad = median(&mut off).unwrap_or(0.0);
            (drift, (NORMAL_OVER_MAD * mad).max(SCATTER_MIN))
        };
        let overall = noise(&all);
        let of_class: BTreeMap<&str, (f64, f64)> = classes
            .into_iter()
            .map(|(class, values)| match values.len() {
                GROUP_MIN.. => (class, noise(&values)),
                _ => (class, overall),
            })
            .collect();
        let change = |row: &(&String, &Row, &Row)| {
            let (drift, scatter) = of_class[row.1.class.as_str()];
            let own = |row: &Row| (row.ns_high / row.ns_low).ln() / 2.0 / INTERVAL_SIGMAS;
            Change {
                key: row.0.clone(),
                ns: [row.1.ns, row.2.ns],
                ln_ratio: ln_ratio(row) - drift,
                sigma: scatter.hypot(own(row.1).hypot(own(row.2))),
            }
        };
        let changes: Vec<Change> = both.iter().map(change).collect();
        let mut sigmas: Vec<f64> = changes.iter().map(|change| change.sigma).collect();
        let resolution = median(&mut sigmas).unwrap_or(0.0) * SIGMAS;
        let mut beyond: Vec<Change> = changes
            .into_iter()
            .filter(Change::is_beyond_noise)
            .collect();
        beyond.sort_by(|a, b| b.ln_ratio.total_cmp(&a.ln_ratio));
        let clock = match (base.clock_ns, new.clock_ns) {
            (Some(base), Some(new)) => (new / base).ln(),
            _ => 0.0,
        };
        let wrong = |(key, base, new): &(&String, &Row, &Row)| {
            (base.answer == "ok" && new.answer != "ok").then(|| format!("{key}: {}", new.answer))
        };
        Self {
            rows: both.len(),
            resolution: f64::max(resolution.exp(), CHANGE_MIN),
            common,
            clock,
            lost: base
                .rows
                .keys()
                .filter(|key| !new.rows.contains_key(*key))
                .cloned()
                .collect(),
            added: new
                .rows
                .keys()
                .filter(|key| !base.rows.contains_key(*key))
                .count(),
            wrong: both.iter().filter_map(wrong).collect(),
            changes: beyond,
        }
    }

    /// Everything is slower, by more than the clock.
    fn all_slower(&self) -> bool {
        self.common - self.clock > COMMON_MAX.ln()
    }

    fn is_worse(&self) -> bool {
        self.all_slower() || !self.wrong.is_empty() || self.changes.iter().any(|c| c.ln_ratio > 0.0)
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
        let percent = |ln: f64| 100.0 * (ln.exp() - 1.0);
        for change in &self.changes {
            lines.push(format!(
                "{} {:+.0} % (± {:.0} %)  {}  {} to {}",
                if change.ln_ratio > 0.0 {
                    "slower"
                } else {
                    "faster"
                },
                percent(change.ln_ratio),
                percent(INTERVAL_SIGMAS * change.sigma),
                change.key,
                time(change.ns[0]),
                time(change.ns[1]),
            ));
        }
        lines.extend(self.wrong.iter().map(|wrong| format!("wrong  {wrong}")));
        lines.extend(self.lost.iter().take(10).map(|key| format!("lost   {key}")));
        if self.lost.len() > 10 {
            lines.push(format!("lost   and {} more", self.lost.len() - 10));
        }
        if self.all_slower() {
            lines.push("slower: everything, by more than the clock of the machine".to_owned());
        }
        let slower = self.changes.iter().filter(|c| c.ln_ratio > 0.0).count();
        lines.push(format!(
            "{} rows in both, {} only in new; {slower} slower, {} faster beyond noise; all rows {:+.1} %, the clock {:+.1} % per step\n\
             a typical row must change by {:.0} % to be told from noise between these two runs\n",
            self.rows,
            self.added,
            self.changes.len() - slower,
            percent(self.common),
            percent(self.clock),
            percent(self.resolution.ln()),
        ));
        lines.join("\n")
    }
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
    use serde_json::json;

    /// A report with 60 rows of 1 µs times `factor(row)`.
    fn report(factor: impl Fn(usize) -> f64) -> Value {
        let row = |index: usize| {
            let ns = 1000.0 * factor(index);
            json!({"group": "kernels", "op": format!("op{index}"), "dtype": "f32",
                   "shape": [1024, 2], "contender": "ours", "threads": 1, "ns_median": ns,
                   "ns_low": 0.995 * ns, "ns_high": 1.005 * ns, "answer": "ok"})
        };
        json!({"schema": 1, "project": {"commit": "abc"}, "host": {"cpu": "c", "rustc": "r"},
               "settings": {"threads": 2, "level": "avx2", "quick": true, "data": "embedded"},
               "noise": {"probes": [{"ns": 10.0}]},
               "results": (0..60).map(row).collect::<Vec<_>>()})
    }

    /// Noise of 1 %, the same each time for a seed.
    fn noise(index: usize, seed: usize) -> f64 {
        1.0 + 0.01 * ((index * 7919 + seed * 104_729) % 200) as f64 / 100.0 - 0.01
    }

    fn compared(base: &Value, new: &Value) -> Compared {
        Compared::of(&Report::of(base).unwrap(), &Report::of(new).unwrap())
    }

    #[test]
    fn the_same_code_has_not_changed_whatever_the_drift() {
        let base = report(|i| noise(i, 1));
        for drift in [1.0, 1.08, 0.7] {
            let compared = compared(&base, &report(|i| drift * noise(i, 2)));
            assert!(compared.changes.is_empty(), "{:?}", compared.changes);
            assert!(!compared.is_worse());
            assert_eq!(compared.rows, 60);
        }
    }

    #[test]
    fn a_slower_row_and_a_faster_one_are_found_in_a_drifting_machine() {
        let base = report(|i| noise(i, 1));
        let new = report(|i| {
            let planted = match i {
                7 => 1.2,
                9 => 0.7,
                _ => 1.0,
            };
            0.85 * planted * noise(i, 2)
        });
        let compared = compared(&base, &new);
        let keys: Vec<&str> = compared.changes.iter().map(|c| &*c.key).collect();
        assert_eq!(
            keys,
            [
                "kernels op7 f32 1024×2 ours [1]",
                "kernels op9 f32 1024×2 ours [1]"
            ]
        );
        assert!((compared.changes[0].ln_ratio - 1.2_f64.ln()).abs() < 0.03);
        assert!(compared.is_worse());
        let told = compared.told(&Report::of(&base).unwrap(), &Report::of(&new).unwrap());
        assert!(told.contains("1 slower, 1 faster"), "{told}");
    }

    #[test]
    fn a_row_that_scatters_must_change_by_more() {
        let base = report(|i| noise(i, 1));
        let mut new = report(|i| noise(i, 2) * if i == 3 { 1.3 } else { 1.0 });
        assert!(compared(&base, &new).is_worse());
        new["results"][3]["ns_low"] = json!(900.0);
        new["results"][3]["ns_high"] = json!(1700.0);
        assert!(!compared(&base, &new).is_worse());
    }

    #[test]
    fn a_common_slowdown_counts_if_the_clock_does_not_explain_it() {
        let base = report(|i| noise(i, 1));
        let mut new = report(|i| 1.5 * noise(i, 2));
        assert!(compared(&base, &new).is_worse());
        new["noise"]["probes"][0]["ns"] = json!(15.0);
        assert!(!compared(&base, &new).is_worse());
    }

    #[test]
    fn a_wrong_answer_is_worse_and_a_lost_row_is_told() {
        let base = report(|i| noise(i, 1));
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
        let good = report(|_| 1.0);
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
