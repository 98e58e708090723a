//! AVX2 with FMA: registers of 32 bytes.
#![expect(
    unsafe_code,
    reason = "intrinsics; a value of these types proves the feature"
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
#[target_feature(enable = "avx2,fma")]
pub(crate) fn run<K: Kernel>(mut kernel: K) -> K::Output {
    kernel.run(Avx2::here())
}

/// The proof that this CPU has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof: only code that carries the features can call this without `unsafe`.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    pub(crate) fn here() -> Self {
        Self(())
    }
}

/// Eight `f32`. Exists only where an [`Avx2`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct F32(__m256);

/// Four `f64`. Exists only where an [`Avx2`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct F64(__m256d);

/// 32 bytes. Exists only where an [`Avx2`] did.
#[derive(Debug, Clone, Copy)]
pub(crate) struct U8(__m256i);

impl Backend for Avx2 {
    type F32 = F32;
    type F64 = F64;
    type U8 = U8;

    #[inline(always)]
    fn stream_line(self, from: &[u8], to: &mut [u8]) {
        assert!(from.len() == 64 && to.len() == 64);
        assert!(to.as_ptr().addr().is_multiple_of(64));
        let from = from.as_ptr().cast::<__m256i>();
        let to = to.as_mut_ptr().cast::<__m256i>();
        // SAFETY: the token proves the feature; 64 readable bytes, which need no alignment.
        let low = unsafe { _mm256_loadu_si256(from) };
        // SAFETY: the second half of the same 64 bytes.
        let high = unsafe { _mm256_loadu_si256(from.wrapping_add(1)) };
        // SAFETY: 64 writable bytes, aligned as the store asks for. Streamed stores are ordered
        // by `stream_fence`, which the one caller, `map`, runs before it returns.
        unsafe { _mm256_stream_si256(to, low) };
        // SAFETY: the second half of the same 64 bytes, aligned to 32.
        unsafe { _mm256_stream_si256(to.wrapping_add(1), high) };
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

vectors! { Avx2:
    F32 f32, 8; splat _mm256_set1_ps as f32, loadu _mm256_loadu_ps as f32, partial partial::f32_lanes;
    F64 f64, 4; splat _mm256_set1_pd as f64, loadu _mm256_loadu_pd as f64, partial partial::f64_lanes;
    U8 u8, 32; splat _mm256_set1_epi8 as i8, loadu _mm256_loadu_si256 as __m256i;
}

float_vectors! { Avx2:
    F32 f32 u32, mask __m256; storeu _mm256_storeu_ps, add _mm256_add_ps, sub _mm256_sub_ps,
        mul _mm256_mul_ps, sqrt _mm256_sqrt_ps, max _mm256_max_ps, min _mm256_min_ps,
        and _mm256_and_ps, splat _mm256_set1_ps, unordered masks::f32_unordered,
        none _mm256_setzero_ps, either _mm256_or_ps, any masks::f32_any, select masks::f32_select;
    F64 f64 u64, mask __m256d; storeu _mm256_storeu_pd, add _mm256_add_pd, sub _mm256_sub_pd,
        mul _mm256_mul_pd, sqrt _mm256_sqrt_pd, max _mm256_max_pd, min _mm256_min_pd,
        and _mm256_and_pd, splat _mm256_set1_pd, unordered masks::f64_unordered,
        none _mm256_setzero_pd, either _mm256_or_pd, any masks::f64_any, select masks::f64_select;
}

dense_vectors! { Avx2:
    F32 f32; in_cpu 16, free_masks false, lanes choice::First: choice::f32_first,
        mul_add _mm256_fmadd_ps, loadu _mm256_loadu_ps, storeu _mm256_storeu_ps,
        load_lanes choice::f32_load, store_lanes choice::f32_store, square 8: squares::of_f32;
    F64 f64; in_cpu 16, free_masks false, lanes choice::First: choice::f64_first,
        mul_add _mm256_fmadd_pd, loadu _mm256_loadu_pd, storeu _mm256_storeu_pd,
        load_lanes choice::f64_load, store_lanes choice::f64_store, square 4: squares::of_f64;
}

/// The first lanes of a register.
mod choice {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// How many, and all bits of theirs.
    #[derive(Clone, Copy)]
    pub(crate) struct First {
        count: usize,
        mask: __m256i,
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn f32_first(count: usize) -> First {
        let index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let count = count.min(8);
        let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), index);
        First { count, mask }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn f64_first(count: usize) -> First {
        let index = _mm256_setr_epi64x(0, 1, 2, 3);
        let count = count.min(4);
        let mask = _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), index);
        First { count, mask }
    }

    /// # Safety
    /// The elements of the chosen lanes must be readable.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn f32_load(from: *const f32, lanes: First) -> __m256 {
        // SAFETY: the caller vouches for the elements; the others are not touched.
        unsafe { _mm256_maskload_ps(from, lanes.mask) }
    }

    /// # Safety
    /// The elements of the chosen lanes must be readable.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn f64_load(from: *const f64, lanes: First) -> __m256d {
        // SAFETY: the caller vouches for the elements; the others are not touched.
        unsafe { _mm256_maskload_pd(from, lanes.mask) }
    }

    /// In pieces of four, two and one: a masked store of AVX2 takes 12 to 18 cycles on AMD.
    ///
    /// # Safety
    /// The elements of the chosen lanes must be writable.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn f32_store(to: *mut f32, lanes: First, x: __m256) {
        let mut to = to;
        let mut rest = _mm256_castps256_ps128(x);
        if lanes.count == 8 {
            // SAFETY: all eight lanes are chosen.
            return unsafe { _mm256_storeu_ps(to, x) };
        }
        if lanes.count & 4 != 0 {
            // SAFETY: the first four lanes are chosen.
            unsafe { _mm_storeu_ps(to, rest) };
            to = to.wrapping_add(4);
            rest = _mm256_extractf128_ps::<1>(x);
        }
        if lanes.count & 2 != 0 {
            let two = _mm_castps_si128(rest);
            // SAFETY: two more lanes are chosen; 8 bytes, of which the store asks no alignment.
            unsafe { _mm_storel_epi64(to.cast(), two) };
            to = to.wrapping_add(2);
            rest = _mm_movehl_ps(rest, rest);
        }
        if lanes.count & 1 != 0 {
            // SAFETY: one more lane is chosen.
            unsafe { _mm_store_ss(to, rest) };
        }
    }

    /// In pieces of two and one, as above.
    ///
    /// # Safety
    /// The elements of the chosen lanes must be writable.
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) unsafe fn f64_store(to: *mut f64, lanes: First, x: __m256d) {
        let mut to = to;
        let mut rest = _mm256_castpd256_pd128(x);
        if lanes.count == 4 {
            // SAFETY: all four lanes are chosen.
            return unsafe { _mm256_storeu_pd(to, x) };
        }
        if lanes.count & 2 != 0 {
            // SAFETY: the first two lanes are chosen.
            unsafe { _mm_storeu_pd(to, rest) };
            to = to.wrapping_add(2);
            rest = _mm256_extractf128_pd::<1>(x);
        }
        if lanes.count & 1 != 0 {
            // SAFETY: one more lane is chosen.
            unsafe { _mm_store_sd(to, rest) };
        }
    }
}

/// Masks are registers whose lanes have all bits set or none.
mod masks {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: register; functions and the instructions behind them.
    macro_rules! masks {
        ($($register:ident: $unordered:ident $cmp:ident, $any:ident $movemask:ident,
            $select:ident $blend:ident;)*) => {$(
            #[target_feature(enable = "avx2")]
            #[inline]
            pub(super) fn $unordered(left: $register, right: $register) -> $register {
                $cmp::<_CMP_UNORD_Q>(left, right)
            }

            #[target_feature(enable = "avx2")]
            #[inline]
            pub(super) fn $any(mask: $register) -> bool {
                $movemask(mask) != 0
            }

            #[target_feature(enable = "avx2")]
            #[inline]
            pub(super) fn $select(mask: $register, if_set: $register, if_clear: $register) -> $register {
                $blend(if_clear, if_set, mask)
            }
        )*};
    }

    masks! {
        __m256: f32_unordered _mm256_cmp_ps, f32_any _mm256_movemask_ps, f32_select _mm256_blendv_ps;
        __m256d: f64_unordered _mm256_cmp_pd, f64_any _mm256_movemask_pd, f64_select _mm256_blendv_pd;
    }
}

impl SingleVector for F32 {
    #[inline(always)]
    fn store_i32(self, slice: &mut [i32]) {
        let block = &mut slice[..8];
        let integers = with_features!(to_i32(self.0));
        // SAFETY: a register proves the features; `block` is 32 writable bytes, which need no
        // alignment.
        unsafe { _mm256_storeu_si256(block.as_mut_ptr().cast(), integers) };
    }
}

/// What does not fit becomes 0x8000_0000: right below the range, all bits to be flipped above it,
/// all to be cleared for NaN.
#[target_feature(enable = "avx2")]
#[inline]
fn to_i32(x: __m256) -> __m256i {
    let integers = _mm256_cvttps_epi32(x);
    let above = _mm256_cmp_ps::<_CMP_GE_OQ>(x, _mm256_set1_ps(2_147_483_648.0));
    let number = _mm256_cmp_ps::<_CMP_ORD_Q>(x, x);
    let saturated = _mm256_xor_si256(integers, _mm256_castps_si256(above));
    _mm256_and_si256(saturated, _mm256_castps_si256(number))
}

impl DoubleVector for F64 {
    #[inline(always)]
    fn load_f32(_: Avx2, slice: &[f32]) -> Self {
        let block = &slice[..4];
        // SAFETY: the token proves the feature; `block` is 16 readable bytes, which need no
        // alignment.
        let narrow = unsafe { _mm_loadu_ps(block.as_ptr()) };
        Self(with_features!(_mm256_cvtps_pd(narrow)))
    }
}

/// Loads of fewer elements than a register holds, without touching the bytes behind them.
mod partial {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// A window of 32 bytes into it, moved back by the length of the slice in bytes, is a mask of
    /// as many lanes.
    static MASK: [u64; 8] = [u64::MAX, u64::MAX, u64::MAX, u64::MAX, 0, 0, 0, 0];

    /// One row: function, element, register; instructions.
    macro_rules! partial_loads {
        ($($name:ident $elem:ident $register:ident; load $load:ident, splat $splat:ident,
            blend $blend:ident, cast $cast:ident;)*) => {$(
            #[target_feature(enable = "avx2")]
            #[inline]
            pub(super) fn $name(slice: &[$elem], fill: $elem) -> $register {
                let len_bytes = size_of_val(slice).min(32);
                let window = MASK.as_ptr().cast::<u8>().wrapping_add(32 - len_bytes);
                // SAFETY: at most 32 bytes into a table of 64, a window of 32 bytes ends within.
                let mask = unsafe { _mm256_loadu_si256(window.cast::<__m256i>()) };
                // SAFETY: reads only the lanes whose mask is set, which the slice holds.
                let lanes = unsafe { $load(slice.as_ptr(), mask) };
                $blend($splat(fill), lanes, $cast(mask))
            }
        )*};
    }

    partial_loads! {
        f32_lanes f32 __m256; load _mm256_maskload_ps, splat _mm256_set1_ps,
            blend _mm256_blendv_ps, cast _mm256_castsi256_ps;
        f64_lanes f64 __m256d; load _mm256_maskload_pd, splat _mm256_set1_pd,
            blend _mm256_blendv_pd, cast _mm256_castsi256_pd;
    }
}

/// From one register to one lane by halving, under the name of the whole register's operation.
pub(super) mod halving {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: the operation on 8, 4 and 1 `f32`.
    macro_rules! f32_lanes {
        ($($whole:ident $half:ident $one:ident;)*) => {$(
            #[target_feature(enable = "avx2")]
            #[inline]
            pub(in super::super) fn $whole(x: __m256) -> f32 {
                let x = $half(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
                let x = $half(x, _mm_movehl_ps(x, x));
                _mm_cvtss_f32($one(x, _mm_movehdup_ps(x)))
            }
        )*};
    }

    f32_lanes! {
        _mm256_add_ps _mm_add_ps _mm_add_ss;
        _mm256_max_ps _mm_max_ps _mm_max_ss;
        _mm256_min_ps _mm_min_ps _mm_min_ss;
    }

    /// One row: the operation on 4, 2 and 1 `f64`.
    macro_rules! f64_lanes {
        ($($whole:ident $half:ident $one:ident;)*) => {$(
            #[target_feature(enable = "avx2")]
            #[inline]
            pub(in super::super) fn $whole(x: __m256d) -> f64 {
                let x = $half(_mm256_castpd256_pd128(x), _mm256_extractf128_pd::<1>(x));
                _mm_cvtsd_f64($one(x, _mm_unpackhi_pd(x, x)))
            }
        )*};
    }

    f64_lanes! {
        _mm256_add_pd _mm_add_pd _mm_add_sd;
        _mm256_max_pd _mm_max_pd _mm_max_sd;
        _mm256_min_pd _mm_min_pd _mm_min_sd;
    }
}

impl ByteVector for U8 {
    type Sums = __m256i;

    #[inline(always)]
    fn no_sums(_: Avx2) -> __m256i {
        with_features!(_mm256_setzero_si256())
    }

    #[inline(always)]
    fn add_bytes(self, sums: __m256i) -> __m256i {
        let zero = with_features!(_mm256_setzero_si256());
        let eights = with_features!(_mm256_sad_epu8(self.0, zero));
        with_features!(_mm256_add_epi64(sums, eights))
    }

    #[inline(always)]
    fn total(sums: __m256i) -> u64 {
        let mut lanes = [0_u64; 4];
        // SAFETY: a register proves the features; as many writable bytes as the register has,
        // which need no alignment.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums) };
        lanes.iter().sum()
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(with_features!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(with_features!(_mm256_or_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        with_features!(_mm256_testz_si256(self.0, self.0)) != 0
    }

    #[inline(always)]
    fn is_one(self) -> bool {
        let ones = with_features!(_mm256_set1_epi8(1));
        let equal = with_features!(_mm256_cmpeq_epi8(self.0, ones));
        with_features!(_mm256_movemask_epi8(equal)) == -1
    }
}
