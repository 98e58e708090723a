//! Goes parallel only when it pays: on the user's Rayon pool, with the same bits either way.
//!
//! A [`Dispatcher`] gets a description of the work ([`Op`]: bytes and operations per element) and a
//! body that handles a run of elements. It plans ([`plan`]): below the size where a fork-join pays
//! for itself the body runs once, on the calling thread; above it, once per chunk on the pool.
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
//! # Same bits
//! Chunks are cut at fixed points, whole numbers of an operation's leaves, and partial results are
//! merged in an order that depends on the length alone. A result depends neither on the number of
//! threads nor on whether the work was split.
//!
//! # Features
//! - `rayon` (default): run on Rayon pools. Without it the same API runs sequentially and Rayon is
//!   not in the dependency tree.
//! - `kernels`: ready-made parallel forms of the kernels of `kernels-simd`, in [`ops`].
//! - `pool-metrics`: `Dispatcher::recorder` records each chunk.
//! - `arena`: `Dispatcher::for_each_chunk_mut_with_scratch` hands each chunk scratch memory.
#![forbid(unsafe_code)]

mod dispatcher;
mod observe;
mod op;
#[cfg(feature = "kernels")]
pub mod ops;
pub mod plan;
mod pool;
pub mod profile;
mod shapes;

pub use dispatcher::{Dispatcher, Force};
pub use op::Op;
#[cfg(feature = "kernels")]
pub use ops::{add, all, any, dot, max, mul, relu, sum};
pub use plan::Plan;
pub use profile::Profile;
