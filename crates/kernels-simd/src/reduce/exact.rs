//! Sums, inner products and means of integers: exact in any order, so the compiler may vectorise
//! plain loops as it likes under the features of the level. Bytes are explicit: no loop makes it
//! find the instruction that sums them.

use super::{Leaves, Reduction};
use crate::element::Integer;
use crate::error::LengthMismatch;
use crate::lanes::Lanes;
use crate::vector::{Backend, ByteVector};
use core::ops::Range;

/// Exact sum of `i32`, without widening each: high halves are summed as they are, low halves follow
/// from the wrapping sum, W = 2¹⁶·H + L mod 2³². Three operations for a register, where widening
/// takes four and half of its lanes.
#[inline(always)]
pub(crate) fn sum_i32(x: &[i32]) -> i64 {
    let mut total = 0;
    // Below 2¹⁶ elements, H fits an `i32` and L, a sum of unsigned halves, a `u32`.
    for block in x.chunks(1 << 15) {
        let (mut wrapping, mut high) = (0_i32, 0_i32);
        for &value in block {
            wrapping = wrapping.wrapping_add(value);
            high = high.wrapping_add(value >> 16);
        }
        let low = wrapping.wrapping_sub(high << 16).cast_unsigned();
        total += (i64::from(high) << 16) + i64::from(low);
    }
    total
}

/// Exact sum of `i64`. No lane is wide enough, so halves are summed apart: with the sign bit
/// flipped, x + 2⁶³ = high·2³² + low, and neither sum of halves overflows below 2³² elements.
#[inline(always)]
pub(crate) fn sum_i64(x: &[i64]) -> i128 {
    let mut total = 0;
    for block in x.chunks(1 << 20) {
        let (mut low, mut high) = (0_u64, 0_u64);
        for &value in block {
            let biased = value.cast_unsigned() ^ (1 << 63);
            low += biased & 0xFFFF_FFFF;
            high += biased >> 32;
        }
        let biased = (i128::from(high) << 32) + i128::from(low);
        total += biased - ((block.len() as i128) << 63);
    }
    total
}

/// Exact sum of `u8`, in lanes of `u64`.
#[inline(always)]
pub(crate) fn sum_u8<B: Backend>(token: B, x: &[u8]) -> u64 {
    let blocks = x.chunks_exact(Lanes::<B::U8>::VL);
    let tail = blocks.remainder();
    let mut sums = B::U8::no_sums(token);
    for block in blocks {
        sums = Lanes::<B::U8>::load(token, block).add_bytes(sums);
    }
    if !tail.is_empty() {
        sums = Lanes::<B::U8>::load_tail(token, tail, 0).add_bytes(sums);
    }
    B::U8::total(sums)
}

/// The exact sum of integers, in a type that holds it: `i64` for `i32`, `i128` for `i64`, `u64`
/// for `u8`. An empty slice gives 0.
///
/// ```
/// assert_eq!(kernels_simd::sum_exact(&[i32::MAX, i32::MAX]), 2 * i64::from(i32::MAX));
/// assert_eq!(kernels_simd::sum_exact(&[255_u8; 1000]), 255_000);
/// ```
///
/// # Accuracy
/// Exact, for every slice that fits in memory.
#[must_use]
#[inline]
pub fn sum_exact<T: Integer>(x: &[T]) -> T::Wide {
    SumExact::new(x).compute()
}

/// The sum of integers in their own type, wrapping around. An empty slice gives 0.
///
/// ```
/// assert_eq!(kernels_simd::sum_wrapping(&[i32::MAX, 1]), i32::MIN);
/// ```
///
/// # Accuracy
/// Exact modulo 2 to the number of bits.
#[must_use]
#[inline]
pub fn sum_wrapping<T: Integer>(x: &[T]) -> T {
    SumWrapping::new(x).compute()
}

/// The inner product of integers in their own type, wrapping around. Empty slices give 0.
///
/// ```
/// assert_eq!(kernels_simd::dot_wrapping(&[1_i32, 2], &[3, 4]), 11);
/// ```
///
/// # Panics
/// If the lengths differ; [`try_dot_wrapping`] returns that as an error.
///
/// # Accuracy
/// Exact modulo 2 to the number of bits.
#[must_use]
#[inline]
#[track_caller]
pub fn dot_wrapping<T: Integer>(x: &[T], y: &[T]) -> T {
    match try_dot_wrapping(x, y) {
        Ok(dot) => dot,
        Err(mismatch) => mismatch.panic(),
    }
}

/// [`dot_wrapping`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ.
#[inline]
pub fn try_dot_wrapping<T: Integer>(x: &[T], y: &[T]) -> Result<T, LengthMismatch> {
    Ok(DotWrapping::new(x, y)?.compute())
}

/// The arithmetic mean of integers, as `f64`. An empty slice gives NaN.
///
/// ```
/// assert_eq!(kernels_simd::mean_exact(&[1_i32, 2]), 1.5);
/// ```
///
/// # Accuracy
/// The [exact sum](sum_exact), rounded to `f64`, divided by the length: the same on every CPU.
#[must_use]
#[inline]
pub fn mean_exact<T: Integer>(x: &[T]) -> f64 {
    if x.is_empty() {
        return f64::NAN;
    }
    T::wide_to_f64(sum_exact(x)) / x.len() as f64
}

/// [`sum_exact`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct SumExact<'a, T>(&'a [T]);

/// [`sum_wrapping`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct SumWrapping<'a, T>(&'a [T]);

/// [`dot_wrapping`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct DotWrapping<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<'a, T: Integer> SumExact<'a, T> {
    /// The sum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<'a, T: Integer> SumWrapping<'a, T> {
    /// The sum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<'a, T: Integer> DotWrapping<'a, T> {
    /// The inner product of these slices.
    ///
    /// # Errors
    /// [`LengthMismatch`] if their lengths differ.
    #[inline]
    pub const fn new(x: &'a [T], y: &'a [T]) -> Result<Self, LengthMismatch> {
        match LengthMismatch::check("dot_wrapping", x.len(), y.len()) {
            Ok(()) => Ok(Self { x, y }),
            Err(mismatch) => Err(mismatch),
        }
    }
}

impl<T: Integer> Leaves for SumExact<'_, T> {
    type Elem = T;
    /// `None` for an empty range: the wide types have no common zero.
    type Partial = Option<T::Wide>;
    type Output = T::Wide;
    const IDENTITY: Option<T::Wide> = None;

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Option<T::Wide> {
        Some(T::sum_exact(token, &self.0[range]))
    }

    #[inline(always)]
    fn merge(left: Option<T::Wide>, right: Option<T::Wide>) -> Option<T::Wide> {
        match (left, right) {
            (Some(left), Some(right)) => Some(T::add_wide(left, right)),
            (one, other) => one.or(other),
        }
    }

    #[inline(always)]
    fn finish(&self, root: Option<T::Wide>) -> T::Wide {
        match root {
            Some(sum) => sum,
            None => T::WIDE_ZERO,
        }
    }
}

impl<T: Integer> Leaves for SumWrapping<'_, T> {
    type Elem = T;
    type Partial = T;
    type Output = T;
    const IDENTITY: T = T::ZERO;

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, _: B, range: Range<usize>) -> T {
        let mut sum = T::ZERO;
        for &value in &self.0[range] {
            sum = sum.plus_wrapping(value);
        }
        sum
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        left.plus_wrapping(right)
    }

    #[inline(always)]
    fn finish(&self, root: T) -> T {
        root
    }
}

impl<T: Integer> Leaves for DotWrapping<'_, T> {
    type Elem = T;
    type Partial = T;
    type Output = T;
    const IDENTITY: T = T::ZERO;

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self {
            x: &self.x[range.clone()],
            y: &self.y[range],
        }
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, _: B, range: Range<usize>) -> T {
        let x = &self.x[range.clone()];
        let y = &self.y[range];
        let mut sum = T::ZERO;
        for i in 0..x.len() {
            sum = sum.plus_wrapping(x[i].times_wrapping(y[i]));
        }
        sum
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        left.plus_wrapping(right)
    }

    #[inline(always)]
    fn finish(&self, root: T) -> T {
        root
    }
}
