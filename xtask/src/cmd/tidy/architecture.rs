//! ARCHITECTURE.md stays true: every crate of the workspace is named in it, and every name in
//! backticks that looks like a path exists. Outside fenced blocks a span looks like a path if it
//! holds a `/` or ends in `.rs`, `.md`, `.toml` or `.txt`, and holds nothing that a path would not
//! (blanks, `:`, `*`, `<`, `{`, …). It is sought from the repository's root, and then in the folder
//! and in `src/` of the crates that the nearest heading above names in backticks.

use std::path::Path;

use super::Violation;
use super::lexer::is_word;
use super::markdown;

/// Endings that make a path of a name without `/`.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".txt"];

pub(super) fn check(
    file: &str,
    text: &str,
    crates: &[&str],
    exists: impl Fn(&Path) -> bool,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut section: Vec<String> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for (number, line) in markdown::prose(text) {
        let spans: Vec<&str> = markdown::spans(line).collect();
        named.extend(spans.iter().copied());
        if line.starts_with('#') {
            section = spans
                .iter()
                .filter(|s| crates.contains(s))
                .map(|s| folder(s))
                .flat_map(|dir| [dir.clone(), format!("{dir}/src")])
                .collect();
        }
        for span in spans.into_iter().filter(|span| is_path(span)) {
            let here = Path::new(span);
            let found_it = exists(here) || section.iter().any(|s| exists(&Path::new(s).join(here)));
            if !found_it {
                let text = format!("names `{span}`, which does not exist");
                found.push(Violation::new(file, number, text));
            }
        }
    }
    for name in crates {
        let folder = folder(name);
        let is_named = |span: &&str| *span == *name || span.trim_end_matches('/') == folder;
        if !named.iter().any(is_named) {
            found.push(Violation::new(file, 0, format!("does not name `{name}`")));
        }
    }
    found
}

/// Where a crate is.
fn folder(name: &str) -> String {
    match name {
        "xtask" => name.to_owned(),
        _ => format!("crates/{name}"),
    }
}

fn is_path(span: &str) -> bool {
    let plain = |c: char| is_word(c) || "/.-".contains(c);
    let looks = span.contains('/') || ENDINGS.iter().any(|e| span.ends_with(e));
    looks && span.chars().all(plain) && !span.starts_with(['/', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(text: &str, expected: &[usize]) {
        let exists = |path: &Path| {
            [
                "README.md",
                "crates/arena/src/chunk.rs",
                "crates/arena/src/bump/",
            ]
            .iter()
            .any(|p| Path::new(p) == path)
        };
        let found = check("ARCHITECTURE.md", text, &["arena"], exists);
        let found: Vec<usize> = found.iter().map(|v| v.line).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn paths_that_exist_are_good() {
        found(
            "## `arena`\n`README.md`, `chunk.rs`, `src/chunk.rs`, `bump/`",
            &[],
        );
        found("`crates/arena/src/chunk.rs` of `arena`", &[]);
        found(
            "`arena`: `a::b`, `f(x/y)`, `-p x/y`, `{a,b}/c`, `sum`\n```\n`a/b.rs`\n```",
            &[],
        );
    }

    #[test]
    fn paths_that_do_not_exist_are_found() {
        found(
            "## `arena`\n`chunks.rs` and `crates/arena/src/gone.rs`",
            &[2, 2],
        );
        // Outside its crate's section a bare name is sought at the root.
        found("## `arena`\n\n## More\n`chunk.rs`", &[4]);
    }

    #[test]
    fn a_crate_that_is_not_named_is_found() {
        found("# Architecture\n", &[0]);
    }
}
