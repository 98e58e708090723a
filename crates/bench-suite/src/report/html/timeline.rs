//! The timeline of the pool: a lane per thread, a block per task, nested ones under those that they
//! ran within.
//!
//! Drawn as plain rectangles, not by the chart library: a block tells its label and duration to
//! whoever points at it.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Role, SERIES, time};
use super::escaped;
use crate::report::schema::{PoolUtilization, Span};

/// Width of a lane in the drawing's units: the whole time.
const WIDTH: f64 = 1000.0;
/// Height of one depth.
const BAND: f64 = 16.0;
/// Between depths.
const GAP: f64 = 2.0;
/// Ticks of the axis, ends included.
const TICKS: u32 = 5;

/// The lanes, their axis and their legend; empty without tasks.
pub(super) fn timeline(pool: &PoolUtilization) -> String {
    let tasks = || pool.timeline.iter().flat_map(|lane| &lane.tasks);
    let ends = tasks().map(|task| task.start_ns + task.duration_ns);
    let Some(end_ns) = ends.max().filter(|&end| end > 0) else {
        return String::new();
    };
    let labels: BTreeSet<&str> = tasks().map(|task| &*task.label).collect();
    let colours: BTreeMap<&str, String> = labels
        .into_iter()
        .zip((0..SERIES).cycle())
        .map(|(label, index)| (label, Role::Series(index).variable()))
        .collect();
    let x = |ns: u64| WIDTH * ns as f64 / end_ns as f64;
    let block = |task: &Span| {
        format!(
            "<rect x=\"{:.2}\" y=\"{:.0}\" width=\"{:.2}\" height=\"{BAND}\" fill=\"{}\"><title>{}, {}, from {}</title></rect>",
            x(task.start_ns),
            (task.depth.max(1) - 1) as f64 * (BAND + GAP),
            x(task.duration_ns).max(0.4),
            colours[&*task.label],
            escaped(&task.label),
            time(task.duration_ns as f64),
            time(task.start_ns as f64),
        )
    };
    let mut lanes = String::new();
    let mut dropped = 0;
    for lane in &pool.timeline {
        dropped += lane.dropped;
        let deepest = lane.tasks.iter().map(|task| task.depth).max().unwrap_or(1);
        let height = deepest.max(1) as f64 * (BAND + GAP) - GAP;
        let name = escaped(&lane.thread);
        let blocks: String = lane.tasks.iter().map(block).collect();
        lanes.push_str(&format!(
            "<span>{name}</span><svg role=\"group\" aria-label=\"Tasks of {name}\" \
             viewBox=\"0 0 {WIDTH} {height}\" style=\"height:{height}px\" \
             preserveAspectRatio=\"none\">{blocks}</svg>\n"
        ));
    }
    let ticks: String = (0..TICKS)
        .map(|tick| f64::from(tick) / f64::from(TICKS - 1))
        .map(|share| format!("<span>{}</span>", time(share * end_ns as f64)))
        .collect();
    let legend: String = colours
        .iter()
        .map(|(label, colour)| format!("<li style=\"--c:{colour}\">{}</li>", escaped(label)))
        .collect();
    let missing = match dropped {
        0 => String::new(),
        dropped => format!("<p class=\"soft\">{dropped} more tasks found no room.</p>"),
    };
    format!(
        "<p></p><figure class=\"panel\" id=\"timeline\"><figcaption>Timeline: every task of a few passes; \
         a lower row runs within the upper one, taken up while that waits</figcaption>\
         <div class=\"lanes\">{lanes}<span></span><div class=\"ticks\">{ticks}</div></div>\
         <ul class=\"legend\">{legend}</ul>{missing}</figure>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::Lane;

    #[test]
    fn a_lane_has_a_block_per_task_at_its_time_and_depth() {
        let task = |label: &str, start_ns, duration_ns, depth| Span {
            label: label.into(),
            start_ns,
            duration_ns,
            depth,
        };
        let recorder = pool_metrics::Recorder::new(1);
        let mut pool = PoolUtilization::from(&recorder.snapshot());
        assert_eq!(timeline(&pool), "");
        pool.timeline = vec![Lane {
            thread: "a<b".into(),
            tasks: vec![task("outer", 0, 2000, 1), task("inner", 500, 500, 2)],
            dropped: 3,
        }];
        let drawn = timeline(&pool);
        assert_eq!(drawn.matches("<rect").count(), 2, "{drawn}");
        assert!(
            drawn.contains("x=\"250.00\" y=\"18\" width=\"250.00\""),
            "{drawn}"
        );
        assert!(
            drawn.contains("a&lt;b") && drawn.contains("3 more tasks"),
            "{drawn}"
        );
        assert!(drawn.contains("inner, 500 ns"), "{drawn}");
    }
}
