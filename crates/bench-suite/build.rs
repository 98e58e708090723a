//! Records the compiler's version: a report without it cannot be compared with another.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_else(|| "unknown".into());
    println!("cargo:rustc-env=BENCH_SUITE_RUSTC={}", version.trim());
    // A new compiler rebuilds and so reruns this script; nothing else can change the answer.
    println!("cargo:rerun-if-changed=build.rs");
}
