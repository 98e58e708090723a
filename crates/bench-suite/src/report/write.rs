//! Files that are whole or not there: written beside their place, then renamed into it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::Builder;

/// Writes `value` as JSON to `folder/name` and returns the path.
///
/// Whoever reads the file meanwhile, or finds it after a crash, sees the old one or the new one.
///
/// # Errors
/// If the folder cannot be written to; an older file is left as it was.
pub fn json(folder: &Path, name: &str, value: &impl Serialize) -> io::Result<PathBuf> {
    let mut json = serde_json::to_string_pretty(value)?;
    json.push('\n');
    text(folder, name, &json)
}

/// Writes `content` to `folder/name` and returns the path, as [`json`] does.
///
/// # Errors
/// As [`json`].
pub fn text(folder: &Path, name: &str, content: &str) -> io::Result<PathBuf> {
    let mut builder = Builder::new();
    builder.prefix(".bench-suite-").suffix(".tmp");
    readable_by_all(&mut builder);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content.as_bytes())?;
    // The rename must not reach the disk before the bytes do.
    file.as_file().sync_all()?;
    let path = folder.join(name);
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}

/// Creates `folder` and finds out whether files can be made in it, before an hour is spent.
///
/// # Errors
/// If they cannot.
pub fn prepare(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    tempfile::tempfile_in(folder).map(drop)
}

/// Removes `folder/name` if it is there, and tells whether it was.
///
/// # Errors
/// If it is there and cannot be removed.
pub fn remove_stale(folder: &Path, name: &str) -> io::Result<bool> {
    match fs::remove_file(folder.join(name)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Temporary files are private by default; a report is not (the umask still applies).
#[cfg(unix)]
fn readable_by_all(builder: &mut Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable_by_all(_builder: &mut Builder<'_, '_>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("a.json"),
            "an older and much longer text",
        )
        .unwrap();
        let path = json(folder.path(), "a.json", &[1, 2]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let old = json(folder.path(), "a.json", &1).unwrap();
        // A map with keys that are no strings cannot be JSON.
        let bad = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(json(folder.path(), "a.json", &bad).is_err());
        assert_eq!(fs::read_to_string(&old).unwrap(), "1\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_rename_that_fails_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a.json")).unwrap();
        assert!(json(folder.path(), "a.json", &1).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_made_and_a_file_in_its_place_is_refused() {
        let root = tempfile::tempdir().unwrap();
        prepare(&root.path().join("a/b/c")).unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        assert!(prepare(&root.path().join("file")).is_err());
    }

    #[test]
    fn stale_files_are_removed_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("old.json"), "").unwrap();
        assert!(remove_stale(folder.path(), "old.json").unwrap());
        assert!(!remove_stale(folder.path(), "old.json").unwrap());
    }
}
