//! What is asked on the command line, rightly and wrongly.

use std::fs;

use crate::program::bench_suite;

const GROUPS: [&str; 7] = [
    "kernels", "dispatch", "pool", "metrics", "arena", "dense", "scaling",
];

#[test]
fn list_names_each_group_with_its_ops_and_measures_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ended = bench_suite(folder.path(), &["--list"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines.len(), GROUPS.len());
    for (line, group) in lines.iter().zip(GROUPS) {
        assert_eq!(line.split_whitespace().next(), Some(group));
    }
    assert!(lines[0].contains("--quick: n = 1K"), "{}", lines[0]);
    for (group, op) in [(0, "relu"), (1, "dot"), (2, "pool_pass"), (5, "conv2d")] {
        assert!(lines[group].contains(op), "{}", lines[group]);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn help_shows_flags_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    let ended = bench_suite(folder.path(), &["--help"]);
    assert_eq!(ended.status, 0);
    for word in [
        "--quick",
        "--only",
        "--threads",
        "--out",
        "--list",
        "--data",
        "--rounds",
        "--peers",
        "--counts",
        "Ctrl-C",
        "Examples",
    ] {
        assert!(ended.stdout.contains(word), "{word}");
    }
}

#[test]
fn an_unknown_group_names_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    for only in ["matmul", "kernels,Pool", "", "kernels,"] {
        let ended = bench_suite(folder.path(), &["--only", only]);
        assert_eq!(ended.status, 2, "--only {only:?}");
        for group in GROUPS {
            assert!(ended.stderr.contains(group), "{}", ended.stderr);
        }
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn counts_out_of_range_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for flag in ["--threads", "--rounds"] {
        for count in ["0", "-1", "two", "99999999", "99999999999999999999999"] {
            let ended = bench_suite(folder.path(), &[&format!("{flag}={count}")]);
            assert_eq!(ended.status, 2, "{flag} {count}");
            assert!(
                ended.stderr.contains("expected a number from 1 to"),
                "{}",
                ended.stderr
            );
        }
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_found_before_measuring() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let ended = bench_suite(
        folder.path(),
        &["--out", "file", "--only", "metrics", "--rounds", "1"],
    );
    assert_eq!(ended.status, 2);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("file"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}
