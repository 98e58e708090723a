//! Profiles as files: what is read back, what is refused, and what a user is told.

use par_dispatch::Profile;
use par_dispatch::profile::file::ProfileError;
use par_dispatch::profile::find::{Found, Origin, VARIABLE, default_path, find};
use par_dispatch::profile::machine::Machine;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

fn machine() -> Machine {
    Machine {
        cpu: "Some \"CPU\" \\ 3 GHz".into(),
        cpus: 2,
    }
}

fn measured() -> Profile {
    Profile {
        fork_join_warm_ns: 310.25,
        wake_ns: 1e4 / 3.0,
        threads: 7,
        ..Profile::default()
    }
}

/// A folder of the test's own, removed when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("par-dispatch-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(folder);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in a temporary folder hurts nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn find_with(variables: &[(&str, &Path)]) -> Found {
    let variable = |name: &str| {
        let mut all = variables.iter();
        all.find(|(key, _)| *key == name)
            .map(|(_, path)| OsString::from(path))
    };
    find(variable, &machine())
}

#[test]
fn a_profile_is_read_back_as_it_was_written() {
    let text = measured().to_json(&machine());
    assert_eq!(Profile::from_json(&text, &machine()), Ok(measured()));
}

#[test]
fn the_file_is_json_with_its_key() {
    let text = measured().to_json(&machine());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema"], 2);
    assert_eq!(value["cpu"], machine().cpu);
    assert_eq!(value["cpus"], 2);
    assert_eq!(value["threads"], 7);
    assert_eq!(value["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(value["reading"].as_array().unwrap().len(), 16);
    // Other writers order and space it differently.
    let compact = value.to_string();
    assert_eq!(Profile::from_json(&compact, &machine()), Ok(measured()));
}

#[test]
fn each_missing_or_impossible_figure_is_named() {
    let text = measured().to_json(&machine());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (name, _) in value.as_object().unwrap() {
        if name == "version" {
            continue;
        }
        for wrong in [
            serde_json::Value::Null,
            serde_json::json!(-1.0),
            serde_json::json!("1"),
            serde_json::json!([]),
            serde_json::json!(1e12),
        ] {
            let mut damaged = value.clone();
            damaged[name] = wrong.clone();
            let read = Profile::from_json(&damaged.to_string(), &machine());
            let error = read.expect_err(&format!("{name}: {wrong}")).to_string();
            let told = error.contains(name.as_str())
                || name == "schema" && error == "not of schema 2"
                || name == "cpu" && error.starts_with("measured on 1 with");
            assert!(told, "{name}: {wrong}: {error}");
        }
    }
}

#[test]
fn any_cut_of_a_file_is_refused() {
    let text = measured().to_json(&machine());
    for len in (0..text.trim_end().len()).filter(|&len| text.is_char_boundary(len)) {
        let read = Profile::from_json(&text[..len], &machine());
        assert!(
            matches!(read, Err(ProfileError::NoJson { .. })),
            "{len} bytes"
        );
    }
}

#[test]
fn a_file_is_found_by_variable_and_in_the_folder_for_configuration() {
    let folder = Folder::new("found");
    let text = measured().to_json(&machine());
    let named = folder.write("named.json", &text);
    let found = find_with(&[(VARIABLE, &named)]);
    assert_eq!(found.profile, measured());
    assert_eq!(found.origin, Origin::File(named));

    for (variable, sub) in [("XDG_CONFIG_HOME", ""), ("HOME", ".config/")] {
        let home = folder.0.join(variable);
        let path = folder.write(&format!("{variable}/{sub}crossover/profile.json"), &text);
        let found = find_with(&[(variable, &home)]);
        assert_eq!(found.origin, Origin::File(path.clone()));
        let told = default_path(|name| (name == variable).then(|| home.clone().into()));
        assert_eq!(told, Some(path));
        // The variable goes first.
        let found = find_with(&[(variable, &home), (VARIABLE, Path::new("off"))]);
        assert_eq!(
            (found.origin, found.profile),
            (Origin::BuiltIn, Profile::default())
        );
    }
}

#[test]
fn what_cannot_be_used_is_told_in_one_line_and_replaced() {
    let folder = Folder::new("fallback");
    let stale = Machine {
        cpus: 64,
        ..machine()
    };
    let good = measured().to_json(&machine());
    let cases = [
        ("stale.json", measured().to_json(&stale), "measured on"),
        (
            "schema.json",
            good.replace("\"schema\": 2", "\"schema\": 1"),
            "schema 2",
        ),
        ("cut.json", good[..good.len() / 2].to_owned(), "no JSON"),
        ("empty.json", String::new(), "no JSON from line 1"),
    ];
    for (name, text, why) in cases {
        let path = folder.write(name, &text);
        let found = find_with(&[(VARIABLE, &path)]);
        assert_eq!(found.profile, Profile::default(), "{name}");
        let told = found.origin.to_string();
        assert!(told.contains(name) && told.contains(why), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    // A folder, bytes that are no text, and nothing.
    let bytes = folder.0.join("bytes");
    fs::write(&bytes, [0xFF, 0xFE]).unwrap();
    for path in [&folder.0, &bytes, &folder.0.join("nothing")] {
        let found = find_with(&[(VARIABLE, path)]);
        assert!(matches!(found.origin, Origin::Fallback { .. }), "{path:?}");
    }
}

#[test]
fn a_file_that_nobody_named_may_be_missing() {
    let folder = Folder::new("missing");
    for variables in [&[][..], &[("XDG_CONFIG_HOME", folder.0.as_path())]] {
        assert_eq!(find_with(variables).origin, Origin::BuiltIn);
    }
    // The rules of the desktop: a folder that is not absolute is none.
    assert_eq!(default_path(|_| Some("relative".into())), None);
}
