//! Runs a test at each level of this CPU, and the tests of levels themselves.

use kernels_simd::{Level, LevelError};
use std::sync::{Mutex, PoisonError};

/// The level is one per process, and tests share the process.
static FORCED: Mutex<()> = Mutex::new(());

/// Calls `test` with each available level forced; says which levels this CPU could not test.
pub(crate) fn each(mut test: impl FnMut(Level)) {
    forcing(|levels| {
        for &level in levels {
            level.force().expect("an available level");
            assert_eq!(Level::active(), level);
            test(level);
        }
    });
}

/// Calls `test` with the available levels, for it to force as it likes. The level before is
/// restored: a test run under `CROSSOVER_LEVEL` keeps it.
pub(crate) fn forcing(test: impl FnOnce(&[Level])) {
    let _forced = FORCED.lock().unwrap_or_else(PoisonError::into_inner);
    let before = Level::active();
    let levels: Vec<Level> = Level::available().collect();
    for missing in Level::ALL.iter().filter(|level| !levels.contains(level)) {
        println!("{missing}: not run: this CPU lacks it");
    }
    test(&levels);
    before.force().expect("the level before");
}

#[test]
fn names_are_read_back() {
    for level in Level::ALL {
        assert_eq!(level.name().parse(), Ok(level));
        assert_eq!(level.name().to_uppercase().parse(), Ok(level));
    }
    assert_eq!("sse9".parse::<Level>(), Err(LevelError::Unknown));
    let message = LevelError::Unknown.to_string();
    assert!(
        Level::ALL
            .iter()
            .all(|level| message.contains(level.name())),
        "{message}"
    );
}

#[test]
fn available_levels_start_with_the_baseline_and_end_with_the_detected() {
    assert_eq!(Level::available().next(), Some(Level::Baseline));
    assert_eq!(Level::available().last(), Some(Level::detected()));
}

#[cfg(feature = "std")]
/// Not a test of its own: prints the active level for the test below, which runs this binary with
/// the variable set.
#[test]
fn print_active_level() {
    println!("active={}", Level::active());
}

#[cfg(feature = "std")]
#[test]
fn the_environment_variable_sets_the_level() {
    let active = |value: &str| {
        let output = std::process::Command::new(std::env::current_exe().expect("own path"))
            .args(["levels::print_active_level", "--exact", "--nocapture"])
            .env("CROSSOVER_LEVEL", value)
            .output()
            .expect("this test binary runs");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, rest) = stdout.split_once("active=").expect("the level is printed");
        let level = rest.lines().next().unwrap_or_default().to_owned();
        (level, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(active("baseline").0, "baseline");
    assert_eq!(active("").0, Level::detected().name());
    let (level, stderr) = active("sse9");
    assert_eq!(level, Level::detected().name());
    assert!(
        stderr.contains("CROSSOVER_LEVEL=sse9 ignored: level: unknown name"),
        "{stderr}"
    );
}
