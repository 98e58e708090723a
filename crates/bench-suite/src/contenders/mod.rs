//! Who runs beside our crates, in the same rounds and on the same buffers.
//!
//! Decided here: a contender does the same job with the same answer (a maximum lets NaN win, a sum
//! is of the same elements), written as its own users would write it. [`raw`] is no peer but the
//! limit. Naive references of whole workloads are in [`crate::workloads`]. What the choice of
//! contenders favours: `BIAS.md`.

pub mod allocators;
pub mod chili;
pub mod elementwise;
pub mod iterator;
pub mod ndarray;
pub mod numpy;
pub mod openmp;
pub mod polynomial;
pub mod products;
mod python;
pub mod raw;
pub mod shared_atomics;
pub mod torch;
pub mod wide;
