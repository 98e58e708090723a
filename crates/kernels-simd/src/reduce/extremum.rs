//! Maximum and minimum, as IEEE 754-2019 defines `maximum` and `minimum` for floats: NaN wins,
//! −0 < +0. No CPU's instruction does this.
//!
//! The native instruction runs beside a running sum of everything, which becomes NaN if an element
//! is: additions go to other execution ports than comparisons, so the search for NaN costs nothing
//! where loads are the limit. The sum can also become NaN by itself (∞ − ∞, or after an overflow),
//! so a leaf under suspicion is searched once more, exactly. A leaf whose extremum is a zero is
//! read once more for its sign. A leaf lies in the L1 cache, so neither costs a pass over memory.

use super::{Leaves, Reduction};
use crate::element::{Element, Float};
use crate::lanes::MAX_REGISTERS;
use crate::vector::{Backend, FloatVector, Vector};
use core::marker::PhantomData;
use core::ops::Range;

/// Which end of the order is looked for.
pub trait Order: Copy + Send + Sync {
    /// What loses against everything.
    fn identity<T: Element>() -> T;
    /// Whether `left` lies further towards the end than `right`; false if either is NaN.
    fn beats<T: Element>(left: T, right: T) -> bool;
    /// The sign of the zero that wins over the other.
    const NEGATIVE_ZERO_WINS: bool;
    /// The native instruction.
    fn native<V: FloatVector>(left: V, right: V) -> V;
    /// The native instruction over the lanes of one register.
    fn native_lanes<V: FloatVector>(lanes: V) -> V::Elem;
}

/// Towards the greatest element.
#[derive(Debug, Clone, Copy)]
pub struct Greatest;

/// Towards the least element.
#[derive(Debug, Clone, Copy)]
pub struct Least;

/// One row: order; identity, comparison, winning zero, instructions.
macro_rules! orders {
    ($($order:ident $identity:ident $beats:tt, $negative_zero_wins:literal, $native:ident $halving:ident;)*) => {$(
        impl Order for $order {
            const NEGATIVE_ZERO_WINS: bool = $negative_zero_wins;

            #[inline(always)]
            fn identity<T: Element>() -> T {
                T::$identity
            }

            #[inline(always)]
            fn beats<T: Element>(left: T, right: T) -> bool {
                left $beats right
            }

            #[inline(always)]
            fn native<V: FloatVector>(left: V, right: V) -> V {
                left.$native(right)
            }

            #[inline(always)]
            fn native_lanes<V: FloatVector>(lanes: V) -> V::Elem {
                lanes.$halving()
            }
        }
    )*};
}

orders! {
    Greatest LEAST >, false, max_native max_halving;
    Least GREATEST <, true, min_native min_halving;
}

/// Elements with a maximum. Sealed: `f32`, `f64`, `i32`, `i64` and `u8`.
pub trait Ordered: Element {
    /// The extremum of a leaf: the identity of the order if it is empty, NaN if one is in it.
    #[doc(hidden)]
    fn extremum_leaf<B: Backend, O: Order>(token: B, x: &[Self]) -> Self;
    /// The extremum of two extrema.
    #[doc(hidden)]
    fn extremum<O: Order>(left: Self, right: Self) -> Self;
    /// Whether the value is NaN; never for integers.
    #[doc(hidden)]
    fn is_unordered(self) -> bool;
}

/// One row: a float type.
macro_rules! ordered_floats {
    ($($ty:ident;)*) => {$(
        impl Ordered for $ty {
            #[inline(always)]
            fn extremum_leaf<B: Backend, O: Order>(token: B, x: &[Self]) -> Self {
                float_leaf::<B, Self, O>(token, x)
            }

            #[inline(always)]
            fn extremum<O: Order>(left: Self, right: Self) -> Self {
                if left.is_nan() {
                    return left;
                }
                if left == right {
                    // Equal values differ in bits only as zeros.
                    let left_wins = left.is_sign_negative() == O::NEGATIVE_ZERO_WINS;
                    return if left_wins { left } else { right };
                }
                // A NaN on the right beats nothing and is beaten by nothing: it stays.
                if O::beats(left, right) { left } else { right }
            }

            #[inline(always)]
            fn is_unordered(self) -> bool {
                self.is_nan()
            }
        }
    )*};
}

ordered_floats! {
    f32;
    f64;
}

/// One row: an integer type.
macro_rules! ordered_integers {
    ($($ty:ident;)*) => {$(
        impl Ordered for $ty {
            // A plain loop: exact in any order, and vectorised by the compiler under the features
            // of the level.
            #[inline(always)]
            fn extremum_leaf<B: Backend, O: Order>(_: B, x: &[Self]) -> Self {
                let mut extremum = O::identity();
                for &value in x {
                    extremum = Self::extremum::<O>(extremum, value);
                }
                extremum
            }

            #[inline(always)]
            fn extremum<O: Order>(left: Self, right: Self) -> Self {
                if O::beats(left, right) { left } else { right }
            }

            #[inline(always)]
            fn is_unordered(self) -> bool {
                false
            }
        }
    )*};
}

ordered_integers! {
    i32;
    i64;
    u8;
}

#[inline(always)]
fn float_leaf<B: Backend, T: Float + Ordered, O: Order>(token: B, x: &[T]) -> T {
    let (extremum, suspicious) = native_leaf::<B, T, O>(token, x);
    if suspicious && any_nan(x) {
        return T::NAN;
    }
    if extremum == T::ZERO {
        return extreme_zero::<T, O>(x);
    }
    extremum
}

/// The native extremum of a leaf, and whether a NaN may be in it. With a NaN in it, the extremum
/// means nothing.
#[inline(always)]
fn native_leaf<B: Backend, T: Float, O: Order>(token: B, x: &[T]) -> (T, bool) {
    /// Accumulators of each kind: with two in flight per cycle, enough for instructions of 4
    /// cycles' latency, and few enough for 16 registers.
    const ACCUMULATORS: usize = MAX_REGISTERS / 2;
    let lane_count = T::Vector::<B>::LANES;
    let block_len = MAX_REGISTERS * lane_count;

    let identity = T::Vector::<B>::splat(token, O::identity());
    let mut extrema = [identity; ACCUMULATORS];
    let mut sums = [T::Vector::<B>::splat(token, T::ZERO); ACCUMULATORS];
    let mut at = 0;
    while x.len() - at >= block_len {
        let block = &x[at..at + block_len];
        let mut r = 0;
        while r < ACCUMULATORS {
            let left = T::Vector::<B>::load(token, &block[2 * r * lane_count..]);
            let right = T::Vector::<B>::load(token, &block[(2 * r + 1) * lane_count..]);
            extrema[r] = O::native(extrema[r], O::native(left, right));
            sums[r] = sums[r].add(left.add(right));
            r += 1;
        }
        at += block_len;
    }
    while x.len() - at >= lane_count {
        let lanes = T::Vector::<B>::load(token, &x[at..]);
        extrema[0] = O::native(extrema[0], lanes);
        sums[0] = sums[0].add(lanes);
        at += lane_count;
    }
    if at < x.len() {
        // The fill of the sum's tail is a zero: infinities of the identity would look like NaN.
        let lanes = T::Vector::<B>::load_partial(token, &x[at..], O::identity());
        extrema[1] = O::native(extrema[1], lanes);
        sums[1] = sums[1].add(T::Vector::<B>::load_partial(token, &x[at..], T::ZERO));
    }
    let extremum = O::native(
        O::native(extrema[0], extrema[1]),
        O::native(extrema[2], extrema[3]),
    );
    let sum = sums[0].add(sums[1]).add(sums[2].add(sums[3]));
    let suspicious = T::Vector::<B>::mask_any(sum.unordered(sum));
    (O::native_lanes(extremum), suspicious)
}

#[inline(always)]
fn any_nan<T: Float>(x: &[T]) -> bool {
    let mut found = false;
    for value in x {
        found |= value.is_nan();
    }
    found
}

/// The extreme zero of a slice whose extremum is a zero of unknown sign.
#[inline(always)]
fn extreme_zero<T: Float, O: Order>(x: &[T]) -> T {
    let mut found = false;
    for &value in x {
        found |= value == T::ZERO && value.is_sign_negative() == O::NEGATIVE_ZERO_WINS;
    }
    if found == O::NEGATIVE_ZERO_WINS {
        T::NEG_ZERO
    } else {
        T::ZERO
    }
}

/// The extremum of a slice, as a [`Reduction`]: see [`Max`] and [`Min`].
#[derive(Debug, Clone, Copy)]
pub struct Extremum<'a, T, O> {
    x: &'a [T],
    order: PhantomData<O>,
}

/// [`max`] as a [`Reduction`].
pub type Max<'a, T> = Extremum<'a, T, Greatest>;

/// [`min`] as a [`Reduction`].
pub type Min<'a, T> = Extremum<'a, T, Least>;

impl<'a, T: Ordered, O: Order> Extremum<'a, T, O> {
    /// The extremum of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self {
            x,
            order: PhantomData,
        }
    }
}

impl<T: Ordered, O: Order> Leaves for Extremum<'_, T, O> {
    type Elem = T;
    type Partial = Option<T>;
    type Output = Option<T>;
    const IDENTITY: Option<T> = None;

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self::new(&self.x[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Option<T> {
        let x = &self.x[range];
        if x.is_empty() {
            None
        } else {
            Some(T::extremum_leaf::<B, O>(token, x))
        }
    }

    #[inline(always)]
    fn merge(left: Option<T>, right: Option<T>) -> Option<T> {
        match (left, right) {
            (Some(left), Some(right)) => Some(T::extremum::<O>(left, right)),
            (one, other) => one.or(other),
        }
    }

    #[inline(always)]
    fn finish(&self, root: Option<T>) -> Option<T> {
        root
    }
}

/// The greatest element of a slice; `None` if it is empty.
///
/// ```
/// assert_eq!(kernels_simd::max(&[1.0_f32, 7.0, 3.0]), Some(7.0));
/// assert_eq!(kernels_simd::max(&[-5_i32, -7]), Some(-5));
/// assert!(kernels_simd::max(&[1.0, f32::NAN]).unwrap().is_nan());
/// assert_eq!(kernels_simd::max::<f64>(&[]), None);
/// ```
///
/// # Accuracy
/// Exact, and the same bits on every CPU. If any element is NaN, the result is the canonical NaN;
/// −0.0 counts as less than +0.0 (IEEE 754-2019 `maximum`).
#[must_use]
#[inline]
pub fn max<T: Ordered>(x: &[T]) -> Option<T> {
    Max::new(x).compute()
}

/// The least element of a slice; `None` if it is empty.
///
/// ```
/// assert_eq!(kernels_simd::min(&[4.0_f32, 2.0, 3.0]), Some(2.0));
/// assert_eq!(kernels_simd::min(&[200_u8, 7]), Some(7));
/// ```
///
/// # Accuracy
/// Exact, and the same bits on every CPU. If any element is NaN, the result is the canonical NaN;
/// −0.0 counts as less than +0.0 (IEEE 754-2019 `minimum`).
#[must_use]
#[inline]
pub fn min<T: Ordered>(x: &[T]) -> Option<T> {
    Min::new(x).compute()
}

/// The least and the greatest element of a slice, in one pass over memory; `None` if it is empty.
///
/// ```
/// assert_eq!(kernels_simd::min_max(&[4.0_f32, 2.0, 3.0]), Some((2.0, 4.0)));
/// ```
///
/// # Accuracy
/// As [`min`] and [`max`]: with a NaN among the elements, both are NaN.
#[must_use]
#[inline]
pub fn min_max<T: Ordered>(x: &[T]) -> Option<(T, T)> {
    MinMax::new(x).compute()
}

/// [`min_max`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct MinMax<'a, T>(&'a [T]);

impl<'a, T: Ordered> MinMax<'a, T> {
    /// The extrema of this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self(x)
    }
}

impl<T: Ordered> Leaves for MinMax<'_, T> {
    type Elem = T;
    type Partial = Option<(T, T)>;
    type Output = Option<(T, T)>;
    const IDENTITY: Option<(T, T)> = None;

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Option<(T, T)> {
        let x = &self.0[range];
        if x.is_empty() {
            return None;
        }
        let least = T::extremum_leaf::<B, Least>(token, x);
        Some((least, T::extremum_leaf::<B, Greatest>(token, x)))
    }

    #[inline(always)]
    fn merge(left: Option<(T, T)>, right: Option<(T, T)>) -> Option<(T, T)> {
        match (left, right) {
            (Some(left), Some(right)) => Some((
                T::extremum::<Least>(left.0, right.0),
                T::extremum::<Greatest>(left.1, right.1),
            )),
            (one, other) => one.or(other),
        }
    }

    #[inline(always)]
    fn finish(&self, root: Option<(T, T)>) -> Option<(T, T)> {
        root
    }
}
