//! A recorder of what a thread pool does: how many tasks ran and for how long, how busy the
//! workers were, and how many of them at once.
//!
//! ```
//! use pool_metrics::Recorder;
//!
//! let recorder = Recorder::new(1);
//! for _ in 0..3 {
//!     let _task = recorder.task(); // recorded from here to the end of the block
//!     std::hint::black_box((0..1000).sum::<u64>());
//! }
//! let snapshot = recorder.snapshot();
//! assert_eq!(snapshot.tasks, 3);
//! assert_eq!(snapshot.peak_active, 1);
//! assert!(snapshot.utilization <= 1.0);
//! println!("{snapshot}");
//! ```
//!
//! With a Rayon pool (feature `rayon`, on by default) see `Recorder::for_global_pool` and
//! `Recorder::build_pool`.
//!
//! # What is counted
//!
//! A **task** lasts from [`Recorder::task`] to the drop of its guard. Tasks may nest on a thread:
//! each is counted with its whole duration, but the thread is *busy* and *active* once, so four
//! workers are never five active ones. The time between tasks is idle time; what Rayon does in it
//! (stealing, spinning, sleeping) is not visible from outside Rayon.
//!
//! # Cost
//!
//! Each thread writes a padded cell of its own; the one line that threads share is touched when a
//! thread turns busy or idle, to keep the exact peak. Recording takes no lock, waits for nobody,
//! and allocates nothing after a thread's first task. A disabled recorder costs a relaxed load
//! and a branch.
//!
//! # Map
//!
//! `recorder` is the public door, `guard` what a task runs on its own thread, `cell` one thread's
//! counts and the protocol by which they are taken exactly, `activity` the shared word with the
//! peak, `ledger` the readers' side, `seats` who counts as a worker, `snapshot` the figures,
//! `rayon` the ways to attach to a pool, `clock` the time, `sync` the seam for loom.

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
