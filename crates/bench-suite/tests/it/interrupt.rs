//! Ctrl-C keeps what was measured.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::program::{command, json};

#[test]
fn ctrl_c_writes_a_partial_report() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(
        folder.path(),
        &["--only", "metrics,arena,dense", "--out", "."],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    // The first line on standard error: a group has begun.
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("metrics: cases to run"), "{line}");
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    // Drained, so that the child never waits for us.
    let drained = std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    let output = child.wait_with_output().unwrap();
    drained.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report = json(&folder.path().join("report.json"));
    assert_eq!(report["partial"], true);
    let results = report["results"].as_array().unwrap();
    assert!(!results.is_empty());
    assert!(results.iter().all(|row| row["group"] == "metrics"));
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("Partial: the run was ended"));
}
