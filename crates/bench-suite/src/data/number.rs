//! Every element type of the suite, integers too, with the values that it is measured on.
//!
//! Decided here: what a value in 0–1 of the embedded data becomes in each type. Floats take −1–1;
//! `i32` and `i64` take a million as their 1, so that a long wrapping sum and most products wrap;
//! `u8` takes its whole range. What only floats know is [`super::real`]'s.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::Add;

/// An element that other processes can be given.
pub trait Sent: bytemuck::NoUninit + PartialEq + Debug + Default {
    /// Its name in reports.
    const DTYPE: &'static str;
}

/// A number that is measured.
pub trait Number: Sent + kernels_simd::Ordered + Display {
    /// What no operation of the suite gives everywhere: outputs are spoilt with it.
    const POISON: Self;
    /// The scalar operand.
    const SCALAR: Self;
    /// Bounds within the data, so that `clamp` has something to decide.
    const BOUNDS: (Self, Self);

    /// The value that a datum in 0–1 becomes.
    #[must_use]
    fn from_unit(unit: f64) -> Self;
}

/// An integer that is measured.
pub trait Whole: Number + kernels_simd::Integer<Wide: Summed> {
    /// The same value in the type of exact sums.
    #[must_use]
    fn widened(self) -> Self::Wide;
}

/// The type of an exact sum.
pub trait Summed: Default + Add<Output = Self> + Sum + Into<i128> {}
impl<T: Default + Add<Output = T> + Sum + Into<i128>> Summed for T {}

impl Sent for bool {
    const DTYPE: &'static str = "bool";
}

/// One row: a type, its name, poison, scalar and bounds; what a datum becomes.
macro_rules! numbers {
    ($($ty:ident $name:literal, $poison:expr, $scalar:literal, $bounds:expr, |$unit:ident| $value:expr;)*) => {$(
        impl Sent for $ty {
            const DTYPE: &'static str = $name;
        }

        impl Number for $ty {
            const POISON: Self = $poison;
            const SCALAR: Self = $scalar;
            const BOUNDS: (Self, Self) = $bounds;

            fn from_unit($unit: f64) -> Self {
                $value as Self
            }
        }
    )*};
}

numbers! {
    f32 "f32", f32::NAN, 1.5, (-0.5, 0.5), |unit| 2.0 * unit - 1.0;
    f64 "f64", f64::NAN, 1.5, (-0.5, 0.5), |unit| 2.0 * unit - 1.0;
    i32 "i32", i32::MIN, 3, (-500_000, 500_000), |unit| 1e6 * (2.0 * unit - 1.0);
    i64 "i64", i64::MIN, 3, (-500_000, 500_000), |unit| 1e6 * (2.0 * unit - 1.0);
    u8 "u8", 1, 3, (64, 192), |unit| 255.0 * unit;
}

/// One row: an integer type.
macro_rules! wholes {
    ($($ty:ident)*) => {$(
        impl Whole for $ty {
            fn widened(self) -> Self::Wide {
                self.into()
            }
        }
    )*};
}

wholes! { i32 i64 u8 }
