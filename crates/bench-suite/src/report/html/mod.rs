//! `report.html`: the report as one page, for people. No network, no fonts, no other file; it can be
//! read without script, which only sorts and filters.
//!
//! Decided here: the order of the page, from what one wants to know first to every row. Charts are
//! drawn by `chart.rs`, which of them there are is `figures.rs`', the pool's lanes are `timeline.rs`', tables
//! are `tables.rs`'.

mod chart;
mod figures;
mod tables;
mod timeline;

use std::fmt::Write as _;

use super::schema::{ANSWER_OK, PoolUtilization, Report};
use super::table::shape;
use crate::scaling::Scaling;
use chart::{count, plain};

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// A section: what the address calls it, its heading, a sentence, its content.
struct Section {
    id: &'static str,
    heading: &'static str,
    says: &'static str,
    content: String,
}

/// The page of a run.
///
/// # Errors
/// If a chart cannot be drawn, in words.
pub fn page(report: &Report, pool: Option<&PoolUtilization>) -> anyhow::Result<String> {
    let drawn = |figures: Result<String, String>| figures.map_err(anyhow::Error::msg);
    let sections = [
        Section {
            id: "crossover",
            heading: "Crossover",
            says: "Time of a call against the length, both logarithmic. Where the curves cross, \
                   several threads begin to pay; the dispatcher should follow the lower one.",
            content: drawn(figures::crossover(report))? + &tables::crossovers(report),
        },
        Section {
            id: "regret",
            heading: "Regret",
            says: "Time of the dispatcher over the better of one thread and the best way to split. \
                   1.00 is a perfect choice.",
            content: tables::regret(report),
        },
        Section {
            id: "peers",
            heading: "Kernels against peers",
            says: "How many times as fast the kernels are: geometric means over all sizes and \
                   types of the time of a peer over ours, measured round by round.",
            content: tables::peers(report),
        },
        Section {
            id: "roofline",
            heading: "Roofline",
            says: "What the machine allows, measured in this run, and what each contender reached: \
                   arithmetic against operations per byte.",
            content: drawn(figures::roofline(report))? + &tables::limits(report),
        },
        Section {
            id: "scaling",
            heading: "Scaling",
            says: "Speed-up on more threads with its 95 % interval, Amdahl's law where it fits, \
                   and what arithmetic in registers gained on this machine.",
            content: drawn(figures::scaling(report))?,
        },
        Section {
            id: "pool",
            heading: "Pool",
            says: "What the workers did in a window of the mixed workload.",
            content: pool
                .map(|pool| tables::pool(pool) + &timeline::timeline(pool))
                .unwrap_or_default(),
        },
        Section {
            id: "allocations",
            heading: "Memory",
            says: "What calls ask the system for: the first one, and each one in steady state; and \
                   what arenas keep.",
            content: tables::allocations(report),
        },
        Section {
            id: "counts",
            heading: "Instructions",
            says: "Instructions of one call, counted by callgrind: the same on a noisy machine.",
            content: tables::counts(report),
        },
        Section {
            id: "results",
            heading: "All results",
            says: "A row per question and contender.",
            content: tables::results(report),
        },
        Section {
            id: "comparisons",
            heading: "All comparisons",
            says: "Time of one contender over another's, taken within rounds.",
            content: tables::comparisons(report),
        },
        Section {
            id: "machine",
            heading: "Machine and noise",
            says: "A figure without its circumstances is worth nothing.",
            content: tables::machine(report) + &drawn(figures::clock(report))?,
        },
    ];
    let mut nav = String::new();
    let mut main = String::new();
    for Section {
        id,
        heading,
        says,
        content,
    } in sections
    {
        // What was not measured has no heading.
        if content.is_empty() {
            continue;
        }
        let _ = write!(nav, "<a href=\"#{id}\">{heading}</a>");
        let _ = writeln!(
            main,
            "<section id=\"{id}\"><h2>{heading}</h2><p class=\"soft\">{says}</p>{content}</section>"
        );
    }
    let commit: String = report.project.commit.chars().take(12).collect();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>Crossover: {cpu}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n\
         <header><h1>Crossover</h1><p class=\"soft\">{cpu}, {threads} threads, level {level}; \
         version {version} at {commit}{quick}</p>{cards}{notes}</header>\n<nav>{nav}</nav>\n\
         <main>\n{main}</main>\n<footer>Every answer timed was checked. What these measurements \
         favour: crates/bench-suite/BIAS.md. The same figures for programs: report.json.</footer>\n\
         <script>\n{JS}</script>\n</body>\n</html>\n",
        cpu = escaped(&report.host.cpu),
        threads = report.settings.threads,
        level = escaped(&report.settings.level),
        version = escaped(&report.project.version),
        commit = escaped(&commit),
        quick = if report.settings.quick { ", quick" } else { "" },
        cards = cards(report, pool),
        notes = notes(report),
    ))
}

/// The figures that one looks for first.
fn cards(report: &Report, pool: Option<&PoolUtilization>) -> String {
    let right = report
        .results
        .iter()
        .filter(|row| row.answer == ANSWER_OK)
        .count();
    let answers = match report.results.len() {
        all if all == right => (format!("all {all}"), "answers right".to_owned()),
        all => (
            format!("{} of {all}", all - right),
            "answers WRONG".to_owned(),
        ),
    };
    let mut cards = vec![answers];
    let first = report
        .crossovers
        .iter()
        .find_map(|row| Some((row, row.elements?)));
    if let Some((row, elements)) = first {
        let says = format!("elements, then threads pay: {} {}", row.op, row.dtype);
        cards.push((count(elements), says));
    }
    if let Some(policy) = report.regret_policies.get("dispatched") {
        cards.push((
            plain(policy.geomean),
            "regret of the dispatcher, geometric mean".into(),
        ));
    }
    for (peer, factor, _) in tables::factors(report).into_iter().take(2) {
        cards.push((format!("{}×", plain(factor)), format!("as fast as {peer}")));
    }
    if let Some((point, row)) = report
        .scaling
        .iter()
        .find_map(|row| Some((row.scaling.points.last()?, row)))
    {
        let says = format!(
            "{} {} on {} threads",
            row.op,
            shape(&row.shape),
            point.threads
        );
        cards.push((format!("{}×", plain(point.speedup.value)), says));
    }
    if let Some(pool) = pool {
        let says = "of the workers' time used".to_owned();
        cards.push((format!("{:.0} %", 100.0 * pool.utilization), says));
    }
    let cards = cards.iter().map(|(figure, says)| {
        format!(
            "<div class=\"card\"><b>{}</b><span>{}</span></div>",
            escaped(figure),
            escaped(says)
        )
    });
    format!("<div class=\"cards\">{}</div>", cards.collect::<String>())
}

/// What a reader must know before believing anything.
fn notes(report: &Report) -> String {
    let mut lines = Vec::new();
    if report.partial {
        lines.push("Partial: the run was ended before everything was measured.".to_owned());
    }
    if !report.noise.verdict.starts_with("quiet") {
        lines.push(format!("The machine was {}.", report.noise.verdict));
    }
    lines.extend(report.notes.iter().cloned());
    let lines = lines
        .iter()
        .map(|line| format!("<p class=\"note\">{}</p>", escaped(line)));
    lines.collect()
}

/// Text within markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// What the laws say of a scaling, in a line.
fn laws(scaling: &Scaling) -> String {
    let text = scaling.to_string();
    let lines = text
        .lines()
        .filter(|line| line.starts_with("Amdahl") || line.starts_with("USL"));
    lines.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_text() {
        assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    }
}
