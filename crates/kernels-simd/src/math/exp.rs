//! e to the power of x, and its parts, which the hyperbolic tangent shares.
//!
//! x = k·ln 2 + r with an integer k and |r| ≤ ½ ln 2, so eˣ = 2ᵏ·eʳ.

use super::{LN_2_HIGH, LN_2_LOW};
use core::f32::consts::LOG2_E;

/// 1.5 · 2²³. Added to a value of less than 2²² in size, it rounds that to an integer, which then
/// stands in the low bits of the sum.
const ROUNDER: f32 = 12_582_912.0;

/// e⁻¹⁰⁴ is less than half of the smallest subnormal: everything from here down gives 0.
const LOWEST: f32 = -104.0;
/// e⁸⁹ is above `f32::MAX`: everything from here up gives infinity.
const HIGHEST: f32 = 89.0;

/// e to the power of `x`.
///
/// +0 for −∞ and below −103.98, ∞ above 88.73, 1 for zeros, NaN for NaN; subnormal results are
/// rounded as accurately as others.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Two selections rather than `clamp`, which may not vectorise; a NaN passes both.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let (mantissa, k) = parts(x);
    // 2ᵏ itself may be out of range (k from −150 to 128) while the result is not, so it is applied
    // in halves. The first product is exact, and only the second one may round, to a subnormal.
    let half = k >> 1;
    mantissa * power_of_two(half) * power_of_two(k.wrapping_sub(half))
}

/// eʳ, and k in the low nine bits, in two's complement. NaN, and any k, for NaN.
///
/// For |x| < 354, where k has nine bits at most; `exp` and `tanh` stay within ±104.
#[inline(always)]
pub(super) fn parts(x: f32) -> (f32, u32) {
    let rounded = x * LOG2_E + ROUNDER;
    let k = rounded - ROUNDER;
    // Exact: the product has 24 bits at most, and x is near it or k is 0.
    let head = x - k * LN_2_HIGH;
    let tail = k * LN_2_LOW;
    let r = head - tail;
    // eʳ = 1 + r + r²·P(r), degree 4, relative error of the whole 3.2·10⁻⁹.
    let r2 = r * r;
    let p = (0.001_382_128_9 * r2 + (0.008_368_669 * r + 0.041_668_26)) * r2
        + (0.166_665_21 * r + 0.499_999_94);
    // `head`, not `r`: the rounding of `r` would add 0.1 ulp to the greatest error.
    (1.0 + (head + (r2 * p - tail)), rounded.to_bits())
}

/// 2ᵏ for k from −126 to 127 in the low nine bits. What stands above them is shifted out.
#[inline(always)]
pub(super) fn power_of_two(k: u32) -> f32 {
    f32::from_bits((k << 23).wrapping_add(1.0_f32.to_bits()))
}
