//! Where the extremum is. The search goes leaf by leaf for the value alone, at the speed of the
//! extremum itself, and remembers the leaf; one leaf is then read again for the index.

use super::extremum::{Extremum, Greatest, Least, Order, Ordered};
use super::{Leaves, Reduction};
use crate::vector::Backend;
use core::ops::Range;

/// Elements that are searched at a time for the extremum.
const BLOCK: usize = 128;

/// The index of the greatest element: of the first one if several are equal, of the first NaN if
/// there is one; `None` if the slice is empty.
///
/// ```
/// assert_eq!(kernels_simd::argmax(&[1.0_f32, 7.0, 7.0]), Some(1));
/// assert_eq!(kernels_simd::argmax(&[1.0, f32::NAN, 7.0]), Some(1));
/// assert_eq!(kernels_simd::argmax::<f64>(&[]), None);
/// ```
///
/// # Accuracy
/// Exact, the same on every CPU. Zeros of both signs are equal here.
#[must_use]
#[inline]
pub fn argmax<T: Ordered>(x: &[T]) -> Option<usize> {
    ArgMax::new(x).compute()
}

/// The index of the least element: of the first one if several are equal, of the first NaN if
/// there is one; `None` if the slice is empty.
///
/// ```
/// assert_eq!(kernels_simd::argmin(&[3_i32, -7, -7]), Some(1));
/// ```
///
/// # Accuracy
/// Exact, the same on every CPU. Zeros of both signs are equal here.
#[must_use]
#[inline]
pub fn argmin<T: Ordered>(x: &[T]) -> Option<usize> {
    ArgMin::new(x).compute()
}

/// The index of an extremum, as a [`Reduction`]: see [`ArgMax`] and [`ArgMin`].
#[derive(Debug, Clone, Copy)]
pub struct ArgExtremum<'a, T, O> {
    extremum: Extremum<'a, T, O>,
    x: &'a [T],
    /// Index in the whole of the first element here.
    offset: usize,
}

/// [`argmax`] as a [`Reduction`].
pub type ArgMax<'a, T> = ArgExtremum<'a, T, Greatest>;

/// [`argmin`] as a [`Reduction`].
pub type ArgMin<'a, T> = ArgExtremum<'a, T, Least>;

impl<'a, T: Ordered, O: Order> ArgExtremum<'a, T, O> {
    /// The index in this slice.
    #[must_use]
    #[inline]
    pub const fn new(x: &'a [T]) -> Self {
        Self {
            extremum: Extremum::new(x),
            x,
            offset: 0,
        }
    }
}

impl<T: Ordered, O: Order> Leaves for ArgExtremum<'_, T, O> {
    type Elem = T;
    /// The extremum, and where the leaf starts that holds the first element equal to it.
    type Partial = Option<(T, usize)>;
    type Output = Option<usize>;
    const IDENTITY: Option<(T, usize)> = None;

    #[inline(always)]
    fn len(&self) -> usize {
        self.x.len()
    }

    #[inline(always)]
    fn restrict(self, range: Range<usize>) -> Self {
        let offset = self.offset + range.start;
        Self {
            offset,
            ..Self::new(&self.x[range])
        }
    }

    #[inline(always)]
    fn leaf<B: Backend>(&self, token: B, range: Range<usize>) -> Option<(T, usize)> {
        if range.is_empty() {
            return None;
        }
        let start = self.offset + range.start;
        Some((self.extremum.leaf(token, range), start))
    }

    #[inline(always)]
    fn merge(left: Option<(T, usize)>, right: Option<(T, usize)>) -> Option<(T, usize)> {
        let (Some(on_left), Some(on_right)) = (left, right) else {
            return left.or(right);
        };
        let right_wins = O::beats(on_right.0, on_left.0) || on_right.0.is_unordered();
        if right_wins && !on_left.0.is_unordered() {
            right
        } else {
            left
        }
    }

    #[inline(always)]
    fn finish(&self, root: Option<(T, usize)>) -> Option<usize> {
        let (extremum, start) = root?;
        let leaf = &self.x[start..];
        let is_it = |value: T| value == extremum || extremum.is_unordered() && value.is_unordered();
        // Block by block without a branch per element, then within the block.
        for (block_index, block) in leaf.chunks(BLOCK).enumerate() {
            let mut found = false;
            for &value in block {
                found |= is_it(value);
            }
            if found {
                let within = block.iter().position(|&value| is_it(value))?;
                return Some(start + block_index * BLOCK + within);
            }
        }
        None
    }
}
