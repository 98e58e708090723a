//! Goes parallel only when it pays: on the user's Rayon pool, with the same bits either way.
//!
//! A [`Dispatcher`] gets a description of the work ([`Op`]: bytes and operations per element) and a
//! body that handles a run of elements. It plans ([`plan`]): below the size where a fork-join pays
//! for itself the body runs once, on the calling thread; above it, once per chunk, on the calling
//! thread and on workers of the pool.
//!
//! ```
//! use par_dispatch::{Dispatcher, Op};
//!
//! // out[i] = 2·x[i] + 1: reads 4 bytes and writes 4, two operations.
//! const SCALE: Op = Op::new("scale").bytes_per_element(8).operations_per_element(2);
//!
//! let x = vec![1.0_f32; 10_000];
//! let mut out = vec![0.0_f32; 10_000];
//! Dispatcher::global().map(&SCALE, &x, &mut out, |x, out| {
//!     for (out, x) in out.iter_mut().zip(x) {
//!         *out = 2.0 * x + 1.0;
//!     }
//! });
//! assert!(out.iter().all(|&v| v == 3.0));
//! ```
//!
//! # Who runs the chunks
//! The caller takes part, and waits only for workers that are running a chunk: a pool that is busy
//! with other work delays nothing. A worker that has helped *lingers* for a moment ([`Linger`]), and
//! the next call is handed to it through shared memory, in a microsecond or two, where waking a
//! worker takes a hundred. So what a call costs depends on who is awake, and so does the plan.
//!
//! # Shapes
//! What a body is handed and what comes back, as methods of a [`Dispatcher`]:
//!
//! | method | the body gets |
//! |---|---|
//! | `for_each_chunk_mut`, `map`, `zip_map` | a run of elements of a `&mut` slice, and of what is read |
//! | `reduce` | a range; two results to merge |
//! | `tiles_mut` | a [tile](TileMut) of a matrix, for products of matrices and convolutions |
//! | `launch_mut` | a [block](Block) of a [`Grid`], and a state that its thread keeps |
//!
//! Each has a `try_` form, whose body may fail: the [error](Error) is the one that a sequential loop
//! would have met first. These can be [cancelled](Dispatcher::cancellation); all can be
//! [watched](Dispatcher::progress). Once warm, a call allocates nothing; waking a worker allocates
//! the one job that Rayon queues.
//!
//! # What the machine is like
//! The plan weighs a call by a [`Profile`]: fork-joins, wakes, and the throughput of one and of all
//! threads. `cargo xtask tune`, or the module `calibrate` of the feature
//! `kernels`, measures it once per machine, in some seconds. A program looks for it when it first
//! needs it: in the file that the environment variable `CROSSOVER_PROFILE` names (`off`: nowhere),
//! else in `crossover/profile.json` in the folder for configuration (`XDG_CONFIG_HOME`, `APPDATA`,
//! or `.config` in `HOME`). A file of another machine, damaged or missing though named costs one
//! line on standard error, and the built-in figures are used: nothing fails. Without a file the
//! fork-join is measured by the first call that might go parallel, in a tenth of a millisecond.
//!
//! A profile is of one moment. [`Tuning::Online`] corrects it by what calls take.
//!
//! # Same bits
//! Chunks are cut at fixed points, whole numbers of an operation's leaves, and partial results are
//! merged in an order that depends on the length alone. A result depends neither on the number of
//! threads nor on whether the work was split.
//!
//! # Features
//! - `rayon` (default): run on Rayon pools. Without it the same API runs sequentially and Rayon is
//!   not in the dependency tree.
//! - `kernels`: ready-made parallel forms of the kernels of `kernels-simd`, in [`ops`].
//! - `pool-metrics`: `Dispatcher::recorder` records each chunk under the operation's name.
//! - `arena`: `Dispatcher::for_each_chunk_mut_with_scratch` hands each chunk scratch memory.

#[cfg(all(feature = "kernels", feature = "rayon"))]
pub mod calibrate;
mod cut;
mod decide;
mod dispatcher;
mod error;
#[cfg(feature = "rayon")]
mod hub;
mod linger;
mod observe;
mod online;
mod op;
#[cfg(feature = "kernels")]
pub mod ops;
pub mod plan;
mod pool;
pub mod profile;
#[cfg(feature = "rayon")]
mod rendezvous;
mod route;
mod shapes;
#[cfg(feature = "rayon")]
mod sync;
mod tile;
mod watch;

pub use dispatcher::{Dispatcher, Force};
pub use error::Error;
pub use linger::Linger;
pub use online::Tuning;
pub use op::Op;
#[cfg(feature = "kernels")]
pub use ops::*;
pub use plan::Plan;
pub use profile::Profile;
pub use shapes::{Block, Grid};
pub use tile::{RowMajor, TileMut};
pub use watch::CancelToken;

/// What the models under `tests/loom` check; no part of the interface.
#[cfg(feature = "rayon")]
#[doc(hidden)]
pub mod internals {
    pub use crate::hub::{Crew, Hub, Terms};
}
