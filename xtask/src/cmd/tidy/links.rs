//! Relative links in Markdown files lead to a file or folder of the repository. Links into the web
//! and to anchors of the same page are not followed.

use std::path::{Component, Path, PathBuf};

use super::{Violation, markdown};

pub(super) fn check(file: &str, text: &str, exists: impl Fn(&Path) -> bool) -> Vec<Violation> {
    let dir = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for (number, line) in markdown::prose(text) {
        for target in targets(&markdown::without_spans(line)) {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.starts_with("mailto:");
            if path.is_empty() || elsewhere {
                continue;
            }
            if !resolve(dir, path).is_some_and(|p| exists(&p)) {
                let text = format!("a link to {path}, which does not exist");
                found.push(Violation::new(file, number, text));
            }
        }
    }
    found
}

/// Targets of `[text](target)` and of `[name]: target`.
fn targets(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("](") {
        let rest = &line[at + 2..];
        let end = rest.find([')', ' ']).unwrap_or(rest.len());
        found.push(rest[..end].trim_matches(['<', '>']).to_owned());
    }
    if let Some((name, target)) = line.split_once("]: ")
        && name.starts_with('[')
        && !name.starts_with("[^")
    {
        let target = target.split_whitespace().next().unwrap_or_default();
        found.push(target.trim_matches(['<', '>']).to_owned());
    }
    found
}

/// `path` as seen from `dir`, if it stays inside the repository.
fn resolve(dir: &Path, path: &str) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    for part in dir.join(path).components() {
        match part {
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::ParentDir if resolved.pop() => {}
            _ => return None,
        }
    }
    Some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn broken(text: &str, expected: usize) {
        let exists = |path: &Path| {
            ["README.md", "crates/arena", "crates/arena/README.md"]
                .contains(&path.to_str().unwrap())
        };
        let found = check("crates/arena/README.md", text, exists);
        assert_eq!(found.len(), expected, "{found:?}");
    }

    #[test]
    fn links_to_what_exists_are_good() {
        broken(
            "[top](../../README.md#build), [dir](../arena/) and [page](./README.md)",
            0,
        );
        broken(
            "[web](https://example.org/x.md), [here](#anchor), `[code](none.md)`",
            0,
        );
        broken("```\n[fenced](none.md)\n```", 0);
        broken("[top]: ../../README.md\n[^1]: a note", 0);
    }

    #[test]
    fn links_to_nothing_are_found() {
        broken("[a](none.md) [b](../README.md)", 2);
        broken("[out](../../../README.md)", 1);
        broken("[a]: none.md", 1);
    }
}
