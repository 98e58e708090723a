//! The natural logarithm.
//!
//! x = 2ᵏ·(1 + f) with 1 + f from √½ to √2, so ln x = k·ln 2 + ln(1 + f), and around x = 1, where
//! the result is small, k is 0 and nothing cancels.

use super::{LN_2_HIGH, LN_2_LOW};

/// The bits of √½, rounded down.
const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
/// The bits of a value that hold its mantissa.
const MANTISSA: u32 = 0x007f_ffff;

/// The natural logarithm of `x`.
///
/// −∞ for zeros of both signs, NaN below zero and for NaN, ∞ for ∞, +0 for 1.
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // A subnormal is made normal first: times 2²⁵.
    let (normal, shift) = if x < f32::MIN_POSITIVE {
        (x * 33_554_432.0, 25)
    } else {
        (x, 0)
    };
    // Relative to √½, the exponent field is k, and the mantissa field says how far above it 1 + f
    // is. For what is not above zero, these are any numbers, and the result is replaced below.
    let above = normal.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let k = ((above as i32 >> 23) - shift) as f32;
    let f = f32::from_bits((above & MANTISSA).wrapping_add(SQRT_HALF_BITS)) - 1.0;

    // ln(1 + f) = f − f²/2 + f³·P(f), degree 7, relative error of the whole 5.9·10⁻⁹.
    let f2 = f * f;
    let p = 0.127_622 - 0.076_363_996 * f;
    let p = p * f2 + (0.142_015_81 - 0.131_596_13 * f);
    let p = p * f2 + (0.200_012_42 - 0.166_234_09 * f);
    let p = p * f2 + (0.333_333_3 - 0.250_008_2 * f);
    let rest = f * f2 * p - 0.5 * f2;

    // The two greatest terms; what rounding takes from their sum is exact and goes to the rest.
    // (Dekker's fast two-sum: either k is 0, or the first term is greater.)
    let whole = k * LN_2_HIGH;
    let sum = whole + f;
    let lost = f - (sum - whole);
    let result = sum + (rest + (lost + k * LN_2_LOW));

    // ∞ and NaN stay as they are.
    let result = if x < f32::INFINITY { result } else { x };
    let not_above_zero = if x == 0.0 {
        f32::NEG_INFINITY
    } else {
        f32::NAN
    };
    if x > 0.0 { result } else { not_above_zero }
}
