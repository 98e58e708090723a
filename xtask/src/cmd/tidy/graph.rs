//! The crate graph: who may depend on whom is the role of each crate (`workspace::ROLES`); which
//! peer libraries a library must not force on its users is the list here.

use super::Violation;
use crate::workspace::{self, Dependency, Kind, Package, Role, Workspace};

/// Libraries that we measure ourselves against. In a library crate only behind a feature.
pub(crate) const PEERS: &[&str] = &[
    "ndarray",
    "nalgebra",
    "gemm",
    "matrixmultiply",
    "faer",
    "bumpalo",
    "bump-scope",
    "mimalloc",
    "chili",
    "forte",
    "pulp",
    "numpy",
];

pub(super) fn check(workspace: &Workspace) -> Vec<Violation> {
    workspace.packages.iter().flat_map(package).collect()
}

fn package(package: &Package) -> Vec<Violation> {
    let name = &package.name;
    let mut found = Vec::new();
    let mut broken = |text: String| {
        let dir = package.dir.strip_prefix(workspace::root());
        let dir = dir.unwrap_or(&package.dir).to_string_lossy();
        let file = format!("{}/Cargo.toml", dir.replace('\\', "/"));
        found.push(Violation::new(&file, 0, text));
    };
    let Some(role) = workspace::role(name) else {
        broken(format!("{name} has no role in xtask/src/workspace.rs"));
        return found;
    };
    for dependency in &package.dependencies {
        let other = &dependency.name;
        if let Some(theirs) = workspace::role(other) {
            if let Some(why) = forbidden(role, theirs, dependency) {
                broken(format!("{name} depends on {other}: {why}"));
            }
        } else if matches!(role, Role::Leaf | Role::Joint)
            && PEERS.contains(&&**other)
            && dependency.kind != Kind::Dev
            && !dependency.optional
        {
            broken(format!(
                "{name} depends on {other}: a peer library belongs behind a feature, or in bench-suite"
            ));
        }
    }
    if matches!(role, Role::Leaf | Role::Joint) {
        for enabled in package.enabled(&["default"]) {
            // `x?/feature` adds to what somebody else has enabled.
            if enabled.contains("?/") {
                continue;
            }
            // `dep:x`, `x/feature`, or `x` where the feature is the dependency.
            let crate_name = enabled.trim_start_matches("dep:");
            let crate_name = crate_name.split('/').next().unwrap_or_default();
            if workspace::role(crate_name).is_some() || PEERS.contains(&crate_name) {
                broken(format!("a default feature of {name} enables {crate_name}"));
            }
        }
    }
    found
}

/// Why `dependency` (a crate of the workspace) must not be there, if it must not.
fn forbidden(ours: Role, theirs: Role, dependency: &Dependency) -> Option<&'static str> {
    match (ours, theirs) {
        (_, Role::Commands) => Some("nothing depends on the commands"),
        (Role::Commands, _) => Some("the commands run programs and link none of them"),
        (_, Role::Evidence) => Some("nothing depends on the benchmarks"),
        (Role::Leaf, _) => Some("a leaf knows no other crate, in tests neither"),
        (Role::Joint, _) if dependency.kind != Kind::Dev && !dependency.optional => {
            Some("only an optional feature may bring it")
        }
        (Role::Joint | Role::Evidence, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn crate_with(name: &str, dependency: &str, kind: Kind, optional: bool) -> Package {
        Package {
            name: name.to_owned(),
            dir: workspace::root().join("crates").join(name),
            rust_version: None,
            features: BTreeMap::new(),
            dependencies: vec![Dependency {
                name: dependency.to_owned(),
                kind,
                optional,
            }],
        }
    }

    #[test]
    fn each_arrow_is_allowed_or_named() {
        use Kind::{Build, Dev, Normal};
        for (from, to, kind, optional, good) in [
            ("arena", "bytemuck", Normal, false, true),
            ("arena", "kernels-simd", Normal, true, false),
            ("arena", "kernels-simd", Dev, false, false),
            ("par-dispatch", "arena", Normal, true, true),
            ("par-dispatch", "arena", Normal, false, false),
            ("par-dispatch", "arena", Build, false, false),
            ("par-dispatch", "arena", Dev, false, true),
            ("par-dispatch", "bench-suite", Dev, false, false),
            ("bench-suite", "arena", Normal, false, true),
            ("xtask", "arena", Normal, true, false),
            ("bench-suite", "xtask", Normal, false, false),
            ("kernels-simd", "ndarray", Normal, false, false),
            ("kernels-simd", "ndarray", Normal, true, true),
            ("kernels-simd", "ndarray", Dev, false, true),
            ("bench-suite", "ndarray", Normal, false, true),
            ("surprise", "bytemuck", Normal, false, false),
        ] {
            let found = package(&crate_with(from, to, kind, optional));
            assert_eq!(found.is_empty(), good, "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn a_default_feature_brings_no_crate_of_ours() {
        let mut joint = crate_with("par-dispatch", "arena", Kind::Normal, true);
        let features = |default: &str| {
            BTreeMap::from([
                ("default".to_owned(), vec![default.to_owned()]),
                ("scratch".to_owned(), vec!["dep:arena".to_owned()]),
                ("rayon".to_owned(), vec!["dep:rayon".to_owned()]),
            ])
        };
        joint.features = features("rayon");
        assert_eq!(package(&joint), []);
        joint.features = features("scratch");
        let found = package(&joint);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "crates/par-dispatch/Cargo.toml");
    }
}
