//! The figures as OpenMetrics text, for Prometheus and whatever reads its format.
//!
//! Decided here: names and units of the metrics. Times are seconds, counters end in `_total`, the
//! histogram's bounds are one less than powers of two of nanoseconds, where they fall on ends of
//! our buckets, so that its counts are exact.

use super::{LabelFigures, Snapshot};
use std::fmt::{self, Write as _};

/// Bounds of the exported histogram: `2^e - 1` nanoseconds, from 63 ns to 1.2 hours.
const POWERS: std::ops::RangeInclusive<u32> = 6..=42;

/// A metric of one kind: its samples are made by a function.
struct Metric<'a> {
    name: &'a str,
    kind: &'a str,
    unit: &'a str,
    help: &'a str,
}

impl Snapshot {
    /// The snapshot as OpenMetrics text, which ends in `# EOF`.
    ///
    /// Counters count from the beginning of the snapshot's window: give a monitor those of
    /// [`Recorder::snapshot`](crate::Recorder::snapshot), never reset, or its counters fall.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// drop(recorder.track("matmul"));
    /// let text = recorder.snapshot().to_openmetrics();
    /// assert!(text.contains("pool_task_seconds_count{label=\"matmul\"} 1\n"));
    /// assert!(text.ends_with("# EOF\n"));
    /// ```
    #[must_use]
    pub fn to_openmetrics(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_pool(&mut text);
        let _ = self.write_threads(&mut text);
        let _ = self.write_labels(&mut text);
        text.push_str("# EOF\n");
        text
    }

    /// The figures of the pool: one sample each.
    fn write_pool(&self, out: &mut String) -> fmt::Result {
        let count = |count: usize| count as f64;
        let gauges: [(&str, &str, &str, f64); 8] = [
            (
                "pool_worker_threads",
                "",
                "Workers of the pool.",
                count(self.worker_threads),
            ),
            (
                "pool_outside_threads",
                "",
                "Other threads that have recorded.",
                count(self.outside_threads),
            ),
            (
                "pool_active_threads_peak",
                "",
                "Most threads inside a task at once.",
                count(self.peak_active),
            ),
            (
                "pool_active_workers_peak",
                "",
                "Most workers inside a task at once.",
                count(self.peak_active_workers),
            ),
            (
                "pool_active_threads_mean",
                "",
                "Threads inside a task, averaged over time.",
                self.mean_active,
            ),
            (
                "pool_active_workers_mean",
                "",
                "Workers inside a task, averaged over time.",
                self.mean_active_workers,
            ),
            (
                "pool_utilization_ratio",
                "ratio",
                "Share of the workers' time inside a task.",
                self.utilization,
            ),
            (
                "pool_window_seconds",
                "seconds",
                "Length of the window.",
                seconds(self.window_ns),
            ),
        ];
        for (name, unit, help, value) in gauges {
            Metric::gauge(name, unit, help).head(out)?;
            writeln!(out, "{name} {value}")?;
        }
        let counters: [(&str, &str, &str, &dyn fmt::Display); 3] = [
            (
                "pool_worker_activations",
                "",
                "Times that a worker turned busy.",
                &self.worker_activations,
            ),
            (
                "pool_idle_seconds",
                "seconds",
                "Time of workers outside of tasks.",
                &seconds(self.idle_ns),
            ),
            (
                "pool_clock_steps",
                "",
                "Tasks that ended before they began.",
                &self.clock_steps,
            ),
        ];
        for (name, unit, help, value) in counters {
            Metric::counter(name, unit, help).head(out)?;
            writeln!(out, "{name}_total {value}")?;
        }
        Ok(())
    }

    fn write_threads(&self, out: &mut String) -> fmt::Result {
        Metric::counter("pool_thread_busy_seconds", "seconds", "Time inside a task.").head(out)?;
        let threads = || self.threads.iter().enumerate();
        let labels = |out: &mut String, index: usize| {
            let thread = &self.threads[index];
            let role = if thread.worker { "worker" } else { "outside" };
            write!(
                out,
                "{{thread=\"{index}\",name=\"{}\",role=\"{role}\"}}",
                Escaped(&thread.name)
            )
        };
        for (index, thread) in threads() {
            out.push_str("pool_thread_busy_seconds_total");
            labels(out, index)?;
            writeln!(out, " {}", seconds(thread.busy_ns))?;
        }
        if self.threads.iter().all(|thread| thread.cpu_ns.is_none()) {
            return Ok(());
        }
        let help = "CPU time, in and between tasks.";
        Metric::counter("pool_thread_cpu_seconds", "seconds", help).head(out)?;
        for (index, thread) in threads() {
            if let Some(cpu_ns) = thread.cpu_ns {
                out.push_str("pool_thread_cpu_seconds_total");
                labels(out, index)?;
                writeln!(out, " {}", seconds(cpu_ns))?;
            }
        }
        Ok(())
    }

    fn write_labels(&self, out: &mut String) -> fmt::Result {
        Metric {
            name: "pool_task_seconds",
            kind: "histogram",
            unit: "seconds",
            help: "Durations of tasks, with those nested in them.",
        }
        .head(out)?;
        for figures in &self.labels {
            let label = Escaped(&figures.label);
            for power in POWERS {
                let ns = (1u64 << power) - 1;
                let (le, count) = (seconds(ns), figures.histogram.tasks_within(ns));
                writeln!(
                    out,
                    "pool_task_seconds_bucket{{label=\"{label}\",le=\"{le}\"}} {count}"
                )?;
            }
            let (tasks, sum) = (figures.tasks, seconds(figures.task_ns));
            writeln!(
                out,
                "pool_task_seconds_bucket{{label=\"{label}\",le=\"+Inf\"}} {tasks}"
            )?;
            writeln!(out, "pool_task_seconds_count{{label=\"{label}\"}} {tasks}")?;
            writeln!(out, "pool_task_seconds_sum{{label=\"{label}\"}} {sum}")?;
        }
        type Value = fn(&LabelFigures) -> f64;
        let counters: [(&str, &str, &str, Value); 6] = [
            (
                "pool_task_exclusive_seconds",
                "seconds",
                "Time in tasks and in none nested in them.",
                |l| seconds(l.task_ns_exclusive),
            ),
            ("pool_items", "", "Items of tracked iterators.", |l| {
                l.items as f64
            }),
            ("pool_splits", "", "Divisions of tracked iterators.", |l| {
                l.splits as f64
            }),
            (
                "pool_migrations",
                "",
                "Leaves of tracked iterators that changed threads.",
                |l| l.migrations as f64,
            ),
            (
                "pool_steals",
                "",
                "Halves of tracked joins that changed threads.",
                |l| l.steals as f64,
            ),
            (
                "pool_steal_wait_seconds",
                "seconds",
                "Time that those had waited.",
                |l| l.steal_ns_mean * l.steals as f64 / 1e9,
            ),
        ];
        for (name, unit, help, value) in counters {
            Metric::counter(name, unit, help).head(out)?;
            for figures in &self.labels {
                let label = Escaped(&figures.label);
                writeln!(out, "{name}_total{{label=\"{label}\"}} {}", value(figures))?;
            }
        }
        Ok(())
    }
}

impl<'a> Metric<'a> {
    fn gauge(name: &'a str, unit: &'a str, help: &'a str) -> Self {
        Self {
            name,
            kind: "gauge",
            unit,
            help,
        }
    }

    fn counter(name: &'a str, unit: &'a str, help: &'a str) -> Self {
        Self {
            kind: "counter",
            ..Self::gauge(name, unit, help)
        }
    }

    fn head(&self, out: &mut String) -> fmt::Result {
        let Self {
            name,
            kind,
            unit,
            help,
        } = self;
        writeln!(out, "# TYPE {name} {kind}")?;
        if !unit.is_empty() {
            writeln!(out, "# UNIT {name} {unit}")?;
        }
        writeln!(out, "# HELP {name} {help}")
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
