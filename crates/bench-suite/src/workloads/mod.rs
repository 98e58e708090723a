//! Whole jobs that are timed, in naive versions that are right.
//!
//! Decided here: the formulas and the order of their loops, nothing about speed beyond it. Each is
//! tested on cases computed by hand and against a second formula. Which of them is timed, and
//! beside whom, is [`crate::groups`]'.

pub mod conv2d;
pub mod matmul;
pub mod max_pool2d;
pub mod pool;
