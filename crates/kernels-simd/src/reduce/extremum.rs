//! Maximum and minimum, as IEEE 754-2019 defines `maximum` and `minimum` for floats: NaN wins,
//! −0 < +0. No CPU's instruction does this.
//!
//! The native instruction runs beside a search for NaN, one comparison for two registers: in the L1
//! cache 1.2–1.3 times the time of the bare instruction, the least of nine ways tried (a sum that
//! becomes NaN, integer maxima of the bits and the like took 1.4–2.6), beyond it nothing. A leaf
//! whose extremum is a zero is read once more for its sign, in the L1 cache, where a leaf lies.

use super::term::load_up_to;
use super::{Leaves, Reduction};
use crate::element::{Element, Float};
use crate::lanes::MAX_REGISTERS;
use crate::vector::{Backend, FloatVector, Vector};
use core::marker::PhantomData;
use core::ops::Range;

/// Which end of the order is looked for.
pub trait Order: Copy + Send + Sync {
    /// What loses against everything.
    #[inline(always)]
    fn identity<T: Element>() -> T {
        if Self::TOWARDS_LEAST {
            T::GREATEST
        } else {
            T::LEAST
        }
    }
    /// Whether `left` lies further towards the end than `right`; false if either is NaN.
    fn beats<T: Element>(left: T, right: T) -> bool;
    /// Whether this is towards the least: then −0.0 wins over +0.0.
    const TOWARDS_LEAST: bool;
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

/// One row: order; comparison, direction, instructions.
macro_rules! orders {
    ($($order:ident $beats:tt, $towards_least:literal, $native:ident $halving:ident;)*) => {$(
        impl Order for $order {
            const TOWARDS_LEAST: bool = $towards_least;

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
    Greatest >, false, max_native max_halving;
    Least <, true, min_native min_halving;
}

/// Elements with a maximum. Sealed: `f32`, `f64`, `i32`, `i64` and `u8`.
pub trait Ordered: Element {
    /// The extremum of a leaf: the identity of the order if it is empty, NaN if one is in it.
    #[doc(hidden)]
    fn extremum_leaf<B: Backend, O: Order>(token: B, x: &[Self]) -> Self;
    /// The least and the greatest of a leaf.
    #[doc(hidden)]
    fn extrema_leaf<B: Backend>(token: B, x: &[Self]) -> (Self, Self);
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
            fn extrema_leaf<B: Backend>(token: B, x: &[Self]) -> (Self, Self) {
                (
                    float_leaf::<B, Self, Least>(token, x),
                    float_leaf::<B, Self, Greatest>(token, x),
                )
            }

            #[inline(always)]
            fn extremum<O: Order>(left: Self, right: Self) -> Self {
                if left.is_nan() {
                    return left;
                }
                if left == right {
                    // Equal values differ in bits only as zeros.
                    let left_wins = left.is_sign_negative() == O::TOWARDS_LEAST;
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
            fn extrema_leaf<B: Backend>(_: B, x: &[Self]) -> (Self, Self) {
                let (mut least, mut greatest) = (Self::GREATEST, Self::LEAST);
                for &value in x {
                    least = Self::extremum::<Least>(least, value);
                    greatest = Self::extremum::<Greatest>(greatest, value);
                }
                (least, greatest)
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
    /// Accumulators of each kind: with one pair of registers per cycle, enough for instructions of
    /// 4 cycles' latency, and few enough for 16 registers.
    const ACCUMULATORS: usize = MAX_REGISTERS / 2;
    let lane_count = T::Vector::<B>::LANES;
    let block_len = MAX_REGISTERS * lane_count;

    let identity = T::Vector::<B>::splat(token, O::identity());
    let mut extrema = [identity; ACCUMULATORS];
    let mut nan = [T::Vector::<B>::no_lanes(token); ACCUMULATORS];
    let blocks = x.chunks_exact(block_len);
    let mut rest = blocks.remainder();
    for block in blocks {
        let mut r = 0;
        while r < ACCUMULATORS {
            let left = T::Vector::<B>::load(token, &block[2 * r * lane_count..]);
            let right = T::Vector::<B>::load(token, &block[(2 * r + 1) * lane_count..]);
            nan[r] = T::Vector::<B>::mask_or(nan[r], left.unordered(right));
            extrema[r] = O::native(O::native(extrema[r], left), right);
            r += 1;
        }
    }
    while !rest.is_empty() {
        let lanes = load_up_to::<B, T>(token, rest, O::identity());
        nan[0] = T::Vector::<B>::mask_or(nan[0], lanes.unordered(lanes));
        extrema[0] = O::native(extrema[0], lanes);
        rest = &rest[lane_count.min(rest.len())..];
    }
    let nan = T::Vector::<B>::mask_or(
        T::Vector::<B>::mask_or(nan[0], nan[1]),
        T::Vector::<B>::mask_or(nan[2], nan[3]),
    );
    if T::Vector::<B>::mask_any(nan) {
        return T::NAN;
    }
    let extremum = O::native_lanes(O::native(
        O::native(extrema[0], extrema[1]),
        O::native(extrema[2], extrema[3]),
    ));
    if extremum == T::ZERO {
        return extreme_zero::<T, O>(x);
    }
    extremum
}

/// The extreme zero of a slice whose extremum is a zero of unknown sign.
#[inline(always)]
fn extreme_zero<T: Float, O: Order>(x: &[T]) -> T {
    let mut found = false;
    for &value in x {
        found |= value == T::ZERO && value.is_sign_negative() == O::TOWARDS_LEAST;
    }
    if found == O::TOWARDS_LEAST {
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
    type Partial = T;
    type Output = Option<T>;
    const IDENTITY: T = if O::TOWARDS_LEAST {
        T::GREATEST
    } else {
        T::LEAST
    };

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self::new(&self.x[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> T {
        T::extremum_leaf::<B, O>(token, &self.x[range])
    }

    #[inline(always)]
    fn merge(left: T, right: T) -> T {
        T::extremum::<O>(left, right)
    }

    #[inline(always)]
    fn finish(&self, root: T) -> Option<T> {
        if self.x.is_empty() { None } else { Some(root) }
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
    type Partial = (T, T);
    type Output = Option<(T, T)>;
    const IDENTITY: (T, T) = (T::GREATEST, T::LEAST);

    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        Self(&self.0[range])
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> (T, T) {
        T::extrema_leaf(token, &self.0[range])
    }

    #[inline(always)]
    fn merge(left: (T, T), right: (T, T)) -> (T, T) {
        (
            T::extremum::<Least>(left.0, right.0),
            T::extremum::<Greatest>(left.1, right.1),
        )
    }

    #[inline(always)]
    fn finish(&self, root: (T, T)) -> Option<(T, T)> {
        if self.0.is_empty() { None } else { Some(root) }
    }
}
