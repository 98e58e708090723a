//! On which machine, compiler and commit: what a figure is worthless without.
//!
//! Decided here: what cannot be found out is said to be "unknown" or left out, never guessed. The
//! shape in which it is reported is [`crate::report::schema`]'s.

pub mod noise;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::report::schema::{Host, Project};

const UNKNOWN: &str = "unknown";

/// This machine, and the compiler that built this program.
#[must_use]
pub fn host() -> Host {
    Host {
        cpu: cpu_name().unwrap_or_else(|| UNKNOWN.into()),
        arch: std::env::consts::ARCH.into(),
        features: features(),
        logical_cpus: logical_cpus(),
        cache_bytes: cache_bytes(),
        os: os(),
        rustc: env!("BENCH_SUITE_RUSTC").into(),
    }
}

/// The version of the workspace, and the commit of its sources.
#[must_use]
pub fn project() -> Project {
    Project {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: commit().unwrap_or_else(|| UNKNOWN.into()),
    }
}

/// CPUs that this process may run on, at least 1.
#[must_use]
pub fn logical_cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The full hash, with "-dirty" behind it if tracked files were changed.
///
/// Asked when the program runs: `cargo xtask bench` has just built it from the same sources.
fn commit() -> Option<String> {
    // An unpacked archive may lie inside some other repository, whose commit would be a lie.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    let top = git(workspace, &["rev-parse", "--show-toplevel"])?;
    if fs::canonicalize(top).ok()? != fs::canonicalize(workspace).ok()? {
        return None;
    }
    git(
        workspace,
        &[
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude=*",
        ],
    )
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn os() -> String {
    let name = std::env::consts::OS;
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => format!("{name} {}", release.trim()),
        Err(_) => name.into(),
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn cpu_name() -> Option<String> {
    let brand = raw_cpuid::CpuId::new().get_processor_brand_string()?;
    let name = brand.as_str().trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn cpu_name() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn features() -> Vec<String> {
    /// The standard's macro takes bare literals only, hence `tt`.
    macro_rules! detected {
        ($($name:tt)*) => {
            [$(($name, std::arch::is_x86_feature_detected!($name))),*]
        };
    }
    detected!("sse2" "sse4.2" "avx" "avx2" "fma" "bmi2" "avx512f" "avx512bw" "avx512dq" "avx512vl")
        .into_iter()
        .filter(|(_, here)| *here)
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn features() -> Vec<String> {
    // What the build itself enables is all that is certain elsewhere.
    [
        ("neon", cfg!(target_feature = "neon")),
        ("simd128", cfg!(target_feature = "simd128")),
    ]
    .into_iter()
    .filter_map(|(name, here)| here.then(|| name.to_owned()))
    .collect()
}

/// Bytes of the data caches that the first CPU sees, under the keys `l1d`, `l2`, `l3`.
fn cache_bytes() -> BTreeMap<String, u64> {
    let from_system = cache_bytes_of(Path::new("/sys/devices/system/cpu/cpu0/cache"));
    if from_system.is_empty() {
        cache_bytes_of_cpuid()
    } else {
        from_system
    }
}

fn cache_bytes_of(folder: &Path) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| cache_entry(&entry.path()))
        .collect()
}

fn cache_entry(folder: &Path) -> Option<(String, u64)> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let key = match read("type")?.trim() {
        "Data" => format!("l{}d", read("level")?.trim()),
        "Unified" => format!("l{}", read("level")?.trim()),
        _ => return None,
    };
    let size = read("size")?;
    let kib: u64 = size.trim().strip_suffix('K')?.parse().ok()?;
    Some((key, kib * 1024))
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn cache_bytes_of_cpuid() -> BTreeMap<String, u64> {
    use raw_cpuid::CacheType;
    let Some(caches) = raw_cpuid::CpuId::new().get_cache_parameters() else {
        return BTreeMap::new();
    };
    let entry = |cache: raw_cpuid::CacheParameter| {
        let key = match cache.cache_type() {
            CacheType::Data => format!("l{}d", cache.level()),
            CacheType::Unified => format!("l{}", cache.level()),
            _ => return None,
        };
        let lines = cache.associativity() * cache.physical_line_partitions() * cache.sets();
        Some((key, (lines * cache.coherency_line_size()) as u64))
    };
    caches.filter_map(entry).collect()
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn cache_bytes_of_cpuid() -> BTreeMap<String, u64> {
    BTreeMap::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_entries_are_read_as_the_kernel_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        for (index, kind, level, size) in [
            ("index0", "Data", "1", "32K"),
            ("index1", "Instruction", "1", "32K"),
            ("index2", "Unified", "2", "1024K"),
        ] {
            let index = folder.path().join(index);
            fs::create_dir(&index).unwrap();
            for (name, text) in [("type", kind), ("level", level), ("size", size)] {
                fs::write(index.join(name), format!("{text}\n")).unwrap();
            }
        }
        let expected = [("l1d".to_owned(), 32 << 10), ("l2".to_owned(), 1 << 20)];
        assert_eq!(cache_bytes_of(folder.path()), BTreeMap::from(expected));
    }

    #[test]
    fn nothing_is_left_empty() {
        let host = host();
        for text in [
            &host.cpu,
            &host.arch,
            &host.os,
            &host.rustc,
            &project().commit,
        ] {
            assert!(!text.is_empty(), "{host:?}");
        }
        assert!(host.logical_cpus >= 1);
        assert!(host.rustc.starts_with("rustc ") || host.rustc == UNKNOWN);
    }
}
