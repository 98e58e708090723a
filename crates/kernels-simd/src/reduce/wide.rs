//! Sums that carry more precision than their elements.

use super::{Leaves, Reduction};
use crate::element::Element;
use crate::element::Float;
use crate::lanes::Lanes;
use crate::vector::{Backend, DoubleVector, FloatVector, Vector};
use core::ops::Range;

/// The sum of a slice of `f32`, accumulated in `f64`. An empty slice gives 0.
///
/// ```
/// let x = [1e8_f32, 1.0, -1e8];
/// assert_eq!(kernels_simd::sum_wide(&x), 1.0);
/// ```
///
/// # Accuracy
/// The same bits on every CPU. A pairwise sum in `f64` of exact conversions: |error| ≤ γ_d · Σ|x|
/// with u = 2⁻⁵³ and d = 70 + ⌈log2(n / 2048)⌉. Rounded to `f32`, that is the correctly rounded
/// sum in all but contrived cases.
#[must_use]
#[inline]
pub fn sum_wide(x: &[f32]) -> f64 {
    SumWide::new(x).compute()
}

/// [`sum_wide`] as a [`Reduction`].
///
/// Lane i of the 32 lanes of `f64` takes the elements ≡ i mod 32 of a leaf of 2048.
#[derive(Debug, Clone, Copy)]
pub struct SumWide<'a>(&'a [f32]);

impl<'a> SumWide<'a> {
    /// The sum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [f32]) -> Self {
        Self(x)
    }
}

impl Leaves for SumWide<'_> {
    type Elem = f32;
    type Partial = f64;
    type Output = f64;
    const IDENTITY: f64 = -0.0;

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> f64 {
        let blocks = self.0[range].chunks_exact(f64::VL);
        let tail = blocks.remainder();
        let mut sums = Lanes::<B::F64>::splat(token, -0.0);
        for block in blocks {
            sums = add_widened(token, sums, block);
        }
        if !tail.is_empty() {
            let mut padded = [-0.0; f64::VL];
            padded[..tail.len()].copy_from_slice(tail);
            sums = add_widened(token, sums, &padded);
        }
        sums.sum()
    }

    #[inline(always)]
    fn merge(left: f64, right: f64) -> f64 {
        left + right
    }

    #[inline(always)]
    fn finish(&self, root: f64) -> f64 {
        if self.0.is_empty() {
            0.0
        } else {
            root.canonical()
        }
    }
}

/// Adds a block of as many `f32` as there are lanes of `f64`.
#[inline(always)]
fn add_widened<B: Backend>(token: B, mut sums: Lanes<B::F64>, block: &[f32]) -> Lanes<B::F64> {
    let block = &block[..f64::VL];
    let mut r = 0;
    while r < B::F64::REGISTERS {
        let lanes = B::F64::load_f32(token, &block[r * B::F64::LANES..]);
        sums.0[r] = sums.0[r].add(lanes);
        r += 1;
    }
    sums
}

/// The sum of a slice, with the rounding errors of all additions summed beside it and added at the
/// end. An empty slice gives 0.
///
/// ```
/// let x = [1.0_f64, 1e100, 1.0, -1e100];
/// assert_eq!(kernels_simd::sum_compensated(&x), 2.0);
/// ```
///
/// # Accuracy
/// The same bits on every CPU. As accurate as if summed in twice the precision and then rounded:
/// |error| ≤ u·|Σx| + γ_d·γ_2d · Σ|x|, with the d of [`sum`](super::sum) (Ogita, Rump and Oishi,
/// "Accurate sum and dot product", 2005, whose `Sum2` this is, in lanes). A sum that overflows on
/// the way, or meets an infinity, gives NaN or what the plain sum gives.
///
/// # Cost
/// Six additions per element instead of one: about 3 times [`sum`](super::sum) in the L1 cache,
/// the same from memory.
#[must_use]
#[inline]
pub fn sum_compensated<T: Float>(x: &[T]) -> T {
    SumCompensated::new(x).compute()
}

/// [`sum_compensated`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct SumCompensated<'a, T>(&'a [T]);

/// A sum, and the sum of the errors that it made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compensated<T> {
    sum: T,
    error: T,
}

impl<'a, T: Float> SumCompensated<'a, T> {
    /// The sum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<T: Float> Leaves for SumCompensated<'_, T> {
    type Elem = T;
    type Partial = Compensated<T>;
    type Output = T;
    const IDENTITY: Compensated<T> = Compensated {
        sum: T::NEG_ZERO,
        error: T::ZERO,
    };

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Compensated<T> {
        let vl = Lanes::<T::Vector<B>>::VL;
        let registers = T::Vector::<B>::REGISTERS;
        let blocks = self.0[range].chunks_exact(vl);
        let tail = blocks.remainder();
        let mut sums = Lanes::<T::Vector<B>>::splat(token, T::NEG_ZERO);
        let mut errors = Lanes::<T::Vector<B>>::splat(token, T::ZERO);
        // Sums and errors of all lanes are more than 16 registers hold: half of the lanes at a time.
        let mut first = 0;
        while first < registers {
            for block in blocks.clone() {
                let mut r = first;
                while r < first + registers / 2 {
                    let lanes = T::Vector::<B>::load(token, &block[r * T::Vector::<B>::LANES..]);
                    let (sum, error) = two_sum_lanes(sums.0[r], lanes);
                    sums.0[r] = sum;
                    errors.0[r] = errors.0[r].add(error);
                    r += 1;
                }
            }
            first += registers / 2;
        }
        if !tail.is_empty() {
            let tail = Lanes::<T::Vector<B>>::load_tail(token, tail, T::NEG_ZERO);
            let mut r = 0;
            while r < registers {
                let (sum, error) = two_sum_lanes(sums.0[r], tail.0[r]);
                sums.0[r] = sum;
                errors.0[r] = errors.0[r].add(error);
                r += 1;
            }
        }
        let mut half = registers / 2;
        while half > 0 {
            let mut r = 0;
            while r < half {
                let (sum, error) = two_sum_lanes(sums.0[r], sums.0[r + half]);
                sums.0[r] = sum;
                errors.0[r] = errors.0[r].add(errors.0[r + half]).add(error);
                r += 1;
            }
            half /= 2;
        }
        lanes_by_halving(sums.0[0], errors.0[0])
    }

    #[inline(always)]
    fn merge(left: Compensated<T>, right: Compensated<T>) -> Compensated<T> {
        let (sum, error) = two_sum(left.sum, right.sum);
        Compensated {
            sum,
            error: left.error + right.error + error,
        }
    }

    #[inline(always)]
    fn finish(&self, root: Compensated<T>) -> T {
        if self.0.is_empty() {
            return T::ZERO;
        }
        // An infinite sum has a meaningless error.
        if root.error.is_nan() {
            return root.sum.canonical();
        }
        (root.sum + root.error).canonical()
    }
}

/// The rounded sum, and what rounding took from it: exact (Knuth), unless the sum overflows.
#[inline(always)]
fn two_sum<T: Float>(left: T, right: T) -> (T, T) {
    let sum = left + right;
    let rounded = sum - left;
    (sum, (left - (sum - rounded)) + (right - rounded))
}

/// [`two_sum`] in every lane.
#[inline(always)]
fn two_sum_lanes<V: FloatVector>(left: V, right: V) -> (V, V) {
    let sum = left.add(right);
    let rounded = sum.sub(left);
    let error = left.sub(sum.sub(rounded)).add(right.sub(rounded));
    (sum, error)
}

/// Merges the lanes of one register by halving.
#[inline(always)]
fn lanes_by_halving<T: Float, V: FloatVector<Elem = T>>(sums: V, errors: V) -> Compensated<T> {
    // Room for the widest register: 16 lanes.
    let mut parts = [SumCompensated::<T>::IDENTITY; 16];
    let (mut sum_lanes, mut error_lanes) = ([T::ZERO; 16], [T::ZERO; 16]);
    sums.store(&mut sum_lanes);
    errors.store(&mut error_lanes);
    for i in 0..V::LANES {
        parts[i] = Compensated {
            sum: sum_lanes[i],
            error: error_lanes[i],
        };
    }
    let mut half = V::LANES / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] = <SumCompensated<T> as Leaves>::merge(parts[i], parts[i + half]);
        }
        half /= 2;
    }
    parts[0]
}
