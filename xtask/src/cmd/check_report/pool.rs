//! The rules of `pool_utilization.json`: what must hold of any pool that counted right.

use serde_json::Value;

use super::Type::{self, Amount, Count};
use super::{Faults, number};

const FIELDS: &[(&str, Type)] = &[
    ("worker_threads", Count),
    ("peak_active", Count),
    ("mean_active", Amount),
    ("utilization", Amount),
    ("tasks", Count),
    ("task_ns_mean", Amount),
    ("task_ns_min", Amount),
    ("task_ns_max", Amount),
    ("busy_ns", Amount),
    ("window_ns", Amount),
];

/// Threads outside the pool that call into it and take part: the benchmark's own.
const CALLERS: f64 = 1.0;

/// Clock skew between threads, and rounding of the figures that are derived from others.
const SLACK: f64 = 1.01;

pub(super) fn check(pool: &Value, faults: &mut Faults) {
    let at = "pool";
    if !faults.fields(pool, at, FIELDS) {
        return;
    }
    let get = |name| number(pool, name);
    let threads = get("worker_threads") + CALLERS;
    let (peak, mean) = (get("peak_active"), get("mean_active"));
    let window = get("window_ns");
    for (good, what) in [
        (get("worker_threads") >= 1.0, "no workers"),
        (get("tasks") >= 1.0, "no tasks"),
        (window > 0.0, "an empty window"),
        (peak >= 1.0, "tasks, but none active"),
        (peak <= threads, "peak_active over workers and callers"),
        (mean <= peak * SLACK, "mean_active over peak_active"),
        (get("utilization") <= 1.0, "utilization over 1"),
        (
            get("busy_ns") <= threads * window * SLACK,
            "busy_ns over threads × window_ns",
        ),
        (
            close(mean * window, get("busy_ns")),
            "mean_active is not busy_ns / window_ns",
        ),
        (
            get("task_ns_min") <= get("task_ns_mean") && get("task_ns_mean") <= get("task_ns_max"),
            "task_ns_min, mean, max are not in order",
        ),
    ] {
        faults.require(good, at, what);
    }
}

/// Equal up to rounding.
fn close(a: f64, b: f64) -> bool {
    a <= b * SLACK && b <= a * SLACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({"worker_threads": 2, "peak_active": 3, "mean_active": 1.5, "utilization": 0.75,
               "tasks": 10, "task_ns_mean": 150.0, "task_ns_min": 100, "task_ns_max": 300,
               "busy_ns": 1500, "window_ns": 1000})
    }

    fn faults(pool: &Value) -> Vec<String> {
        let mut faults = Faults::default();
        check(pool, &mut faults);
        faults.found
    }

    #[test]
    fn a_possible_pool_has_no_fault() {
        assert_eq!(faults(&good()), [""; 0]);
    }

    #[test]
    fn every_name_is_required() {
        for (name, _) in FIELDS {
            let mut pool = good();
            pool[name] = json!("?");
            assert_eq!(faults(&pool).len(), 1, "{name}");
        }
    }

    #[test]
    fn impossible_figures_are_faults() {
        for (name, value) in [
            ("worker_threads", json!(0)),
            ("peak_active", json!(4)),
            ("peak_active", json!(1)),
            ("mean_active", json!(1.0)),
            ("utilization", json!(1.2)),
            ("tasks", json!(0)),
            ("task_ns_min", json!(200)),
            ("task_ns_max", json!(149)),
            ("busy_ns", json!(4000)),
            ("window_ns", json!(0)),
        ] {
            let mut pool = good();
            pool[name] = value;
            assert!(!faults(&pool).is_empty(), "{name}");
        }
    }
}
