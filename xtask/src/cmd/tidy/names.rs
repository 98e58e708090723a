//! File names: a room has a purpose, and a name that says it.

use super::Violation;

/// Names that say nothing about what is inside.
const VAGUE: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "stuff", "shared",
];

pub(super) fn check(files: &[String]) -> Vec<Violation> {
    let vague = |file: &&String| {
        file.split('/')
            .map(|part| part.split('.').next().unwrap_or_default())
            .any(|stem| VAGUE.contains(&stem))
    };
    files
        .iter()
        .filter(vague)
        .map(|file| Violation::new(file, 0, "a name that tells no purpose"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vague_names_of_files_and_folders_are_found() {
        let files = [
            "crates/arena/src/utils.rs",
            "crates/arena/tests/common/mod.rs",
            "crates/arena/src/chunk.rs",
            "crates/arena/src/commonality.rs",
        ];
        let found = check(&files.map(str::to_owned));
        let found: Vec<&str> = found.iter().map(|v| &*v.file).collect();
        assert_eq!(found, &files[..2]);
    }
}
