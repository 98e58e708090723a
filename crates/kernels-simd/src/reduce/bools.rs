//! Whether any or all of many truth values hold, and how many. Exact, so pieces may be cut anywhere.
//!
//! `any` and `all` stop at the first block that decides the answer.

use super::Reduction;
use super::exact::SumExact;
use crate::dispatch::{Kernel, dispatch};
use crate::lanes::Lanes;
use crate::tree::{BLOCKS_PER_LEAF, VIRTUAL_LANES_BYTES};
use crate::vector::{Backend, ByteVector};
use core::ops::Range;

/// Whether any element is `true`; `false` for an empty slice.
///
/// ```
/// assert!(kernels_simd::any(&[false, true]));
/// assert!(!kernels_simd::any(&[]));
/// ```
///
/// # Accuracy
/// Exact on every CPU.
#[must_use]
#[inline]
pub fn any(x: &[bool]) -> bool {
    Any::new(x).compute()
}

/// Whether all elements are `true`; `true` for an empty slice.
///
/// ```
/// assert!(!kernels_simd::all(&[false, true]));
/// assert!(kernels_simd::all(&[]));
/// ```
///
/// # Accuracy
/// Exact on every CPU.
#[must_use]
#[inline]
pub fn all(x: &[bool]) -> bool {
    All::new(x).compute()
}

/// One row: the reduction, its function, the value that decides, how two results merge; how a
/// block is folded, and which fold leaves it undecided.
macro_rules! bool_reductions {
    ($($name:ident $function:ident, decided by $decides:literal, merge $merge:tt;
        $fold:ident $undecided:ident;)*) => {$(
        #[doc = concat!("[`", stringify!($function), "`] as a [`Reduction`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a>(&'a [bool]);

        impl<'a> $name<'a> {
            /// The reduction of this slice.
            #[must_use]
            #[inline]
            pub const fn new(x: &'a [bool]) -> Self {
                Self(x)
            }
        }

        impl Reduction for $name<'_> {
            type Partial = bool;
            type Output = bool;
            const LEAF_LEN: usize = BLOCKS_PER_LEAF * VIRTUAL_LANES_BYTES;

            #[inline]
            fn len(&self) -> usize {
                self.0.len()
            }

            #[inline]
            fn partial(&self, range: Range<usize>) -> bool {
                dispatch($name(&self.0[range]))
            }

            #[inline]
            fn merge(left: bool, right: bool) -> bool {
                left $merge right
            }

            #[inline]
            fn finish(&self, root: bool) -> bool {
                root
            }
        }

        impl Kernel for $name<'_> {
            type Output = bool;

            #[inline(always)]
            fn run<B: Backend>(&mut self, token: B) -> bool {
                let blocks = bytemuck::cast_slice::<bool, u8>(self.0)
                    .chunks_exact(Lanes::<B::U8>::VL);
                let tail = blocks.remainder();
                for block in blocks {
                    if !Lanes::<B::U8>::load(token, block).$fold().$undecided() {
                        return $decides;
                    }
                }
                if tail.is_empty() {
                    return !$decides;
                }
                let tail = Lanes::<B::U8>::load_tail(token, tail, !$decides as u8);
                $decides != tail.$fold().$undecided()
            }
        }
    )*};
}

bool_reductions! {
    Any any, decided by true, merge ||; or_registers is_zero;
    All all, decided by false, merge &&; and_registers is_one;
}

/// The number of elements that are `true`; 0 for an empty slice.
///
/// ```
/// assert_eq!(kernels_simd::count_true(&[true, false, true]), 2);
/// ```
///
/// # Accuracy
/// Exact on every CPU.
#[must_use]
#[inline]
pub fn count_true(x: &[bool]) -> usize {
    CountTrue::new(x).compute()
}

/// [`count_true`] as a [`Reduction`].
#[derive(Debug, Clone, Copy)]
pub struct CountTrue<'a>(SumExact<'a, u8>);

impl<'a> CountTrue<'a> {
    /// The count over this slice.
    #[must_use]
    #[inline]
    pub fn new(x: &'a [bool]) -> Self {
        Self(SumExact::new(bytemuck::cast_slice(x)))
    }
}

impl Reduction for CountTrue<'_> {
    type Partial = usize;
    type Output = usize;
    const LEAF_LEN: usize = BLOCKS_PER_LEAF * VIRTUAL_LANES_BYTES;

    #[inline]
    fn len(&self) -> usize {
        Reduction::len(&self.0)
    }

    #[inline]
    fn partial(&self, range: Range<usize>) -> usize {
        let count = Reduction::partial(&self.0, range).unwrap_or(0);
        usize::try_from(count).expect("as many as there are elements")
    }

    #[inline]
    fn merge(left: usize, right: usize) -> usize {
        left + right
    }

    #[inline]
    fn finish(&self, root: usize) -> usize {
        root
    }
}
