//! Which rows changed: the program starts itself again and again, and asks all processes together.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interval::median_interval;
use crate::{CHILD, Case, Estimate};

/// Of the first look, which chooses rows, and of the second, which judges them.
const CONFIDENCES: [f64; 2] = [0.95, 0.99];
/// A ratio this close to 1 is not a change, however certain.
const MARGIN: f64 = 0.002;
/// The variable that moves the stack by its length.
const PADDING: &str = "CROSSOVER_AGAINST_PADDING";
const PADDING_MAX: u64 = 8192;

/// What the processes said of one row.
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) ratio: Estimate,
    pub(crate) base_ns: f64,
    pub(crate) same: bool,
}

impl Verdict {
    pub(crate) fn word(&self) -> &'static str {
        if self.ratio.low > 1.0 + MARGIN {
            "slower"
        } else if self.ratio.high < 1.0 - MARGIN {
            "faster"
        } else {
            ""
        }
    }
}

/// How the program starts itself.
pub(crate) struct Restarts {
    /// Processes of a look.
    processes: usize,
    /// Itself in other layouts; every process of both looks has its own, if there are enough.
    layouts: Vec<PathBuf>,
}

impl Restarts {
    /// `PROCESSES [FOLDER OF LAYOUTS]`
    pub(crate) fn of_arguments() -> Result<Self, String> {
        let mut arguments = std::env::args_os().skip(1);
        let processes = arguments.next().and_then(|n| n.to_str()?.parse().ok());
        let layouts = match arguments.next() {
            Some(folder) => std::fs::read_dir(&folder)
                .and_then(|files| files.map(|file| Ok(file?.path())).collect())
                .map_err(|error| format!("{}: {error}", folder.display()))?,
            None => vec![std::env::current_exe().map_err(|error| error.to_string())?],
        };
        if layouts.is_empty() {
            return Err("a folder without layouts".to_owned());
        }
        Ok(Self {
            processes: processes.ok_or("the first argument is the number of processes")?,
            layouts,
        })
    }

    fn layout(&self, look: usize, process: usize) -> &Path {
        &self.layouts[(look * self.processes + process) % self.layouts.len()]
    }
}

/// The verdicts on these rows; a change that a second set of processes does not see is none.
pub(crate) fn judged(
    cases: &[Case],
    rows: &[usize],
    restarts: &Restarts,
) -> Result<Vec<Verdict>, String> {
    let mut verdicts = asked(cases, rows, restarts, 0)?;
    let changed: Vec<usize> = (0..rows.len())
        .filter(|&i| !verdicts[i].word().is_empty())
        .collect();
    let again: Vec<usize> = changed.iter().map(|&i| rows[i]).collect();
    if !again.is_empty() {
        eprintln!("perhaps changed: {} rows; a second look", again.len());
        for (&i, second) in changed.iter().zip(asked(cases, &again, restarts, 1)?) {
            let first = &mut verdicts[i];
            let agreed = second.word() == first.word();
            first.same &= second.same;
            first.ratio = if agreed {
                second.ratio
            } else {
                // Both looks together: the interval holds 1 again.
                Estimate {
                    value: second.ratio.value,
                    low: second.ratio.low.min(first.ratio.low).min(1.0),
                    high: second.ratio.high.max(first.ratio.high).max(1.0),
                }
            };
        }
    }
    Ok(verdicts)
}

fn asked(
    cases: &[Case],
    rows: &[usize],
    restarts: &Restarts,
    look: usize,
) -> Result<Vec<Verdict>, String> {
    let wanted: Vec<String> = rows.iter().map(usize::to_string).collect();
    let mut found = vec![Vec::new(); rows.len()];
    for process in 0..restarts.processes {
        eprint!("\rprocess {} of {} ", process + 1, restarts.processes);
        let padding = RandomState::new().build_hasher().finish() % PADDING_MAX;
        let output = Command::new(restarts.layout(look, process))
            .env(CHILD, wanted.join(","))
            .env(PADDING, "x".repeat(padding as usize))
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!(
                "a process failed: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        for (line, found) in String::from_utf8_lossy(&output.stdout)
            .lines()
            .zip(&mut found)
        {
            let figures: Vec<f64> = line
                .split(' ')
                .skip(1)
                .filter_map(|f| f.parse().ok())
                .collect();
            if let [ratio, base_ns] = figures[..] {
                found.push((ratio, base_ns));
            }
        }
    }
    eprintln!();
    let verdict = |(&row, figures): (&usize, &Vec<(f64, f64)>)| {
        let column = |of: &dyn Fn(&(f64, f64)) -> f64| {
            let column: Vec<f64> = figures.iter().map(of).collect();
            median_interval(&column, CONFIDENCES[look])
                .ok_or_else(|| "a process said nothing".to_owned())
        };
        Ok(Verdict {
            name: cases[row].name.clone(),
            ratio: column(&|(ratio, _)| ratio.abs())?,
            base_ns: column(&|(_, base)| *base)?.value,
            same: figures.iter().all(|(ratio, _)| *ratio > 0.0),
        })
    };
    rows.iter().zip(&found).map(verdict).collect()
}
