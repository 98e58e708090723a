//! What the rows of a run add up to: from which size on several threads pay; and what is counted
//! rather than timed: the instructions of a kernel, the memory that calls ask for.
//!
//! Decided here: analyses read rows and add sections; they time nothing. Fractions of the limit are [`crate::limits`]', fits are [`crate::stats`]'.

pub mod allocations;
pub mod counts;
mod crossover;

pub use crossover::{Curve, crossovers, curves};
