//! The figures as a table for people.
//!
//! Decided here: what is worth a line, and units that suit the size.

use super::{LabelFigures, Snapshot, ThreadFigures};
use std::fmt;

/// Some lines on the pool, then a table with a row per label and one with a row per thread.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: fmt::Arguments<'_>| {
            writeln!(f, "{name:<12}{value}")
        };
        row(
            f,
            "threads",
            format_args!(
                "{} workers, {} outside",
                self.worker_threads, self.outside_threads
            ),
        )?;
        let exactness = match self.peak_resolution_ns {
            0 => String::new(),
            ns => format!(" (gaps under {} not seen)", Time(ns as f64)),
        };
        row(
            f,
            "active",
            format_args!(
                "{:.2} mean, {} peak{exactness}; workers {:.2} mean, {} peak, {} activations",
                self.mean_active,
                self.peak_active,
                self.mean_active_workers,
                self.peak_active_workers,
                self.worker_activations,
            ),
        )?;
        row(
            f,
            "utilization",
            format_args!("{:.1} %", self.utilization * 100.0),
        )?;
        row(
            f,
            "tasks",
            format_args!("{}, at most {} deep", self.tasks, self.depth_max),
        )?;
        row(
            f,
            "task time",
            format_args!(
                "{} mean, {} min, {} p50, {} p90, {} p99, {} p99.9, {} max",
                Time(self.task_ns_mean),
                Time(self.task_ns_min as f64),
                Time(self.task_ns_p50 as f64),
                Time(self.task_ns_p90 as f64),
                Time(self.task_ns_p99 as f64),
                Time(self.task_ns_p999 as f64),
                Time(self.task_ns_max as f64),
            ),
        )?;
        // The last row has no line end: the caller's `println!` gives it.
        write!(
            f,
            "{:<12}{} busy in {}, workers {} idle",
            "window",
            Time(self.busy_ns as f64),
            Time(self.window_ns as f64),
            Time(self.idle_ns as f64),
        )?;
        self.fmt_labels(f)?;
        self.fmt_threads(f)
    }
}

impl Snapshot {
    fn fmt_labels(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<&LabelFigures> = self.labels.iter().filter(|l| l.tasks > 0).collect();
        if held.is_empty() {
            return Ok(());
        }
        let width = held.iter().map(|l| l.label.chars().count()).max();
        let width = width.unwrap_or(0).max("label".len());
        write!(
            f,
            "\n\n{:<width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
            "label", "tasks", "total", "own", "mean", "p50", "p99", "max"
        )?;
        for label in held {
            write!(
                f,
                "\n{:<width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10} {:>10}",
                label.label,
                label.tasks,
                Time(label.task_ns as f64),
                Time(label.task_ns_exclusive as f64),
                Time(label.task_ns_mean),
                Time(label.task_ns_p50 as f64),
                Time(label.task_ns_p99 as f64),
                Time(label.task_ns_max as f64),
            )?;
            if label.items > 0 {
                write!(
                    f,
                    "\n{:<width$} {} items, {} splits, {} migrations",
                    "", label.items, label.splits, label.migrations
                )?;
            }
            if label.steals > 0 {
                write!(
                    f,
                    "\n{:<width$} {} steals, after {} on average, {} at most",
                    "",
                    label.steals,
                    Time(label.steal_ns_mean),
                    Time(label.steal_ns_max as f64)
                )?;
            }
        }
        Ok(())
    }

    fn fmt_threads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.threads.is_empty() {
            return Ok(());
        }
        let width = self.threads.iter().map(|t| t.name.chars().count()).max();
        let width = width.unwrap_or(0).max("thread".len());
        write!(
            f,
            "\n\n{:<width$} {:<8} {:>10} {:>10} {:>7} {:>10}",
            "thread", "", "tasks", "busy", "", "CPU"
        )?;
        for thread in &self.threads {
            let ThreadFigures {
                name,
                worker,
                tasks,
                busy_ns,
                utilization,
                cpu_ns,
                ..
            } = thread;
            let role = if *worker { "worker" } else { "outside" };
            let cpu = cpu_ns.map_or_else(|| "–".to_owned(), |ns| Time(ns as f64).to_string());
            write!(
                f,
                "\n{name:<width$} {role:<8} {tasks:>10} {:>10} {:>5.1} % {cpu:>10}",
                Time(*busy_ns as f64),
                utilization * 100.0,
            )?;
        }
        Ok(())
    }
}

/// Nanoseconds, printed in the unit that leaves one to three digits before the point.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self.0 {
            ns if ns < 1e3 => format!("{ns:.0} ns"),
            ns if ns < 1e6 => format!("{:.2} us", ns / 1e3),
            ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
            ns => format!("{:.2} s", ns / 1e9),
        })
    }
}
