//! Sums of integers and scans of truth values: one body, a row per instruction set.
#![expect(
    unsafe_code,
    reason = "intrinsics: the limit is what they reach without a library"
)]

use super::{Avx2, Avx512, Exact};

/// One row: instruction set and its features; a private module; register and its bytes; load,
/// load of half as many and widen; zero, store, adds, or; whether all bits are 0.
macro_rules! exact_limits {
    ($($set:ident $features:literal: $module:ident $register:ident $bytes:literal
        $load:ident $half:ident $load_half:ident $widen:ident $zero:ident $store:ident
        $add32:ident $add64:ident $or:ident, |$a:ident| $is_zero:expr;)*) => {$(
        impl Exact for $set {
            fn sum_exact(self, x: &[i32]) -> i64 {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::sum_exact(x) }
            }

            fn sum_wrapping(self, x: &[i32]) -> i32 {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::sum_wrapping(x) }
            }

            fn any(self, x: &[bool]) -> bool {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::any(x) }
            }
        }

        mod $module {
            use std::arch::x86_64::*;

            const BYTES: usize = $bytes;
            type Bytes = [u8; BYTES];

            #[inline]
            #[target_feature(enable = $features)]
            fn load(x: &Bytes) -> $register {
                // SAFETY: the array is as long as a register, and loadu asks no alignment.
                unsafe { $load(x.as_ptr().cast()) }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn load_widened(x: &[i32; BYTES / 8]) -> $register {
                // SAFETY: the array is as long as half a register, and loadu asks no alignment.
                $widen(unsafe { $load_half(x.as_ptr().cast::<$half>()) })
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn lanes_of(x: $register) -> Bytes {
                let mut bytes = [0; BYTES];
                // SAFETY: the array is as long as a register, and storeu asks no alignment.
                unsafe { $store(bytes.as_mut_ptr().cast(), x) }
                bytes
            }

            #[target_feature(enable = $features)]
            pub(super) fn sum_exact(x: &[i32]) -> i64 {
                let (chunks, tail) = x.as_chunks::<{ BYTES / 8 }>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                let mut sums = [$zero(); 8];
                for block in blocks {
                    for k in 0..8 {
                        sums[k] = $add64(sums[k], load_widened(&block[k]));
                    }
                }
                for chunk in rest {
                    sums[0] = $add64(sums[0], load_widened(chunk));
                }
                let [a, b, c, d, e, f, g, h] = sums;
                let low = $add64($add64(a, b), $add64(c, d));
                let high = $add64($add64(e, f), $add64(g, h));
                let lanes: [i64; BYTES / 8] = bytemuck::cast(lanes_of($add64(low, high)));
                lanes.iter().sum::<i64>() + tail.iter().map(|&v| i64::from(v)).sum::<i64>()
            }

            #[target_feature(enable = $features)]
            pub(super) fn sum_wrapping(x: &[i32]) -> i32 {
                let (chunks, tail) = x.as_chunks::<{ BYTES / 4 }>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                let mut sums = [$zero(); 8];
                for block in blocks {
                    for k in 0..8 {
                        sums[k] = $add32(sums[k], load(bytemuck::cast_ref(&block[k])));
                    }
                }
                for chunk in rest {
                    sums[0] = $add32(sums[0], load(bytemuck::cast_ref(chunk)));
                }
                let [a, b, c, d, e, f, g, h] = sums;
                let low = $add32($add32(a, b), $add32(c, d));
                let high = $add32($add32(e, f), $add32(g, h));
                let lanes: [i32; BYTES / 4] = bytemuck::cast(lanes_of($add32(low, high)));
                let mut total = 0_i32;
                for &v in lanes.iter().chain(tail) {
                    total = total.wrapping_add(v);
                }
                total
            }

            #[target_feature(enable = $features)]
            pub(super) fn any(x: &[bool]) -> bool {
                let (chunks, tail) = bytemuck::cast_slice::<bool, u8>(x).as_chunks::<BYTES>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                for block in blocks {
                    let mut found = [$zero(); 4];
                    for k in 0..4 {
                        found[k] = $or(load(&block[2 * k]), load(&block[2 * k + 1]));
                    }
                    let [a, b, c, d] = found;
                    let $a = $or($or(a, b), $or(c, d));
                    if !$is_zero {
                        return true;
                    }
                }
                let mut $a = $zero();
                for chunk in rest {
                    $a = $or($a, load(chunk));
                }
                !$is_zero || tail.contains(&1)
            }
        }
    )*};
}

exact_limits! {
    Avx2 "avx2": avx2_exact __m256i 32 _mm256_loadu_si256 __m128i _mm_loadu_si128
        _mm256_cvtepi32_epi64 _mm256_setzero_si256 _mm256_storeu_si256
        _mm256_add_epi32 _mm256_add_epi64 _mm256_or_si256, |a| (_mm256_testz_si256(a, a) != 0);
    Avx512 "avx512f,avx512bw": avx512_exact __m512i 64 _mm512_loadu_si512 __m256i
        _mm256_loadu_si256 _mm512_cvtepi32_epi64 _mm512_setzero_si512 _mm512_storeu_si512
        _mm512_add_epi32 _mm512_add_epi64 _mm512_or_si512, |a| (_mm512_test_epi32_mask(a, a) == 0);
}
