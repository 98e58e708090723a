//! A recorder of what a thread pool does: which tasks ran and for how long, how busy the workers
//! were, and how many of them at once.
//!
//! ```
//! use pool_metrics::Recorder;
//!
//! let recorder = Recorder::new(1);
//! for _ in 0..3 {
//!     let _task = recorder.track("sum"); // recorded from here to the end of the block
//!     std::hint::black_box((0..1000).sum::<u64>());
//! }
//! let snapshot = recorder.snapshot();
//! assert_eq!(snapshot.label("sum").unwrap().tasks, 3);
//! assert_eq!(snapshot.peak_active, 1);
//! assert!(snapshot.utilization <= 1.0);
//! println!("{snapshot}");
//! ```
//!
//! With a Rayon pool (feature `rayon`, on by default): `Recorder::for_global_pool` and
//! `Recorder::build_pool` know its workers, `.tracked(&recorder, "label")` records the leaves of a
//! parallel iterator, `Recorder::join` the steals of a join.
//!
//! # What is counted
//!
//! A **task** lasts from [`Recorder::track`] to the drop of its guard. Tasks may nest on a thread:
//! each counts with its whole duration (inclusive) and with the part of it that was in no task
//! inside (exclusive), but the thread is *busy* and *active* once, so four workers are never five
//! active ones. The time between tasks is idle time; what Rayon does in it (stealing, spinning,
//! sleeping) is not visible from outside Rayon.
//!
//! # Who reads
//!
//! | | |
//! |---|---|
//! | [`Recorder::snapshot`], [`Recorder::reset`] | since the recorder was made, or the last reset |
//! | [`Recorder::window`] | a reader of its own: any number of them, none disturbs another |
//! | [`Recorder::take_timeline`] | each task with its times, as far as there was room |
//! | [`Snapshot::to_openmetrics`], [`Timeline::to_chrome_trace`], `{snapshot}` | for Prometheus, Perfetto, people |
//!
//! Readings are exact while threads record: each task that has ended is in one of them whole.
//!
//! # Peak
//!
//! No word is shared to count active threads. Each keeps the spans in which it was busy, up to
//! 512 between two readings, and readers find the peak from all of them: exact then. Beyond, spans
//! with short gaps are joined; the peak is then never too low, but may count a thread in a gap
//! shorter than [`Snapshot::peak_resolution_ns`]. Read more often for a finer one.
//!
//! # Cost
//!
//! Each thread writes padded cells of its own and shares no line that is written. Recording takes
//! no lock, waits for nobody, and allocates nothing after a thread's first task of a label. A
//! guard around nothing takes some 8 ns more than its two clock reads, on one thread and on two
//! (`cargo xtask bench --only metrics` measures it). A disabled recorder costs a relaxed load and
//! a branch. Compiled with `--cfg pool_metrics_off` (in `RUSTFLAGS`) guards are nothing at all.
//!
//! # Features
//!
//! `rayon` (default), `serde` (figures as serde values), `cpu-time` (on Linux, the CPU time of
//! each thread beside its busy time, so that more threads than CPUs show).
//!
//! # Map
//!
//! `recorder` is the public door, `label` what tasks are called, `guard` and `place` what a task
//! runs on its own thread, `cell` one thread's counts and the protocol by which they are taken
//! exactly, `histogram` the buckets, `ledger` and `window` the readers' side, `peak` how many were
//! active, `seats` who counts as a worker, `snapshot` the figures and their exports, `timeline` the
//! tasks one by one, `rayon` pools, iterators and joins, `cpu` CPU time, `clock` the time, `sync`
//! the seam for loom.

#![cfg_attr(
    pool_metrics_off,
    expect(dead_code, unused_imports, reason = "nothing is recorded")
)]
#![forbid(unsafe_code)]

mod cell;
mod clock;
mod cpu;
mod guard;
mod histogram;
mod label;
mod ledger;
mod peak;
mod place;
#[cfg(feature = "rayon")]
mod rayon;
mod recorder;
mod seats;
mod snapshot;
mod sync;
mod timeline;
mod window;

#[cfg(feature = "rayon")]
pub use crate::rayon::{ParallelIteratorExt, Tracked};
pub use guard::TaskGuard;
pub use histogram::{Bucket, Histogram, Quantile};
pub use label::Label;
pub use recorder::Recorder;
pub use snapshot::{LabelFigures, SCHEMA, Snapshot, ThreadFigures};
pub use timeline::{Event, ThreadTimeline, Timeline};
pub use window::Window;

/// What the models under `tests/loom` check; no part of the interface.
#[doc(hidden)]
pub mod internals {
    pub use crate::cell::{Cell, LabelTally, Parallel, Phase, Record, Slot, Span, Tally, View};
    pub use crate::cpu::{CpuTime, ThreadClock};
    pub use crate::ledger::{Figures, Ledger, SNAPSHOT, ThreadCounts, WindowEnd};
    pub use crate::peak::Peak;
    pub use crate::seats::Role;
    pub use crate::timeline::{Pen, Ring};
}
