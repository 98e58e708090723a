//! `--data`: arrays that are measured, and files that are refused in one line.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program::{bench_suite, json};

/// A version 1 file; the header is padded as NumPy pads it.
fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn measure(folder: &Path, file: &str) -> serde_json::Value {
    let arguments = [
        "--only",
        "kernels,dispatch",
        "--rounds",
        "2",
        "--threads",
        "2",
        "--data",
        file,
    ];
    let ended = bench_suite(folder, &arguments);
    assert_eq!(ended.status, 0, "{file}: {}", ended.stderr);
    assert!(ended.stdout.contains(file), "{}", ended.stdout);
    json(&folder.join("target/bench/report.json"))
}

#[test]
fn arrays_of_every_type_and_shape_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let ints: Vec<u8> = [i32::MIN, -1, 7, i32::MAX]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let swapped: Vec<u8> = [1.5_f64, -2.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect();
    let odd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        -0.0,
        1e-40,
    ];
    let files = [
        (
            "single.npy",
            npy("'<f4'", false, "()", &f32s(&[3.5])),
            json!([]),
            "f32",
        ),
        (
            "line.npy",
            npy("'<i4'", false, "(4,)", &ints),
            json!([4]),
            "i32",
        ),
        (
            "swapped.npy",
            npy("'>f8'", false, "(1, 2)", &swapped),
            json!([1, 2]),
            "f64",
        ),
        (
            "block.npy",
            npy("'|u1'", false, "(2, 3, 4)", &(0..24).collect::<Vec<u8>>()),
            json!([2, 3, 4]),
            "u8",
        ),
        (
            "odd.npy",
            npy("'<f4'", false, "(6,)", &f32s(&odd)),
            json!([6]),
            "f32",
        ),
        // In Fortran order by name only: a row is a row either way.
        (
            "row.npy",
            npy("'<f4'", true, "(1, 2)", &f32s(&[1.0, 2.0])),
            json!([1, 2]),
            "f32",
        ),
    ];
    for (name, bytes, shape, dtype) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
        let report = measure(folder.path(), name);
        let results = report["results"].as_array().unwrap();
        for row in results {
            assert_eq!(row["answer"], "ok", "{name}: {row}");
            if row["op"] == "dispatch_cost" {
                continue;
            }
            assert_eq!(row["shape"], shape, "{name}: {row}");
            let op = row["op"].as_str().unwrap();
            let expected = match (op, dtype) {
                ("any" | "all" | "count_true", _) => "bool",
                // Its operations are floats'.
                _ if row["group"] == "dispatch" && dtype == "i32" => "f64",
                _ if row["group"] == "dispatch" && dtype == "u8" => "f32",
                _ => dtype,
            };
            assert_eq!(row["dtype"], expected, "{name}: {row}");
        }
        let kernels = ops(results, "kernels");
        let exact = kernels.contains("sum_exact") && kernels.contains("sum_wrapping");
        assert_eq!(
            exact,
            dtype == "i32" || dtype == "u8",
            "{name}: {kernels:?}"
        );
        assert_eq!(
            kernels.contains("mul"),
            dtype != "u8",
            "{name}: {kernels:?}"
        );
        assert_eq!(
            kernels.contains("sum"),
            dtype.starts_with('f'),
            "{name}: {kernels:?}"
        );
        assert!(
            kernels.contains("min_max") && kernels.contains("any"),
            "{name}: {kernels:?}"
        );
        assert_eq!(
            ops(results, "dispatch"),
            ["add", "dot", "sum"].into(),
            "{name}"
        );
    }
}

/// The operations of a group that have a row.
fn ops<'a>(results: &'a [serde_json::Value], group: &str) -> BTreeSet<&'a str> {
    let rows = results.iter().filter(|row| row["group"] == group);
    rows.map(|row| row["op"].as_str().unwrap()).collect()
}

#[test]
fn a_conversion_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("u8.npy"),
        npy("'|u1'", false, "(3,)", &[1, 2, 3]),
    )
    .unwrap();
    let report = measure(folder.path(), "u8.npy");
    assert_eq!(
        report["settings"]["data"],
        "u8.npy: u8 [3], in dispatch as f32 (exact)"
    );
}

#[test]
fn bad_files_are_refused_in_one_line_that_names_file_and_problem() {
    let folder = tempfile::tempdir().unwrap();
    let floats = f32s(&[1.0, 2.0, 3.0, 4.0]);
    let good = npy("'<f4'", false, "(2, 2)", &floats);
    let mut trailing = good.clone();
    trailing.push(0);
    let mut future = good.clone();
    future[6] = 9;
    let files: [(&str, Vec<u8>, &str); 14] = [
        ("empty.npy", vec![], "empty"),
        (
            "none.npy",
            npy("'<f4'", false, "(0, 3)", &[]),
            "no elements",
        ),
        ("text.npy", b"1.0, 2.0\n".to_vec(), "not a .npy file"),
        ("short.npy", good[..good.len() - 1].to_vec(), "truncated"),
        ("header.npy", good[..40].to_vec(), "header"),
        ("trailing.npy", trailing, "more bytes follow"),
        ("version.npy", future, "header"),
        (
            "fortran.npy",
            npy("'<f4'", true, "(2, 2)", &floats),
            "Fortran order",
        ),
        ("i64.npy", npy("'<i8'", false, "(2,)", &floats), "<i8"),
        ("bool.npy", npy("'|b1'", false, "(16,)", &floats), "|b1"),
        ("text_type.npy", npy("'<U1'", false, "(4,)", &floats), "<U1"),
        (
            "record.npy",
            npy("[('a', '<f4'), ('b', '<f4')]", false, "(2,)", &floats),
            "structured",
        ),
        ("object.npy", npy("'|O'", false, "(2,)", &floats), "|O"),
        ("grammar.npy", npy("'<f4", false, "(2,", &floats), "header"),
    ];
    for (name, bytes, problem) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
        refused(folder.path(), name, problem);
    }
    refused(folder.path(), "missing.npy", "No such file");
    fs::create_dir(folder.path().join("folder.npy")).unwrap();
    refused(folder.path(), "folder.npy", "directory");
    assert!(
        !folder.path().join("target").exists(),
        "something was measured"
    );
}

fn refused(folder: &Path, name: &str, problem: &str) {
    let ended = bench_suite(folder, &["--quick", "--data", name]);
    assert_eq!(ended.status, 2, "{name}");
    assert_eq!(ended.stdout, "", "{name}");
    assert_eq!(ended.stderr.lines().count(), 1, "{name}: {}", ended.stderr);
    assert!(
        ended.stderr.contains(name) && ended.stderr.contains(problem),
        "{}",
        ended.stderr
    );
}
