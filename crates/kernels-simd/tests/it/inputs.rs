//! What kernels are fed: element types, lengths and values that have broken kernels before.

use kernels_simd::{Element, Float, Ordered, Rounding};
use std::ops::Range;

/// An element type in a test.
pub(crate) trait TestElement: Ordered + Bits {
    /// Its name in messages and in the golden file.
    const NAME: &'static str;
    /// Values of every kind: zeros, subnormals, infinities, NaN, extremes.
    const SPECIALS: &'static [Self];
    /// Bounds for `clamp`, in order.
    const BOUNDS: (Self, Self);
    /// A value in −1 … 1, or of any exponent; an integer that is small, or any.
    fn from_random(random: u64, any: bool) -> Self;
    /// Any value: a NaN with any payload too.
    fn from_any(bits: u64) -> Self;
    /// A number in the order of the values, −0.0 before +0.0; `None` for NaN.
    fn key(self) -> Option<i128>;
    /// The canonical NaN for a NaN, else the value.
    fn canonical_nan(self) -> Self;
    /// The value of an integer; `None` for floats.
    fn integer(self) -> Option<i128>;
}

/// A float type in a test: what the standard library knows of it and `Float` does not.
pub(crate) trait TestFloat: TestElement + Rounding {
    fn std_floor(self) -> Self;
    fn std_ceil(self) -> Self;
    fn std_trunc(self) -> Self;
    fn std_round(self) -> Self;
    fn std_sqrt(self) -> Self;
    fn to_f64(self) -> f64;
}

/// A result as bits: equal if and only if the results are the same.
pub(crate) trait Bits: Copy {
    /// The bits.
    fn bits(self) -> u128;

    /// The bits, every NaN being one: where its sign and payload are unspecified.
    fn bits_but_nan(self) -> u128 {
        self.bits()
    }
}

/// An element that kernels write.
pub(crate) trait Output: Bits + PartialEq {
    /// Stands before and behind where a kernel writes, and where it has not written.
    const GUARD: Self;
}

/// One row: an element type, its guard.
macro_rules! outputs {
    ($($ty:ident $guard:literal;)*) => {$(
        impl Output for $ty {
            const GUARD: Self = $guard;
        }
    )*};
}

outputs! {
    f32 -7.25;
    f64 -7.25;
    i32 -77_777;
    i64 -77_777;
    u8 0xA5;
    bool true;
}

macro_rules! bits_of_integers {
    ($($ty:ident)*) => {$(
        impl Bits for $ty {
            fn bits(self) -> u128 {
                self as u128
            }
        }
    )*};
}

bits_of_integers! { bool u8 i32 i64 u64 usize i128 }

impl<T: Bits> Bits for Option<T> {
    /// No other result is as long as `None`: elements have 64 bits, a pair of them two words that
    /// are never all ones.
    fn bits(self) -> u128 {
        self.map_or(u128::MAX, T::bits)
    }
}

impl<T: Bits> Bits for (T, T) {
    fn bits(self) -> u128 {
        (self.0.bits() as u64 as u128) << 64 | self.1.bits() as u64 as u128
    }
}

/// One row: a float type, the type of its bits.
macro_rules! test_floats {
    ($($ty:ident $bits:ident;)*) => {$(
        impl Bits for $ty {
            fn bits(self) -> u128 {
                u128::from(self.to_bits())
            }

            fn bits_but_nan(self) -> u128 {
                if self.is_nan() { $ty::NAN.bits() } else { self.bits() }
            }
        }

        impl TestElement for $ty {
            const NAME: &'static str = stringify!($ty);
            const SPECIALS: &'static [Self] = &[
                0.0, -0.0, 1.0, -1.0, $ty::MIN, $ty::MAX, $ty::MIN_POSITIVE, -$ty::MIN_POSITIVE,
                $ty::from_bits(1), -$ty::from_bits(1), $ty::INFINITY, $ty::NEG_INFINITY, $ty::NAN,
                -$ty::NAN, $ty::EPSILON, 0.5, -0.5, 1.5, 2.5, 255.5, 256.0, -2_147_483_648.0,
                2_147_483_648.0, 8_388_607.5, 4_503_599_627_370_495.5, $ty::from_bits($ty::NAN.to_bits() | 0x1234),
            ];
            const BOUNDS: (Self, Self) = (-0.25, 0.5);

            fn from_random(random: u64, any: bool) -> Self {
                if any {
                    let value = $ty::from_bits(random as $bits);
                    if value.is_finite() { value } else { 1.5 }
                } else {
                    (random as i64 as $ty) / (i64::MAX as $ty)
                }
            }

            fn from_any(bits: u64) -> Self {
                $ty::from_bits(bits as $bits)
            }

            fn key(self) -> Option<i128> {
                let size = i128::from(self.abs().to_bits());
                let key = if self.is_sign_negative() { -1 - size } else { size };
                (!self.is_nan()).then_some(key)
            }

            fn canonical_nan(self) -> Self {
                self.canonical()
            }

            fn integer(self) -> Option<i128> {
                None
            }
        }

        impl TestFloat for $ty {
            fn std_floor(self) -> Self {
                self.floor()
            }

            fn std_ceil(self) -> Self {
                self.ceil()
            }

            fn std_trunc(self) -> Self {
                self.trunc()
            }

            fn std_round(self) -> Self {
                self.round_ties_even()
            }

            fn std_sqrt(self) -> Self {
                self.sqrt()
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}

test_floats! {
    f32 u32;
    f64 u64;
}

/// One row: an integer type, its bounds for `clamp`.
macro_rules! test_integers {
    ($($ty:ident $least:literal $greatest:literal;)*) => {$(
        impl TestElement for $ty {
            const NAME: &'static str = stringify!($ty);
            const SPECIALS: &'static [Self] =
                &[$ty::MIN, $ty::MAX, 0, 1, 2, $ty::MAX - 1, $ty::MIN + 1, $ty::MAX / 2];
            const BOUNDS: (Self, Self) = ($least, $greatest);

            fn from_random(random: u64, any: bool) -> Self {
                if any { random as $ty } else { (random % 128) as $ty }
            }

            fn from_any(bits: u64) -> Self {
                bits as $ty
            }

            fn key(self) -> Option<i128> {
                Some(i128::from(self))
            }

            fn canonical_nan(self) -> Self {
                self
            }

            fn integer(self) -> Option<i128> {
                Some(i128::from(self))
            }
        }
    )*};
}

test_integers! {
    i32 -100 1000;
    i64 -100 1000;
    u8 10 200;
}

/// Lengths from nothing to several vectors past the unrolling, and around leaves.
pub(crate) fn lengths<T: Element>() -> impl Iterator<Item = usize> {
    let leaf = T::LEAF;
    let around = [1, 2, 3, 4, 7, 8, 9, 19]
        .map(|leaves| leaves * leaf)
        .into_iter();
    (0..=3 * T::VL + 1).chain(around.flat_map(|at| [at - 1, at, at + 1, at + T::VL + 3]))
}

/// Random numbers of no quality but this: the same ones everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// xorshift64*
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// How the values of an input are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values {
    /// −1 … 1, small integers.
    Uniform,
    /// Finite, of any exponent; any integer.
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
    pub(crate) fn make<T: TestElement>(self, len: usize, seed: u64) -> Vec<T> {
        let mut random = Random::new(seed);
        let special =
            |random: u64| T::SPECIALS[((random >> 8) % T::SPECIALS.len() as u64) as usize];
        (0..len)
            .map(|_| {
                let number = random.next();
                match self {
                    Self::Uniform => T::from_random(number, false),
                    Self::AnyExponent => T::from_random(number, true),
                    Self::Sprinkled if number.is_multiple_of(97) => special(random.next()),
                    Self::Sprinkled => T::from_random(number, false),
                    Self::Specials => special(number),
                    // The second special is −0.0 for floats.
                    Self::NoPositive => match number % 8 {
                        0 => T::ZERO,
                        1 => T::LEAST,
                        _ if T::SPECIALS[1] == T::ZERO => T::SPECIALS[1],
                        _ => T::ZERO,
                    },
                }
            })
            .collect()
    }
}

/// The arguments of any kernel: it takes of them what it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Args<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) y: &'a [T],
    pub(crate) mask: &'a [bool],
    /// A scalar operand.
    pub(crate) a: T,
}

/// What [`Args`] borrow from.
#[derive(Debug, Clone)]
pub(crate) struct Input<T> {
    pub(crate) x: Vec<T>,
    pub(crate) y: Vec<T>,
    pub(crate) mask: Vec<bool>,
    pub(crate) a: T,
}

impl<T: TestElement> Input<T> {
    pub(crate) fn new(values: Values, len: usize, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0xB001);
        Self {
            x: values.make(len, seed + 1),
            y: values.make(len, seed + 1_000),
            mask: (0..len).map(|_| random.next().is_multiple_of(3)).collect(),
            a: values.make(1, seed + 2_000)[0],
        }
    }

    /// The arguments in a range: another length, another alignment.
    pub(crate) fn args(&self, range: Range<usize>) -> Args<'_, T> {
        Args {
            x: &self.x[range.clone()],
            y: &self.y[range.clone()],
            mask: &self.mask[range],
            a: self.a,
        }
    }
}
