//! The crates' manifests: lints and shared package fields come from the workspace, so that there
//! is one place to change them. Reads lines, not all of TOML: our manifests are written plainly.

use super::Violation;

/// What each crate's manifest must take from the workspace: section and key.
const INHERITED: &[(&str, &str)] = &[
    ("package", "version"),
    ("package", "edition"),
    ("package", "rust-version"),
    ("package", "license"),
    ("lints", ""),
];

pub(super) fn check(file: &str, text: &str) -> Vec<Violation> {
    let inherited: Vec<String> = inherited(text).collect();
    INHERITED
        .iter()
        .map(|(section, key)| [*section, *key].join(".").trim_end_matches('.').to_owned())
        .filter(|name| !inherited.contains(name))
        .map(|name| Violation::new(file, 0, format!("{name} is not the workspace's")))
        .collect()
}

/// `section.key` of everything with `workspace = true`, in either of its spellings.
fn inherited(text: &str) -> impl Iterator<Item = String> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            return None;
        }
        let (key, value) = line.split_once('=')?;
        let (key, value) = (key.trim(), value.trim().replace(' ', ""));
        let name = format!("{section}.{key}");
        if value == "true" {
            return name.strip_suffix(".workspace").map(str::to_owned);
        }
        (value == "{workspace=true}").then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\nversion.workspace = true\nedition = { workspace = true }\n\
                        rust-version.workspace = true # the oldest\nlicense.workspace = true\n\
                        [lints]\nworkspace = true\n";

    #[test]
    fn a_manifest_that_takes_all_is_good() {
        assert_eq!(check("Cargo.toml", GOOD), []);
    }

    #[test]
    fn each_thing_not_taken_is_named() {
        for (was, is, name) in [
            (
                "edition = { workspace = true }",
                "edition = \"2021\"",
                "package.edition",
            ),
            (
                "rust-version.workspace",
                "rust-version.other",
                "package.rust-version",
            ),
            ("[lints]", "[other]", "lints"),
            (
                "[lints]\nworkspace = true",
                "[lints]\nworkspace = false",
                "lints",
            ),
        ] {
            let text = GOOD.replace(was, is);
            assert_ne!(text, GOOD);
            let found = check("Cargo.toml", &text);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].text.starts_with(&format!("{name} is not")));
        }
    }
}
