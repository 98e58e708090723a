//! AVX-512 (F, BW, DQ, VL): registers of 64 bytes, used on CPUs of the Ice Lake class and newer.
#![expect(
    unsafe_code,
    reason = "intrinsics; a value of these types proves the features"
)]

use super::squares;
use super::x86::{dense_vectors, float_vectors, vectors, with_features};
use crate::dispatch::Kernel;
use crate::vector::{
    Backend, ByteVector, DenseVector, DoubleVector, FloatVector, SingleVector, Vector,
};
#[cfg(target_arch = "x86")]
use core::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

/// A kernel, compiled with the features of the level.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn run<K: Kernel>(mut kernel: K) -> K::Output {
    kernel.run(Avx512::here())
}

/// The proof that this CPU has AVX-512 F, BW, DQ and VL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof: only code that carries the features can call this without `unsafe`.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    #[inline]
    pub(crate) fn here() -> Self {
        Self(())
    }
}

/// Sixteen `f32`. Exists only where an [`Avx512`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct F32(__m512);

/// Eight `f64`. Exists only where an [`Avx512`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct F64(__m512d);

/// 64 bytes. Exists only where an [`Avx512`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct U8(__m512i);

impl Backend for Avx512 {
    type F32 = F32;
    type F64 = F64;
    type U8 = U8;

    #[inline(always)]
    fn stream_line(self, from: &[u8], to: &mut [u8]) {
        assert!(from.len() == 64 && to.len() == 64);
        assert!(to.as_ptr().addr().is_multiple_of(64));
        // SAFETY: the token proves the features; 64 readable bytes, which need no alignment.
        let line = unsafe { _mm512_loadu_si512(from.as_ptr().cast()) };
        // SAFETY: 64 writable bytes, aligned as the store asks for. Streamed stores are ordered
        // by `stream_fence`, which the one caller, `map`, runs before it returns.
        unsafe { _mm512_stream_si512(to.as_mut_ptr().cast(), line) };
    }

    #[inline(always)]
    fn stream_fence(self) {
        with_features!(_mm_sfence());
    }

    #[inline(always)]
    fn out_of_line<K: Kernel>(self, kernel: &mut K) -> K::Output {
        with_features!(run(kernel))
    }
}

vectors! { Avx512:
    F32 f32, 16; splat _mm512_set1_ps as f32, loadu _mm512_loadu_ps as f32, partial partial::f32_lanes;
    F64 f64, 8; splat _mm512_set1_pd as f64, loadu _mm512_loadu_pd as f64, partial partial::f64_lanes;
    U8 u8, 64; splat _mm512_set1_epi8 as i8, loadu _mm512_loadu_si512 as __m512i;
}

float_vectors! { Avx512:
    F32 f32 u32, mask __mmask16; storeu _mm512_storeu_ps, add _mm512_add_ps, sub _mm512_sub_ps,
        mul _mm512_mul_ps, sqrt _mm512_sqrt_ps, max _mm512_max_ps, min _mm512_min_ps,
        and _mm512_and_ps, splat _mm512_set1_ps, unordered masks::f32_unordered,
        none masks::f32_none, either masks::f32_either, any masks::f32_any, select masks::f32_select;
    F64 f64 u64, mask __mmask8; storeu _mm512_storeu_pd, add _mm512_add_pd, sub _mm512_sub_pd,
        mul _mm512_mul_pd, sqrt _mm512_sqrt_pd, max _mm512_max_pd, min _mm512_min_pd,
        and _mm512_and_pd, splat _mm512_set1_pd, unordered masks::f64_unordered,
        none masks::f64_none, either masks::f64_either, any masks::f64_any, select masks::f64_select;
}

dense_vectors! { Avx512:
    F32 f32; in_cpu 32, free_masks true, lanes __mmask16: choice::f32_first, mul_add _mm512_fmadd_ps,
        loadu _mm512_loadu_ps, storeu _mm512_storeu_ps, load_lanes choice::f32_load,
        store_lanes _mm512_mask_storeu_ps, square 8: squares::of_f32;
    F64 f64; in_cpu 32, free_masks true, lanes __mmask8: choice::f64_first, mul_add _mm512_fmadd_pd,
        loadu _mm512_loadu_pd, storeu _mm512_storeu_pd, load_lanes choice::f64_load,
        store_lanes _mm512_mask_storeu_pd, square 4: squares::of_f64;
}

/// The first lanes: one bit per lane.
mod choice {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: register, element, mask, lanes; functions and the instruction behind the load.
    macro_rules! choices {
        ($($register:ident $elem:ident $mask:ident $lanes:literal: $first:ident,
            $load:ident $maskz:ident;)*) => {$(
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $first(count: usize) -> $mask {
                ((1_u32 << count.min($lanes)) - 1) as $mask
            }

            /// # Safety
            /// The elements of the lanes in the mask must be readable.
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) unsafe fn $load(from: *const $elem, mask: $mask) -> $register {
                // SAFETY: the caller vouches for the elements; the others are not touched.
                unsafe { $maskz(mask, from) }
            }
        )*};
    }

    choices! {
        __m512 f32 __mmask16 16: f32_first, f32_load _mm512_maskz_loadu_ps;
        __m512d f64 __mmask8 8: f64_first, f64_load _mm512_maskz_loadu_pd;
    }
}

/// Masks are one bit per lane.
mod masks {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: register, mask; functions and the instructions behind them.
    macro_rules! masks {
        ($($register:ident $mask:ident: $unordered:ident $cmp:ident, $none:ident, $either:ident,
            $any:ident, $select:ident $blend:ident;)*) => {$(
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $unordered(left: $register, right: $register) -> $mask {
                $cmp::<_CMP_UNORD_Q>(left, right)
            }

            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $none() -> $mask {
                0
            }

            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $either(left: $mask, right: $mask) -> $mask {
                left | right
            }

            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $any(mask: $mask) -> bool {
                mask != 0
            }

            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $select(mask: $mask, if_set: $register, if_clear: $register) -> $register {
                $blend(mask, if_clear, if_set)
            }
        )*};
    }

    masks! {
        __m512 __mmask16: f32_unordered _mm512_cmp_ps_mask, f32_none, f32_either, f32_any, f32_select _mm512_mask_blend_ps;
        __m512d __mmask8: f64_unordered _mm512_cmp_pd_mask, f64_none, f64_either, f64_any, f64_select _mm512_mask_blend_pd;
    }
}

/// Loads of fewer elements than a register holds, without touching the bytes behind them.
mod partial {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: function, element, register, mask, lanes; instructions.
    macro_rules! partial_loads {
        ($($name:ident $elem:ident $register:ident $mask:ident $lanes:literal;
            load $load:ident, splat $splat:ident;)*) => {$(
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $name(slice: &[$elem], fill: $elem) -> $register {
                let len = slice.len().min($lanes);
                let mask = ((1_u32 << len) - 1) as $mask;
                // SAFETY: reads only the lanes whose bit is set, which the slice holds.
                unsafe { $load($splat(fill), mask, slice.as_ptr()) }
            }
        )*};
    }

    partial_loads! {
        f32_lanes f32 __m512 __mmask16 16; load _mm512_mask_loadu_ps, splat _mm512_set1_ps;
        f64_lanes f64 __m512d __mmask8 8; load _mm512_mask_loadu_pd, splat _mm512_set1_pd;
    }
}

/// From one register to one lane by halving: the first half here, the rest as AVX2 does it.
mod halving {
    use super::super::avx2::halving as half;
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: the operation on a whole register and on half of it; register, element; how it is
    /// halved.
    macro_rules! halvings {
        ($($whole:ident $half:ident $register:ident $elem:ident, $low:ident $high:ident;)*) => {$(
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            #[inline]
            pub(super) fn $whole(x: $register) -> $elem {
                half::$half($half($low(x), $high::<1>(x)))
            }
        )*};
    }

    halvings! {
        _mm512_add_ps _mm256_add_ps __m512 f32, _mm512_castps512_ps256 _mm512_extractf32x8_ps;
        _mm512_max_ps _mm256_max_ps __m512 f32, _mm512_castps512_ps256 _mm512_extractf32x8_ps;
        _mm512_min_ps _mm256_min_ps __m512 f32, _mm512_castps512_ps256 _mm512_extractf32x8_ps;
        _mm512_add_pd _mm256_add_pd __m512d f64, _mm512_castpd512_pd256 _mm512_extractf64x4_pd;
        _mm512_max_pd _mm256_max_pd __m512d f64, _mm512_castpd512_pd256 _mm512_extractf64x4_pd;
        _mm512_min_pd _mm256_min_pd __m512d f64, _mm512_castpd512_pd256 _mm512_extractf64x4_pd;
    }
}

impl SingleVector for F32 {
    #[inline(always)]
    fn store_i32(self, slice: &mut [i32]) {
        let block = &mut slice[..16];
        let integers = with_features!(to_i32(self.0));
        // SAFETY: a register proves the features; `block` is 64 writable bytes, which need no
        // alignment.
        unsafe { _mm512_storeu_si512(block.as_mut_ptr().cast(), integers) };
    }
}

/// What does not fit becomes 0x8000_0000: right below the range, to be replaced above it, to be
/// cleared for NaN.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
#[inline]
fn to_i32(x: __m512) -> __m512i {
    let above = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(x, _mm512_set1_ps(2_147_483_648.0));
    let number = _mm512_cmp_ps_mask::<_CMP_ORD_Q>(x, x);
    let integers = _mm512_maskz_cvttps_epi32(number, x);
    _mm512_mask_blend_epi32(above, integers, _mm512_set1_epi32(i32::MAX))
}

impl DoubleVector for F64 {
    #[inline(always)]
    fn load_f32(_: Avx512, slice: &[f32]) -> Self {
        let block = &slice[..8];
        // SAFETY: the token proves the features; `block` is 32 readable bytes, which need no
        // alignment.
        let narrow = unsafe { _mm256_loadu_ps(block.as_ptr()) };
        Self(with_features!(_mm512_cvtps_pd(narrow)))
    }
}

impl ByteVector for U8 {
    type Sums = __m512i;

    #[inline(always)]
    fn no_sums(_: Avx512) -> __m512i {
        with_features!(_mm512_setzero_si512())
    }

    #[inline(always)]
    fn add_bytes(self, sums: __m512i) -> __m512i {
        let zero = with_features!(_mm512_setzero_si512());
        let eights = with_features!(_mm512_sad_epu8(self.0, zero));
        with_features!(_mm512_add_epi64(sums, eights))
    }

    #[inline(always)]
    fn total(sums: __m512i) -> u64 {
        let mut lanes = [0_u64; 8];
        // SAFETY: a register proves the features; as many writable bytes as the register has,
        // which need no alignment.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), sums) };
        lanes.iter().sum()
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(with_features!(_mm512_and_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(with_features!(_mm512_or_si512(self.0, other.0)))
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        with_features!(_mm512_test_epi8_mask(self.0, self.0)) == 0
    }

    #[inline(always)]
    fn is_one(self) -> bool {
        let ones = with_features!(_mm512_set1_epi8(1));
        with_features!(_mm512_cmpeq_epi8_mask(self.0, ones)) == u64::MAX
    }
}
