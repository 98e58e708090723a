//! SIMD kernels for slices, dispatched at run time, with **the same bits on every instruction set**.
//!
//! A plain `cargo build` of a program that calls [`sum`] runs AVX2 code on a CPU that has it and
//! SSE2, NEON, wasm simd128 or scalar code elsewhere, and gets the same bits everywhere: sums are
//! taken in a fixed shape that depends on the length alone ([`tree`]), never on the CPU, and never
//! with a fused multiply-add.
//!
//! ```
//! let x = [1.0_f32, 2.0, 3.0];
//! let y = [4.0_f32, 5.0, 6.0];
//! assert_eq!(kernels_simd::sum(&x), 6.0);
//! assert_eq!(kernels_simd::dot(&x, &y), 32.0);
//! assert_eq!(kernels_simd::max(&x), Some(3.0));
//!
//! let mut z = [0.0_f32; 3];
//! kernels_simd::add(&x, &y, &mut z);
//! assert_eq!(z, [5.0, 7.0, 9.0]);
//! ```
//!
//! # The promise
//! For every input, [`Level::Baseline`] and each faster level return the same bits; only the kernels
//! of [`dense`] have terms of their own. Where a result is NaN, a reduction returns the canonical NaN ([`f32::NAN`]); an elementwise kernel returns *a*
//! NaN, whose sign and payload are unspecified, as they are for Rust's own operators.
//!
//! # Levels
//! The level is detected once. [`Level::active`] tells it, [`Level::force`] and the environment
//! variable `CROSSOVER_LEVEL` (`baseline`, `avx2`, `avx512`) set it.
//!
//! # Features
//! `std` (default): detection at run time. Without it the crate is `no_std`, and runs at the level
//! that the build itself enables (`-C target-feature`), and has no module `dense`, whose kernels take
//! memory for packing.
//! `ndarray`: matrix views of [`dense`] from and to those of that crate.
#![cfg_attr(not(feature = "std"), no_std)]

mod backend;
mod cache;
#[cfg(feature = "std")]
pub mod dense;
mod dispatch;
mod element;
mod error;
mod lanes;
mod level;
mod map;
mod math;
pub mod reduce;
pub mod tree;
mod vector;

pub use element::{Arithmetic, Element, Float, Integer};
pub use error::LengthMismatch;
pub use level::{Level, LevelError};
pub use map::*;
pub use reduce::{
    Ordered, Reduction, all, any, argmax, argmin, cosine_similarity, count_true, dot, dot_wrapping,
    l1_distance, max, max_ignoring_nan, mean, mean_exact, min, min_ignoring_nan, min_max, norm,
    squared_l2_distance, standard_deviation, sum, sum_abs, sum_compensated, sum_exact,
    sum_ignoring_nan, sum_squares, sum_wide, sum_wrapping, try_cosine_similarity, try_dot,
    try_dot_wrapping, try_l1_distance, try_squared_l2_distance, variance,
};
