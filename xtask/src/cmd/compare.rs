//! `compare BASE.json NEW.json`: what changed between two runs of the bench suite, beyond noise.
//!
//! Decided here: what is told, and what counts as worse. How a report is read is `report`'s, what a
//! change is `judge`'s: the runs were two processes at two times, so rows are held against the
//! contenders that ran beside them, and noise is what those did. Of several reports of a side every
//! pair must show a change: what a process happened to get, its memory or a neighbour, is not in
//! the next one. This sees large changes only and says how large; small ones are for
//! `bench --against`.

use std::collections::BTreeSet;
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
Usage: cargo xtask compare BASE.json[,BASE2.json…] NEW.json[,NEW2.json…]

Prints the kernels (over all their sizes) and the single rows that changed by more than the
contenders beside them did, which are the same code in both runs; and how large a change must be to
be seen between these runs: on a shared machine tens of percent for a row of a quick run. One run
against one finds some row of the same build changed in most comparisons of whole quick runs; with
two or three reports of each side, separated by commas, only what every pair of them shows is told.
For small changes of the kernels use `cargo xtask bench --against REV`.
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
        let takes = "takes two reports, or lists of them: BASE.json[,…] NEW.json[,…]";
        return Err(Usage(takes.to_owned()).into());
    };
    if let Some(flag) = [base, new]
        .iter()
        .find(|a| a.to_string_lossy().starts_with("--"))
    {
        return Err(Usage(format!("unknown option '{}'", flag.to_string_lossy())).into());
    }
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

/// The reports of one side: a file of that name, or the files of a list.
fn read(list: &OsString) -> Result<Vec<Report>> {
    let whole = Path::new(list);
    match list.to_str() {
        Some(names) if !whole.exists() => {
            let names = names.split(',').filter(|name| !name.is_empty());
            names.map(|name| Report::read(Path::new(name))).collect()
        }
        _ => Ok(vec![Report::read(whole)?]),
    }
}

/// The outcome.
struct Compared {
    judged: Judged,
    /// Everything is slower, by more than the clock.
    all_slower: bool,
    /// What the clock did.
    clock: f64,
    /// Rows in both.
    rows: usize,
    /// Only in one of the reports.
    lost: BTreeSet<String>,
    added: BTreeSet<String>,
    /// Right in base, wrong in new.
    wrong: BTreeSet<String>,
}

impl Compared {
    /// What every pair of the two sides, of which none is empty, agrees on.
    fn of(base: &[Report], new: &[Report]) -> Self {
        let pairs = base
            .iter()
            .flat_map(|base| new.iter().map(move |new| (base, new)));
        let each = pairs.map(|(base, new)| Self::of_pair(base, new));
        each.reduce(Self::and).expect("a report on each side")
    }

    fn of_pair(base: &Report, new: &Report) -> Self {
        let only = |of: &Report, other: &Report| -> BTreeSet<String> {
            let keys = of.rows.keys();
            keys.filter(|key| !other.rows.contains_key(*key))
                .cloned()
                .collect()
        };
        let wrong = base.rows.iter().filter_map(|(key, was)| {
            let is = &new.rows.get(key)?.answer;
            (was.answer == "ok" && is != "ok").then(|| format!("{key}: {is}"))
        });
        let judged = Judged::of(base, new);
        let clock = match (base.clock_ns, new.clock_ns) {
            (Some(base), Some(new)) => (new / base).ln(),
            _ => 0.0,
        };
        let lost = only(base, new);
        Self {
            all_slower: judged.common - clock > COMMON_MAX.ln(),
            judged,
            clock,
            rows: base.rows.len() - lost.len(),
            lost,
            added: only(new, base),
            wrong: wrong.collect(),
        }
    }

    /// Speed is what both must show; rows that are missing or wrong in one are.
    fn and(mut self, mut other: Self) -> Self {
        self.lost.append(&mut other.lost);
        self.added.append(&mut other.added);
        self.wrong.append(&mut other.wrong);
        Self {
            judged: self.judged.and(other.judged),
            all_slower: self.all_slower && other.all_slower,
            clock: smaller(self.clock, other.clock),
            rows: self.rows.min(other.rows),
            ..self
        }
    }

    fn is_worse(&self) -> bool {
        let Judged { rows, kernels, .. } = &self.judged;
        let slower = rows.iter().chain(kernels).any(|c| c.ln_ratio > 0.0);
        slower || self.all_slower || !self.wrong.is_empty()
    }

    fn told(&self, base: &[Report], new: &[Report]) -> String {
        let mut lines = vec![
            format!("base {}", commits(base)),
            format!("new  {}", commits(new)),
        ];
        let mut others = BTreeSet::new();
        for (name, was) in base.iter().flat_map(|report| &report.circumstances) {
            for is in new.iter().map(|report| &report.circumstances[name]) {
                if is != was {
                    others.insert(format!("note: another {name}: {was} and {is}"));
                }
            }
        }
        lines.extend(others);
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
        if self.all_slower {
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
            self.added.len(),
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

/// The commits of a side, each named once.
fn commits(reports: &[Report]) -> String {
    let each: BTreeSet<&str> = reports.iter().map(|report| &*report.commit).collect();
    let named = each.into_iter().collect::<Vec<_>>().join(", ");
    match reports.len() {
        1 => named,
        runs => format!("{named} ({runs} runs)"),
    }
}

/// The one closer to nothing.
fn smaller(a: f64, b: f64) -> f64 {
    if a.abs() <= b.abs() { a } else { b }
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
mod tests;
