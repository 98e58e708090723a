//! Thread-local scratch memory for numeric code: aligned, typed slices that cost a few
//! nanoseconds, and no system allocation in steady state.
//!
//! ```
//! use arena::with_arena;
//!
//! /// The median, without touching its input and without allocating anew in each call.
//! fn median(values: &[f32]) -> Option<f32> {
//!     with_arena(|scope| {
//!         let sorted = scope.alloc_slice_copy(values);
//!         sorted.sort_unstable_by(f32::total_cmp);
//!         sorted.get(values.len() / 2).copied()
//!     })
//! }
//! assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
//! assert_eq!(median(&[]), None);
//! ```
//!
//! # What it is for
//! A kernel that takes several large buffers per call from the system allocator has their pages
//! taken away and given back on each call, and faulting them in again costs more than the
//! kernel. A scope ([`with_arena`]) takes them from a block that the thread keeps.
//!
//! What to expect: **one** scratch buffer costs about the same under glibc, which keeps its pages;
//! several freed together are where it pays. An allocator that keeps pages to itself, as mimalloc
//! does, reaches the same speed in steady state; against it the arena offers cheap large
//! requests, alignment to 64 bytes, colouring, limits ([`Settings`]) and accounting ([`Stats`]).
//! `cargo xtask bench --group arena` shows all of it on your machine.
//!
//! # How to use it
//! One scope per leaf of the work, outside its loop. What several tasks share is allocated in
//! the scope of the caller that waits for them, and lent to them as slices. An [`Arena`] of one's
//! own, with checkpoints, is for state that outlives a call.
//!
//! # Memory
//! A thread starts with nothing, takes blocks of 64 KiB and doubling, and after its outermost
//! scope keeps one block as large as its scopes needed, until the thread ends or [`trim`]s it.
//! The block shrinks when it is not needed for long. [`configure`] sets a limit per thread, what
//! is kept at most, and whether blocks of 4 MiB and more ask for huge pages;
//! [`set_process_limit`] sets a limit for all arenas together. Debug builds write `0xA5` over
//! scratch that is given back.
//!
//! # Features
//! - `allocator-api2`: a [`Scope`] is an allocator of that crate, so that its collections, and
//!   others that know it (`hashbrown`), can live in it.
//! - `isolated`: one block from the system per allocation, for tests under valgrind or a
//!   sanitizer, which then see overruns and uses after the scope. Slow.
//!
//! # Map
//! `layout` computes, `room` moves the cursor, `chunk` holds a block and `store` all those of an
//! arena, `bump` is an open scope's frame, `nest` the frames of a thread and `thread` whose they
//! are. `scope`, `align`, `slice` and `owned` are the front, `init` writes slices, `collections`
//! is the allocator, `settings`, `stats` and `error` are what is allowed, done and refused.
//! Unsafe code lives in `room`, `chunk`, `bump`, `nest`, `owned`, `init`, `collections` and
//! `isolated`.

mod align;
mod bump;
mod chunk;
#[cfg(feature = "allocator-api2")]
mod collections;
mod error;
mod init;
#[cfg(feature = "isolated")]
mod isolated;
mod layout;
mod nest;
mod owned;
mod room;
mod scope;
mod settings;
mod slice;
mod stats;
mod store;
mod thread;

pub use align::{AlignedTo, Alignment, CacheLine};
pub use error::AllocError;
pub use owned::{Arena, Checkpoint};
pub use scope::{Scope, with_arena};
pub use settings::{Settings, configure, process_limit, set_process_limit, settings};
pub use stats::{Stats, process_stats};
pub use thread::{thread_stats, trim};

/// Whether each allocation has a block of its own: the feature `isolated`.
///
/// For tests that count what is asked of the system: they mean nothing then.
pub const ISOLATED: bool = cfg!(feature = "isolated");
