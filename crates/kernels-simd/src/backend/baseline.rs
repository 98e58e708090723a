//! The level that every CPU has, through `wide`: SSE2, NEON, wasm simd128 or plain code, whichever
//! the build's target guarantees.
//!
//! Only operations of `wide` with one exact result are used. Its horizontal and fused operations
//! are not: their order and rounding depend on the build.

use crate::vector::{Backend, ByteVector, FloatVector, Vector};
use wide::{f32x8, f64x4, u8x32};

/// The proof of nothing: every CPU has this level.
#[derive(Debug, Clone, Copy)]
pub struct Baseline;

impl Backend for Baseline {
    type F32 = f32x8;
    type F64 = f64x4;
    type U8 = u8x32;
}

/// Loading and splatting. One row: register, element, lanes.
macro_rules! vectors {
    ($($register:ident $elem:ty, $lanes:literal;)*) => {$(
        impl Vector for $register {
            type Elem = $elem;
            type Token = Baseline;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(_: Baseline, value: $elem) -> Self {
                Self::splat(value)
            }

            #[inline(always)]
            fn load(_: Baseline, slice: &[$elem]) -> Self {
                let (block, _) = slice
                    .split_first_chunk::<$lanes>()
                    .expect("a kernel loads whole registers");
                Self::new(*block)
            }
        }
    )*};
}

vectors! {
    f32x8 f32, 8;
    f64x4 f64, 4;
    u8x32 u8, 32;
}

/// One row: register.
macro_rules! float_vectors {
    ($($register:ident;)*) => {$(
        impl FloatVector for $register {
            type Mask = Self;

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }

            #[inline(always)]
            fn max_native(self, other: Self) -> Self {
                self.fast_max(other)
            }

            #[inline(always)]
            fn unordered(self, other: Self) -> Self {
                // No unordered comparison in `wide`: a NaN is what differs from itself.
                self.simd_ne(self) | other.simd_ne(other)
            }

            #[inline(always)]
            fn no_lanes(_: Baseline) -> Self {
                Self::splat(0.0)
            }

            #[inline(always)]
            fn mask_or(left: Self, right: Self) -> Self {
                left | right
            }

            #[inline(always)]
            fn mask_any(mask: Self) -> bool {
                mask.any()
            }

            #[inline(always)]
            fn sum_halving(self) -> Self::Elem {
                let mut lanes = self.to_array();
                let mut half = Self::LANES / 2;
                while half > 0 {
                    let mut i = 0;
                    while i < half {
                        lanes[i] += lanes[i + half];
                        i += 1;
                    }
                    half /= 2;
                }
                lanes[0]
            }

            #[inline(always)]
            fn max_halving(self) -> Self::Elem {
                let lanes = self.to_array();
                let mut greatest = lanes[0];
                let mut i = 1;
                while i < Self::LANES {
                    if lanes[i] > greatest {
                        greatest = lanes[i];
                    }
                    i += 1;
                }
                greatest
            }
        }
    )*};
}

float_vectors! {
    f32x8;
    f64x4;
}

impl ByteVector for u8x32 {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        !self.simd_ne(Self::splat(0)).any()
    }

    #[inline(always)]
    fn is_one(self) -> bool {
        !self.simd_ne(Self::splat(1)).any()
    }
}
