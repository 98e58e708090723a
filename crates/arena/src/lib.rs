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
//! What to expect: **one** scratch buffer costs about the same under glibc; several freed
//! together are where it pays. An allocator that keeps pages to itself, as mimalloc does, reaches
//! the same speed in steady state; what remains is the price of one request, alignment to 64
//! bytes, and the accounting ([`thread_stats`]).
//!
//! # How to use it
//! One scope per leaf of the work, outside its loop. What several tasks share is allocated in
//! the scope of the caller that waits for them, and lent to them as slices.
//!
//! # Memory
//! A thread starts with nothing, takes blocks of 64 KiB and doubling, and after its outermost
//! scope keeps one block as large as it ever needed, until the thread ends. Debug builds write
//! `0xA5` over scratch that is given back.
//!
//! # Map
//! `layout` computes, `chunk` holds blocks, `bump` moves the cursor through them, `thread` says
//! whose they are, `scope` and `slice` are the safe front, `init` writes slices, `stats` and
//! `error` report. Unsafe code lives in `chunk`, `bump` and `init`.

mod bump;
mod chunk;
mod error;
mod init;
mod layout;
mod scope;
mod slice;
mod stats;
mod thread;

pub use error::AllocError;
pub use scope::{Scope, with_arena};
pub use stats::ThreadStats;
pub use thread::thread_stats;
