//! Where a program finds the profile of its machine: a file named by an environment variable, or
//! in the user's folder for configuration; else the built-in figures.
//!
//! Whatever is wrong with a file costs speed at most: it is said in one line on standard error,
//! once per process, and computing goes on. A file that nobody named and that is not there is
//! nothing to speak of.

use super::Profile;
use super::machine::Machine;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fmt, fs, io};

/// The environment variable that names a profile's file; `off` stands for the built-in figures.
pub const VARIABLE: &str = "CROSSOVER_PROFILE";

/// Where the figures of a [`Found`] come from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Figures that are part of the program: nobody has measured, or asked for these.
    BuiltIn,
    /// This file.
    File(PathBuf),
    /// Figures that are part of the program, since a file could not be used.
    Fallback {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        why: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in figures"),
            Self::File(path) => write!(f, "profile {}", path.display()),
            Self::Fallback { path, why } => write!(
                f,
                "profile {} not used, built-in figures instead: {why}",
                path.display()
            ),
        }
    }
}

/// A profile, and where it is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The figures.
    pub profile: Profile,
    /// Where they are from.
    pub origin: Origin,
}

static FOUND: LazyLock<Found> = LazyLock::new(|| {
    let found = find(|name| std::env::var_os(name), &Machine::this());
    if let Origin::Fallback { .. } = found.origin {
        eprintln!("par-dispatch: {}", found.origin);
    }
    found
});

impl Profile {
    /// The profile that dispatchers use: looked for once per process, see [`self`](super::find).
    #[must_use]
    #[inline]
    pub fn of_this_machine() -> &'static Self {
        &FOUND.profile
    }

    /// Where the figures of [`of_this_machine`](Self::of_this_machine) come from.
    #[must_use]
    pub fn origin() -> &'static Origin {
        &FOUND.origin
    }
}

/// Looks for the profile of `machine`, given the environment: no other effects than reading a file.
///
/// ```
/// use par_dispatch::profile::{find, machine::Machine};
/// let found = find::find(|_| None, &Machine::this());
/// assert_eq!(found.origin, find::Origin::BuiltIn);
/// ```
pub fn find(variable: impl Fn(&str) -> Option<OsString>, machine: &Machine) -> Found {
    let built_in = |origin| Found {
        profile: Profile::default(),
        origin,
    };
    let named = variable(VARIABLE).filter(|value| !value.is_empty());
    if named.as_ref().is_some_and(|value| value == "off") {
        return built_in(Origin::BuiltIn);
    }
    let Some(path) = named
        .clone()
        .map(PathBuf::from)
        .or_else(|| default_path(&variable))
    else {
        return built_in(Origin::BuiltIn);
    };
    match read(&path, machine) {
        Ok(profile) => Found {
            profile,
            origin: Origin::File(path),
        },
        Err(Unusable::Missing(_)) if named.is_none() => built_in(Origin::BuiltIn),
        Err(Unusable::Missing(why) | Unusable::Damaged(why)) => {
            built_in(Origin::Fallback { path, why })
        }
    }
}

/// Where `cargo xtask tune` writes and programs look: `crossover/profile.json` in the folder for
/// configuration that the environment names. `None` if it names none.
pub fn default_path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = folder("XDG_CONFIG_HOME")
        .or_else(|| folder("APPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("crossover").join("profile.json"))
}

enum Unusable {
    Missing(String),
    Damaged(String),
}

/// Longer files are no profiles; a device that never ends is not read for ever.
const FILE_BYTES_MAX: u64 = 1 << 20;

fn read(path: &Path, machine: &Machine) -> Result<Profile, Unusable> {
    let damaged = |why: &dyn fmt::Display| Unusable::Damaged(why.to_string());
    let file = fs::File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::Missing("there is no such file".into()),
        _ => damaged(&error),
    })?;
    let mut text = String::new();
    let mut limited = io::Read::take(file, FILE_BYTES_MAX);
    io::Read::read_to_string(&mut limited, &mut text).map_err(|error| damaged(&error))?;
    Profile::from_json(&text, machine).map_err(|error| damaged(&error))
}
