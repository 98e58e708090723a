//! The live view, where nobody watches it live.

use std::process::Command;

use crate::program::{Ended, ended, json};

fn pool_view(folder: &std::path::Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pool-view"));
    command.args(arguments).current_dir(folder);
    ended(command)
}

#[test]
fn it_prints_plain_lines_and_writes_what_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "--seconds 0.3 --interval 100 --threads 2 --trace t.json --json s.json \
                     --openmetrics m.txt";
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let ended = pool_view(folder.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let Ended { stdout, .. } = ended;
    assert!(!stdout.contains('\x1b'), "{stdout}");
    for text in [
        "worker worker-1",
        "label matmul band",
        "tasks/s",
        "p99.9",
        "wrote t.json",
    ] {
        assert!(stdout.contains(text), "{text} in {stdout}");
    }
    let snapshot = json(&folder.path().join("s.json"));
    assert_eq!(
        (&snapshot["schema"], &snapshot["worker_threads"]),
        (&1.into(), &2.into())
    );
    assert!(snapshot["peak_active"].as_u64() <= Some(2));
    let trace = json(&folder.path().join("t.json"));
    assert!(
        trace["traceEvents"]
            .as_array()
            .is_some_and(|events| events.len() > 2)
    );
    let metrics = std::fs::read_to_string(folder.path().join("m.txt")).unwrap();
    assert!(metrics.ends_with("# EOF\n"));
}

#[test]
fn wrong_flags_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [["--seconds", "0"], ["--threads", "0"], ["--interval", "x"]] {
        let ended = pool_view(folder.path(), &wrong);
        assert_eq!(ended.status, 2, "{wrong:?}");
        assert!(ended.stderr.contains(wrong[0]), "{}", ended.stderr);
    }
}
