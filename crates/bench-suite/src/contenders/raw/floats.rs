//! Sums, products and maxima of floats: one body, a row per instruction set and type.
#![expect(
    unsafe_code,
    reason = "intrinsics: the limit is what they reach without a library"
)]

use std::arch::x86_64::*;

use super::{Avx2, Avx512, Limit};

/// One row: instruction set and its features; a private module, a type and its lanes; register,
/// load, store, stream; zero, splat; add, mul, max; where NaN is: type, none, compare, or, any.
macro_rules! limits {
    ($($set:ident $features:literal: $module:ident $ty:ident $lanes:literal $register:ident
        $load:ident $store:ident $stream:ident $zero:ident $splat:ident
        $add:ident $mul:ident $max:ident,
        $nans:ident $none:expr, $cmp:ident, |$a:ident, $b:ident| $or:expr, |$m:ident| $any:expr;)*) => {$(
        impl Limit<$set> for $ty {
            fn sum(_: $set, x: &[Self]) -> Self {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::sum(x) }
            }

            fn dot(_: $set, x: &[Self], y: &[Self]) -> Self {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::dot(x, y) }
            }

            fn add(_: $set, x: &[Self], y: &[Self], out: &mut [Self]) {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::add(x, y, out) }
            }

            fn add_streamed(_: $set, x: &[Self], y: &[Self], out: &mut [Self]) {
                // SAFETY: the token is made only on CPUs with the features.
                unsafe { $module::add_streamed(x, y, out) }
            }

            fn max(_: $set, x: &[Self]) -> Option<Self> {
                // SAFETY: the token is made only on CPUs with the features.
                (!x.is_empty()).then(|| unsafe { $module::max(x) })
            }

            fn max_native(_: $set, x: &[Self]) -> Option<Self> {
                // SAFETY: the token is made only on CPUs with the features.
                (!x.is_empty()).then(|| unsafe { $module::max_native(x) })
            }
        }

        mod $module {
            use std::arch::x86_64::*;

            const LANES: usize = $lanes;
            type Lanes = [$ty; LANES];

            #[inline]
            #[target_feature(enable = $features)]
            fn load(x: &Lanes) -> $register {
                // SAFETY: the array is as long as a register, and loadu asks no alignment.
                unsafe { $load(x.as_ptr()) }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn store(x: &mut Lanes, lanes: $register) {
                // SAFETY: the array is as long as a register, and storeu asks no alignment.
                unsafe { $store(x.as_mut_ptr(), lanes) }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn lanes_of(x: $register) -> Lanes {
                let mut lanes = [0.0; LANES];
                store(&mut lanes, x);
                lanes
            }

            #[target_feature(enable = $features)]
            pub(super) fn sum(x: &[$ty]) -> $ty {
                let (chunks, tail) = x.as_chunks::<LANES>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                let mut sums = [$zero(); 8];
                for block in blocks {
                    for k in 0..8 {
                        sums[k] = $add(sums[k], load(&block[k]));
                    }
                }
                for chunk in rest {
                    sums[0] = $add(sums[0], load(chunk));
                }
                total(sums) + tail.iter().sum::<$ty>()
            }

            #[target_feature(enable = $features)]
            pub(super) fn dot(x: &[$ty], y: &[$ty]) -> $ty {
                assert_eq!(x.len(), y.len());
                let ((xs, x_tail), (ys, y_tail)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
                let ((x_blocks, x_rest), (y_blocks, y_rest)) = (xs.as_chunks::<8>(), ys.as_chunks::<8>());
                let mut sums = [$zero(); 8];
                for (x, y) in x_blocks.iter().zip(y_blocks) {
                    for k in 0..8 {
                        sums[k] = $add(sums[k], $mul(load(&x[k]), load(&y[k])));
                    }
                }
                for (x, y) in x_rest.iter().zip(y_rest) {
                    sums[0] = $add(sums[0], $mul(load(x), load(y)));
                }
                let mut total = total(sums);
                for (x, y) in x_tail.iter().zip(y_tail) {
                    total += x * y;
                }
                total
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn total(sums: [$register; 8]) -> $ty {
                let [a, b, c, d, e, f, g, h] = sums;
                let sum = $add($add($add(a, b), $add(c, d)), $add($add(e, f), $add(g, h)));
                lanes_of(sum).iter().sum()
            }

            #[target_feature(enable = $features)]
            pub(super) fn add(x: &[$ty], y: &[$ty], out: &mut [$ty]) {
                let (x, y) = (&x[..out.len()], &y[..out.len()]);
                let ((xs, x_tail), (ys, y_tail)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
                let (outs, out_tail) = out.as_chunks_mut::<LANES>();
                let (x_blocks, x_rest) = xs.as_chunks::<8>();
                let (y_blocks, y_rest) = ys.as_chunks::<8>();
                let (out_blocks, out_rest) = outs.as_chunks_mut::<8>();
                for ((out, x), y) in out_blocks.iter_mut().zip(x_blocks).zip(y_blocks) {
                    for k in 0..8 {
                        store(&mut out[k], $add(load(&x[k]), load(&y[k])));
                    }
                }
                for ((out, x), y) in out_rest.iter_mut().zip(x_rest).zip(y_rest) {
                    store(out, $add(load(x), load(y)));
                }
                for ((out, x), y) in out_tail.iter_mut().zip(x_tail).zip(y_tail) {
                    *out = x + y;
                }
            }

            #[target_feature(enable = $features)]
            pub(super) fn add_streamed(x: &[$ty], y: &[$ty], out: &mut [$ty]) {
                let (x, y) = (&x[..out.len()], &y[..out.len()]);
                let head_len = out.as_ptr().align_offset(align_of::<$register>()).min(out.len());
                let (out_head, out) = out.split_at_mut(head_len);
                let ((x_head, x), (y_head, y)) = (x.split_at(head_len), y.split_at(head_len));
                add(x_head, y_head, out_head);
                let ((xs, x_tail), (ys, y_tail)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
                let (outs, out_tail) = out.as_chunks_mut::<LANES>();
                for ((out, x), y) in outs.iter_mut().zip(xs).zip(ys) {
                    let sum = $add(load(x), load(y));
                    // SAFETY: the array is as long as a register; behind the head, each one
                    // is aligned as a register is; the fence below orders the store.
                    unsafe { $stream(out.as_mut_ptr().cast(), sum) }
                }
                _mm_sfence();
                add(x_tail, y_tail, out_tail);
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn either($a: $nans, $b: $nans) -> $nans {
                $or
            }

            /// Of a slice that is not empty.
            #[target_feature(enable = $features)]
            pub(super) fn max(x: &[$ty]) -> $ty {
                let (chunks, tail) = x.as_chunks::<LANES>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                let mut maxima = [$splat($ty::NEG_INFINITY); 8];
                let mut nans: [$nans; 2] = [$none; 2];
                for block in blocks {
                    for k in 0..4 {
                        let (a, b) = (load(&block[2 * k]), load(&block[2 * k + 1]));
                        maxima[2 * k] = $max(maxima[2 * k], a);
                        maxima[2 * k + 1] = $max(maxima[2 * k + 1], b);
                        nans[k % 2] = either(nans[k % 2], $cmp::<_CMP_UNORD_Q>(a, b));
                    }
                }
                for chunk in rest {
                    let a = load(chunk);
                    maxima[0] = $max(maxima[0], a);
                    nans[0] = either(nans[0], $cmp::<_CMP_UNORD_Q>(a, a));
                }
                let $m = either(nans[0], nans[1]);
                let nan = $any || tail.iter().any(|v| v.is_nan());
                if nan { $ty::NAN } else { greatest(maxima, tail) }
            }

            /// Of a slice that is not empty.
            #[target_feature(enable = $features)]
            pub(super) fn max_native(x: &[$ty]) -> $ty {
                let (chunks, tail) = x.as_chunks::<LANES>();
                let (blocks, rest) = chunks.as_chunks::<8>();
                let mut maxima = [$splat($ty::NEG_INFINITY); 8];
                for block in blocks {
                    for k in 0..8 {
                        maxima[k] = $max(maxima[k], load(&block[k]));
                    }
                }
                for chunk in rest {
                    maxima[0] = $max(maxima[0], load(chunk));
                }
                greatest(maxima, tail)
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn greatest(maxima: [$register; 8], tail: &[$ty]) -> $ty {
                let [a, b, c, d, e, f, g, h] = maxima;
                let max = $max($max($max(a, b), $max(c, d)), $max($max(e, f), $max(g, h)));
                let mut greatest = $ty::NEG_INFINITY;
                for &v in lanes_of(max).iter().chain(tail) {
                    greatest = if v > greatest { v } else { greatest };
                }
                greatest
            }
        }
    )*};
}

limits! {
    Avx2 "avx2": avx2_f32 f32 8 __m256 _mm256_loadu_ps _mm256_storeu_ps _mm256_stream_ps
        _mm256_setzero_ps _mm256_set1_ps _mm256_add_ps _mm256_mul_ps _mm256_max_ps,
        __m256 _mm256_setzero_ps(), _mm256_cmp_ps, |a, b| _mm256_or_ps(a, b), |m| _mm256_movemask_ps(m) != 0;
    Avx2 "avx2": avx2_f64 f64 4 __m256d _mm256_loadu_pd _mm256_storeu_pd _mm256_stream_pd
        _mm256_setzero_pd _mm256_set1_pd _mm256_add_pd _mm256_mul_pd _mm256_max_pd,
        __m256d _mm256_setzero_pd(), _mm256_cmp_pd, |a, b| _mm256_or_pd(a, b), |m| _mm256_movemask_pd(m) != 0;
    Avx512 "avx512f,avx512dq": avx512_f32 f32 16 __m512 _mm512_loadu_ps _mm512_storeu_ps _mm512_stream_ps
        _mm512_setzero_ps _mm512_set1_ps _mm512_add_ps _mm512_mul_ps _mm512_max_ps,
        __mmask16 0, _mm512_cmp_ps_mask, |a, b| a | b, |m| m != 0;
    Avx512 "avx512f,avx512dq": avx512_f64 f64 8 __m512d _mm512_loadu_pd _mm512_storeu_pd _mm512_stream_pd
        _mm512_setzero_pd _mm512_set1_pd _mm512_add_pd _mm512_mul_pd _mm512_max_pd,
        __mmask8 0, _mm512_cmp_pd_mask, |a, b| a | b, |m| m != 0;
}

/// Σ of sixteen elements, kept in registers: what a call costs when nothing is dispatched.
#[must_use]
pub fn sum_of_16(_: Avx2, x: &[f32; 16]) -> f32 {
    // SAFETY: the token is made only on CPUs with AVX2.
    unsafe { sum_of_16_lanes(x) }
}

#[inline(never)]
#[target_feature(enable = "avx2")]
fn sum_of_16_lanes(x: &[f32; 16]) -> f32 {
    // SAFETY: the first eight of sixteen; loadu asks no alignment.
    let low = unsafe { _mm256_loadu_ps(x.as_ptr()) };
    // SAFETY: the last eight of sixteen; loadu asks no alignment.
    let high = unsafe { _mm256_loadu_ps(x[8..].as_ptr()) };
    let sum = _mm256_add_ps(low, high);
    let sum = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
    let sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)))
}
