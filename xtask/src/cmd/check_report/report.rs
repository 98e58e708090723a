//! The rules of `report.json`: its names and types as tables, and what must hold between them.

use serde_json::Value;

use super::Type::{Amount, Count, Flag, List, Map, Text};
use super::{Faults, Type, number};

/// The objects that stand once in a report.
const SINGLE: &[(&str, &[(&str, Type)])] = &[
    ("project", &[("version", Text), ("commit", Text)]),
    (
        "host",
        &[
            ("cpu", Text),
            ("arch", Text),
            ("features", List(&Text)),
            ("logical_cpus", Count),
            ("cache_bytes", Map(&Count)),
            ("os", Text),
            ("rustc", Text),
        ],
    ),
    (
        "settings",
        &[("quick", Flag), ("threads", Count), ("level", Text)],
    ),
];

const RESULT: &[(&str, Type)] = &[
    ("group", Text),
    ("op", Text),
    ("dtype", Text),
    ("shape", List(&Count)),
    ("contender", Text),
    ("threads", Count),
    ("samples", Count),
    ("ns_median", Amount),
    ("ns_p10", Amount),
    ("ns_p90", Amount),
    ("ns_low", Amount),
    ("ns_high", Amount),
    ("bytes", Amount),
    ("flops", Amount),
    ("answer", Text),
];

const COMPARISON: &[(&str, Type)] = &[
    ("group", Text),
    ("op", Text),
    ("dtype", Text),
    ("shape", List(&Count)),
    ("threads", Count),
    ("contender", Text),
    ("against", Text),
    ("ratio_median", Amount),
    ("ratio_p10", Amount),
    ("ratio_p90", Amount),
    ("ratio_low", Amount),
    ("ratio_high", Amount),
    ("rounds", Count),
];

const REGRET: &[(&str, Type)] = &[
    ("op", Text),
    ("context", Text),
    ("n", Count),
    ("ns_sequential", Amount),
    ("ns_best_parallel", Amount),
    ("ns_dispatched", Amount),
    ("regret", Amount),
];

const REGRET_OF_POLICY: &[(&str, Type)] = &[("geomean", Amount), ("p90", Amount), ("max", Amount)];

const ALLOCATIONS: &[(&str, Type)] = &[
    ("op", Text),
    ("contender", Text),
    ("threads", Count),
    ("first_call_blocks", Count),
    ("steady_blocks", Amount),
    ("steady_bytes", Amount),
];

/// Who asks the system for nothing once a first call is over, on one thread: a count, which no load
/// changes. On several a wake may allocate.
const WITHOUT_ALLOCATIONS: [&str; 2] = ["arena", "kernels-simd"];

/// Rounding of figures that are derived from others.
const SLACK: f64 = 1e-6;

pub(super) fn check(report: &Value, faults: &mut Faults) {
    faults.require(report["schema"] == 1, "schema", "is not 1");
    for (name, fields) in SINGLE {
        faults.fields(&report[name], name, fields);
    }
    let threads = number(&report["settings"], "threads");
    faults.require(threads >= 1.0, "settings", "threads is not 1 or more");
    let results = rows(report, "results", faults);
    faults.require(!results.is_empty(), "results", "is empty");
    for (at, row) in results {
        if faults.fields(row, &at, RESULT) {
            faults.require(
                row["answer"] == "ok",
                &at,
                &format!("answer {}", row["answer"]),
            );
            faults.require(number(row, "samples") >= 1.0, &at, "no samples");
            faults.require(number(row, "threads") >= 1.0, &at, "no threads");
            faults.require(number(row, "ns_median") > 0.0, &at, "no time passed");
            order(row, ["ns_p10", "ns_median", "ns_p90"], &at, faults);
        }
    }
    regret(report, faults);
    allocations(report, faults);
    for (at, row) in rows(report, "comparisons", faults) {
        if faults.fields(row, &at, COMPARISON) {
            faults.require(number(row, "rounds") >= 1.0, &at, "no rounds");
            faults.require(number(row, "ratio_median") > 0.0, &at, "a ratio of 0");
            faults.require(row["contender"] != row["against"], &at, "against itself");
            order(row, ["ratio_p10", "ratio_median", "ratio_p90"], &at, faults);
        }
    }
}

/// The section of the group `arena`, which is there if it ran.
fn allocations(report: &Value, faults: &mut Faults) {
    if report.get("allocations").is_none() {
        return;
    }
    for (at, row) in rows(report, "allocations", faults) {
        if faults.fields(row, &at, ALLOCATIONS) && row["threads"] == 1 {
            let named = WITHOUT_ALLOCATIONS
                .iter()
                .any(|name| row["contender"] == *name);
            let good = !named || number(row, "steady_blocks") == 0.0;
            faults.require(good, &at, "asks the system for memory in steady state");
        }
    }
}

/// The sections of the group `dispatch`, which are there if it ran.
fn regret(report: &Value, faults: &mut Faults) {
    if report.get("regret").is_none() && report.get("regret_policies").is_none() {
        return;
    }
    let regret_rows = rows(report, "regret", faults);
    let any = !regret_rows.is_empty();
    for (at, row) in regret_rows {
        if faults.fields(row, &at, REGRET) {
            let best = number(row, "ns_sequential").min(number(row, "ns_best_parallel"));
            let regret = number(row, "ns_dispatched") / best;
            let says = number(row, "regret");
            let good = best > 0.0 && (regret - says).abs() <= SLACK * says;
            faults.require(good, &at, "regret is not the ratio of its times");
        }
    }
    let Some(policies) = report["regret_policies"].as_object() else {
        return faults.fault("regret_policies", "is no object");
    };
    let named = policies.contains_key("dispatched");
    faults.require(
        named == any,
        "regret_policies",
        "dispatched without rows, or rows without it",
    );
    for (name, policy) in policies {
        let at = format!("regret_policies.{name}");
        if faults.fields(policy, &at, REGRET_OF_POLICY) {
            let [geomean, p90, max] = ["geomean", "p90", "max"].map(|field| number(policy, field));
            let good = geomean > 0.0 && geomean <= max + SLACK && p90 <= max + SLACK;
            faults.require(good, &at, "geomean, p90 and max are not possible together");
        }
    }
}

/// The elements of a list, with names for messages.
fn rows<'r>(report: &'r Value, name: &str, faults: &mut Faults) -> Vec<(String, &'r Value)> {
    let Some(list) = report[name].as_array() else {
        faults.fault(name, "is no list");
        return Vec::new();
    };
    let shown = |(index, row): (usize, &'r Value)| {
        let says = |key: &str| row[key].as_str().unwrap_or("?").to_owned();
        let at = format!(
            "{name}[{index}] ({} {} {} {})",
            says("op"),
            says("dtype"),
            row["shape"],
            says("contender")
        );
        (at, row)
    };
    list.iter().enumerate().map(shown).collect()
}

fn order(row: &Value, names: [&str; 3], at: &str, faults: &mut Faults) {
    let [low, middle, high] = names.map(|name| number(row, name));
    let good = low <= middle && middle <= high;
    faults.require(good, at, &format!("{} are not in order", names.join(", ")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "schema": 1,
            "project": {"version": "0.1.0", "commit": "abc"},
            "host": {"cpu": "c", "arch": "x86_64", "features": ["avx2"], "logical_cpus": 2,
                     "cache_bytes": {"l1d": 32768}, "os": "linux", "rustc": "1.95.0"},
            "settings": {"quick": true, "threads": 2, "level": "avx2"},
            "results": [{"group": "kernels", "op": "sum", "dtype": "f32", "shape": [1024],
                "contender": "sequential", "threads": 1, "samples": 20, "ns_median": 50.0,
                "ns_p10": 49, "ns_p90": 60.5, "ns_low": 49.5, "ns_high": 51, "bytes": 4096, "flops": 1024, "answer": "ok"}],
            "comparisons": [{"group": "kernels", "op": "sum", "dtype": "f32", "shape": [1024],
                "threads": 1, "contender": "sequential", "against": "iterator",
                "ratio_median": 0.1, "ratio_p10": 0.09, "ratio_p90": 0.2, "ratio_low": 0.09,
                "ratio_high": 0.11, "rounds": 20}],
            "regret": [{"op": "sum", "context": "outside, back to back", "n": 1024,
                "ns_sequential": 50.0, "ns_best_parallel": 400.0, "ns_dispatched": 55.0,
                "regret": 1.1}],
            "regret_policies": {"dispatched": {"geomean": 1.1, "p90": 1.1, "max": 1.1}},
            "allocations": [{"op": "softmax", "contender": "arena", "threads": 1,
                "first_call_blocks": 1, "steady_blocks": 0.0, "steady_bytes": 0.0}]
        })
    }

    fn faults(report: &Value) -> Vec<String> {
        let mut faults = Faults::default();
        check(report, &mut faults);
        faults.found
    }

    #[test]
    fn a_whole_report_has_no_fault() {
        assert_eq!(faults(&good()), [""; 0]);
    }

    #[test]
    fn every_name_is_required() {
        let mut paths = vec![
            "/schema".to_owned(),
            "/results".into(),
            "/comparisons".into(),
        ];
        for (object, fields) in SINGLE {
            paths.extend(fields.iter().map(|(f, _)| format!("/{object}/{f}")));
        }
        paths.extend(RESULT.iter().map(|(f, _)| format!("/results/0/{f}")));
        paths.extend(
            COMPARISON
                .iter()
                .map(|(f, _)| format!("/comparisons/0/{f}")),
        );
        paths.extend(REGRET.iter().map(|(f, _)| format!("/regret/0/{f}")));
        paths.extend(
            REGRET_OF_POLICY
                .iter()
                .map(|(f, _)| format!("/regret_policies/dispatched/{f}")),
        );
        paths.extend(
            ALLOCATIONS
                .iter()
                .map(|(f, _)| format!("/allocations/0/{f}")),
        );
        for path in paths {
            let mut report = good();
            *report.pointer_mut(&path).unwrap() = Value::Null;
            assert!(!faults(&report).is_empty(), "{path}");
        }
    }

    #[test]
    fn impossible_figures_are_faults() {
        for (path, value) in [
            ("/schema", json!(2)),
            ("/results", json!([])),
            ("/results/0/answer", json!("wrong")),
            ("/results/0/ns_p10", json!(51)),
            ("/results/0/ns_p90", json!(49.5)),
            ("/results/0/ns_median", json!(0)),
            ("/results/0/samples", json!(0)),
            ("/results/0/shape", json!([-1])),
            ("/comparisons/0/rounds", json!(0)),
            ("/comparisons/0/ratio_p90", json!(0.05)),
            ("/comparisons/0/against", json!("sequential")),
            ("/regret", Value::Null),
            ("/regret/0/regret", json!(1.2)),
            ("/regret/0/ns_best_parallel", json!(10.0)),
            ("/regret", json!([])),
            ("/regret_policies", json!({})),
            ("/regret_policies/dispatched/geomean", json!(1.2)),
            ("/regret_policies/dispatched/max", json!(1.0)),
            ("/allocations/0/steady_blocks", json!(1.0)),
            ("/settings/threads", json!(0)),
            ("/settings/quick", json!("yes")),
        ] {
            let mut report = good();
            *report.pointer_mut(path).unwrap() = value;
            assert!(!faults(&report).is_empty(), "{path}");
        }
    }
}
