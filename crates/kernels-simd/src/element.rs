//! The element types that kernels take: what each can do, as scalars.

use crate::reduce::exact;
use crate::tree::{BLOCKS_PER_LEAF, VIRTUAL_LANES_BYTES};
use crate::vector::{Backend, DenseVector};
use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Sub};

mod sealed {
    pub trait Sealed {}

    /// Without module `dense`: nothing.
    #[cfg(not(feature = "std"))]
    pub trait Instances {}
}

#[cfg(feature = "std")]
use crate::dense::Instances;
#[cfg(not(feature = "std"))]
use sealed::Instances;

/// A type that slices of a kernel may hold. Sealed: `f32`, `f64`, `i32`, `i64` and `u8`.
pub trait Element:
    Copy + PartialEq + PartialOrd + Debug + Send + Sync + sealed::Sealed + bytemuck::Pod
{
    /// Virtual lanes: the number of running partial results in a leaf (see [`tree`](crate::tree)).
    const VL: usize = VIRTUAL_LANES_BYTES / size_of::<Self>();
    /// Elements in one leaf of the reduction tree.
    const LEAF: usize = BLOCKS_PER_LEAF * Self::VL;
    /// Zero, for floats the positive one.
    const ZERO: Self;
    /// The least value: −∞ for floats. The identity of the maximum.
    const LEAST: Self;
    /// The greatest value: +∞ for floats. The identity of the minimum.
    const GREATEST: Self;

    /// `if_set` or `if_clear`, made of their bits without a branch: the compiler turns a selection
    /// by a `bool` from memory into branches.
    #[doc(hidden)]
    #[must_use]
    fn blend(mask: bool, if_set: Self, if_clear: Self) -> Self;
}

/// Types with sums, differences and products that cannot fail: floats round, integers wrap around.
/// Sealed: `f32`, `f64`, `i32` and `i64`.
pub trait Arithmetic: Element {
    /// The sum.
    #[must_use]
    fn plus(self, other: Self) -> Self;
    /// The difference.
    #[must_use]
    fn minus(self, other: Self) -> Self;
    /// The product.
    #[must_use]
    fn times(self, other: Self) -> Self;
    /// The number of opposite sign.
    #[must_use]
    fn negated(self) -> Self;
    /// The absolute value; an integer's least value stays as it is.
    #[must_use]
    fn magnitude(self) -> Self;
}

/// A binary floating-point type. Sealed: `f32` and `f64`.
pub trait Float:
    Arithmetic
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Instances
{
    /// The vector that a backend uses for this type.
    #[doc(hidden)]
    type Vector<B: Backend>: DenseVector<Elem = Self, Token = B>;
    /// Negative zero: the identity of addition (`x + -0.0` is `x` even for `x = -0.0`).
    const NEG_ZERO: Self;
    /// One.
    const ONE: Self;
    /// The canonical NaN: quiet, positive, no payload.
    const NAN: Self;

    /// Whether the value is NaN.
    #[must_use]
    fn is_nan(self) -> bool;
    /// Whether the sign bit is set.
    #[must_use]
    fn is_sign_negative(self) -> bool;
    /// The nearest float to a count.
    #[must_use]
    fn from_count(count: usize) -> Self;

    /// The value itself, or the canonical NaN for any NaN: reductions end with it, so that sign
    /// and payload of a NaN do not depend on the CPU.
    #[must_use]
    #[inline(always)]
    fn canonical(self) -> Self {
        if self.is_nan() { Self::NAN } else { self }
    }
}

/// An integer type. Sealed: `i32`, `i64` and `u8`.
pub trait Integer: Element {
    /// A type that holds the exact sum of any slice in memory: `i64` for `i32`, `i128` for `i64`,
    /// `u64` for `u8`.
    type Wide: Copy + PartialEq + Debug + Send + 'static;

    /// The exact sum of nothing.
    #[doc(hidden)]
    const WIDE_ZERO: Self::Wide;

    /// The exact sum of a slice.
    #[doc(hidden)]
    fn sum_exact<B: Backend>(token: B, x: &[Self]) -> Self::Wide;
    /// The sum of two exact sums.
    #[doc(hidden)]
    fn add_wide(left: Self::Wide, right: Self::Wide) -> Self::Wide;
    /// The nearest `f64` to an exact sum.
    #[doc(hidden)]
    fn wide_to_f64(sum: Self::Wide) -> f64;
    /// The sum, wrapping around.
    #[must_use]
    fn plus_wrapping(self, other: Self) -> Self;
    /// The product, wrapping around.
    #[must_use]
    fn times_wrapping(self, other: Self) -> Self;
}

/// One row: a float type, its bits; the name of its register.
macro_rules! floats {
    ($($ty:ident $bits:ident $vector:ident;)*) => {$(
        impl sealed::Sealed for $ty {}

        #[cfg(not(feature = "std"))]
        impl Instances for $ty {}

        impl Element for $ty {
            const ZERO: Self = 0.0;
            const LEAST: Self = $ty::NEG_INFINITY;
            const GREATEST: Self = $ty::INFINITY;

            #[inline(always)]
            fn blend(mask: bool, if_set: Self, if_clear: Self) -> Self {
                let keep = $bits::from(mask).wrapping_neg();
                Self::from_bits(if_set.to_bits() & keep | if_clear.to_bits() & !keep)
            }
        }

        impl Arithmetic for $ty {
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self - other
            }

            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }

            #[inline(always)]
            fn negated(self) -> Self {
                -self
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                self.abs()
            }
        }

        impl Float for $ty {
            type Vector<B: Backend> = B::$vector;
            const NEG_ZERO: Self = -0.0;
            const ONE: Self = 1.0;
            const NAN: Self = $ty::NAN;

            #[inline(always)]
            fn is_nan(self) -> bool {
                $ty::is_nan(self)
            }

            #[inline(always)]
            fn is_sign_negative(self) -> bool {
                $ty::is_sign_negative(self)
            }

            #[inline(always)]
            fn from_count(count: usize) -> Self {
                count as $ty
            }
        }
    )*};
}

floats! {
    f32 u32 F32;
    f64 u64 F64;
}

/// One row: an integer type, its wide type; how the exact sum of a slice is taken.
macro_rules! integers {
    ($($ty:ident $wide:ident, |$token:ident, $x:ident| $sum_exact:expr;)*) => {$(
        impl sealed::Sealed for $ty {}

        impl Element for $ty {
            const ZERO: Self = 0;
            const LEAST: Self = $ty::MIN;
            const GREATEST: Self = $ty::MAX;

            #[inline(always)]
            fn blend(mask: bool, if_set: Self, if_clear: Self) -> Self {
                let keep = Self::from(mask).wrapping_neg();
                if_set & keep | if_clear & !keep
            }
        }

        impl Integer for $ty {
            type Wide = $wide;
            const WIDE_ZERO: $wide = 0;

            #[inline(always)]
            fn sum_exact<B: Backend>($token: B, $x: &[Self]) -> $wide {
                $sum_exact
            }

            #[inline(always)]
            fn add_wide(left: $wide, right: $wide) -> $wide {
                left + right
            }

            #[inline(always)]
            fn wide_to_f64(sum: $wide) -> f64 {
                sum as f64
            }

            #[inline(always)]
            fn plus_wrapping(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn times_wrapping(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
        }
    )*};
}

integers! {
    i32 i64, |_token, x| exact::sum_i32(x);
    i64 i128, |_token, x| exact::sum_i64(x);
    u8 u64, |token, x| exact::sum_u8(token, x);
}

/// One row: an integer type whose arithmetic wraps around.
macro_rules! wrapping_arithmetic {
    ($($ty:ident;)*) => {$(
        impl Arithmetic for $ty {
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }

            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }

            #[inline(always)]
            fn negated(self) -> Self {
                self.wrapping_neg()
            }

            #[inline(always)]
            fn magnitude(self) -> Self {
                self.wrapping_abs()
            }
        }
    )*};
}

wrapping_arithmetic! {
    i32;
    i64;
}
