//! Extrema of the elements that are not NaN.

use super::extremum::{Greatest, Least, Order, Ordered};
use super::{Leaves, Reduction};
use crate::element::Float;
use crate::vector::Backend;
use core::marker::PhantomData;
use core::ops::Range;

/// Elements that are cleaned of NaN at a time: a few hundred bytes on the stack.
const BLOCK: usize = 128;

/// The greatest element that is not NaN; `None` if there is none.
///
/// ```
/// assert_eq!(kernels_simd::max_ignoring_nan(&[1.0_f32, f32::NAN, 3.0]), Some(3.0));
/// assert_eq!(kernels_simd::max_ignoring_nan(&[f64::NAN]), None);
/// ```
///
/// # Accuracy
/// Exact, and the same bits on every CPU; −0.0 counts as less than +0.0.
#[must_use]
#[inline]
pub fn max_ignoring_nan<T: Float + Ordered>(x: &[T]) -> Option<T> {
    MaxIgnoringNan::new(x).compute()
}

/// The least element that is not NaN; `None` if there is none.
///
/// ```
/// assert_eq!(kernels_simd::min_ignoring_nan(&[1.0_f32, f32::NAN, 3.0]), Some(1.0));
/// ```
///
/// # Accuracy
/// Exact, and the same bits on every CPU; −0.0 counts as less than +0.0.
#[must_use]
#[inline]
pub fn min_ignoring_nan<T: Float + Ordered>(x: &[T]) -> Option<T> {
    MinIgnoringNan::new(x).compute()
}

/// An extremum that ignores NaN, as a [`Reduction`]: see [`MaxIgnoringNan`] and
/// [`MinIgnoringNan`].
#[derive(Debug, Clone, Copy)]
pub struct ExtremumIgnoringNan<'a, T, O> {
    x: &'a [T],
    order: PhantomData<O>,
}

/// [`max_ignoring_nan`] as a [`Reduction`].
pub type MaxIgnoringNan<'a, T> = ExtremumIgnoringNan<'a, T, Greatest>;

/// [`min_ignoring_nan`] as a [`Reduction`].
pub type MinIgnoringNan<'a, T> = ExtremumIgnoringNan<'a, T, Least>;

impl<'a, T: Float + Ordered, O: Order> ExtremumIgnoringNan<'a, T, O> {
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

impl<T: Float + Ordered, O: Order> Leaves for ExtremumIgnoringNan<'_, T, O> {
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
            return None;
        }
        // Most leaves hold no NaN: the plain extremum says so.
        let extremum = T::extremum_leaf::<B, O>(token, x);
        if !Float::is_nan(extremum) {
            return Some(extremum);
        }
        let mut found = None;
        for block in x.chunks(BLOCK) {
            // NaN makes room for what loses against every number.
            let mut cleaned = [O::identity::<T>(); BLOCK];
            let mut any_number = false;
            for i in 0..block.len() {
                let is_nan = Float::is_nan(block[i]);
                any_number |= !is_nan;
                cleaned[i] = if is_nan { O::identity() } else { block[i] };
            }
            if any_number {
                found =
                    <Self as Leaves>::merge(found, Some(T::extremum_leaf::<B, O>(token, &cleaned)));
            }
        }
        found
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
