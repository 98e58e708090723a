//! `compare BASE.json NEW.json`: what changed between two runs of the bench suite, beyond noise.
//!
//! Decided here: what is told, and what counts as worse. How a report is read is `report`'s, what a
//! change is `judge`'s: the runs were two processes at two times, so rows are held against the
//! contenders that ran beside them, and noise is what those did. Several runs of a side count as
//! one, of which each row is the fastest. This sees large changes only and says how large; small
//! ones are for `bench --against`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use super::Command;
use crate::flags::Usage;

mod judge;
mod report;

use judge::{Change, Judged};
use report::{ANSWER_OK, Report};

pub(crate) const COMMAND: Command = Command {
    name: "compare",
    about: "What changed between two reports of the benchmarks, beyond noise",
    usage: "\
Usage: cargo xtask compare BASE.json[,BASE2.json…] NEW.json[,NEW2.json…]

Prints the kernels (over all their sizes) and the single rows that changed by more than the
contenders beside them did, which are the same code in both runs; and how large a change must be to
be seen between these runs: on a shared machine tens of percent for a row of a quick run. One run
against one finds some row of the same build changed in most comparisons of whole quick runs; two
of each side, separated by commas, in one of three. For small changes of the kernels use
`cargo xtask bench --against REV`.
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
    let reports = Report::read_all(base).and_then(|base| Ok((base, Report::read_all(new)?)));
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
            (was.answer == ANSWER_OK && is != ANSWER_OK).then(|| format!("{key}: {is}"))
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
        let mut lines = vec![
            format!("base {}", named(base)),
            format!("new  {}", named(new)),
        ];
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

/// A side: its commit, and its runs if they are several.
fn named(report: &Report) -> String {
    match report.runs {
        1 => report.commit.clone(),
        runs => format!("{} ({runs} runs)", report.commit),
    }
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
