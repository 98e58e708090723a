//! What one sees while it runs: a bar on a terminal, a line per group elsewhere.
//!
//! Decided here: progress goes to standard error and results to standard output, so that either
//! can be kept alone. A reader who closes standard output early (`| head`) ends no measurement:
//! the files are still written.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Tells how far a run is, and prints its results without tearing the bar.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    begun: Instant,
    cases: usize,
    done: Cell<usize>,
}

impl Progress {
    /// Progress over `cases` cases in all groups.
    #[must_use]
    pub fn new(cases: usize) -> Self {
        Self {
            bar: io::stderr().is_terminal().then(|| bar(cases as u64)),
            begun: Instant::now(),
            cases,
            done: Cell::new(0),
        }
    }

    /// A group begins.
    pub fn group(&self, name: &str, cases: usize) {
        match &self.bar {
            Some(bar) => bar.set_prefix(name.to_owned()),
            None => note(&format!("{name}: cases to run: {cases}{}", self.left())),
        }
    }

    /// The time that the other cases take, if they are like those that have ended.
    fn left(&self) -> String {
        let done = self.done.get();
        if done == 0 {
            return String::new();
        }
        let left = self.begun.elapsed().as_secs_f64() * (self.cases - done) as f64 / done as f64;
        format!(", about {left:.0} s left in all")
    }

    /// A case begins.
    pub fn case(&self, label: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(label);
        }
    }

    /// A case has ended.
    pub fn case_done(&self) {
        self.done.set(self.done.get() + 1);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Everything has run: the bar goes.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Prints a result to standard output, with a newline behind it.
    pub fn print(&self, text: &str) {
        let write = || {
            let mut out = io::stdout().lock();
            // A closed pipe is the reader's decision; nothing else can be done about it here.
            let _closed = writeln!(out, "{text}").and_then(|()| out.flush());
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

fn note(text: &str) {
    let _closed = writeln!(io::stderr(), "{text}");
}

fn bar(cases: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(cases), ProgressDrawTarget::stderr());
    // Never `enable_steady_tick`: its thread would wake up inside the samples.
    let style = ProgressStyle::with_template(
        "{prefix:9} [{bar:30}] {pos}/{len} {elapsed} (about {eta} left) {wide_msg}",
    );
    // The template is a constant; the default style is good enough should it ever not parse.
    bar.set_style(style.map_or_else(
        |_| ProgressStyle::default_bar(),
        |s| s.progress_chars("=> "),
    ));
    bar
}
