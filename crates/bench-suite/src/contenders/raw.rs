//! The limit: loops in AVX2 and in AVX-512 intrinsics with eight accumulators, as one writes them by
//! hand for one CPU, one type and one kernel.
//!
//! Decided here: what counts as the limit. Nothing is dispatched, promised or shared: sums are in
//! whatever order is fastest, tails run one by one. `max` propagates NaN as the kernel does (the
//! native maximum beside an unordered compare); `max_native` does not, and shows what that costs.
//! `add_streamed` writes past the caches. What the CPU has is asked once, by [`Avx2`] and [`Avx512`].
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "intrinsics: the limit is what they reach without a library"
    )
)]

/// A float type with hand-written loops for an instruction set.
pub trait Limit<Set>: Sized {
    /// Σ x.
    #[must_use]
    fn sum(set: Set, x: &[Self]) -> Self;
    /// Σ x·y, multiplied and added apart.
    #[must_use]
    fn dot(set: Set, x: &[Self], y: &[Self]) -> Self;
    /// out = x + y.
    fn add(set: Set, x: &[Self], y: &[Self], out: &mut [Self]);
    /// out = x + y, by non-temporal stores.
    fn add_streamed(set: Set, x: &[Self], y: &[Self], out: &mut [Self]);
    /// The largest element; NaN wins; `None` for an empty slice.
    #[must_use]
    fn max(set: Set, x: &[Self]) -> Option<Self>;
    /// The largest element of a slice without NaN; `None` for an empty slice.
    #[must_use]
    fn max_native(set: Set, x: &[Self]) -> Option<Self>;
}

/// Proof that this CPU has AVX2.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(Proof);

/// Proof that this CPU has AVX-512 F, BW and DQ.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(Proof);

/// A type with loops for every instruction set.
pub trait Limits: Limit<Avx2> + Limit<Avx512> {}
impl<T: Limit<Avx2> + Limit<Avx512>> Limits for T {}

/// Integers and truth values with hand-written loops.
pub trait Exact: Copy {
    /// Σ x, exact.
    #[must_use]
    fn sum_exact(self, x: &[i32]) -> i64;
    /// Σ x, wrapping around.
    #[must_use]
    fn sum_wrapping(self, x: &[i32]) -> i32;
    /// Whether some element is true.
    #[must_use]
    fn any(self, x: &[bool]) -> bool;
}

#[cfg(target_arch = "x86_64")]
type Proof = ();

/// There is no value of it on another architecture, and so nothing to run.
#[cfg(not(target_arch = "x86_64"))]
type Proof = std::convert::Infallible;

#[cfg(not(target_arch = "x86_64"))]
pub use elsewhere::sum_of_16;
#[cfg(target_arch = "x86_64")]
pub use x86_64::sum_of_16;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{Avx2, Avx512, Exact, Limit};
    use std::arch::x86_64::*;

    impl Avx2 {
        /// The proof, or `None` if this CPU lacks it.
        #[must_use]
        pub fn detected() -> Option<Self> {
            std::is_x86_feature_detected!("avx2").then_some(Self(()))
        }
    }

    impl Avx512 {
        /// The proof, or `None` if this CPU lacks it.
        #[must_use]
        pub fn detected() -> Option<Self> {
            let there = std::is_x86_feature_detected!("avx512f")
                && std::is_x86_feature_detected!("avx512bw")
                && std::is_x86_feature_detected!("avx512dq");
            there.then_some(Self(()))
        }
    }

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
}

#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use super::{Avx2, Avx512, Exact, Limit};

    impl Avx2 {
        /// `None`: another architecture.
        #[must_use]
        pub fn detected() -> Option<Self> {
            None
        }
    }

    impl Avx512 {
        /// `None`: another architecture.
        #[must_use]
        pub fn detected() -> Option<Self> {
            None
        }
    }

    /// Never called: there is no [`Avx2`] here.
    #[must_use]
    pub fn sum_of_16(avx2: Avx2, _: &[f32; 16]) -> f32 {
        match avx2.0 {}
    }

    /// One row: an instruction set that is not there.
    macro_rules! never {
        ($($set:ident)*) => {$(
            impl Exact for $set {
                fn sum_exact(self, _: &[i32]) -> i64 {
                    match self.0 {}
                }

                fn sum_wrapping(self, _: &[i32]) -> i32 {
                    match self.0 {}
                }

                fn any(self, _: &[bool]) -> bool {
                    match self.0 {}
                }
            }

            impl<T: crate::data::real::Real> Limit<$set> for T {
                fn sum(set: $set, _: &[Self]) -> Self {
                    match set.0 {}
                }

                fn dot(set: $set, _: &[Self], _: &[Self]) -> Self {
                    match set.0 {}
                }

                fn add(set: $set, _: &[Self], _: &[Self], _: &mut [Self]) {
                    match set.0 {}
                }

                fn add_streamed(set: $set, _: &[Self], _: &[Self], _: &mut [Self]) {
                    match set.0 {}
                }

                fn max(set: $set, _: &[Self]) -> Option<Self> {
                    match set.0 {}
                }

                fn max_native(set: $set, _: &[Self]) -> Option<Self> {
                    match set.0 {}
                }
            }
        )*};
    }

    never! { Avx2 Avx512 }
}
