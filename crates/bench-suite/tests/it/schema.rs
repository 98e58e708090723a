//! `REPORT.md` describes the report: every name of a run stands there, with its type.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::{bench_suite, json};

const DOCUMENT: &str = include_str!("../../REPORT.md");

/// Names and types as the table has them.
fn documented() -> BTreeMap<&'static str, &'static str> {
    let row = |line: &'static str| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().trim_end_matches('`');
        Some((name, cells.next()?.trim()))
    };
    DOCUMENT.lines().filter_map(row).collect()
}

/// Every leaf of the report, with its path.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(&path, value, found);
            }
        }
        Value::Array(list) => {
            for value in list {
                leaves(&format!("{path}[]"), value, found);
            }
        }
        leaf => found.push((path.to_owned(), leaf.clone())),
    }
}

/// The type of a path in the table, where a last or only name may be `*`.
fn type_of(path: &str, table: &BTreeMap<&str, &'static str>) -> Option<&'static str> {
    let names: Vec<&str> = path.split('.').collect();
    let stars = (0..names.len()).map(|star| {
        let mut names = names.clone();
        names[star] = "*";
        names.join(".")
    });
    let mut candidates = std::iter::once(path.to_owned()).chain(stars);
    candidates.find_map(|path| table.get(path.as_str()).copied())
}

#[test]
fn every_name_of_a_run_is_documented_with_its_type() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only",
        "dispatch,arena,scaling",
        "--quick",
        "--rounds",
        "5",
        "--out",
        ".",
    ];
    let ended = bench_suite(folder.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let table = documented();
    assert!(table.len() > 60, "the table is not read: {}", table.len());
    let mut found = Vec::new();
    leaves("", &json(&folder.path().join("report.json")), &mut found);
    for (path, value) in found {
        let kind = type_of(&path, &table).unwrap_or_else(|| panic!("{path} is not documented"));
        let fits = match &value {
            Value::Null => kind.ends_with('?'),
            Value::Bool(_) => kind == "boolean",
            Value::Number(_) => kind.starts_with("number"),
            Value::String(_) => kind == "string",
            _ => false,
        };
        assert!(fits, "{path} is documented as {kind}: {value}");
    }
}
