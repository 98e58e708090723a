//! How a moment of the pool looks: a picture that is drawn over the last one on a terminal, lines
//! elsewhere.

use std::io::{self, Write as _};

use pool_metrics::{LabelFigures, Snapshot, ThreadFigures};

/// Cells of a bar.
const BAR: usize = 30;

/// A figure of a label, in nanoseconds.
type Nanoseconds = fn(&LabelFigures) -> u64;

/// What is told of a label's durations.
const DURATIONS: [(&str, Nanoseconds); 5] = [
    ("p50", |label| label.task_ns_p50),
    ("p90", |label| label.task_ns_p90),
    ("p99", |label| label.task_ns_p99),
    ("p99.9", |label| label.task_ns_p999),
    ("max", |label| label.task_ns_max),
];

/// Where moments are shown.
#[derive(Debug)]
pub(crate) struct Screen {
    live: bool,
    /// Lines of the picture that is there.
    drawn: usize,
}

impl Screen {
    pub(crate) fn new(live: bool) -> Self {
        Self { live, drawn: 0 }
    }

    /// Shows a moment in which `passes` of the workload ended.
    pub(crate) fn show(&mut self, moment: &Snapshot, passes: u64) -> io::Result<()> {
        let text = if self.live {
            picture(moment, passes)
        } else {
            lines(moment, passes)
        };
        let mut out = io::stdout().lock();
        if self.live && self.drawn > 0 {
            // Up to the first line of the last picture, and everything below away.
            write!(out, "\x1b[{}A\x1b[J", self.drawn)?;
        }
        self.drawn = text.lines().count();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

/// Bars by worker, the pool in a line, a table by label.
fn picture(moment: &Snapshot, passes: u64) -> String {
    let mut text = String::new();
    for thread in threads(moment) {
        let filled = (thread.utilization * BAR as f64).round() as usize;
        let cpu = thread.cpu_ns.map_or_else(String::new, |ns| {
            let share = 100.0 * ns as f64 / moment.window_ns.max(1) as f64;
            format!("  CPU {share:5.1} %")
        });
        text += &format!(
            "{:<12} {}{} {:5.1} %{cpu}\n",
            thread.name,
            "█".repeat(filled.min(BAR)),
            "░".repeat(BAR.saturating_sub(filled)),
            100.0 * thread.utilization,
        );
    }
    text += &pool(moment, passes);
    let heads = DURATIONS.map(|(name, _)| format!(" {name:>9}"));
    text += &format!("{:<14} {:>9}{}\n", "label", "tasks/s", heads.concat());
    for label in &moment.labels {
        let tasks = rate(label.tasks, moment);
        let times = durations(label).map(|(_, time)| format!(" {time:>9}"));
        text += &format!("{:<14} {tasks:>9.0}{}\n", label.label, times.concat());
    }
    text
}

/// The same, each line whole in itself.
fn lines(moment: &Snapshot, passes: u64) -> String {
    let mut text = pool(moment, passes);
    for thread in threads(moment) {
        text += &format!(
            "  worker {} utilization {:.1} % tasks/s {:.0}\n",
            thread.name,
            100.0 * thread.utilization,
            rate(thread.tasks, moment)
        );
    }
    for label in &moment.labels {
        let tasks = rate(label.tasks, moment);
        let times = durations(label).map(|(name, time)| format!(" {name} {time}"));
        text += &format!(
            "  label {} tasks/s {tasks:.0}{}\n",
            label.label,
            times.concat()
        );
    }
    text
}

/// By name, `worker-2` before `worker-10`; the recorder has them in the order of their first task.
fn threads(moment: &Snapshot) -> Vec<&ThreadFigures> {
    let mut threads: Vec<_> = moment.threads.iter().collect();
    threads.sort_by_key(|thread| (thread.name.len(), &thread.name));
    threads
}

fn pool(moment: &Snapshot, passes: u64) -> String {
    format!(
        "pool {:.1} % utilised, {:.2} active on average, {} at most; {:.0} passes/s, {:.0} tasks/s\n",
        100.0 * moment.utilization,
        moment.mean_active_workers,
        moment.peak_active_workers,
        rate(passes, moment),
        rate(moment.tasks, moment),
    )
}

fn durations(label: &LabelFigures) -> [(&'static str, String); 5] {
    DURATIONS.map(|(name, ns)| (name, time(ns(label))))
}

fn rate(count: u64, moment: &Snapshot) -> f64 {
    count as f64 * 1e9 / moment.window_ns.max(1) as f64
}

fn time(ns: u64) -> String {
    match ns as f64 {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.1} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_views_name_every_worker_and_label() {
        let recorder = pool_metrics::Recorder::new(1);
        drop(recorder.track("matmul"));
        let moment = recorder.snapshot();
        let thread = &moment.threads[0].name;
        for view in [picture, lines] {
            let text = view(&moment, 3);
            assert!(text.contains(thread) && text.contains("matmul"), "{text}");
            assert!(text.contains("passes/s") && text.ends_with('\n'));
        }
    }
}
