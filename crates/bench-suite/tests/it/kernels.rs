//! The group `kernels`: its operations, contenders and comparisons are all there, and all right.

use std::collections::BTreeSet;

use bench_suite::groups;
use bench_suite::report::schema::{ANSWER_OK, Report, Row};

use crate::program::{command, ended, json};

const QUICK: [&str; 7] = [
    "--only", "kernels", "--quick", "--rounds", "1", "--peers", "numpy",
];

/// A run that finds NumPy, or not.
fn report(with_path: bool) -> (Report, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &QUICK);
    if !with_path {
        command.env("PATH", folder.path());
    }
    let ended = ended(command);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let report = json(&folder.path().join("target/bench/report.json"));
    (serde_json::from_value(report).unwrap(), ended.stdout)
}

fn contenders(report: &Report, op: &str, dtype: &str) -> BTreeSet<String> {
    let of_op = |row: &&Row| row.op == op && row.dtype == dtype;
    let rows = report.results.iter().filter(of_op);
    rows.map(|row| row.contender.clone()).collect()
}

fn has_avx2(report: &Report) -> bool {
    report.host.features.iter().any(|feature| feature == "avx2")
}

#[test]
fn every_operation_has_its_contenders_and_each_answer_is_right() {
    let (report, text) = report(true);
    for row in &report.results {
        assert_eq!(row.answer, ANSWER_OK, "{row:?}");
    }
    let listed: BTreeSet<&str> = groups::find("kernels")
        .unwrap()
        .ops
        .iter()
        .copied()
        .collect();
    let seen: BTreeSet<&str> = report.results.iter().map(|row| &*row.op).collect();
    assert_eq!(seen, listed);

    let numpy = report.notes.iter().all(|note| !note.starts_with("numpy"));
    for (op, dtype, limits, by_numpy) in [
        ("sum", "f32", &["raw"][..], true),
        ("dot", "f32", &["raw"], true),
        ("max", "f32", &["raw", "raw-native"], true),
        ("add", "f32", &["raw"], true),
        ("sum_wide", "f32", &[], true),
        ("sum_exact", "i32", &["raw"], true),
        ("sum_wrapping", "i32", &["raw"], true),
        ("sum_exact", "u8", &[], true),
        ("mul", "i32", &[], true),
        ("any", "bool", &["raw"], true),
        ("count_true", "bool", &[], true),
    ] {
        let mut expected: BTreeSet<&str> = ["kernels-simd", "ndarray", "wide", "iterator"].into();
        if has_avx2(&report) {
            expected.extend(limits);
        }
        if limits.contains(&"raw") && has_avx512() {
            expected.insert("raw-avx512");
        }
        if numpy && by_numpy {
            expected.insert("numpy");
        }
        let seen = contenders(&report, op, dtype);
        assert_eq!(
            seen,
            expected.iter().map(ToString::to_string).collect(),
            "{op} {dtype}"
        );
        for against in expected.iter().filter(|name| **name != "kernels-simd") {
            let compared = report.comparisons.iter().any(|c| {
                (&*c.op, &*c.dtype, &*c.contender, &*c.against)
                    == (op, dtype, "kernels-simd", against)
            });
            assert!(compared, "{op} {dtype} against {against}");
        }
    }

    for line in [
        "times as fast as ndarray",
        "times as fast as wide",
        "asking for the level",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    if has_avx2(&report) {
        assert!(text.contains("of the time of raw"), "{text}");
    }
}

fn has_avx512() -> bool {
    bench_suite::contenders::raw::Avx512::detected().is_some()
}

#[test]
fn a_missing_numpy_is_told_and_the_run_goes_on() {
    let (report, text) = report(false);
    let note = report
        .notes
        .iter()
        .find(|note| note.starts_with("numpy: not run: "));
    let note = note.expect("a note on numpy");
    assert!(text.contains(note.as_str()), "{text}");
    assert!(!contenders(&report, "sum", "f32").contains("numpy"));
}
