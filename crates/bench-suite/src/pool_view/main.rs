//! The program behind `cargo xtask pool`: the pool workload at work, watched.
//!
//! Decided here: the flags, what runs, how long, and the files at the end. How a moment looks is
//! `view`'s.

mod view;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bench_suite::data::Embedded;
use bench_suite::host;
use bench_suite::workloads::pool::{Outputs, PASS, PoolWorkload};
use clap::Parser;
use pool_metrics::Recorder;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs the pool workload and shows what its workers do: utilisation, tasks and their times by
/// label. On a terminal one live view, elsewhere a line per moment and worker; then the whole run.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask pool")]
struct Cli {
    /// How long [default: until Ctrl-C on a terminal, else 5]
    #[arg(long, value_name = "N", value_parser = seconds)]
    seconds: Option<Duration>,

    /// Workers of the pool [default: the logical CPUs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Milliseconds between two views
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    interval: u64,

    /// Plain lines, on a terminal too
    #[arg(long)]
    plain: bool,

    /// Writes the run's first tasks (65,536 per worker) as Chrome trace JSON, which Perfetto opens
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Writes the run's figures as OpenMetrics text
    #[arg(long, value_name = "FILE")]
    openmetrics: Option<PathBuf>,

    /// Writes the run's figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Seconds where nobody watches.
const LENGTH: Duration = Duration::from_secs(5);
/// Tasks of each worker that the trace has room for: 2 MiB.
const TRACE_EVENTS: usize = 1 << 16;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    let length = seconds
        .and_then(Result::ok)
        .filter(|length| !length.is_zero());
    length.ok_or_else(|| "expected a number above 0".to_owned())
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let live = io::stdout().is_terminal() && !cli.plain;
    let length = cli.seconds.or((!live).then_some(LENGTH));
    let threads = cli.threads.map_or_else(host::logical_cpus, usize::from);
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    let (pool, recorder) =
        Recorder::build_pool(builder.thread_name(|index| format!("worker-{index}")))
            .with_context(|| format!("cannot start a pool of {threads} threads"))?;
    if cli.trace.is_some() {
        recorder.start_timeline(TRACE_EVENTS);
    }
    println!("pool workload on {threads} workers; a pass: {PASS}");
    let workload = PoolWorkload::new(&Embedded::load());
    let out = watch(&pool, &recorder, &workload, |passes, stop| {
        let mut screen = view::Screen::new(live);
        let mut window = recorder.window();
        let (begun, mut before) = (Instant::now(), 0);
        while length.is_none_or(|length| begun.elapsed() < length) && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(cli.interval));
            let (snapshot, now) = (window.take(), passes.load(Relaxed));
            // Nobody reads on: a closed pipe ends the run.
            if screen.show(&snapshot, now - before).is_err() {
                break;
            }
            before = now;
        }
    });
    let whole = recorder.snapshot();
    // A closed pipe has read enough.
    let _closed = writeln!(io::stdout(), "\nthe whole run\n{whole}");
    workload
        .check(&out)
        .map_err(|wrong| anyhow::anyhow!("a wrong answer: {wrong}"))?;
    if let Some(path) = &cli.trace {
        write(path, &recorder.take_timeline().to_chrome_trace())?;
    }
    if let Some(path) = &cli.openmetrics {
        write(path, &whole.to_openmetrics())?;
    }
    if let Some(path) = &cli.json {
        write(path, &serde_json::to_string_pretty(&whole)?)?;
    }
    Ok(())
}

/// Runs passes on the pool until `watch` returns, and returns the results of the last one.
fn watch(
    pool: &ThreadPool,
    recorder: &Recorder,
    workload: &PoolWorkload,
    watch: impl FnOnce(&AtomicU64, &AtomicBool),
) -> Outputs {
    let (passes, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let runs = scope.spawn(|| {
            let mut out = Outputs::poisoned();
            // A panic of the workload ends the watch; the join below tells it.
            let _ends = Ends(&stop);
            pool.install(|| {
                loop {
                    workload.run_parallel(recorder, &mut out);
                    passes.fetch_add(1, Relaxed);
                    if stop.load(Relaxed) {
                        break;
                    }
                }
            });
            out
        });
        watch(&passes, &stop);
        stop.store(true, Relaxed);
        runs.join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Ends the run when it is dropped.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("wrote {}", path.display());
    Ok(())
}
