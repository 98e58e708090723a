//! Exports, read by programs that are not ours.

use crate::work;
use pool_metrics::Recorder;
use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Two threads, nested tasks, and names that need quoting.
fn recorded() -> Recorder {
    let recorder = Recorder::new(1);
    recorder.start_timeline(1000);
    let record = || {
        for _ in 0..5 {
            let _outer = recorder.track("quoted \"outer\\ \n");
            work(Duration::from_micros(20));
            drop(recorder.track("inner"));
        }
    };
    record();
    std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name("a \"named\" thread".into());
        named.spawn_scoped(scope, record).unwrap();
    });
    recorder
}

#[test]
fn a_trace_is_json_whose_events_are_the_tasks() {
    let recorder = recorded();
    let timeline = recorder.take_timeline();
    assert_eq!((timeline.events(), timeline.dropped()), (20, 0));
    let trace: Value = serde_json::from_str(&timeline.to_chrome_trace()).unwrap();
    assert_eq!(trace["otherData"]["dropped_tasks"], 0);
    let events = trace["traceEvents"].as_array().unwrap();
    let of_kind = |kind: &str| {
        events
            .iter()
            .filter(|e| e["ph"] == kind)
            .collect::<Vec<_>>()
    };
    let (names, tasks) = (of_kind("M"), of_kind("X"));
    assert_eq!((names.len(), tasks.len()), (2, 20));
    assert_eq!(names[1]["args"]["name"], "a \"named\" thread");
    let snapshot = recorder.snapshot();
    for label in &snapshot.labels {
        let of_label = tasks.iter().filter(|e| e["name"] == *label.label);
        let us: f64 = of_label.clone().map(|e| e["dur"].as_f64().unwrap()).sum();
        assert_eq!(of_label.count() as u64, label.tasks);
        assert!((us * 1e3 - label.task_ns as f64).abs() < 1.0);
    }
    // An inner task lies within the outer one that ends next on its thread.
    for pair in tasks.chunks(2) {
        let [inner, outer] = pair else {
            unreachable!("20 tasks")
        };
        let number = |event: &Value, key: &str| event[key].as_f64().unwrap();
        assert_eq!(
            (&inner["name"], &inner["args"]["depth"]),
            (&"inner".into(), &2.into())
        );
        assert_eq!(inner["tid"], outer["tid"]);
        assert!(number(inner, "ts") >= number(outer, "ts"));
    }
    assert_eq!(recorder.take_timeline().events(), 0);
}

#[test]
fn a_full_ring_drops_and_counts_and_goes_on_when_it_is_read() {
    let recorder = Recorder::new(1);
    recorder.start_timeline(3);
    for round in 1..=3 {
        for _ in 0..5 {
            drop(recorder.task());
        }
        let timeline = recorder.take_timeline();
        assert_eq!(
            (timeline.events(), timeline.dropped()),
            (3, 2),
            "round {round}"
        );
    }
    recorder.stop_timeline();
    drop(recorder.task());
    let timeline = recorder.take_timeline();
    assert_eq!((timeline.events(), timeline.dropped()), (0, 0));
    assert_eq!(recorder.snapshot().tasks, 16);
}

/// Parses standard input, and prints a line for each sample.
const PARSER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, family.unit, sample.name, float(sample.value), sorted(sample.labels.items()))
";

#[test]
fn open_metrics_text_passes_prometheus_own_parser() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let has_parser = Command::new(&python)
        .args(["-c", "import prometheus_client.openmetrics.parser"])
        .output();
    if !has_parser.is_ok_and(|output| output.status.success()) {
        println!("not run: {python} has no prometheus_client (another one: PYTHON=…)");
        return;
    }
    let recorder = recorded();
    let snapshot = recorder.snapshot();
    let mut child = Command::new(&python)
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = snapshot.to_openmetrics();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "refused:\n{text}");
    let parsed = String::from_utf8(output.stdout).unwrap();
    let has = |line: &str| assert!(parsed.lines().any(|l| l == line), "{line} not in\n{parsed}");
    has("gauge  pool_worker_threads 1.0 []");
    has("histogram seconds pool_task_seconds_count 10.0 [('label', 'inner')]");
    has(
        "histogram seconds pool_task_seconds_bucket 10.0 [('label', 'quoted \"outer\\\\ \\n'), ('le', '+Inf')]",
    );
    let activations = snapshot.worker_activations;
    has(&format!(
        "counter  pool_worker_activations_total {activations}.0 []"
    ));
}

#[test]
fn open_metrics_text_has_the_form_that_its_readers_ask_for() {
    let snapshot = recorded().snapshot();
    let text = snapshot.to_openmetrics();
    assert!(text.ends_with("\n# EOF\n") && !text.contains("\n\n"));
    // Buckets of a label rise, and the last one is its count.
    let counts: Vec<u64> = text
        .lines()
        .filter(|line| line.starts_with("pool_task_seconds_bucket{label=\"inner\""))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(counts.is_sorted() && counts.len() > 30);
    assert_eq!(counts.last(), Some(&10));
}
