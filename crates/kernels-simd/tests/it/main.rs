//! The public view of kernels-simd: every kernel, at every level that this CPU has, against a short
//! scalar model that is its specification.

mod bounds;
#[cfg(feature = "std")]
mod dense;
mod differential;
mod errors;
mod exact;
mod golden;
mod inputs;
mod kernels;
mod levels;
mod math_reference;
mod model;
mod speed;
mod streaming;
mod sweep;
mod tree;
