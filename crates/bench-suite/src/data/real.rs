//! The floating-point types of the suite, with what checks and workloads need to know of them.
//!
//! Rows of the table are types; a new floating-point type is one row.

use std::iter::Sum;
use std::ops::AddAssign;

use super::number::Number;

/// A floating-point type that is measured.
pub trait Real: kernels_simd::Float + Number + Sum<Self> + AddAssign {
    /// Half the distance from 1 to the next number: the largest relative error of one operation.
    const UNIT_ROUNDOFF: f64;
    /// The largest finite number.
    const LARGEST: f64;
    /// The smallest positive normal number: the scale of errors by underflow.
    const SMALLEST: f64;

    /// The nearest value of this type.
    #[must_use]
    fn from_f64(value: f64) -> Self;
    /// The same value, exactly.
    #[must_use]
    fn to_f64(self) -> f64;
}

/// The table: one row, one type.
macro_rules! real {
    ($($real:ident)*) => {$(
        impl Real for $real {
            const UNIT_ROUNDOFF: f64 = $real::EPSILON as f64 / 2.0;
            const LARGEST: f64 = $real::MAX as f64;
            const SMALLEST: f64 = $real::MIN_POSITIVE as f64;

            fn from_f64(value: f64) -> Self {
                value as Self
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }
        }
    )*};
}

real! {
    f32
    f64
}
