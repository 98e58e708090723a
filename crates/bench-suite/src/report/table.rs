//! The tables that people read: one per group, a line per contender.

use std::path::Path;

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::schema::{
    ANSWER_OK, Allocations, Comparison, Count, Crossover, Limits, PoolUtilization, Report, Row,
};
use super::{dispatch, kernels};

const HEADER: [&str; 9] = [
    "op",
    "dtype",
    "n",
    "contender",
    "median",
    "p10 p90",
    "rate",
    "of limit",
    "time relative to",
];
/// A line under the header and nothing else: a hundred rows of figures need no more ink.
const UNDERLINED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Columns whose content is aligned at its end: numbers with units.
const RIGHT: [usize; 5] = [2, 4, 5, 6, 7];

/// Three lines: the machine, the build and its settings, the data.
#[must_use]
pub fn machine(report: &Report) -> String {
    let Report {
        host,
        project,
        settings,
        ..
    } = report;
    let caches: Vec<String> = host
        .cache_bytes
        .iter()
        .map(|(level, &len)| format!("{level} {}", binary(len)))
        .collect();
    let commit: String = project.commit.chars().take(12).collect();
    format!(
        "{} ({}), {} logical CPUs, {}; {}; {}\n\
         crossover {} at {commit}; kernels at level {}, pools of {} threads{}\n\
         data: {}",
        host.cpu,
        host.arch,
        host.logical_cpus,
        caches.join(", "),
        host.os,
        host.rustc,
        project.version,
        settings.level,
        settings.threads,
        if settings.quick { ", quick" } else { "" },
        settings.data,
    )
}

/// A line per limit of the machine: arithmetic, and each level of memory.
#[must_use]
pub fn limits(limits: &Limits) -> String {
    let mut lines = Vec::new();
    for peak in &limits.arithmetic {
        lines.push(format!(
            "limits, {} thread{}: {:.0} GFLOP/s f32; read/copy GB/s: {}",
            peak.threads,
            if peak.threads == 1 { "" } else { "s" },
            peak.gflops_f32,
            limits
                .bandwidth
                .iter()
                .filter(|level| level.threads == peak.threads)
                .map(|level| format!(
                    "{} {:.0}/{:.0}",
                    level.level, level.read_gb_per_s, level.copy_gb_per_s
                ))
                .collect::<Vec<_>>()
                .join(", "),
        ));
    }
    lines.join("\n")
}

/// The table of a group: its rows, each with the comparisons in which it is above the line.
#[must_use]
pub fn group(rows: &[Row], comparisons: &[Comparison]) -> String {
    let mut table = Table::new();
    table.load_style(UNDERLINED);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(
        HEADER
            .iter()
            .enumerate()
            .map(|(index, name)| cell(index, name)),
    );
    let mut last = None;
    for row in rows {
        // What a row shares with the one above is not repeated.
        let question = (&row.op, &row.dtype, &row.shape);
        let (op, dtype, n) = if last == Some(question) {
            Default::default()
        } else {
            (row.op.clone(), shown_dtype(row), shape(&row.shape))
        };
        last = Some(question);
        let cells = [
            op,
            dtype,
            n,
            row.contender.clone(),
            time(row.ns_median),
            spread(row),
            [rate(row), faults(row)].join(""),
            row.of_limit
                .map_or(String::new(), |share| format!("{:.0}%", 100.0 * share)),
            relations(row, comparisons),
        ];
        table.add_row(
            cells
                .iter()
                .enumerate()
                .map(|(index, text)| cell(index, text)),
        );
    }
    table.trim_fmt()
}

fn cell(column: usize, text: &str) -> Cell {
    let cell = Cell::new(text);
    if RIGHT.contains(&column) {
        cell.set_alignment(CellAlignment::Right)
    } else {
        cell
    }
}

/// What remains to be said when everything has run: wins and losses, answers, files.
#[must_use]
pub fn summary(report: &Report, pool: Option<&PoolUtilization>, files: &[&Path]) -> String {
    let mut lines = Vec::new();
    lines.extend(kernels::lines(
        &report.results,
        &report.comparisons,
        &report.settings.level,
    ));
    lines.extend(dispatch::lines(report));
    if let Some(pool) = pool {
        lines.push(format!(
            "pool:    {} workers, {:.1} % utilised, {:.2} active on average, {} at most; {} tasks \
             of {} on average in {}",
            pool.worker_threads,
            100.0 * pool.utilization,
            pool.mean_active,
            pool.peak_active,
            pool.tasks,
            time(pool.task_ns_mean),
            time(pool.window_ns as f64),
        ));
        let figures = pool.snapshot.iter().map(ToString::to_string);
        let figures = figures.flat_map(|text| text.lines().map(String::from).collect::<Vec<_>>());
        lines.extend(figures.map(|line| format!("         {line}").trim_end().to_owned()));
    }
    lines.extend(report.crossovers.iter().map(crossover));
    for row in &report.scaling {
        let name = format!("{} {} {}", row.op, row.dtype, shape(&row.shape));
        let ceiling = row
            .ceiling
            .map_or(String::new(), |c| format!("; arithmetic alone: {c:.2}"));
        lines.push(format!("scaling: {name}{ceiling}\n{}", row.scaling));
    }
    lines.extend(report.counts.iter().map(|count| {
        let Count {
            op,
            dtype,
            n,
            level,
            instructions,
        } = count;
        format!("counts:  {op} {dtype} {n}: {instructions:.0} instructions at level {level}")
    }));
    lines.push(format!("noise:   {}", report.noise.verdict));
    if report.partial {
        lines.push("partial: the run was ended before everything was measured".into());
    }
    let right = report
        .results
        .iter()
        .filter(|row| row.answer == ANSWER_OK)
        .count();
    lines.extend(report.notes.iter().map(|note| format!("note:    {note}")));
    lines.push(format!(
        "answers: {right} of {} right",
        report.results.len()
    ));
    lines.extend(
        files
            .iter()
            .map(|file| format!("wrote    {}", file.display())),
    );
    lines.join("\n")
}

fn crossover(row: &Crossover) -> String {
    let Crossover {
        op,
        context,
        dtype,
        elements,
        sequential_until,
        ..
    } = row;
    let says = match (elements, sequential_until) {
        (Some(elements), Some(_)) => format!("threads pay from {elements:.0} elements on"),
        (Some(elements), None) => format!("threads pay at every size from {elements:.0} on"),
        (None, _) => "threads never pay at these sizes".to_owned(),
    };
    format!("crossover: {op} {dtype}, {context}: {says}")
}

/// One line per wrong answer, for standard error.
#[must_use]
pub fn wrong_answers(rows: &[Row]) -> Vec<String> {
    let wrong = rows.iter().filter(|row| row.answer != ANSWER_OK);
    wrong
        .map(|row| {
            let Row {
                group,
                op,
                dtype,
                contender,
                answer,
                ..
            } = row;
            let shape = shape(&row.shape);
            format!("wrong answer: {group} {op} {dtype} {shape} by {contender}: {answer}")
        })
        .collect()
}

/// What calls ask the system for: a line per operation and contender.
#[must_use]
pub fn allocations(rows: &[Allocations]) -> String {
    let mut table = Table::new();
    table.load_style(UNDERLINED).set_header([
        "memory per call",
        "contender",
        "n",
        "first call",
        "steady",
        "held by arenas",
        "in use at most",
    ]);
    let blocks = |blocks: f64, bytes: f64| match blocks {
        0.0 => "none".to_owned(),
        _ => format!("{} blocks, {}", digits(blocks), binary(bytes as u64)),
    };
    for row in rows {
        table.add_row([
            row.op.clone(),
            row.contender.clone(),
            row.n.to_string(),
            blocks(row.first_call_blocks as f64, row.first_call_bytes as f64),
            blocks(row.steady_blocks, row.steady_bytes),
            blocks(row.arena_chunks as f64, row.arena_chunk_bytes as f64),
            binary(row.arena_bytes_in_use_max),
        ]);
    }
    table.to_string()
}

fn shown_dtype(row: &Row) -> String {
    if row.dtype == "none" {
        String::new()
    } else {
        row.dtype.clone()
    }
}

pub(super) fn shape(extents: &[usize]) -> String {
    let extents: Vec<String> = extents.iter().map(ToString::to_string).collect();
    extents.join("×")
}

fn spread(row: &Row) -> String {
    let percent = |ns: f64| 100.0 * (ns / row.ns_median - 1.0);
    format!("{:+.0}% {:+.0}%", percent(row.ns_p10), percent(row.ns_p90))
}

/// Operations where they outnumber bytes, else bytes: what the machine limits.
fn rate(row: &Row) -> String {
    let per_ns = |count: u64| count as f64 / row.ns_median;
    if row.answer != ANSWER_OK {
        "WRONG".into()
    } else if row.flops > row.bytes {
        format!("{:.1} GFLOP/s", per_ns(row.flops))
    } else if row.bytes > 0 {
        format!("{:.1} GB/s", per_ns(row.bytes))
    } else {
        String::new()
    }
}

fn faults(row: &Row) -> String {
    let shown = |faults| format!(", {faults:.0} page faults");
    row.page_faults.map(shown).unwrap_or_default()
}

fn relations(row: &Row, comparisons: &[Comparison]) -> String {
    let of_row = |c: &&Comparison| {
        (&c.op, &c.dtype, &c.shape, &c.contender)
            == (&row.op, &row.dtype, &row.shape, &row.contender)
    };
    let relations: Vec<String> = comparisons
        .iter()
        .filter(of_row)
        .map(|c| {
            let [median, p10, p90] = [c.ratio_median, c.ratio_p10, c.ratio_p90].map(digits);
            format!("{median} of {} ({p10}–{p90})", c.against)
        })
        .collect();
    relations.join(", ")
}

fn time(ns: f64) -> String {
    match ns {
        ns if ns < 999.5 => format!("{} ns", digits(ns)),
        ns if ns < 999.5e3 => format!("{} µs", digits(ns / 1e3)),
        ns if ns < 999.5e6 => format!("{} ms", digits(ns / 1e6)),
        ns => format!("{} s", digits(ns / 1e9)),
    }
}

/// About three digits: what the spread of a measurement supports.
pub(super) fn digits(value: f64) -> String {
    match value {
        v if v < 0.0995 => format!("{v:.3}"),
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

fn binary(bytes: u64) -> String {
    if bytes >= 1 << 20 {
        format!("{} MiB", digits(bytes as f64 / f64::from(1 << 20)))
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_their_unit() {
        for (ns, text) in [
            (0.5, "0.50 ns"),
            (12.34, "12.3 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 µs"),
            (1234.0, "1.23 µs"),
            (2.5e7, "25.0 ms"),
            (3e9, "3.00 s"),
        ] {
            assert_eq!(time(ns), text);
        }
        assert_eq!(digits(0.0123), "0.012");
        assert_eq!(binary(512 << 10), "512 KiB");
        assert_eq!(binary(32 << 20), "32.0 MiB");
        assert_eq!(shape(&[3, 4]), "3×4");
    }

    fn row(contender: &str, ns: f64, answer: &str) -> Row {
        Row {
            group: "kernels".into(),
            op: "sum".into(),
            dtype: "f32".into(),
            shape: vec![1024],
            contender: contender.into(),
            threads: 1,
            samples: 9,
            ns_median: ns,
            ns_p10: ns * 0.9,
            ns_p90: ns * 1.2,
            ns_low: ns,
            ns_high: ns,
            bytes: 4096,
            flops: 1024,
            of_limit: (ns < 100.0).then_some(0.75),
            answer: answer.into(),
            page_faults: None,
        }
    }

    #[test]
    fn a_table_shows_each_figure_once() {
        let comparison = Comparison {
            group: "kernels".into(),
            op: "sum".into(),
            dtype: "f32".into(),
            shape: vec![1024],
            threads: 1,
            contender: "ours".into(),
            against: "plain".into(),
            ratio_median: 0.1,
            ratio_p10: 0.09,
            ratio_p90: 0.11,
            ratio_low: 0.1,
            ratio_high: 0.1,
            rounds: 9,
        };
        let rows = [
            row("ours", 50.0, ANSWER_OK),
            row("plain", 500.0, "2, expected 3"),
        ];
        let text = group(&rows, &[comparison]);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        let words = |index: usize| lines[index].join(" ");
        assert_eq!(
            words(2),
            "sum f32 1024 ours 50.0 ns -10% +20% 81.9 GB/s 75% 0.10 of plain (0.090–0.11)"
        );
        assert_eq!(words(3), "plain 500 ns -10% +20% WRONG");
        assert_eq!(
            wrong_answers(&rows),
            ["wrong answer: kernels sum f32 1024 by plain: 2, expected 3"]
        );
    }
}
