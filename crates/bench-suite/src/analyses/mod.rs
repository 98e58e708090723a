//! What the rows of a run add up to: from which size on several threads pay, and how many
//! instructions a kernel executes.
//!
//! Decided here: analyses read rows and add sections; they measure nothing beside the rows but
//! instruction counts. Fractions of the limit are [`crate::limits`]', fits are [`crate::stats`]'.

pub mod counts;
mod crossover;

pub use crossover::{Curve, crossovers, curves};
