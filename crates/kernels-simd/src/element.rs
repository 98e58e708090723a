//! The element types that kernels take, and what the tree looks like for each.

use crate::tree::{BLOCKS_PER_LEAF, VIRTUAL_LANES_BYTES};
use crate::vector::{Backend, FloatVector};
use core::fmt::Debug;
use core::ops::{Add, Mul};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A type that slices of a kernel may hold. Sealed: implemented for `f32` and `f64`.
pub trait Element:
    Copy + PartialEq + PartialOrd + Debug + Send + Sync + sealed::Sealed + 'static
{
    /// Virtual lanes: the number of running partial results in a leaf (see [`tree`](crate::tree)).
    const VL: usize = VIRTUAL_LANES_BYTES / size_of::<Self>();
    /// Elements in one leaf of the reduction tree.
    const LEAF: usize = BLOCKS_PER_LEAF * Self::VL;
}

impl Element for f32 {}
impl Element for f64 {}

/// A binary floating-point type: `f32` or `f64`.
pub trait Float: Element + Add<Output = Self> + Mul<Output = Self> + bytemuck::Pod {
    /// The vector that a backend uses for this type.
    #[doc(hidden)]
    type Vector<B: Backend>: FloatVector<Elem = Self, Token = B>;
    /// Positive zero.
    const ZERO: Self;
    /// Negative zero: the identity of addition (`x + -0.0` is `x` even for `x = -0.0`).
    const NEG_ZERO: Self;
    /// Negative infinity: the identity of `maximum`.
    const NEG_INFINITY: Self;
    /// The canonical NaN: quiet, positive, no payload.
    const NAN: Self;

    /// Whether the value is NaN.
    #[must_use]
    fn is_nan(self) -> bool;
    /// Whether the value is exactly +0.0.
    #[must_use]
    fn is_positive_zero(self) -> bool;

    /// The value itself, or the canonical NaN for any NaN: reductions end with it, so that sign
    /// and payload of a NaN do not depend on the CPU.
    #[must_use]
    #[inline(always)]
    fn canonical(self) -> Self {
        if self.is_nan() { Self::NAN } else { self }
    }
}

/// One row, one type.
macro_rules! floats {
    ($($ty:ident $vector:ident;)*) => {$(
        impl Float for $ty {
            type Vector<B: Backend> = B::$vector;
            const ZERO: Self = 0.0;
            const NEG_ZERO: Self = -0.0;
            const NEG_INFINITY: Self = $ty::NEG_INFINITY;
            const NAN: Self = $ty::NAN;

            #[inline(always)]
            fn is_nan(self) -> bool {
                $ty::is_nan(self)
            }

            #[inline(always)]
            fn is_positive_zero(self) -> bool {
                self.to_bits() == 0
            }
        }
    )*};
}

floats! {
    f32 F32;
    f64 F64;
}
