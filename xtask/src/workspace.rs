//! What the workspace is made of: the role of each crate (the table), and what `cargo metadata`
//! says about their features and dependencies. What is forbidden to whom is `cmd::tidy`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::Program;

/// What a crate may know of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A library that knows no crate of the workspace.
    Leaf,
    /// A library that reaches crates of the workspace through optional features only.
    Joint,
    /// Free to use everything; nothing depends on it.
    Evidence,
    /// Runs programs and links nothing of ours.
    Commands,
}

/// Every crate of the workspace. A crate that is not here is a violation in `tidy`.
pub(crate) const ROLES: &[(&str, Role)] = &[
    ("kernels-simd", Role::Leaf),
    ("arena", Role::Leaf),
    ("pool-metrics", Role::Leaf),
    ("par-dispatch", Role::Joint),
    ("bench-suite", Role::Evidence),
    ("xtask", Role::Commands),
];

/// The crates that others depend on: each must build and work alone.
pub(crate) fn libraries() -> impl Iterator<Item = &'static str> {
    ROLES
        .iter()
        .filter(|(_, role)| matches!(role, Role::Leaf | Role::Joint))
        .map(|(name, _)| *name)
}

/// The role of a crate.
pub(crate) fn role(name: &str) -> Option<Role> {
    ROLES.iter().find(|(n, _)| *n == name).map(|(_, r)| *r)
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The workspace as cargo sees it.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) rust_version: Option<String>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency as a manifest declares it.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let text = Program::cargo()
            .args(["metadata", "--format-version=1", "--no-deps"])
            .ask()
            .context("run `cargo metadata --no-deps` to see why")?;
        Self::parse(&text).context("cargo metadata: its format")
    }

    fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text)?;
        let packages = array(&value, "packages")?
            .iter()
            .map(Package::parse)
            .collect::<Result<_>>()?;
        Ok(Self {
            target: string(&value, "target_directory")?.into(),
            packages,
        })
    }

    /// The package of that name.
    pub(crate) fn package(&self, name: &str) -> Result<&Package> {
        self.packages
            .iter()
            .find(|p| p.name == name)
            .with_context(|| format!("crate {name} is not in the workspace"))
    }
}

impl Package {
    fn parse(value: &Value) -> Result<Self> {
        let manifest = PathBuf::from(string(value, "manifest_path")?);
        let mut features = BTreeMap::new();
        for (name, enables) in value["features"].as_object().context("features")? {
            let enables = enables.as_array().context("features")?.iter();
            let enables = enables.filter_map(|e| e.as_str().map(str::to_owned));
            features.insert(name.clone(), enables.collect());
        }
        let dependencies = array(value, "dependencies")?
            .iter()
            .map(Dependency::parse)
            .collect::<Result<_>>()?;
        Ok(Self {
            name: string(value, "name")?,
            dir: manifest.parent().context("manifest_path")?.to_owned(),
            rust_version: value["rust_version"].as_str().map(str::to_owned),
            features,
            dependencies,
        })
    }

    /// Everything that switching on `wanted` enables: features, and `dep:…` entries.
    pub(crate) fn enabled(&self, wanted: &[&str]) -> BTreeSet<String> {
        let mut enabled = BTreeSet::new();
        let mut open: Vec<String> = wanted.iter().map(|w| (*w).to_owned()).collect();
        while let Some(feature) = open.pop() {
            if let Some(enables) = self.features.get(&feature) {
                open.extend(enables.iter().filter(|e| !enabled.contains(*e)).cloned());
            }
            enabled.insert(feature);
        }
        enabled.remove("default");
        enabled
    }

    /// The feature sets to test, each set once: the default ones, none, each one by itself, unless
    /// that is all of them, which is the whole workspace's run. Each is a list of cargo's flags.
    pub(crate) fn feature_sets(&self) -> Vec<Vec<String>> {
        let named: Vec<&str> = self.features.keys().map(String::as_str).collect();
        let all = self.enabled(&named);
        let mut seen = BTreeSet::from([self.enabled(&["default"]), all]);
        let mut sets = vec![vec![]];
        let alone = self.features.keys().filter(|f| *f != "default");
        for feature in std::iter::once(None).chain(alone.map(Some)) {
            let wanted: Vec<&str> = feature.iter().map(|f| f.as_str()).collect();
            if seen.insert(self.enabled(&wanted)) {
                let mut flags = vec!["--no-default-features".to_owned()];
                if let Some(feature) = feature {
                    flags.extend(["--features".to_owned(), feature.clone()]);
                }
                sets.push(flags);
            }
        }
        sets
    }
}

impl Dependency {
    fn parse(value: &Value) -> Result<Self> {
        Ok(Self {
            name: string(value, "name")?,
            kind: match value["kind"].as_str() {
                None => Kind::Normal,
                Some("build") => Kind::Build,
                Some(_) => Kind::Dev,
            },
            optional: value["optional"].as_bool().context("optional")?,
        })
    }
}

fn string(value: &Value, key: &str) -> Result<String> {
    let text = value[key].as_str().with_context(|| key.to_owned())?;
    Ok(text.to_owned())
}

fn array<'v>(value: &'v Value, key: &str) -> Result<&'v Vec<Value>> {
    value[key].as_array().with_context(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Workspace {
        Workspace::parse(
            r#"{"target_directory": "/t", "packages": [{
                "name": "par-dispatch", "manifest_path": "/w/crates/par-dispatch/Cargo.toml",
                "rust_version": "1.95",
                "features": {"default": ["rayon"], "rayon": ["dep:rayon"], "arena": ["dep:arena"]},
                "dependencies": [
                    {"name": "rayon", "kind": null, "optional": true},
                    {"name": "proptest", "kind": "dev", "optional": false}]}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn metadata_is_read() {
        let workspace = sample();
        let package = workspace.package("par-dispatch").unwrap();
        assert_eq!(package.dir, Path::new("/w/crates/par-dispatch"));
        assert_eq!(package.dependencies[1].kind, Kind::Dev);
        assert!(package.dependencies[0].optional);
        assert!(workspace.package("nothing").is_err());
    }

    #[test]
    fn every_feature_set_is_tested_once() {
        let workspace = sample();
        let sets = workspace.packages[0].feature_sets();
        let shown: Vec<String> = sets.iter().map(|s| s.join(" ")).collect();
        // `rayon` alone is what `default` is.
        assert_eq!(
            shown,
            [
                "",
                "--no-default-features",
                "--no-default-features --features arena"
            ]
        );
    }

    #[test]
    fn the_real_workspace_has_a_role_for_every_crate_and_no_role_without_one() {
        let workspace = Workspace::load().unwrap();
        let mut names: Vec<&str> = workspace.packages.iter().map(|p| &*p.name).collect();
        let mut roles: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        roles.sort_unstable();
        assert_eq!(names, roles);
    }
}
