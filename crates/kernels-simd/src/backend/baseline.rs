//! The level that every CPU has, through `wide`: SSE2, NEON, wasm simd128 or plain code, whichever
//! the build's target guarantees.
//!
//! Only operations of `wide` with one exact result are used. Its horizontal and fused operations
//! are not: their order and rounding depend on the build.

#![expect(
    unsafe_code,
    reason = "accesses of the dense kernels, through pointers that these have checked"
)]

use crate::dispatch::Kernel;
use crate::vector::{
    Backend, ByteVector, DenseVector, DoubleVector, FloatVector, SingleVector, Vector,
};
use wide::{f32x8, f64x4, u8x32, u64x4};

/// A kernel, compiled for the level. Out of line like those of the others, so that a caller of
/// `dispatch` stays a jump: with this body inlined into it, `dot` of 16 elements took 28 ns instead
/// of 24, `sum` 6.5 instead of 5.3.
#[inline(never)]
pub(crate) fn run<K: Kernel>(mut kernel: K) -> K::Output {
    kernel.run(Baseline)
}

/// The proof of nothing: every CPU has this level.
#[derive(Debug, Clone, Copy)]
pub struct Baseline;

impl Backend for Baseline {
    type F32 = f32x8;
    type F64 = f64x4;
    type U8 = u8x32;

    // No streaming stores that every CPU has: a copy through the caches.
    #[inline(always)]
    fn stream_line(self, from: &[u8], to: &mut [u8]) {
        to.copy_from_slice(from);
    }

    #[inline(always)]
    fn stream_fence(self) {}

    #[inline(always)]
    fn out_of_line<K: Kernel>(self, kernel: &mut K) -> K::Output {
        run(kernel)
    }
}

/// Loading and splatting. One row: register, element, lanes.
macro_rules! vectors {
    ($($register:ident $elem:ty, $lanes:literal;)*) => {$(
        impl Vector for $register {
            type Elem = $elem;
            type Token = Baseline;
            const LANES: usize = $lanes;
            // Eight accumulators are sixteen registers of 16 bytes: all that SSE2 has.
            const PASSES: usize = if cfg!(any(target_arch = "x86", target_arch = "x86_64")) { 2 } else { 1 };

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

/// One row: register; the bits of its lanes.
macro_rules! float_vectors {
    ($($register:ident $bits:ident;)*) => {$(
        impl FloatVector for $register {
            type Mask = Self;

            #[inline(always)]
            fn store(self, slice: &mut [Self::Elem]) {
                slice[..Self::LANES].copy_from_slice(&self.to_array());
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn abs(self) -> Self {
                self & Self::splat(<$register as Vector>::Elem::from_bits($bits::MAX >> 1))
            }

            #[inline(always)]
            fn max_native(self, other: Self) -> Self {
                self.fast_max(other)
            }

            #[inline(always)]
            fn min_native(self, other: Self) -> Self {
                self.fast_min(other)
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
            fn select(mask: Self, if_set: Self, if_clear: Self) -> Self {
                mask.select(if_set, if_clear)
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

            #[inline(always)]
            fn min_halving(self) -> Self::Elem {
                let lanes = self.to_array();
                let mut least = lanes[0];
                let mut i = 1;
                while i < Self::LANES {
                    if lanes[i] < least {
                        least = lanes[i];
                    }
                    i += 1;
                }
                least
            }
        }
    )*};
}

float_vectors! {
    f32x8 u32;
    f64x4 u64;
}

/// One row: the register of an element.
macro_rules! dense_vectors {
    ($($register:ident $elem:ident;)*) => {$(
        impl DenseVector for $register {
            // 32 bytes are two registers of SSE2, which has sixteen, or of NEON, which has more.
            const IN_CPU: usize = 8;
            const FREE_MASKS: bool = false;
            const SQUARE: usize = Self::LANES;
            type Lanes = usize;

            #[inline(always)]
            fn first_lanes(_: Baseline, count: usize) -> usize {
                count.min(Self::LANES)
            }

            // Not `wide`'s: without the instruction in the build that is a function of libm.
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                self * factor + addend
            }

            #[inline(always)]
            fn turn_square(
                token: Baseline,
                columns: &[&[$elem]; 8],
                top: usize,
                to: &mut [$elem],
                stride: usize,
            ) {
                let columns = core::array::from_fn(|j| Vector::load(token, &columns[j][top..]));
                for (i, row) in Self::transpose(columns).into_iter().enumerate() {
                    to[i * stride..][..Self::LANES].copy_from_slice(&row.to_array());
                }
            }

            #[inline(always)]
            unsafe fn load_at(_: Baseline, from: *const $elem) -> Self {
                // SAFETY: the caller vouches for as many elements as the array has.
                Self::new(unsafe { from.cast::<[$elem; Self::LANES]>().read_unaligned() })
            }

            #[inline(always)]
            unsafe fn load_lanes(_: Baseline, from: *const $elem, lanes: usize) -> Self {
                let mut padded = [0.0; Self::LANES];
                // SAFETY: the caller vouches for `lanes` elements.
                let chosen = unsafe { core::slice::from_raw_parts(from, lanes) };
                padded[..lanes].copy_from_slice(chosen);
                Self::new(padded)
            }

            #[inline(always)]
            unsafe fn store_at(self, to: *mut $elem) {
                // SAFETY: the caller vouches for as many elements as the array has.
                unsafe { to.cast::<[$elem; Self::LANES]>().write_unaligned(self.to_array()) };
            }

            #[inline(always)]
            unsafe fn store_lanes(self, to: *mut $elem, lanes: usize) {
                for (i, lane) in self.to_array().into_iter().enumerate().take(lanes) {
                    // SAFETY: the caller vouches for `lanes` elements.
                    unsafe { to.wrapping_add(i).write(lane) };
                }
            }
        }
    )*};
}

dense_vectors! {
    f32x8 f32;
    f64x4 f64;
}

impl SingleVector for f32x8 {
    #[inline(always)]
    fn store_i32(self, slice: &mut [i32]) {
        slice[..8].copy_from_slice(&self.trunc_int().to_array());
    }
}

impl DoubleVector for f64x4 {
    #[inline(always)]
    fn load_f32(_: Baseline, slice: &[f32]) -> Self {
        let block = &slice[..4];
        Self::new([
            f64::from(block[0]),
            f64::from(block[1]),
            f64::from(block[2]),
            f64::from(block[3]),
        ])
    }
}

impl ByteVector for u8x32 {
    type Sums = u64x4;

    #[inline(always)]
    fn no_sums(_: Baseline) -> u64x4 {
        u64x4::splat(0)
    }

    // Eight bytes as one word: to four sums of two, then two of four, then one of eight.
    #[inline(always)]
    fn add_bytes(self, sums: u64x4) -> u64x4 {
        let words: u64x4 = bytemuck::cast(self);
        let pairs = u64x4::splat(0x00FF_00FF_00FF_00FF);
        let twos = (words & pairs) + ((words >> 8_u32) & pairs);
        let quads = u64x4::splat(0x0000_FFFF_0000_FFFF);
        let fours = (twos & quads) + ((twos >> 16_u32) & quads);
        sums + (fours & u64x4::splat(0xFFFF_FFFF)) + (fours >> 32_u32)
    }

    #[inline(always)]
    fn total(sums: u64x4) -> u64 {
        let [a, b, c, d] = sums.to_array();
        a + b + c + d
    }

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
