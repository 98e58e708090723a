//! `report.json` and `pool_utilization.json`: other programs rely on these names.

use std::fs;

use bench_suite::report::schema::{PoolUtilization, Report};
use serde_json::Value;

use crate::program::{bench_suite, json};

/// Whether a value is of a type.
type OfType = fn(&Value) -> bool;

/// Asserts that an object has exactly these keys, with values of these types.
fn keys(object: &Value, expected: &[(&str, OfType)]) {
    let map = object.as_object().expect("an object");
    let mut names: Vec<&str> = map.keys().map(String::as_str).collect();
    let mut wanted: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    for (name, is_of_type) in expected {
        assert!(is_of_type(&map[*name]), "{name}: {}", map[*name]);
    }
}

fn string(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

fn lengths(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|array| array.iter().all(Value::is_u64))
}

fn positive(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number > 0.0)
}

#[test]
fn a_whole_run_writes_both_files_with_the_promised_names() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only",
        "pool,metrics,dense",
        "--rounds",
        "2",
        "--threads",
        "2",
        "--out",
        "out",
    ];
    let ended = bench_suite(folder.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let out = folder.path().join("out");
    for file in ["report.json", "report.html", "pool_utilization.json"] {
        assert!(ended.stdout.contains(file), "{}", ended.stdout);
    }
    assert_eq!(
        fs::read_dir(&out).unwrap().count(),
        3,
        "a temporary file was left"
    );

    let report = json(&out.join("report.json"));
    keys(
        &report,
        &[
            ("schema", |v| *v == 1),
            ("project", Value::is_object),
            ("host", Value::is_object),
            ("settings", Value::is_object),
            ("notes", Value::is_array),
            ("results", Value::is_array),
            ("comparisons", Value::is_array),
            ("partial", |v| *v == false),
            ("noise", Value::is_object),
            ("limits", Value::is_object),
            ("crossovers", Value::is_array),
            ("scaling", Value::is_array),
            ("counts", Value::is_array),
            ("allocations", Value::is_array),
            ("regret", Value::is_array),
            ("regret_policies", Value::is_object),
        ],
    );
    keys(
        &report["project"],
        &[("version", string), ("commit", string)],
    );
    keys(
        &report["host"],
        &[
            ("cpu", string),
            ("arch", string),
            ("features", Value::is_array),
            ("logical_cpus", Value::is_u64),
            ("cache_bytes", Value::is_object),
            ("os", string),
            ("rustc", string),
        ],
    );
    keys(
        &report["settings"],
        &[
            ("quick", |v| *v == false),
            ("threads", |v| *v == 2),
            ("level", string),
            ("data", |v| *v == "embedded"),
        ],
    );
    for row in report["results"].as_array().unwrap() {
        keys(
            row,
            &[
                ("group", string),
                ("op", string),
                ("dtype", string),
                ("shape", lengths),
                ("contender", string),
                ("threads", Value::is_u64),
                ("samples", |v| *v == 2),
                ("ns_median", positive),
                ("ns_p10", positive),
                ("ns_p90", positive),
                ("ns_low", positive),
                ("ns_high", positive),
                ("bytes", Value::is_u64),
                ("flops", Value::is_u64),
                ("of_limit", |v| v.is_null() || positive(v)),
                ("answer", |v| *v == "ok"),
            ],
        );
    }
    let comparisons = report["comparisons"].as_array().unwrap();
    assert!(!comparisons.is_empty());
    for comparison in comparisons {
        keys(
            comparison,
            &[
                ("group", string),
                ("op", string),
                ("dtype", string),
                ("shape", lengths),
                ("threads", Value::is_u64),
                ("contender", string),
                ("against", string),
                ("ratio_median", positive),
                ("ratio_p10", positive),
                ("ratio_p90", positive),
                ("ratio_low", positive),
                ("ratio_high", positive),
                ("rounds", |v| *v == 2),
            ],
        );
    }
    // What was written is what the library reads.
    let typed: Report = serde_json::from_value(report).unwrap();
    assert_eq!(typed.schema, 1);

    let pool = json(&out.join("pool_utilization.json"));
    keys(
        &pool,
        &[
            ("worker_threads", |v| *v == 2),
            ("outside_threads", |v| *v == 0),
            ("peak_active", positive),
            ("mean_active", positive),
            ("utilization", positive),
            ("tasks", positive),
            ("task_ns_mean", positive),
            ("task_ns_min", Value::is_u64),
            ("task_ns_max", positive),
            ("busy_ns", positive),
            ("window_ns", positive),
            ("snapshot", |v| v["schema"] == 1 && v["labels"].is_array()),
            ("timeline", Value::is_array),
        ],
    );
    let typed: PoolUtilization = serde_json::from_value(pool).unwrap();
    assert_eq!(typed.check(), Ok(()));
    // Three passes of 14 calls of kernels in 38 bands, whoever ran them.
    let tasks: usize = typed.timeline.iter().map(|lane| lane.tasks.len()).sum();
    assert_eq!(tasks, 3 * (14 + 4 * 8 + 6));
    for lane in &typed.timeline {
        assert_eq!(lane.dropped, 0, "{}", lane.thread);
        // A thread does one thing at a time: tasks of a depth do not overlap.
        let outer = lane.tasks.iter().filter(|task| task.depth == 1);
        let ends = outer.clone().map(|task| task.start_ns + task.duration_ns);
        for (end, next) in ends.zip(outer.skip(1)) {
            assert!(end <= next.start_ns + 1000, "{}: {next:?}", lane.thread);
        }
    }
}

#[test]
fn a_key_names_one_row_only() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only",
        "arena,metrics,dense,dispatch",
        "--rounds",
        "1",
        "--quick",
    ];
    assert_eq!(bench_suite(folder.path(), &arguments).status, 0);
    let report = json(&folder.path().join("target/bench/report.json"));
    for (section, names) in [
        ("results", &["contender"][..]),
        ("comparisons", &["contender", "against"]),
    ] {
        let mut seen = std::collections::BTreeSet::new();
        for row in report[section].as_array().unwrap() {
            let key: Vec<String> = ["group", "op", "dtype", "shape", "threads"]
                .iter()
                .chain(names)
                .map(|name| row[*name].to_string())
                .collect();
            assert!(seen.insert(key.clone()), "{section}: {key:?} twice");
        }
    }
}

#[test]
fn regret_is_told_for_every_operation_and_context() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only",
        "dispatch",
        "--rounds",
        "1",
        "--quick",
        "--threads",
        "2",
    ];
    let ended = bench_suite(folder.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for target in [
        "fork-join from outside",
        "break-even",
        "regret",
        "below 2^8",
        "every ms",
    ] {
        let line = |line: &str| line.starts_with("dispatch: ") && line.contains(target);
        assert!(ended.stdout.lines().any(line), "{target}: {}", ended.stdout);
    }
    let report = json(&folder.path().join("target/bench/report.json"));
    let rows = report["regret"].as_array().unwrap();
    let mut cells = std::collections::BTreeSet::new();
    for row in rows {
        keys(
            row,
            &[
                ("op", string),
                ("context", string),
                ("n", Value::is_u64),
                ("ns_sequential", positive),
                ("ns_best_parallel", positive),
                ("ns_dispatched", positive),
                ("regret", positive),
                ("policies", Value::is_object),
            ],
        );
        cells.insert([&row["op"], &row["context"], &row["n"]].map(Value::to_string));
    }
    // Operations, contexts, sizes.
    assert_eq!(cells.len(), 4 * 4 * 4);
    assert_eq!(rows.len(), cells.len());
    for (name, policy) in report["regret_policies"].as_object().unwrap() {
        keys(
            policy,
            &[("geomean", positive), ("p90", positive), ("max", positive)],
        );
        assert!(
            rows.iter().all(|row| positive(&row["policies"][name])),
            "{name}"
        );
    }
    assert!(report["regret_policies"]["dispatched"].is_object());
}

#[test]
fn scratch_from_the_arena_asks_the_system_for_nothing_in_steady_state() {
    let folder = tempfile::tempdir().unwrap();
    let ended = bench_suite(
        folder.path(),
        &["--only", "arena", "--rounds", "1", "--quick"],
    );
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report = json(&folder.path().join("target/bench/report.json"));
    let rows = report["allocations"].as_array().unwrap();
    let blocks = |contender: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["contender"] == contender);
        rows.filter_map(|row| row["steady_blocks"].as_f64())
            .collect()
    };
    // The chain with scratch; softmax and the product of matrices. In isolation, which comes with all
    // features of the workspace, each slice of the arena is a block of the system.
    if !arena::ISOLATED {
        assert_eq!(blocks("arena"), [0.0]);
    }
    assert_eq!(blocks("kernels-simd"), [0.0, 0.0]);
    // What is counted is there to be counted: three buffers, two vectors.
    assert_eq!(blocks("vec"), [3.0, 2.0]);
}

#[test]
fn a_folder_describes_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let stale = folder.path().join("pool_utilization.json");
    fs::write(&stale, "{}").unwrap();
    fs::write(folder.path().join("mine.txt"), "kept").unwrap();
    let ended = bench_suite(
        folder.path(),
        &["--only", "metrics", "--rounds", "1", "--out", "."],
    );
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(!stale.exists());
    assert!(ended.stdout.contains("removed"), "{}", ended.stdout);
    assert!(folder.path().join("mine.txt").exists());
}
