//! The program behind `cargo xtask bench`: flags, one run, its files, an exit status.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use bench_suite::data::npy::{self, Array};
use bench_suite::groups::{GROUPS, Inputs};
use bench_suite::report::{table, write};
use bench_suite::run::{Finished, run};
use bench_suite::{host, progress::Progress};
use clap::Parser as _;
use cli::{Cli, Peer};

const REPORT: &str = "report.json";
const POOL_UTILIZATION: &str = "pool_utilization.json";

/// Exit status for what the user can mend: flags, data, the output folder. clap uses it too.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.list {
        list();
        return ExitCode::SUCCESS;
    }
    let (inputs, data) = match prepare(&cli) {
        Ok(prepared) => prepared,
        Err(error) => return failed(&error, USAGE),
    };
    let finished = run(&cli.groups(), &inputs, &cli.plan(), data);
    match conclude(&cli, &finished) {
        Ok(status) => status,
        Err(error) => failed(&error, 1),
    }
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

    let paths: Vec<_> = files.iter().map(AsRef::as_ref).collect();
    progress.print(&format!(
        "\n{}",
        table::summary(report, pool.as_ref(), &paths)
    ));
    let wrong = table::wrong_answers(&report.results);
    for line in &wrong {
        eprintln!("error: {line}");
    }
    Ok(if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
