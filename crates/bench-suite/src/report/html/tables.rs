//! The tables of the page: with a script they can be sorted and filtered.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{bytes, count, plain, time};
use super::escaped;
use crate::analyses::curves;
use crate::groups::kernels::OURS;
use crate::report::schema::{ANSWER_OK, Comparison, PoolUtilization, Report, Row};
use crate::report::table::shape;
use crate::stats::geometric_mean;

/// A cell: what is shown, and what it is sorted by if that is a number.
type Cell = (String, Option<f64>);

fn text(text: &str) -> Cell {
    (escaped(text), None)
}

fn number(shown: String, value: f64) -> Cell {
    (escaped(&shown), Some(value))
}

/// A table in a panel; with a filter if it is long.
fn table(heads: &[&str], rows: &[Vec<Cell>]) -> String {
    const LONG: usize = 12;
    if rows.is_empty() {
        return String::new();
    }
    let numeric = |column: usize| rows[0].get(column).is_some_and(|cell| cell.1.is_some());
    let class = |column: usize| if numeric(column) { " class=\"n\"" } else { "" };
    let heads: String = heads
        .iter()
        .enumerate()
        .map(|(column, head)| format!("<th{}>{}</th>", class(column), escaped(head)))
        .collect();
    let line = |cells: &Vec<Cell>| {
        let cells = cells
            .iter()
            .enumerate()
            .map(|(column, (shown, value))| match value {
                Some(value) => format!("<td{} data-v=\"{value}\">{shown}</td>", class(column)),
                None => format!("<td{}>{shown}</td>", class(column)),
            });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let filter = if rows.len() > LONG { "" } else { " hidden" };
    format!(
        "<div class=\"panel\" data-table><input type=\"search\" class=\"needs-script\" \
         placeholder=\"Filter, for example: sum f32\" aria-label=\"Filter the rows\"{filter}>\
         <div class=\"tall\"><table><thead><tr>{heads}</tr></thead><tbody>\n{}</tbody></table></div></div>\n",
        rows.iter().map(line).collect::<String>()
    )
}

fn length(row_shape: &[usize]) -> Cell {
    number(shape(row_shape), row_shape.iter().product::<usize>() as f64)
}

/// The heads of what was asked.
const QUESTION: [&str; 4] = ["group", "op", "type", "n"];

/// What was asked.
fn question(group: &str, op: &str, dtype: &str, shape: &[usize]) -> [Cell; 4] {
    [text(group), text(op), text(dtype), length(shape)]
}

/// Every row.
pub(super) fn results(report: &Report) -> String {
    let line = |row: &Row| {
        let rate = match (row.flops, row.bytes) {
            (flops, bytes) if flops > bytes => {
                let rate = flops as f64 / row.ns_median;
                number(format!("{} GFLOP/s", plain(rate)), rate)
            }
            (_, 0) => text(""),
            (_, bytes) => {
                let rate = bytes as f64 / row.ns_median;
                number(format!("{} GB/s", plain(rate)), rate)
            }
        };
        let of_limit = match row.of_limit {
            Some(share) => number(format!("{:.0} %", 100.0 * share), share),
            None => text(""),
        };
        let right = row.answer == ANSWER_OK;
        let class = if right { "good" } else { "bad" };
        let mut cells = question(&row.group, &row.op, &row.dtype, &row.shape).to_vec();
        cells.extend([
            text(&row.contender),
            number(row.threads.to_string(), row.threads as f64),
            number(time(row.ns_median), row.ns_median),
            text(&format!("{} to {}", time(row.ns_low), time(row.ns_high))),
            rate,
            of_limit,
            (
                format!("<span class=\"{class}\">{}</span>", escaped(&row.answer)),
                None,
            ),
        ]);
        cells
    };
    let rows: Vec<_> = report.results.iter().map(line).collect();
    let heads = [
        "contender",
        "threads",
        "median",
        "95 % interval",
        "rate",
        "of limit",
        "answer",
    ];
    table(&[&QUESTION[..], &heads].concat(), &rows)
}

/// Every pair.
pub(super) fn comparisons(report: &Report) -> String {
    let line = |c: &Comparison| {
        let mut cells = question(&c.group, &c.op, &c.dtype, &c.shape).to_vec();
        let interval = format!("{} to {}", plain(c.ratio_low), plain(c.ratio_high));
        cells.extend([
            text(&c.contender),
            text(&c.against),
            number(plain(c.ratio_median), c.ratio_median),
            text(&interval),
            number(c.rounds.to_string(), c.rounds as f64),
        ]);
        cells
    };
    let rows: Vec<_> = report.comparisons.iter().map(line).collect();
    let heads = [
        "contender",
        "against",
        "time ratio",
        "95 % interval",
        "rounds",
    ];
    table(&[&QUESTION[..], &heads].concat(), &rows)
}

/// Crossover sizes.
pub(super) fn crossovers(report: &Report) -> String {
    let size = |n: Option<usize>| match n {
        Some(n) => number(count(n as f64), n as f64),
        None => text("never"),
    };
    let rows: Vec<_> = report
        .crossovers
        .iter()
        .map(|row| {
            let elements = match row.elements {
                Some(elements) => number(count(elements), elements),
                None => text("beyond"),
            };
            vec![
                text(&row.op),
                text(&row.dtype),
                text(&row.context),
                elements,
                size(row.sequential_until),
                size(row.parallel_from),
            ]
        })
        .collect();
    let heads = [
        "op",
        "type",
        "called from",
        "crossover",
        "one thread wins up to",
        "threads win from",
    ];
    match table(&heads, &rows) {
        table if table.is_empty() => table,
        table => format!("<p></p>{table}"),
    }
}

/// The regret as a map: a line per operation and context, a column per length.
pub(super) fn regret(report: &Report) -> String {
    let mut cells: BTreeMap<(String, String), BTreeMap<usize, f64>> = BTreeMap::new();
    for row in &report.regret {
        let line = cells
            .entry((row.op.clone(), row.context.clone()))
            .or_default();
        line.insert(row.n, row.regret);
    }
    if cells.is_empty() {
        cells = regret_of_curves(report);
    }
    let sizes: BTreeSet<usize> = cells.values().flat_map(BTreeMap::keys).copied().collect();
    if sizes.is_empty() {
        return String::new();
    }
    let heads: String = sizes
        .iter()
        .map(|&n| format!("<th>{}</th>", count(n as f64)))
        .collect();
    let mut lines = String::new();
    for ((op, context), line) in &cells {
        let cell = |n| match line.get(n) {
            // Full colour at twice the time.
            Some(regret) => format!(
                "<td style=\"--heat:{:.0}\">{regret:.2}</td>",
                (100.0 * (regret - 1.0)).clamp(0.0, 100.0)
            ),
            None => "<td></td>".to_owned(),
        };
        let of_line: String = sizes.iter().map(cell).collect();
        let name = escaped(&format!("{op}, {context}"));
        lines.push_str(&format!("<tr><th>{name}</th>{of_line}</tr>\n"));
    }
    let policies: Vec<_> = report
        .regret_policies
        .iter()
        .map(|(name, p)| {
            let figure = |value: f64| number(format!("{value:.2}"), value);
            vec![text(name), figure(p.geomean), figure(p.p90), figure(p.max)]
        })
        .collect();
    format!(
        "<div class=\"panel scroll\"><table class=\"heat\" aria-label=\"Regret\"><thead><tr><th></th>{heads}</tr></thead>\
         <tbody>{lines}</tbody></table></div>\n<p></p>{}",
        table(
            &["policy", "geometric mean", "90th percentile", "maximum"],
            &policies
        )
    )
}

/// The same from rows of sequential, parallel and dispatched.
fn regret_of_curves(report: &Report) -> BTreeMap<(String, String), BTreeMap<usize, f64>> {
    let curves = curves(&report.results);
    let mut cells: BTreeMap<(String, String), BTreeMap<usize, f64>> = BTreeMap::new();
    for dispatched in curves.iter().filter(|c| c.contender == "dispatched") {
        let others = || {
            curves.iter().filter(|c| {
                (&c.op, &c.dtype, &c.context)
                    == (&dispatched.op, &dispatched.dtype, &dispatched.context)
                    && c.contender != "dispatched"
            })
        };
        for &(n, ns) in &dispatched.points {
            let at = |points: &[(usize, f64)]| points.iter().find(|p| p.0 == n).map(|p| p.1);
            let best = others()
                .filter_map(|c| at(&c.points))
                .min_by(f64::total_cmp);
            if let Some(best) = best {
                let line = (
                    format!("{} {}", dispatched.op, dispatched.dtype),
                    dispatched.context.clone(),
                );
                cells.entry(line).or_default().insert(n, ns / best);
            }
        }
    }
    cells
}

/// Each peer of the kernels with the geometric mean of its time over ours, and over how many rows;
/// the greatest first.
pub(super) fn factors(report: &Report) -> Vec<(String, f64, usize)> {
    let mut ratios: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for c in report.comparisons.iter().filter(|c| c.contender == OURS) {
        if !c.against.starts_with("raw") {
            ratios
                .entry(&c.against)
                .or_default()
                .push(1.0 / c.ratio_median);
        }
    }
    let mut factors: Vec<_> = ratios
        .into_iter()
        .filter_map(|(peer, ratios)| {
            Some((peer.to_owned(), geometric_mean(&ratios)?, ratios.len()))
        })
        .collect();
    factors.sort_by(|a, b| b.1.total_cmp(&a.1));
    factors
}

/// The peers as bars.
pub(super) fn peers(report: &Report) -> String {
    let factors = factors(report);
    let most = factors.first().map_or(1.0, |(_, factor, _)| *factor);
    bars(factors.iter().map(|(peer, factor, rows)| {
        let says = format!("{}× over {rows} rows", plain(*factor));
        (peer.as_str(), factor / most, says)
    }))
}

/// Lines of a name, a bar of a share of the width, and a text.
fn bars<'n>(lines: impl Iterator<Item = (&'n str, f64, String)>) -> String {
    let lines: String = lines
        .map(|(name, share, says)| {
            format!(
                "<span>{}</span><span class=\"bar\"><i style=\"width:{:.1}%\"></i></span><span>{}</span>\n",
                escaped(name),
                100.0 * share.clamp(0.0, 1.0),
                escaped(&says)
            )
        })
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("<div class=\"panel bars\">{lines}</div>")
    }
}

/// What the pool did.
pub(super) fn pool(pool: &PoolUtilization) -> String {
    let threads = (pool.worker_threads + pool.outside_threads).max(1) as f64;
    bars(
        [
            (
                "utilisation",
                pool.utilization,
                format!("{:.1} %", 100.0 * pool.utilization),
            ),
            (
                "active on average",
                pool.mean_active / threads,
                format!("{:.2} of {} workers", pool.mean_active, pool.worker_threads),
            ),
            (
                "active at most",
                pool.peak_active as f64 / threads,
                format!("{}", pool.peak_active),
            ),
        ]
        .into_iter(),
    ) + "<p></p>"
        + &table(
            &["tasks", "mean", "shortest", "longest", "window"],
            &[vec![
                number(pool.tasks.to_string(), pool.tasks as f64),
                number(time(pool.task_ns_mean), pool.task_ns_mean),
                number(time(pool.task_ns_min as f64), pool.task_ns_min as f64),
                number(time(pool.task_ns_max as f64), pool.task_ns_max as f64),
                number(time(pool.window_ns as f64), pool.window_ns as f64),
            ]],
        )
}

/// The machine's limits.
pub(super) fn limits(report: &Report) -> String {
    let Some(limits) = &report.limits else {
        return String::new();
    };
    let rows: Vec<_> = limits
        .bandwidth
        .iter()
        .map(|level| {
            vec![
                text(&level.level),
                number(level.threads.to_string(), level.threads as f64),
                number(
                    format!("{} KiB", level.footprint_bytes >> 10),
                    level.footprint_bytes as f64,
                ),
                number(plain(level.read_gb_per_s), level.read_gb_per_s),
                number(plain(level.copy_gb_per_s), level.copy_gb_per_s),
                number(plain(level.add_gb_per_s), level.add_gb_per_s),
                number(plain(level.update_gb_per_s), level.update_gb_per_s),
            ]
        })
        .collect();
    format!(
        "<p></p>{}",
        table(
            &[
                "level",
                "threads",
                "walked over",
                "read GB/s",
                "copy GB/s",
                "add GB/s",
                "in place GB/s"
            ],
            &rows
        )
    )
}

/// Instruction counts.
pub(super) fn counts(report: &Report) -> String {
    let rows: Vec<_> = report
        .counts
        .iter()
        .map(|c| {
            vec![
                text(&c.op),
                text(&c.dtype),
                number(c.n.to_string(), c.n as f64),
                text(&c.level),
                number(format!("{:.0}", c.instructions), c.instructions),
            ]
        })
        .collect();
    table(&["op", "type", "n", "level", "instructions"], &rows)
}

/// Memory asked of the system.
pub(super) fn allocations(report: &Report) -> String {
    let whole = |count: f64| number(plain(count), count);
    let rows: Vec<_> = report
        .allocations
        .iter()
        .map(|row| {
            vec![
                text(&row.op),
                text(&row.contender),
                number(count(row.n as f64), row.n as f64),
                number(row.threads.to_string(), row.threads as f64),
                whole(row.first_call_blocks as f64),
                number(
                    bytes(row.first_call_bytes as f64),
                    row.first_call_bytes as f64,
                ),
                whole(row.steady_blocks),
                number(bytes(row.steady_bytes), row.steady_bytes),
                whole(row.arena_chunks as f64),
                number(
                    bytes(row.arena_chunk_bytes as f64),
                    row.arena_chunk_bytes as f64,
                ),
                number(
                    bytes(row.arena_bytes_in_use_max as f64),
                    row.arena_bytes_in_use_max as f64,
                ),
            ]
        })
        .collect();
    let heads = [
        "op",
        "contender",
        "n",
        "threads",
        "first call: blocks",
        "bytes",
        "steady call: blocks",
        "bytes",
        "arena: blocks held",
        "bytes",
        "in use at most",
    ];
    table(&heads, &rows)
}

/// The machine, the build, the noise.
pub(super) fn machine(report: &Report) -> String {
    let Report {
        host,
        project,
        settings,
        noise,
        ..
    } = report;
    let caches: Vec<String> = host
        .cache_bytes
        .iter()
        .map(|(level, bytes)| format!("{level} {} KiB", bytes >> 10))
        .collect();
    let rows = [
        (
            "CPU",
            format!("{}, {} logical CPUs", host.cpu, host.logical_cpus),
        ),
        ("instruction sets", host.features.join(" ")),
        ("caches", caches.join(", ")),
        ("system", host.os.clone()),
        ("compiler", host.rustc.clone()),
        ("commit", project.commit.clone()),
        ("data", settings.data.clone()),
        ("noise", noise.verdict.clone()),
    ];
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, value)| vec![text(name), text(value)])
        .collect();
    table(&["", ""], &rows) + "<p></p>"
}
