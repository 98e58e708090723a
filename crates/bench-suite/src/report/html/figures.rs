//! Which charts a report has, and what is on them.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Chart, Role, SERIES, Series, Style, count, plain, time};
use super::laws;
use crate::analyses::{Curve, curves};
use crate::report::schema::{ANSWER_OK, Report, Row};
use crate::report::table::shape;
use crate::stats::Fit;

/// Small ones stand three in a row, wide ones two.
const SMALL: (u32, u32) = (440, 310);
const WIDE: (u32, u32) = (620, 400);
/// Curves that are told apart by colour; the others are there for orientation.
const MAIN: [&str; 3] = ["sequential", "parallel", "dispatched"];

/// A chart per operation and context: sequential, parallel, dispatched, and everybody else.
pub(super) fn crossover(report: &Report) -> Result<String, String> {
    let curves = curves(&report.results);
    let questions: BTreeSet<[&str; 3]> = curves
        .iter()
        .map(|c| [&*c.context, &*c.op, &*c.dtype])
        .collect();
    let mut figures = String::new();
    for question in questions {
        let here: Vec<&Curve> = curves
            .iter()
            .filter(|c| [&*c.context, &*c.op, &*c.dtype] == question)
            .collect();
        let [context, op, dtype] = question;
        let chart = Chart {
            title: format!("{op} {dtype}, called from {context}"),
            x_label: "elements",
            y_label: "time of a call",
            size: SMALL,
            base: 10.0,
            x_format: count,
            y_format: time,
            series: series_of(&here),
        };
        figures.push_str(&chart.figure()?);
    }
    Ok(grid("charts", figures))
}

fn series_of(curves: &[&Curve]) -> Vec<Series> {
    let points = |curve: &Curve| curve.points.iter().map(|&(n, ns)| (n as f64, ns)).collect();
    let mut others = MAIN.len() as u8;
    let mut series: Vec<Series> = curves
        .iter()
        .filter(|curve| curve.contender != "sequential again")
        .map(|curve| {
            let main = MAIN.iter().position(|name| *name == curve.contender);
            let index = main.map_or(others % SERIES, |index| index as u8);
            others += u8::from(main.is_none());
            Series {
                label: curve.contender.clone(),
                role: Role::Series(index),
                style: match main {
                    Some(2) => Style::LineAndDots,
                    Some(_) => Style::Line,
                    None => Style::Dashed,
                },
                points: points(curve),
                intervals: Vec::new(),
            }
        })
        .collect();
    // The dispatcher is drawn last, over what it chooses from.
    series.sort_by_key(|series| (series.label == MAIN[2], series.style != Style::Dashed));
    series
}

/// A chart per thread count: the roofs, and every row that counts operations.
pub(super) fn roofline(report: &Report) -> Result<String, String> {
    let Some(limits) = &report.limits else {
        return Ok(String::new());
    };
    let mut figures = String::new();
    for peak in &limits.arithmetic {
        let rows = report.results.iter().filter(|row| {
            row.answer == ANSWER_OK && row.threads == peak.threads && row.flops * row.bytes > 0
        });
        let mut clouds: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for row in rows {
            let name = row.contender.split(" [").next().unwrap_or(&row.contender);
            clouds.entry(name).or_default().push(at(row));
        }
        if clouds.is_empty() {
            continue;
        }
        let intensities = clouds.values().flatten().map(|(x, _)| *x);
        let (least, most) =
            intensities.fold((f64::MAX, 16.0_f64), |(l, m), x| (l.min(x), m.max(x)));
        let mut series = Vec::new();
        for level in limits
            .bandwidth
            .iter()
            .filter(|level| level.threads == peak.threads)
        {
            let ridge = peak.gflops_f32 / level.best();
            series.push(Series {
                label: format!("{} {:.0} GB/s", level.level, level.best()),
                role: Role::Faint,
                style: Style::Line,
                points: vec![
                    (least, least * level.best()),
                    (ridge, peak.gflops_f32),
                    (most.max(ridge), peak.gflops_f32),
                ],
                intervals: Vec::new(),
            });
        }
        // Those with the most rows have a colour; ours are drawn over them.
        let mut clouds: Vec<_> = clouds.into_iter().collect();
        clouds.sort_by_key(|(name, points)| (ours(name), points.len()));
        let from = clouds.len().saturating_sub(usize::from(SERIES));
        for (index, (name, points)) in clouds.drain(from..).rev().enumerate() {
            series.push(Series {
                label: name.to_owned(),
                role: Role::Series(index as u8),
                style: Style::Dots,
                points,
                intervals: Vec::new(),
            });
        }
        let legend_first = series.len() - 1;
        series[..=legend_first].sort_by_key(|series| series.style != Style::Line);
        let chart = Chart {
            title: match peak.threads {
                1 => format!("One thread, at most {:.0} GFLOP/s", peak.gflops_f32),
                threads => format!("{threads} threads, at most {:.0} GFLOP/s", peak.gflops_f32),
            },
            x_label: "operations per byte",
            y_label: "GFLOP/s",
            size: WIDE,
            base: 10.0,
            x_format: plain,
            y_format: plain,
            series,
        };
        figures.push_str(&chart.figure()?);
    }
    Ok(grid("charts wide", figures))
}

/// Operations per byte, and per nanosecond.
fn at(row: &Row) -> (f64, f64) {
    (
        row.flops as f64 / row.bytes as f64,
        row.flops as f64 / row.ns_median,
    )
}

/// Contenders of this workspace.
fn ours(name: &str) -> bool {
    ["kernels-simd", "sequential", "parallel", "dispatched"].contains(&name)
}

/// A chart per operation: speed-ups with intervals, the ideal, the law, the ceiling.
pub(super) fn scaling(report: &Report) -> Result<String, String> {
    let mut figures = String::new();
    for row in &report.scaling {
        let points = &row.scaling.points;
        let Some(most) = points.last().map(|point| point.threads as f64) else {
            continue;
        };
        let steps = || (0..=40).map(|step| most.powf(f64::from(step) / 40.0));
        let curve = |label: &str, role, style, speedup: &dyn Fn(f64) -> f64| Series {
            label: label.to_owned(),
            role,
            style,
            points: steps().map(|threads| (threads, speedup(threads))).collect(),
            intervals: Vec::new(),
        };
        let mut series = vec![curve("linear", Role::Faint, Style::Line, &|threads| {
            threads
        })];
        if let Fit::Fitted(law) = &row.scaling.amdahl {
            let label = format!("Amdahl, {:.0} % serial", 100.0 * law.serial_fraction.value);
            series.push(curve(&label, Role::Series(0), Style::Line, &|p| {
                law.speedup(p)
            }));
        }
        if let Fit::Fitted(law) = &row.scaling.usl {
            series.push(curve("USL", Role::Series(3), Style::Dashed, &|p| {
                law.speedup(p)
            }));
        }
        if let Some(ceiling) = row.ceiling {
            series.push(curve(
                "arithmetic alone",
                Role::Series(5),
                Style::Dashed,
                &|p| p.powf(ceiling.ln() / most.max(1.1).ln()),
            ));
        }
        series.push(Series {
            label: "measured".into(),
            role: Role::Series(1),
            style: Style::Dots,
            points: points
                .iter()
                .map(|p| (p.threads as f64, p.speedup.value))
                .collect(),
            intervals: points
                .iter()
                .map(|p| (p.threads as f64, p.speedup.low, p.speedup.high))
                .collect(),
        });
        let chart = Chart {
            title: format!("{} {} {}", row.op, row.dtype, shape(&row.shape)),
            x_label: "threads",
            y_label: "speed-up",
            size: SMALL,
            base: 2.0,
            x_format: plain,
            y_format: plain,
            series,
        };
        let figure = chart.figure()?;
        let laws = super::escaped(&laws(&row.scaling));
        figures.push_str(&figure.replace(
            "</figure>",
            &format!("<p class=\"soft\">{laws}</p></figure>"),
        ));
    }
    Ok(grid("charts", figures))
}

/// The probes of the clock over the run.
pub(super) fn clock(report: &Report) -> Result<String, String> {
    let probes = &report.noise.probes;
    let chart = Chart {
        title: "The clock during the run: time of one step of a fixed chain".into(),
        x_label: "seconds since the beginning",
        y_label: "time",
        size: WIDE,
        base: 10.0,
        x_format: plain,
        y_format: time,
        series: vec![Series {
            label: String::new(),
            role: Role::Series(6),
            style: Style::LineAndDots,
            points: probes
                .iter()
                .map(|probe| (probe.at_s.max(0.1), probe.ns))
                .collect(),
            intervals: Vec::new(),
        }],
    };
    Ok(grid("charts wide", chart.figure()?))
}

fn grid(class: &str, figures: String) -> String {
    if figures.is_empty() {
        figures
    } else {
        format!("<div class=\"{class}\">{figures}</div>\n")
    }
}
