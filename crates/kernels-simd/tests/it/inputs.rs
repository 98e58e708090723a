//! What kernels are fed: lengths, offsets and values that have broken kernels before.

use kernels_simd::{Float, Ordered};

/// A float type in a test.
pub(crate) trait TestFloat: Float + Ordered {
    /// Values of every kind: zeros, subnormals, infinities, NaN, extremes.
    const SPECIALS: &'static [Self];
    /// The bits, widened.
    fn bits(self) -> u64;
    /// A value in −1 … 1, or of any exponent.
    fn from_random(random: u64, any_exponent: bool) -> Self;
}

macro_rules! test_floats {
    ($($ty:ident $bits:ident;)*) => {$(
        impl TestFloat for $ty {
            const SPECIALS: &'static [Self] = &[
                0.0, -0.0, 1.0, -1.0, $ty::MIN, $ty::MAX, $ty::MIN_POSITIVE, -$ty::MIN_POSITIVE,
                $ty::from_bits(1), -$ty::from_bits(1), $ty::INFINITY, $ty::NEG_INFINITY, $ty::NAN,
                -$ty::NAN, $ty::EPSILON,
            ];

            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }

            fn from_random(random: u64, any_exponent: bool) -> Self {
                if any_exponent {
                    let value = $ty::from_bits(random as $bits);
                    if value.is_finite() { value } else { 1.5 }
                } else {
                    (random as i64 as $ty) / (i64::MAX as $ty)
                }
            }
        }
    )*};
}

test_floats! {
    f32 u32;
    f64 u64;
}

/// The bits of a value, every NaN being one: sign and payload of a NaN are unspecified for
/// elementwise kernels.
pub(crate) fn bits_but_nan<T: TestFloat>(value: T) -> u64 {
    if value.is_nan() {
        T::NAN.bits()
    } else {
        value.bits()
    }
}

/// Lengths from nothing to several vectors past the unrolling, and around leaves.
pub(crate) fn lengths<T: Float>() -> impl Iterator<Item = usize> {
    let leaf = T::LEAF;
    let around = [leaf, 2 * leaf, 3 * leaf, 4 * leaf, 7 * leaf].into_iter();
    (0..=3 * T::VL + 1).chain(around.flat_map(|at| [at - 1, at, at + 1, at + T::VL + 3]))
}

/// How the values of an input are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values {
    /// −1 … 1.
    Uniform,
    /// Finite, of any exponent.
    AnyExponent,
    /// Uniform, with a special value here and there.
    Sprinkled,
    /// Special values only.
    Specials,
    /// Nothing above zero, with zeros of both signs.
    NoPositive,
}

impl Values {
    pub(crate) const ALL: [Self; 5] = [
        Self::Uniform,
        Self::AnyExponent,
        Self::Sprinkled,
        Self::Specials,
        Self::NoPositive,
    ];

    /// `len` values from a seed.
    pub(crate) fn make<T: TestFloat>(self, len: usize, seed: u64) -> Vec<T> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = move || {
            // xorshift64*
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_F491_4F6C_DD1D)
        };
        let special = |random: u64| T::SPECIALS[random as usize % T::SPECIALS.len()];
        (0..len)
            .map(|_| {
                let random = next();
                match self {
                    Self::Uniform => T::from_random(random, false),
                    Self::AnyExponent => T::from_random(random, true),
                    Self::Sprinkled if random % 97 == 0 => special(next()),
                    Self::Sprinkled => T::from_random(random, false),
                    Self::Specials => special(random),
                    Self::NoPositive => match random % 4 {
                        0 => T::ZERO,
                        1 => T::LEAST,
                        _ => T::NEG_ZERO,
                    },
                }
            })
            .collect()
    }
}
