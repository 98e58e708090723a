//! The public view of kernels-simd: every kernel, at every level that this CPU has, against a short
//! scalar model that is its specification.

mod errors;
mod inputs;
mod levels;
mod maps;
mod math_reference;
mod model;
mod reductions;
mod tree;
