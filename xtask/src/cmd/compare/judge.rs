//! Which differences between two runs are changes: pure decisions over two reports.
//!
//! Two runs are two processes at two times, so most differences are not changes. What else makes
//! them is taken from the controls, contenders that are the same code in both runs:
//! - a row is held against the median change of the controls of its size (*alone*: the clock), and
//!   against that of the controls of its own question (*beside*: whoever had the machine in those
//!   milliseconds had it for them too). It has changed by the smaller of both, if they agree;
//! - of that, what its own two intervals cover is taken off;
//! - what remains is a change if it is greater than [`FACTOR`] times what 99 of 100 controls reach
//!   in the same judgement.
//!
//! A kernel is judged as a whole too, by the medians over its types and sizes: chance seldom moves
//! them all the same way, so that smaller changes are seen. Rows of groups without controls are
//! held against the scatter of their own group.

use std::collections::BTreeMap;

use super::median;
use super::report::{Report, Row};

/// What 99 of 100 controls reach is exceeded by chance once in a hundred rows, and more often by
/// rows that use the machine better than controls do, and so lose more to a neighbour. With three
/// times as much, comparisons of one build stay below one row in a hundred (figures in BIAS.md).
const FACTOR: f64 = 3.0;
/// The share of controls that the noise is taken from.
const QUANTILE: f64 = 0.99;
/// Without controls: the share of all rows, of which most have not changed, and how many it takes.
const QUANTILE_OF_ALL: f64 = 0.95;
const SCATTER_MIN: usize = 20;
/// The least changes that are told, as ratios: of a row, of a kernel. Where memory happens to lie
/// is new in each process, and moves single rows that fill a cache by a tenth, in no pattern that
/// controls would show. Kernels with few rows moved as a whole by up to 32 % in runs of one build.
const ROW_CHANGE_MIN: f64 = 1.15;
const KERNEL_CHANGE_MIN: f64 = 1.35;
/// Controls that a quantile of their own needs.
const CONTROLS_MIN: usize = 50;
/// Rows that a median of their own needs.
const GROUP_MIN: usize = 8;
/// Rows that a kernel needs to be judged as a whole.
const KERNEL_MIN: usize = 3;

/// How one row, or one kernel, changed.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) what: String,
    /// Of a row: its times.
    pub(super) ns: Option<[f64; 2]>,
    /// ln(new/base) less what controls did.
    pub(super) ln_ratio: f64,
    /// What chance may do to it.
    pub(super) limit: f64,
}

/// The outcome.
pub(super) struct Judged {
    /// Rows beyond noise, the worst first.
    pub(super) rows: Vec<Change>,
    /// Kernels beyond noise, the worst first.
    pub(super) kernels: Vec<Change>,
    /// Rows and kernels that were judged.
    pub(super) judged: [usize; 2],
    /// The smallest change that a typical row, and a typical kernel, can show, by class.
    pub(super) limits: BTreeMap<String, [Option<f64>; 2]>,
    /// What all rows share.
    pub(super) common: f64,
}

/// A row that is in both reports.
struct Pair<'r> {
    key: &'r str,
    base: &'r Row,
    new: &'r Row,
    ln_ratio: f64,
}

/// Its differences from what controls did.
struct Difference<'p> {
    pair: &'p Pair<'p>,
    alone: f64,
    beside: Option<f64>,
}

impl Judged {
    pub(super) fn of(base: &Report, new: &Report) -> Self {
        let pairs: Vec<Pair<'_>> = base
            .rows
            .iter()
            .filter_map(|(key, base)| {
                let new = new.rows.get(key)?;
                let ln_ratio = (new.ns / base.ns).ln();
                Some(Pair {
                    key,
                    base,
                    new,
                    ln_ratio,
                })
            })
            .collect();
        let differences = differences(&pairs);
        let rows: Vec<Judgement> = differences.iter().map(Judgement::of_row).collect();
        let kernels = kernels(&differences);
        let (row_limits, kernel_limits) = (
            limits(&rows, ROW_CHANGE_MIN),
            limits(&kernels, KERNEL_CHANGE_MIN),
        );
        let classes = rows.iter().filter(|row| !row.control).map(|row| row.class);
        let mut typical: BTreeMap<String, [Option<f64>; 2]> = BTreeMap::new();
        for class in classes {
            typical.entry(class.to_owned()).or_insert_with(|| {
                [(&rows, &row_limits), (&kernels, &kernel_limits)].map(|(judged, limits)| {
                    let here = judged.iter().filter(|j| !j.control && j.class == class);
                    median(&mut here.map(|j| limits[class] + j.own).collect::<Vec<_>>())
                })
            });
        }
        let count = |of: &[Judgement]| of.iter().filter(|j| !j.control).count();
        Self {
            judged: [count(&rows), count(&kernels)],
            limits: typical,
            common: median(&mut pairs.iter().map(|pair| pair.ln_ratio).collect::<Vec<_>>())
                .unwrap_or(0.0),
            rows: beyond(rows, &row_limits),
            kernels: beyond(kernels, &kernel_limits),
        }
    }
}

/// Each row against the controls of its size, and against those beside it.
fn differences<'p>(pairs: &'p [Pair<'p>]) -> Vec<Difference<'p>> {
    let controls = || pairs.iter().filter(|pair| pair.base.control);
    let mut questions: BTreeMap<&str, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in controls() {
        questions.entry(&pair.base.question).or_default().push(pair);
    }
    // From the closest to everything: the first that has enough.
    let drifts = [
        medians(controls(), |pair| &pair.base.drift),
        medians(controls(), |pair| &pair.base.noise),
        medians(pairs.iter(), |pair| &pair.base.noise),
        medians(pairs.iter(), |_| ""),
    ];
    let difference = |pair: &'p Pair<'p>| {
        let Row { drift, noise, .. } = pair.base;
        let keys = [drift, noise, noise, ""];
        let drift = drifts.iter().zip(keys).find_map(|(of, key)| of.get(key));
        let others = questions.get(&*pair.base.question).into_iter().flatten();
        let mut others: Vec<f64> = others
            .filter(|other| other.key != pair.key)
            .map(|other| other.ln_ratio)
            .collect();
        Difference {
            pair,
            alone: pair.ln_ratio - drift.copied().unwrap_or(0.0),
            beside: median(&mut others).map(|beside| pair.ln_ratio - beside),
        }
    };
    pairs.iter().map(difference).collect()
}

/// The median change of each key that has enough rows.
fn medians<'p>(
    pairs: impl Iterator<Item = &'p Pair<'p>>,
    key: impl Fn(&'p Pair<'p>) -> &'p str,
) -> BTreeMap<&'p str, f64> {
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(key(pair)).or_default().push(pair.ln_ratio);
    }
    groups
        .into_iter()
        .filter(|(_, values)| values.len() >= GROUP_MIN)
        .filter_map(|(key, mut values)| Some((key, median(&mut values)?)))
        .collect()
}

/// What is judged: a row or a kernel.
struct Judgement<'p> {
    what: &'p str,
    class: &'p str,
    control: bool,
    ns: Option<[f64; 2]>,
    /// How it changed.
    ln_ratio: f64,
    /// What its own intervals cover of that.
    own: f64,
}

impl<'p> Judgement<'p> {
    fn of_row(difference: &Difference<'p>) -> Self {
        let Pair { key, base, new, .. } = difference.pair;
        // The end of the interval that the change would have to come from.
        let own = |row: &Row, down: bool| match down {
            true => (row.ns / row.ns_low).ln(),
            false => (row.ns_high / row.ns).ln(),
        };
        let ln_ratio = agreed(difference.alone, difference.beside);
        let slower = ln_ratio > 0.0;
        Self {
            what: key,
            class: &base.noise,
            control: base.control,
            ns: Some([base.ns, new.ns]),
            ln_ratio,
            own: own(base, !slower).max(0.0) + own(new, slower).max(0.0),
        }
    }

    /// What is left to explain.
    fn excess(&self) -> f64 {
        (self.ln_ratio.abs() - self.own).max(0.0)
    }
}

/// The smaller of two that agree on a direction; nothing of two that do not.
fn agreed(alone: f64, beside: Option<f64>) -> f64 {
    match beside {
        None => alone,
        Some(beside) if alone * beside <= 0.0 => 0.0,
        Some(beside) if beside.abs() < alone.abs() => beside,
        Some(_) => alone,
    }
}

/// The medians over all rows of a kernel.
fn kernels<'p>(differences: &[Difference<'p>]) -> Vec<Judgement<'p>> {
    let mut kernels: BTreeMap<&str, Vec<&Difference<'p>>> = BTreeMap::new();
    for difference in differences {
        let kernel = &*difference.pair.base.kernel;
        kernels.entry(kernel).or_default().push(difference);
    }
    let whole = |(what, rows): (&'p str, Vec<&Difference<'p>>)| {
        let Row { noise, control, .. } = rows[0].pair.base;
        let alone = median(&mut rows.iter().map(|row| row.alone).collect::<Vec<_>>());
        let beside = median(&mut rows.iter().filter_map(|row| row.beside).collect::<Vec<_>>());
        (rows.len() >= KERNEL_MIN).then(|| Judgement {
            what,
            class: noise,
            control: *control,
            ns: None,
            ln_ratio: agreed(alone.unwrap_or(0.0), beside),
            own: 0.0,
        })
    };
    kernels.into_iter().filter_map(whole).collect()
}

/// What chance does, by class: from its controls, or else from the scatter of its rows.
fn limits<'p>(judged: &[Judgement<'p>], least: f64) -> BTreeMap<&'p str, f64> {
    let mut classes: BTreeMap<&str, [Vec<f64>; 2]> = BTreeMap::new();
    for judgement in judged {
        let [all, controls] = classes.entry(judgement.class).or_default();
        all.push(judgement.excess());
        if judgement.control {
            controls.push(judgement.excess());
        }
    }
    let everything: Vec<f64> = judged.iter().map(Judgement::excess).collect();
    let limit = |[all, controls]: [Vec<f64>; 2]| {
        let noise = match (controls.len(), all.len()) {
            (CONTROLS_MIN.., _) => quantile(controls, QUANTILE),
            (_, SCATTER_MIN..) => quantile(all, QUANTILE_OF_ALL),
            _ => quantile(everything.clone(), QUANTILE_OF_ALL),
        };
        (FACTOR * noise).max(least.ln())
    };
    classes
        .into_iter()
        .map(|(class, values)| (class, limit(values)))
        .collect()
}

/// The smallest value that so large a share does not exceed.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Those of the workspace that left the limit of their class.
fn beyond(judged: Vec<Judgement<'_>>, limits: &BTreeMap<&str, f64>) -> Vec<Change> {
    let change = |judgement: Judgement<'_>| {
        let limit = limits[judgement.class];
        (!judgement.control && judgement.excess() > limit).then(|| Change {
            what: judgement.what.to_owned(),
            ns: judgement.ns,
            ln_ratio: judgement.ln_ratio,
            limit: limit + judgement.own,
        })
    };
    let mut changes: Vec<Change> = judged.into_iter().filter_map(change).collect();
    changes.sort_by(|a, b| b.ln_ratio.total_cmp(&a.ln_ratio));
    changes
}
