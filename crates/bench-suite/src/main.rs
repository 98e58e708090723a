//! The program behind `cargo xtask bench`: flags, one run, its files, an exit status.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use bench_suite::analyses::allocations::Counted;
use bench_suite::analyses::counts;
use bench_suite::data::npy::{self, Array};
use bench_suite::groups::{GROUPS, Inputs, dispatch};
use bench_suite::report::{html, table, write};
use bench_suite::run::{Finished, run};
use bench_suite::{host, progress::Progress};
use clap::Parser as _;
use cli::{Cli, Peer};

/// The system's, counting while an analysis asks for it.
#[global_allocator]
static ALLOCATOR: Counted = Counted;

const REPORT: &str = "report.json";
const PAGE: &str = "report.html";
const POOL_UTILIZATION: &str = "pool_utilization.json";

/// Exit status for what the user can mend: flags, data, the output folder. clap uses it too.
const USAGE: u8 = 2;
/// Exit status of a run that Ctrl-C ended, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    if std::env::var_os(dispatch::BUSY_VARIABLE).is_some() {
        dispatch::be_busy();
        return ExitCode::SUCCESS;
    }
    if counts::be_counted() {
        return ExitCode::SUCCESS;
    }
    let cli = Cli::parse();
    if cli.list {
        list();
        return ExitCode::SUCCESS;
    }
    let (inputs, data) = match prepare(&cli) {
        Ok(prepared) => prepared,
        Err(error) => return failed(&error, USAGE),
    };
    // Without a handler Ctrl-C ends the run as it always does, and nothing is kept.
    if let Err(error) = ctrlc::set_handler(interrupted) {
        eprintln!("note: Ctrl-C will keep nothing: {error}");
    }
    let mut finished = run(&cli.groups(), &inputs, &cli.plan(), data, &STOP);
    if cli.counts && !finished.report.partial {
        match counts::count() {
            Ok(counts) => finished.report.counts = counts,
            Err(why) => finished
                .report
                .notes
                .push(format!("counts: not run: {why}")),
        }
    }
    match conclude(&cli, &finished) {
        Ok(status) => status,
        Err(error) => failed(&error, 1),
    }
}

/// Set by Ctrl-C: the case that runs is the last.
static STOP: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C ends the run after its case, the second at once.
fn interrupted() {
    // Relaxed: the flag is all there is to see.
    if STOP.swap(true, Ordering::Relaxed) {
        std::process::exit(INTERRUPTED.into());
    }
    eprintln!("\nstopping after this case; once more to stop at once and keep nothing");
}

/// One line, whatever the chain of causes.
fn failed(error: &anyhow::Error, status: u8) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(status)
}

fn list() {
    let mut out = std::io::stdout().lock();
    for group in &GROUPS {
        // A closed pipe has read enough.
        let _closed = writeln!(
            out,
            "{:9} {} [{}]; --quick: {}",
            group.name,
            group.about,
            group.ops.join(" "),
            group.quick
        );
    }
}

/// Everything that can be wrong is found before the first measurement.
fn prepare(cli: &Cli) -> anyhow::Result<(Inputs, String)> {
    let user = cli.data.as_deref().map(npy::load).transpose()?;
    let data = user
        .as_ref()
        .map_or_else(|| "embedded".to_owned(), |array| described(cli, array));
    write::prepare(&cli.out)
        .with_context(|| format!("cannot write to the folder {}", cli.out.display()))?;
    let threads = cli.threads.unwrap_or_else(host::logical_cpus);
    let mut inputs = Inputs::new(cli.quick, threads, user)
        .with_context(|| format!("cannot start pools of {threads} threads"))?;
    if cli.peers.contains(&Peer::Numpy) {
        inputs.start_numpy();
    }
    if cli.peers.contains(&Peer::Torch) {
        inputs.start_torch();
    }
    Ok((inputs, data))
}

fn described(cli: &Cli, array: &Array) -> String {
    let path = cli.data.as_deref().unwrap_or_else(|| "".as_ref()).display();
    let Array { shape, values, .. } = array;
    let (stored, floats) = (values.dtype(), array.floats().dtype());
    let conversion = if stored == floats {
        String::new()
    } else {
        format!(", in dispatch as {floats} (exact)")
    };
    format!("{path}: {stored} {shape:?}{conversion}")
}

/// Writes the files, names them, and judges the run.
fn conclude(cli: &Cli, finished: &Finished) -> anyhow::Result<ExitCode> {
    let Finished { report, pool } = finished;
    let progress = Progress::new(0);
    let folder = &cli.out;
    let failed = |name: &str| format!("cannot write {}", folder.join(name).display());

    let mut files = Vec::new();
    match pool {
        Some(pool) => {
            files.push(
                write::json(folder, POOL_UTILIZATION, pool)
                    .with_context(|| failed(POOL_UTILIZATION))?,
            );
        }
        // A folder describes one run: figures of an older one would pass as part of this one.
        None => {
            if write::remove_stale(folder, POOL_UTILIZATION)
                .with_context(|| failed(POOL_UTILIZATION))?
            {
                progress.print(&format!(
                    "removed  {} of an older run (the group pool did not run)",
                    folder.join(POOL_UTILIZATION).display()
                ));
            }
        }
    }
    files.push(write::json(folder, REPORT, report).with_context(|| failed(REPORT))?);
    let page = html::page(report, pool.as_ref()).context("cannot draw the report")?;
    files.push(write::text(folder, PAGE, &page).with_context(|| failed(PAGE))?);

    let paths: Vec<_> = files.iter().map(AsRef::as_ref).collect();
    progress.print(&format!(
        "\n{}",
        table::summary(report, pool.as_ref(), &paths)
    ));
    let wrong = table::wrong_answers(&report.results);
    for line in &wrong {
        eprintln!("error: {line}");
    }
    Ok(if !wrong.is_empty() {
        ExitCode::FAILURE
    } else if report.partial {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}
