//! The crate `wide` used plainly: one accumulator, whole registers, then the rest one by one.
//!
//! Its instruction set is chosen when the program is built, so a plain build has halves of SSE2
//! registers here. A conversion that `wide` lacks (`f32` to `f64`, `u8` to `u64`) is written lane by
//! lane, as its user would.

use std::ops::{Add, Mul, Neg, Sub};

use kernels_simd::Element;

use super::elementwise::{Elementwise, Formula};

/// A type that `wide` has registers of 32 bytes for.
pub trait Lanes: Copy + Default {
    /// The register.
    type Register: Copy + Add<Output = Self::Register>;
    /// Elements in it.
    const LANES: usize;

    /// A register of equal elements.
    #[must_use]
    fn splat(self) -> Self::Register;
    /// The register whose lane i is `lane(i)`.
    #[must_use]
    fn lanes(lane: impl Fn(usize) -> Self) -> Self::Register;
    /// The first [`Lanes::LANES`] elements.
    #[must_use]
    fn load(x: &[Self]) -> Self::Register;
    /// Writes as many elements.
    fn store(x: &mut [Self], lanes: Self::Register);
    /// Σ of the lanes.
    #[must_use]
    fn total(lanes: Self::Register, rest: impl Iterator<Item = Self>) -> Self;
}

/// Registers that can be ordered.
pub trait Compared: Lanes + PartialOrd {
    /// Lane by lane `then` where a < b, else `otherwise`.
    #[must_use]
    fn if_less(
        a: Self::Register,
        b: Self::Register,
        then: Self::Register,
        otherwise: Self::Register,
    ) -> Self::Register;
    /// Lane by lane the lesser; NaN wins.
    #[must_use]
    fn lesser(a: Self::Register, b: Self::Register) -> Self::Register;
    /// Lane by lane the greater; NaN wins.
    #[must_use]
    fn greater(a: Self::Register, b: Self::Register) -> Self::Register;
}

/// A register with arithmetic.
pub trait Arithmetic:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
}

impl<V> Arithmetic for V where
    V: Copy + Add<Output = V> + Sub<Output = V> + Mul<Output = V> + Neg<Output = V>
{
}

/// Registers that have a sign.
pub trait Signed: Lanes<Register: Arithmetic> {
    /// The absolute values.
    #[must_use]
    fn magnitude_of(lanes: Self::Register) -> Self::Register;
}

/// One row: a type, its register and lanes; the sum of two elements.
macro_rules! lanes {
    ($($ty:ident $vector:ident $lanes:literal, $plus:expr;)*) => {$(
        impl Lanes for $ty {
            type Register = ::wide::$vector;
            const LANES: usize = $lanes;

            fn splat(self) -> Self::Register {
                ::wide::$vector::splat(self)
            }

            fn lanes(lane: impl Fn(usize) -> Self) -> Self::Register {
                ::wide::$vector::new(std::array::from_fn(lane))
            }

            fn load(x: &[Self]) -> Self::Register {
                let lanes: &[Self; $lanes] = x.first_chunk().expect("a whole register");
                ::wide::$vector::new(*lanes)
            }

            fn store(x: &mut [Self], lanes: Self::Register) {
                *x.first_chunk_mut().expect("a whole register") = lanes.to_array();
            }

            fn total(lanes: Self::Register, rest: impl Iterator<Item = Self>) -> Self {
                lanes.to_array().into_iter().chain(rest).fold(Self::default(), $plus)
            }
        }
    )*};
}

lanes! {
    f32 f32x8 8, |a, b| a + b;
    f64 f64x4 4, |a, b| a + b;
    i32 i32x8 8, i32::wrapping_add;
    i64 i64x4 4, i64::wrapping_add;
    u64 u64x4 4, u64::wrapping_add;
    u8 u8x32 32, u8::wrapping_add;
}

/// One row: a type; how an order's winner is told from two registers.
macro_rules! compared {
    ($($ty:ident, |$a:ident, $b:ident| $lesser:expr, $greater:expr;)*) => {$(
        impl Compared for $ty {
            fn if_less(
                a: Self::Register,
                b: Self::Register,
                then: Self::Register,
                otherwise: Self::Register,
            ) -> Self::Register {
                a.simd_lt(b).select(then, otherwise)
            }

            fn lesser($a: Self::Register, $b: Self::Register) -> Self::Register {
                $lesser
            }

            fn greater($a: Self::Register, $b: Self::Register) -> Self::Register {
                $greater
            }
        }
    )*};
}

compared! {
    f32, |a, b| (b.simd_lt(a) | b.is_nan()).select(b, a), (b.simd_gt(a) | b.is_nan()).select(b, a);
    f64, |a, b| (b.simd_lt(a) | b.is_nan()).select(b, a), (b.simd_gt(a) | b.is_nan()).select(b, a);
    i32, |a, b| a.min(b), a.max(b);
    i64, |a, b| a.min(b), a.max(b);
    u8, |a, b| a.min(b), a.max(b);
}

/// One row: a type.
macro_rules! signed {
    ($($ty:ident)*) => {$(
        impl Signed for $ty {
            fn magnitude_of(lanes: Self::Register) -> Self::Register {
                lanes.abs()
            }
        }
    )*};
}

signed! { f32 f64 i32 }

/// Σ x; integers wrap around.
#[must_use]
pub fn sum<T: Lanes>(x: &[T]) -> T {
    sum_as(x, |v| v)
}

/// Σ x in another type.
#[must_use]
pub fn sum_as<S: Copy, T: Lanes>(x: &[S], convert: impl Fn(S) -> T) -> T {
    let chunks = x.chunks_exact(T::LANES);
    let rest = chunks.remainder();
    let mut sums = T::default().splat();
    for chunk in chunks {
        sums = sums + T::lanes(|lane| convert(chunk[lane]));
    }
    T::total(sums, rest.iter().map(|&v| convert(v)))
}

/// Σ x·y.
#[must_use]
pub fn dot<T: Signed + kernels_simd::Arithmetic>(x: &[T], y: &[T]) -> T {
    let (xs, ys) = (x.chunks_exact(T::LANES), y.chunks_exact(T::LANES));
    let rest = xs.remainder().iter().zip(ys.remainder());
    let mut sums = T::default().splat();
    for (x, y) in xs.zip(ys) {
        sums = sums + T::load(x) * T::load(y);
    }
    T::total(sums, rest.map(|(&a, &b)| a.times(b)))
}

/// The least element and the greatest; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min_max<T: Compared + Element>(x: &[T]) -> Option<(T, T)> {
    Some((min(x)?, max(x)?))
}

/// The least element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn min<T: Compared + Element>(x: &[T]) -> Option<T> {
    extremum(x, T::GREATEST, T::lesser)
}

/// The greatest element; NaN wins; `None` for an empty slice.
#[must_use]
pub fn max<T: Compared + Element>(x: &[T]) -> Option<T> {
    extremum(x, T::LEAST, T::greater)
}

/// Of bytes.
const LANES_MAX: usize = 32;

fn extremum<T: Compared>(
    x: &[T],
    identity: T,
    winner: impl Fn(T::Register, T::Register) -> T::Register,
) -> Option<T> {
    if x.is_empty() {
        return None;
    }
    let chunks = x.chunks_exact(T::LANES);
    let rest = chunks.remainder();
    let mut best = identity.splat();
    for chunk in chunks {
        best = winner(best, T::load(chunk));
    }
    for &v in rest {
        best = winner(best, v.splat());
    }
    // Lane 0 meets every other lane.
    let mut lanes = [identity; LANES_MAX];
    T::store(&mut lanes, best);
    for lane in &lanes[1..T::LANES] {
        best = winner(best, lane.splat());
    }
    T::store(&mut lanes, best);
    Some(lanes[0])
}

/// Whether some element is true.
#[must_use]
pub fn any(x: &[bool]) -> bool {
    let (chunks, rest) = bytemuck::cast_slice::<bool, u8>(x).as_chunks::<32>();
    chunks.iter().any(|chunk| trues(chunk) != 0) || rest.contains(&1)
}

/// Whether every element is true.
#[must_use]
pub fn all(x: &[bool]) -> bool {
    let (chunks, rest) = bytemuck::cast_slice::<bool, u8>(x).as_chunks::<32>();
    chunks.iter().all(|chunk| trues(chunk) == u32::MAX) && !rest.contains(&0)
}

/// How many elements are true.
#[must_use]
pub fn count_true(x: &[bool]) -> usize {
    let (chunks, rest) = bytemuck::cast_slice::<bool, u8>(x).as_chunks::<32>();
    let whole: usize = chunks.iter().map(|c| trues(c).count_ones() as usize).sum();
    whole + rest.iter().filter(|&&v| v == 1).count()
}

/// A bit per byte that is 1.
fn trues(bytes: &[u8; 32]) -> u32 {
    u8::load(bytes).simd_eq(1_u8.splat()).to_bitmask()
}

/// Elementwise operations, a register at a time.
#[derive(Debug)]
pub struct Wide;

impl Elementwise for Wide {
    const NAME: &'static str = "wide";

    fn map<T: Lanes, F: Formula<T>>(f: F, x: &[T], out: &mut [T]) {
        let (outs, rest) = split(out);
        let (xs, x_rest) = x.split_at(outs.len());
        for (out, x) in outs
            .chunks_exact_mut(T::LANES)
            .zip(xs.chunks_exact(T::LANES))
        {
            let x = T::load(x);
            T::store(out, f.vector(x, x));
        }
        for (out, &x) in rest.iter_mut().zip(x_rest) {
            *out = f.scalar(x, x);
        }
    }

    fn map_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T]) {
        let (outs, rest) = split(out);
        for out in outs.chunks_exact_mut(T::LANES) {
            let x = T::load(out);
            T::store(out, f.vector(x, x));
        }
        for out in rest {
            *out = f.scalar(*out, *out);
        }
    }

    fn zip<T: Lanes, F: Formula<T>>(f: F, x: &[T], y: &[T], out: &mut [T]) {
        let (outs, rest) = split(out);
        let ((xs, x_rest), (ys, y_rest)) = (x.split_at(outs.len()), y.split_at(outs.len()));
        let operands = xs.chunks_exact(T::LANES).zip(ys.chunks_exact(T::LANES));
        for (out, (x, y)) in outs.chunks_exact_mut(T::LANES).zip(operands) {
            T::store(out, f.vector(T::load(x), T::load(y)));
        }
        for (out, (&x, &y)) in rest.iter_mut().zip(x_rest.iter().zip(y_rest)) {
            *out = f.scalar(x, y);
        }
    }

    fn zip_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T], y: &[T]) {
        let (outs, rest) = split(out);
        let (ys, y_rest) = y.split_at(outs.len());
        for (out, y) in outs
            .chunks_exact_mut(T::LANES)
            .zip(ys.chunks_exact(T::LANES))
        {
            let x = T::load(out);
            T::store(out, f.vector(x, T::load(y)));
        }
        for (out, &y) in rest.iter_mut().zip(y_rest) {
            *out = f.scalar(*out, y);
        }
    }
}

/// Whole registers, and the rest.
fn split<T: Lanes>(x: &mut [T]) -> (&mut [T], &mut [T]) {
    let whole_len = x.len() - x.len() % T::LANES;
    x.split_at_mut(whole_len)
}
