//! Transcendental functions of one `f32`: the formulas, made of operations that have one result.
//!
//! Decided here: the arithmetic. Each function is straight-line code of +, −, ·, ÷, integer
//! operations on the bits, and selections. IEEE 754 gives each of them one result, and Rust neither
//! reorders nor fuses them, so the bits are the same on every instruction set, with or without
//! vectorisation; and a plain loop over a slice vectorises fully at each level. Hence what is *not*
//! used: `mul_add`, the C library's functions, tables (a gather is slower than a polynomial), and
//! `f32 as i32` (its saturation does not vectorise). The loops are elsewhere, as for the other
//! elementwise kernels.
//!
//! # Accuracy
//! The greatest error over all 2³² arguments, in units in the last place of the exact result:
//!
//! | function | ulp | at |
//! |---|---|---|
//! | `exp` | 0.906 | 4.5058656 |
//! | `ln` | 0.916 | 0.70684946 |
//! | `tanh` | 1.325 | ±0.6271159 |
//! | `sigmoid` | 1.807 | −1.133238 |
//!
//! Subnormal arguments and results are within these bounds too, as long as the thread has not
//! switched the CPU to flush subnormals to zero, which Rust does not allow for.
//!
//! # Polynomials
//! The coefficients are our own: the polynomial of a given degree whose weighted error is least in
//! the maximum norm (Lawson's iteration over 1,500 Chebyshev points, on 40-digit values of the
//! function), rounded to `f32` one by one from the lowest degree, the higher ones fitted anew after
//! each rounding. The weight makes it the error relative to the function itself. Each polynomial
//! states its degree and that error; half an ulp is between 3·10⁻⁸ and 6·10⁻⁸ of a value.
//!
//! They are evaluated in pairs (Estrin's scheme) where that needs no further multiplication: the
//! chain of dependent operations bounds the speed as much as their number.

mod exp;
mod ln;
mod sigmoid;
mod tanh;

pub(crate) use exp::exp;
pub(crate) use ln::ln;
pub(crate) use sigmoid::sigmoid;
pub(crate) use tanh::tanh;

/// ln 2 to 15 bits, so that its product with an exponent (8 bits) is exact.
const LN_2_HIGH: f32 = 0.693_145_75;
/// What `LN_2_HIGH` leaves of ln 2.
const LN_2_LOW: f32 = 1.428_606_8e-6;
