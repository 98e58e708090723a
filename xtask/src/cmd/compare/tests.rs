//! `compare` on reports with known answers: the same code twice, and planted changes.

use super::*;
use std::path::Path;

use serde_json::{Value, json};

const OPS: usize = 25;
const SIZES: [usize; 3] = [1024, 65_536, 1_048_576];
const CONTENDERS: [&str; 4] = ["kernels-simd", "iterator", "wide", "raw"];

/// A report of 25 operations by four contenders at three sizes, 1 µs times
/// `factor(operation, size, contender)` each.
fn report(factor: impl Fn(usize, usize, &str) -> f64) -> Value {
    let mut rows = Vec::new();
    for (op, size) in (0..OPS).flat_map(|op| SIZES.map(|size| (op, size))) {
        for contender in CONTENDERS {
            let ns = 1000.0 * factor(op, size, contender);
            rows.push(
                json!({"group": "kernels", "op": format!("op{op}"), "dtype": "f32",
                "shape": [size], "contender": contender, "threads": 1, "ns_median": ns,
                "ns_low": 0.995 * ns, "ns_high": 1.005 * ns, "answer": "ok"}),
            );
        }
    }
    json!({"schema": 1, "project": {"commit": "abc"}, "host": {"cpu": "c", "rustc": "r"},
           "settings": {"threads": 2, "level": "avx2", "quick": true, "data": "embedded"},
           "noise": {"probes": [{"ns": 10.0}]}, "results": rows})
}

/// Noise, the same each time for a seed: 3 % anywhere for each contender, and in every fifth
/// question 40 % for all of them, as when a neighbour had the machine.
fn noise(seed: u64, op: usize, size: usize, contender: &str) -> f64 {
    let unit = |parts: &[u64]| {
        let mut hash = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for part in parts {
            hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        (hash % 1_000_003) as f64 / 1_000_003.0
    };
    let question = [op as u64 + 1, size as u64];
    let name = contender.bytes().fold(7, |a, b| a * 31 + u64::from(b));
    let phase = if unit(&question) < 0.2 { 1.4 } else { 1.0 };
    phase * (1.0 + 0.06 * (unit(&[question[0], question[1], name]) - 0.5))
}

fn compared(base: &Value, new: &Value) -> Compared {
    Compared::of(&Report::of(base).unwrap(), &Report::of(new).unwrap())
}

fn names(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| &*change.what).collect()
}

#[test]
fn the_same_code_has_not_changed_whatever_the_drift_and_the_neighbours() {
    let mut changed = 0;
    for seed in 0..20 {
        let base = report(|op, size, by| noise(2 * seed, op, size, by));
        let drift = [1.0, 1.12, 0.7][seed as usize % 3];
        let new = report(|op, size, by| drift * noise(2 * seed + 1, op, size, by));
        let compared = compared(&base, &new);
        let Judged {
            rows,
            kernels,
            judged,
            ..
        } = &compared.judged;
        assert_eq!(*judged, [OPS * SIZES.len(), OPS]);
        assert_eq!(compared.rows, OPS * SIZES.len() * CONTENDERS.len());
        changed += rows.len() + kernels.len();
    }
    // Of two thousand.
    assert!(changed <= 10, "{changed}");
}

#[test]
fn a_slower_row_a_slower_kernel_and_a_faster_one_are_found() {
    for seed in 0..10 {
        let base = report(|op, size, by| noise(2 * seed, op, size, by));
        let new = report(|op, size, by| {
            let planted = match (op, size, by) {
                (7, 65_536, "kernels-simd") => 1.8,
                (9, _, "kernels-simd") => 1.6,
                (11, _, "kernels-simd") => 0.4,
                _ => 1.0,
            };
            0.85 * planted * noise(2 * seed + 1, op, size, by)
        });
        let compared = compared(&base, &new);
        let rows = names(&compared.judged.rows);
        assert!(
            rows.contains(&"kernels op7 f32 65536 kernels-simd [1]"),
            "{rows:?}"
        );
        let kernels = names(&compared.judged.kernels);
        assert_eq!(
            kernels,
            [
                "kernels op9 kernels-simd [1]",
                "kernels op11 kernels-simd [1]"
            ]
        );
        assert!((compared.judged.kernels[0].ln_ratio - 1.6_f64.ln()).abs() < 0.05);
        assert!(compared.is_worse());
        let told = compared.told(&Report::of(&base).unwrap(), &Report::of(&new).unwrap());
        assert!(told.contains("as a whole 1 slower, 1 faster"), "{told}");
        assert!(told.contains("must slow down by"), "{told}");
    }
}

#[test]
fn of_several_runs_a_row_is_the_fastest_and_bad_luck_of_one_is_no_change() {
    let run = |seed, planted: f64, luck: f64| {
        let report = report(|op, size, by| {
            noise(seed, op, size, by)
                * match (op, size, by) {
                    (7, 65_536, "kernels-simd") => planted,
                    (3, 1024, "kernels-simd") => luck,
                    _ => 1.0,
                }
        });
        Report::of(&report).unwrap()
    };
    let base = || [run(1, 1.0, 1.0), run(2, 1.0, 1.0)];
    let new = || [run(3, 1.8, 2.0), run(4, 1.8, 1.0)];
    let ([base_alone, _], [new_alone, _]) = (base(), new());
    let alone = Compared::of(&base_alone, &new_alone);
    assert_eq!(alone.judged.rows.len(), 2);

    let [base, new] = [base(), new()].map(|[one, other]| one.and(other));
    let compared = Compared::of(&base, &new);
    let rows = names(&compared.judged.rows);
    assert_eq!(rows, ["kernels op7 f32 65536 kernels-simd [1]"]);
    assert!(compared.told(&base, &new).contains("(2 runs)"));
    let error = Report::read_all("no/such,report".as_ref())
        .map(drop)
        .unwrap_err();
    assert!(format!("{error:#}").contains("no/such"));
}

#[test]
fn a_control_that_changed_is_nobodys_regression() {
    let base = report(|op, size, by| noise(1, op, size, by));
    let new = report(|op, size, by| {
        noise(2, op, size, by) * if (op, by) == (3, "wide") { 2.0 } else { 1.0 }
    });
    let compared = compared(&base, &new);
    assert!(!compared.is_worse(), "{:?}", names(&compared.judged.rows));
}

#[test]
fn a_row_that_scatters_must_change_by_more() {
    let base = report(|op, size, by| noise(1, op, size, by));
    let mut new = report(|op, size, by| {
        let planted = (op, size, by) == (3, 1024, "kernels-simd");
        noise(2, op, size, by) * if planted { 1.5 } else { 1.0 }
    });
    assert!(compared(&base, &new).is_worse());
    let row = new["results"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .find(|row| row["op"] == "op3" && row["contender"] == "kernels-simd")
        .unwrap();
    // A visit of the same run was as fast as base.
    row["ns_low"] = json!(900.0);
    assert!(!compared(&base, &new).is_worse());
}

#[test]
fn a_group_without_controls_is_held_against_its_own_scatter() {
    let of = |seed, planted| {
        let mut report = report(|op, size, _| {
            // No contender is known, and no two of a question share anything.
            let planted = if (op, size) == (5, 1024) {
                planted
            } else {
                1.0
            };
            planted * (1.0 + 0.1 * (noise(seed, op, size, "x") % 0.06))
        });
        let rows = report["results"].as_array_mut().unwrap();
        rows.retain(|row| row["contender"] == "kernels-simd");
        report
    };
    assert!(!compared(&of(1, 1.0), &of(2, 1.0)).is_worse());
    let compared = compared(&of(1, 1.0), &of(2, 2.0));
    assert_eq!(
        names(&compared.judged.rows),
        ["kernels op5 f32 1024 kernels-simd [1]"]
    );
}

#[test]
fn a_common_slowdown_counts_if_the_clock_does_not_explain_it() {
    let base = report(|op, size, by| noise(1, op, size, by));
    let mut new = report(|op, size, by| 1.5 * noise(2, op, size, by));
    assert!(compared(&base, &new).is_worse());
    new["noise"]["probes"][0]["ns"] = json!(15.0);
    assert!(!compared(&base, &new).is_worse());
}

#[test]
fn a_wrong_answer_is_worse_and_a_lost_row_is_told() {
    let base = report(|op, size, by| noise(1, op, size, by));
    let mut new = base.clone();
    new["results"][0]["answer"] = json!("2, expected 3");
    assert!(compared(&base, &new).is_worse());
    let mut new = base.clone();
    new["results"].as_array_mut().unwrap().pop();
    let compared = compared(&base, &new);
    assert_eq!((compared.lost.len(), compared.is_worse()), (1, false));
}

#[test]
fn broken_and_older_reports_are_one_clear_error() {
    let good = report(|_, _, _| 1.0);
    for (path, value, says) in [
        ("/schema", json!(null), "no schema"),
        ("/schema", json!(7), "schema 7"),
        ("/results", json!("x"), "no list"),
        ("/results", json!([]), "empty"),
        ("/results/3/ns_median", json!("x"), "results[3]"),
        ("/results/3/ns_median", json!(-1), "results[3]"),
        ("/results/3/ns_low", json!(null), "older report"),
        ("/results/3/op", json!(1), "results[3]"),
    ] {
        let mut report = good.clone();
        *report.pointer_mut(path).unwrap() = value;
        let error = Report::of(&report).map(drop).unwrap_err();
        assert!(format!("{error:#}").contains(says), "{error:#}");
    }
    let error = Report::read(Path::new("no/such.json"))
        .map(drop)
        .unwrap_err();
    assert!(format!("{error:#}").contains("no/such.json"));
}
