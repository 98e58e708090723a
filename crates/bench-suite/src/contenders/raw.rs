//! The limit: loops in AVX2 intrinsics with eight accumulators, as one writes them by hand for one
//! CPU, one type and one kernel.
//!
//! Decided here: what counts as the limit. Nothing is dispatched, promised or shared: sums are in
//! whatever order is fastest, tails run one by one. `max` propagates NaN as the kernel does (the
//! native maximum beside an unordered compare); `max_native` does not, and shows what that costs.
//! `add_streamed` writes past the caches. Whether the CPU has AVX2 is asked once, by [`Avx2`].
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "intrinsics: the limit is what they reach without a library"
    )
)]

/// A float type with hand-written loops.
pub trait Limit: Sized {
    /// Σ x.
    #[must_use]
    fn sum(avx2: Avx2, x: &[Self]) -> Self;
    /// Σ x·y, multiplied and added apart.
    #[must_use]
    fn dot(avx2: Avx2, x: &[Self], y: &[Self]) -> Self;
    /// out = x + y.
    fn add(avx2: Avx2, x: &[Self], y: &[Self], out: &mut [Self]);
    /// out = x + y, by non-temporal stores.
    fn add_streamed(avx2: Avx2, x: &[Self], y: &[Self], out: &mut [Self]);
    /// The largest element; NaN wins; `None` for an empty slice.
    #[must_use]
    fn max(avx2: Avx2, x: &[Self]) -> Option<Self>;
    /// The largest element of a slice without NaN; `None` for an empty slice.
    #[must_use]
    fn max_native(avx2: Avx2, x: &[Self]) -> Option<Self>;
}

/// Proof that this CPU has AVX2.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(Proof);

#[cfg(target_arch = "x86_64")]
type Proof = ();

/// There is no value of it on another architecture, and so nothing to run.
#[cfg(not(target_arch = "x86_64"))]
type Proof = std::convert::Infallible;

#[cfg(not(target_arch = "x86_64"))]
pub use elsewhere::{any, sum_exact, sum_of_16, sum_wrapping};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{any, sum_exact, sum_of_16, sum_wrapping};

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{Avx2, Limit};
    use std::arch::x86_64::*;

    impl Avx2 {
        /// The proof, or `None` if this CPU lacks it.
        #[must_use]
        pub fn detected() -> Option<Self> {
            std::is_x86_feature_detected!("avx2").then_some(Self(()))
        }
    }

    /// One row: a type and its lanes; register, load, store, stream; zero, splat; add, mul, max,
    /// compare, or, movemask; the private modules' name.
    macro_rules! limits {
        ($($ty:ident $lanes:literal $register:ident $load:ident $store:ident $stream:ident
            $zero:ident $splat:ident $add:ident $mul:ident $max:ident $cmp:ident $or:ident
            $movemask:ident;)*) => {$(
            impl Limit for $ty {
                fn sum(_: Avx2, x: &[Self]) -> Self {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    unsafe { $ty::sum(x) }
                }

                fn dot(_: Avx2, x: &[Self], y: &[Self]) -> Self {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    unsafe { $ty::dot(x, y) }
                }

                fn add(_: Avx2, x: &[Self], y: &[Self], out: &mut [Self]) {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    unsafe { $ty::add(x, y, out) }
                }

                fn add_streamed(_: Avx2, x: &[Self], y: &[Self], out: &mut [Self]) {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    unsafe { $ty::add_streamed(x, y, out) }
                }

                fn max(_: Avx2, x: &[Self]) -> Option<Self> {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    (!x.is_empty()).then(|| unsafe { $ty::max(x) })
                }

                fn max_native(_: Avx2, x: &[Self]) -> Option<Self> {
                    // SAFETY: the token is made only on CPUs with AVX2.
                    (!x.is_empty()).then(|| unsafe { $ty::max_native(x) })
                }
            }

            mod $ty {
                use std::arch::x86_64::*;

                const LANES: usize = $lanes;
                type Lanes = [$ty; LANES];

                #[inline]
                #[target_feature(enable = "avx2")]
                fn load(x: &Lanes) -> $register {
                    // SAFETY: the array is as long as a register, and loadu asks no alignment.
                    unsafe { $load(x.as_ptr()) }
                }

                #[inline]
                #[target_feature(enable = "avx2")]
                fn store(x: &mut Lanes, lanes: $register) {
                    // SAFETY: the array is as long as a register, and storeu asks no alignment.
                    unsafe { $store(x.as_mut_ptr(), lanes) }
                }

                #[inline]
                #[target_feature(enable = "avx2")]
                fn lanes_of(x: $register) -> Lanes {
                    let mut lanes = [0.0; LANES];
                    store(&mut lanes, x);
                    lanes
                }

                #[target_feature(enable = "avx2")]
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

                #[target_feature(enable = "avx2")]
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
                #[target_feature(enable = "avx2")]
                fn total(sums: [$register; 8]) -> $ty {
                    let [a, b, c, d, e, f, g, h] = sums;
                    let sum = $add($add($add(a, b), $add(c, d)), $add($add(e, f), $add(g, h)));
                    lanes_of(sum).iter().sum()
                }

                #[target_feature(enable = "avx2")]
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

                #[target_feature(enable = "avx2")]
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
                        unsafe { $stream(out.as_mut_ptr(), sum) }
                    }
                    _mm_sfence();
                    add(x_tail, y_tail, out_tail);
                }

                /// Of a slice that is not empty.
                #[target_feature(enable = "avx2")]
                pub(super) fn max(x: &[$ty]) -> $ty {
                    let (chunks, tail) = x.as_chunks::<LANES>();
                    let (blocks, rest) = chunks.as_chunks::<8>();
                    let mut maxima = [$splat($ty::NEG_INFINITY); 8];
                    let mut nans = [$zero(); 2];
                    for block in blocks {
                        for k in 0..4 {
                            let (a, b) = (load(&block[2 * k]), load(&block[2 * k + 1]));
                            maxima[2 * k] = $max(maxima[2 * k], a);
                            maxima[2 * k + 1] = $max(maxima[2 * k + 1], b);
                            nans[k % 2] = $or(nans[k % 2], $cmp::<_CMP_UNORD_Q>(a, b));
                        }
                    }
                    for chunk in rest {
                        let a = load(chunk);
                        maxima[0] = $max(maxima[0], a);
                        nans[0] = $or(nans[0], $cmp::<_CMP_UNORD_Q>(a, a));
                    }
                    let nan = $movemask($or(nans[0], nans[1])) != 0 || tail.iter().any(|v| v.is_nan());
                    if nan { $ty::NAN } else { greatest(maxima, tail) }
                }

                /// Of a slice that is not empty.
                #[target_feature(enable = "avx2")]
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
                #[target_feature(enable = "avx2")]
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
        f32 8 __m256 _mm256_loadu_ps _mm256_storeu_ps _mm256_stream_ps
            _mm256_setzero_ps _mm256_set1_ps _mm256_add_ps _mm256_mul_ps _mm256_max_ps
            _mm256_cmp_ps _mm256_or_ps _mm256_movemask_ps;
        f64 4 __m256d _mm256_loadu_pd _mm256_storeu_pd _mm256_stream_pd
            _mm256_setzero_pd _mm256_set1_pd _mm256_add_pd _mm256_mul_pd _mm256_max_pd
            _mm256_cmp_pd _mm256_or_pd _mm256_movemask_pd;
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

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_bytes(x: &[u8; 32]) -> __m256i {
        // SAFETY: the array is as long as a register, and loadu asks no alignment.
        unsafe { _mm256_loadu_si256(x.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_i32(x: &[i32; 8]) -> __m256i {
        load_bytes(bytemuck::cast_ref(x))
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_widened(x: &[i32; 4]) -> __m256i {
        // SAFETY: the array is as long as the register, and loadu asks no alignment.
        _mm256_cvtepi32_epi64(unsafe { _mm_loadu_si128(x.as_ptr().cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn lanes_of(x: __m256i) -> [u8; 32] {
        let mut bytes = [0; 32];
        // SAFETY: the array is as long as a register, and storeu asks no alignment.
        unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), x) }
        bytes
    }

    /// Σ x, exact.
    #[must_use]
    pub fn sum_exact(_: Avx2, x: &[i32]) -> i64 {
        // SAFETY: the token is made only on CPUs with AVX2.
        unsafe { sum_exact_i32(x) }
    }

    #[target_feature(enable = "avx2")]
    fn sum_exact_i32(x: &[i32]) -> i64 {
        let (chunks, tail) = x.as_chunks::<4>();
        let (blocks, rest) = chunks.as_chunks::<8>();
        let mut sums = [_mm256_setzero_si256(); 8];
        for block in blocks {
            for k in 0..8 {
                sums[k] = _mm256_add_epi64(sums[k], load_widened(&block[k]));
            }
        }
        for chunk in rest {
            sums[0] = _mm256_add_epi64(sums[0], load_widened(chunk));
        }
        let mut total: i64 = tail.iter().map(|&v| i64::from(v)).sum();
        for sum in sums {
            total += bytemuck::cast::<_, [i64; 4]>(lanes_of(sum))
                .iter()
                .sum::<i64>();
        }
        total
    }

    /// Σ x, wrapping around.
    #[must_use]
    pub fn sum_wrapping(_: Avx2, x: &[i32]) -> i32 {
        // SAFETY: the token is made only on CPUs with AVX2.
        unsafe { sum_wrapping_i32(x) }
    }

    #[target_feature(enable = "avx2")]
    fn sum_wrapping_i32(x: &[i32]) -> i32 {
        let (chunks, tail) = x.as_chunks::<8>();
        let (blocks, rest) = chunks.as_chunks::<8>();
        let mut sums = [_mm256_setzero_si256(); 8];
        for block in blocks {
            for k in 0..8 {
                sums[k] = _mm256_add_epi32(sums[k], load_i32(&block[k]));
            }
        }
        for chunk in rest {
            sums[0] = _mm256_add_epi32(sums[0], load_i32(chunk));
        }
        let [a, b, c, d, e, f, g, h] = sums;
        let low = _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
        let high = _mm256_add_epi32(_mm256_add_epi32(e, f), _mm256_add_epi32(g, h));
        let lanes: [i32; 8] = bytemuck::cast(lanes_of(_mm256_add_epi32(low, high)));
        let mut total = 0_i32;
        for &v in lanes.iter().chain(tail) {
            total = total.wrapping_add(v);
        }
        total
    }

    /// Whether some element is true.
    #[must_use]
    pub fn any(_: Avx2, x: &[bool]) -> bool {
        // SAFETY: the token is made only on CPUs with AVX2.
        unsafe { any_bool(x) }
    }

    #[target_feature(enable = "avx2")]
    fn any_bool(x: &[bool]) -> bool {
        let (chunks, tail) = bytemuck::cast_slice::<bool, u8>(x).as_chunks::<32>();
        let (blocks, rest) = chunks.as_chunks::<8>();
        for block in blocks {
            let mut found = [_mm256_setzero_si256(); 4];
            for k in 0..4 {
                found[k] =
                    _mm256_or_si256(load_bytes(&block[2 * k]), load_bytes(&block[2 * k + 1]));
            }
            let [a, b, c, d] = found;
            let found = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
            if _mm256_testz_si256(found, found) == 0 {
                return true;
            }
        }
        let mut found = _mm256_setzero_si256();
        for chunk in rest {
            found = _mm256_or_si256(found, load_bytes(chunk));
        }
        _mm256_testz_si256(found, found) == 0 || tail.contains(&1)
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use super::{Avx2, Limit};

    impl Avx2 {
        /// `None`: another architecture.
        #[must_use]
        pub fn detected() -> Option<Self> {
            None
        }
    }

    /// One row: a function that nobody can call, with its argument and what it would return.
    macro_rules! never {
        ($($name:ident($argument:ty) -> $output:ty;)*) => {$(
            /// Never called: there is no [`Avx2`] here.
            #[must_use]
            pub fn $name(avx2: Avx2, _: $argument) -> $output {
                match avx2.0 {}
            }
        )*};
    }

    never! {
        sum_of_16(&[f32; 16]) -> f32;
        sum_exact(&[i32]) -> i64;
        sum_wrapping(&[i32]) -> i32;
        any(&[bool]) -> bool;
    }

    impl<T: crate::data::real::Real> Limit for T {
        fn sum(avx2: Avx2, _: &[Self]) -> Self {
            match avx2.0 {}
        }

        fn dot(avx2: Avx2, _: &[Self], _: &[Self]) -> Self {
            match avx2.0 {}
        }

        fn add(avx2: Avx2, _: &[Self], _: &[Self], _: &mut [Self]) {
            match avx2.0 {}
        }

        fn add_streamed(avx2: Avx2, _: &[Self], _: &[Self], _: &mut [Self]) {
            match avx2.0 {}
        }

        fn max(avx2: Avx2, _: &[Self]) -> Option<Self> {
            match avx2.0 {}
        }

        fn max_native(avx2: Avx2, _: &[Self]) -> Option<Self> {
            match avx2.0 {}
        }
    }
}
