//! AVX2 with FMA: registers of 32 bytes.
#![expect(
    unsafe_code,
    reason = "intrinsics; a value of these types proves the feature"
)]

use crate::vector::{Backend, ByteVector, DoubleVector, FloatVector, Vector};
#[cfg(target_arch = "x86")]
use core::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

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

/// Calls intrinsics that need AVX2 and nothing else.
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: the caller holds an `Avx2` or a register of this module, which is made from one:
        // the CPU has the feature. The intrinsic takes values only.
        unsafe { $call }
    };
}

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
        // by `stream_fence`, which the one caller, `map::stream`, runs before it returns.
        unsafe { _mm256_stream_si256(to, low) };
        // SAFETY: the second half of the same 64 bytes, aligned to 32.
        unsafe { _mm256_stream_si256(to.wrapping_add(1), high) };
    }

    #[inline(always)]
    fn stream_fence(self) {
        avx2!(_mm_sfence());
    }
}

/// Loading and splatting. One row: register, element, lanes; instructions.
macro_rules! vectors {
    ($($register:ident $elem:ty, $lanes:literal;
        splat $splat:ident as $bits:ty, loadu $loadu:ident as $memory:ty $(, partial $partial:ident)?;)*) => {$(
        impl Vector for $register {
            type Elem = $elem;
            type Token = Avx2;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(_: Avx2, value: $elem) -> Self {
                Self(avx2!($splat(value as $bits)))
            }

            #[inline(always)]
            fn load(_: Avx2, slice: &[$elem]) -> Self {
                let block = &slice[..$lanes];
                // SAFETY: the token proves the feature; `block` is 32 readable bytes, which need
                // no alignment.
                Self(unsafe { $loadu(block.as_ptr().cast::<$memory>()) })
            }

            $(
                #[inline(always)]
                fn load_partial(_: Avx2, slice: &[$elem], fill: $elem) -> Self {
                    Self(avx2!(partial::$partial(slice, fill)))
                }
            )?
        }
    )*};
}

vectors! {
    F32 f32, 8; splat _mm256_set1_ps as f32, loadu _mm256_loadu_ps as f32, partial f32_lanes;
    F64 f64, 4; splat _mm256_set1_pd as f64, loadu _mm256_loadu_pd as f64, partial f64_lanes;
    U8 u8, 32; splat _mm256_set1_epi8 as i8, loadu _mm256_loadu_si256 as __m256i;
}

/// One row: register, its raw type, element, the element's bits; instructions.
macro_rules! float_vectors {
    ($($register:ident $raw:ident $elem:ident, $bits:ident; storeu $storeu:ident, add $add:ident,
        sub $sub:ident, mul $mul:ident, sqrt $sqrt:ident, max $max:ident, min $min:ident,
        cmp $cmp:ident, and $and:ident, splat $splat:ident, blend $blend:ident,
        movemask $movemask:ident;)*) => {$(
        impl FloatVector for $register {
            type Mask = $raw;

            #[inline(always)]
            fn store(self, slice: &mut [$elem]) {
                let block = &mut slice[..Self::LANES];
                // SAFETY: a register proves the feature; `block` is 32 writable bytes, which need
                // no alignment.
                unsafe { $storeu(block.as_mut_ptr(), self.0) };
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(avx2!($add(self.0, other.0)))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(avx2!($sub(self.0, other.0)))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(avx2!($mul(self.0, other.0)))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(avx2!($sqrt(self.0)))
            }

            #[inline(always)]
            fn abs(self) -> Self {
                let magnitude = avx2!($splat($elem::from_bits($bits::MAX >> 1)));
                Self(avx2!($and(self.0, magnitude)))
            }

            #[inline(always)]
            fn max_native(self, other: Self) -> Self {
                Self(avx2!($max(self.0, other.0)))
            }

            #[inline(always)]
            fn min_native(self, other: Self) -> Self {
                Self(avx2!($min(self.0, other.0)))
            }

            #[inline(always)]
            fn unordered(self, other: Self) -> $raw {
                avx2!($cmp::<_CMP_UNORD_Q>(self.0, other.0))
            }

            #[inline(always)]
            fn mask_any(mask: $raw) -> bool {
                avx2!($movemask(mask)) != 0
            }

            #[inline(always)]
            fn select(mask: $raw, if_set: Self, if_clear: Self) -> Self {
                Self(avx2!($blend(if_clear.0, if_set.0, mask)))
            }

            #[inline(always)]
            fn sum_halving(self) -> $elem {
                avx2!(halving::$add(self.0))
            }

            #[inline(always)]
            fn max_halving(self) -> $elem {
                avx2!(halving::$max(self.0))
            }

            #[inline(always)]
            fn min_halving(self) -> $elem {
                avx2!(halving::$min(self.0))
            }
        }
    )*};
}

float_vectors! {
    F32 __m256 f32, u32; storeu _mm256_storeu_ps, add _mm256_add_ps, sub _mm256_sub_ps,
        mul _mm256_mul_ps, sqrt _mm256_sqrt_ps, max _mm256_max_ps, min _mm256_min_ps,
        cmp _mm256_cmp_ps, and _mm256_and_ps, splat _mm256_set1_ps, blend _mm256_blendv_ps,
        movemask _mm256_movemask_ps;
    F64 __m256d f64, u64; storeu _mm256_storeu_pd, add _mm256_add_pd, sub _mm256_sub_pd,
        mul _mm256_mul_pd, sqrt _mm256_sqrt_pd, max _mm256_max_pd, min _mm256_min_pd,
        cmp _mm256_cmp_pd, and _mm256_and_pd, splat _mm256_set1_pd, blend _mm256_blendv_pd,
        movemask _mm256_movemask_pd;
}

impl DoubleVector for F64 {
    #[inline(always)]
    fn load_f32(_: Avx2, slice: &[f32]) -> Self {
        let block = &slice[..4];
        // SAFETY: the token proves the feature; `block` is 16 readable bytes, which need no
        // alignment.
        let narrow = unsafe { _mm_loadu_ps(block.as_ptr()) };
        Self(avx2!(_mm256_cvtps_pd(narrow)))
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
mod halving {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// One row: the operation on 8, 4 and 1 `f32`.
    macro_rules! f32_lanes {
        ($($whole:ident $half:ident $one:ident;)*) => {$(
            #[target_feature(enable = "avx2")]
            #[inline]
            pub(super) fn $whole(x: __m256) -> f32 {
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
            pub(super) fn $whole(x: __m256d) -> f64 {
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
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(avx2!(_mm256_and_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(avx2!(_mm256_or_si256(self.0, other.0)))
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        avx2!(_mm256_testz_si256(self.0, self.0)) != 0
    }

    #[inline(always)]
    fn is_one(self) -> bool {
        let ones = avx2!(_mm256_set1_epi8(1));
        let equal = avx2!(_mm256_cmpeq_epi8(self.0, ones));
        avx2!(_mm256_movemask_epi8(equal)) == -1
    }
}
