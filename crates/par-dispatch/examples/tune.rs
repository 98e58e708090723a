//! Measures this machine and writes its profile, where programs that use par-dispatch find it.
//!
//! `cargo xtask tune` builds and runs it. Without cargo, or in another workspace:
//! `cargo run --release --example tune --features kernels`.

use par_dispatch::calibrate::{Calibrated, Effort, calibrate};
use par_dispatch::profile::find::{VARIABLE, default_path};
use par_dispatch::profile::machine::Machine;
use par_dispatch::profile::{Curve, Profile};
use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

const HELP: &str = "\
Usage: cargo xtask tune [--quick] [--threads N] [--out FILE]

Measures fork-joins, wakes and the throughput of one and of all threads, in under 20 seconds, and
writes them as JSON. Programs find the file by themselves if it is at its default place, else by
the environment variable CROSSOVER_PROFILE. Run it while the machine is quiet.

  --quick        about a second: rougher figures
  --threads N    threads of the pool [default: the CPUs]
  --out FILE     where to write [default: CROSSOVER_PROFILE, else crossover/profile.json in the
                 folder for configuration: XDG_CONFIG_HOME, or ~/.config]";

struct Flags {
    effort: Effort,
    threads: usize,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match parse(env::args_os().skip(1)) {
        Ok(None) => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Some(flags)) => match tune(&flags) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("tune: {error}");
                ExitCode::FAILURE
            }
        },
        Err(wrong) => {
            eprintln!("tune: {wrong}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

/// `None`: help was asked for.
fn parse(args: impl Iterator<Item = std::ffi::OsString>) -> Result<Option<Flags>, String> {
    let mut flags = Flags {
        effort: Effort::Full,
        threads: 0,
        out: None,
    };
    let mut args = args;
    while let Some(arg) = args.next() {
        let arg = arg.to_string_lossy().into_owned();
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match &*arg {
            "--help" | "-h" => return Ok(None),
            "--quick" => flags.effort = Effort::Quick,
            "--out" => flags.out = Some(value()?.into()),
            "--threads" => {
                let text = value()?;
                let count = text.to_string_lossy().parse();
                flags.threads = count
                    .ok()
                    .filter(|count| (2..=1024).contains(count))
                    .ok_or("--threads: expected a number from 2 to 1024")?;
            }
            _ => return Err(format!("unknown argument '{arg}'")),
        }
    }
    Ok(Some(flags))
}

fn tune(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| env::var_os(name);
    let named = variable(VARIABLE).filter(|value| !value.is_empty() && value != "off");
    let out = flags
        .out
        .clone()
        .or(named.map(PathBuf::from))
        .or_else(|| default_path(variable))
        .ok_or("no folder for configuration (set HOME, or give --out FILE)")?;
    let threads = match flags.threads {
        0 => Machine::this().cpus,
        threads => threads,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let begun = Instant::now();
    let measured = calibrate(&pool, flags.effort, show)?;
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    report(&measured, begun.elapsed().as_secs_f64());
    let machine = Machine::this();
    write(&out, &measured.profile.to_json(&machine))
        .map_err(|error| format!("cannot write {}: {error}", out.display()))?;
    // What was written is what programs will read.
    let text = fs::read_to_string(&out)?;
    if Profile::from_json(&text, &machine)? != measured.profile {
        return Err(format!("{} does not read back", out.display()).into());
    }
    println!("wrote    {}", out.display());
    if default_path(variable).as_ref() != Some(&out) && variable(VARIABLE).is_none() {
        println!("to use it: {VARIABLE}={}", out.display());
    }
    Ok(())
}

fn show(step: &str, share: f64) {
    let mut err = std::io::stderr();
    // Progress that nobody can see is no failure.
    let _ = match err.is_terminal() {
        true => write!(err, "\r\x1b[K{:3.0} %  {step}", 100.0 * share),
        false => writeln!(err, "{:3.0} %  {step}", 100.0 * share),
    };
}

fn report(measured: &Calibrated, seconds: f64) {
    let Calibrated { profile, .. } = measured;
    let machine = Machine::this();
    println!(
        "{}, {} CPUs, pool of {} threads",
        machine.cpu, machine.cpus, profile.threads
    );
    println!(
        "{} passes ({} while the machine changed) in {seconds:.1} s, {} rejected; before: {}; after: {}",
        measured.passes, measured.unsteady, measured.rejected, measured.before, measured.after
    );
    println!(
        "fork-join {:.2} µs; a wake costs {:.1} µs and brings a worker after {:.1} µs",
        profile.fork_join_warm_ns / 1e3,
        profile.wake_ns / 1e3,
        profile.arrival_ns / 1e3
    );
    println!(
        "after a pause {:.1} bytes per ns at most",
        profile.cold_ns_per_byte.recip()
    );
    println!(
        "arithmetic {:.1} operations per ns, all threads {:.2}×",
        profile.operations_per_ns, profile.operations_speed_up
    );
    println!("bytes per ns        reading all threads     writing all threads");
    for (index, (read, write)) in profile
        .reading
        .points
        .iter()
        .zip(&profile.writing.points)
        .enumerate()
    {
        println!(
            "{:9} KiB {:13.1} {:10.2}× {:12.1} {:10.2}×",
            Curve::bytes_at(index) / 1024,
            1.0 / read.ns_per_byte,
            read.speed_up,
            1.0 / write.ns_per_byte,
            write.speed_up
        );
    }
}

/// Whole or not at all: a program may be looking for the file.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&beside, text)?;
    fs::rename(&beside, path).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    })
}
