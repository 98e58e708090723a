//! Elementwise kernels, out of place: a plain loop per operation.
//!
//! The loops are left to the compiler: under the target features of the level it vectorises them
//! fully, as measured on 23 of 25 elementwise kernels. Each element is computed on its own, so the
//! bits depend neither on the level nor on how a caller cuts the slices.

use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::error::LengthMismatch;
use crate::vector::Backend;
use core::marker::PhantomData;

/// An operation on one element of one slice.
trait Unary<T> {
    fn apply(x: T) -> T;
}

/// An operation on one element of each of two slices.
trait Binary<T> {
    fn apply(x: T, y: T) -> T;
}

struct Map<'a, Op, T> {
    x: &'a [T],
    out: &'a mut [T],
    op: PhantomData<Op>,
}

impl<T: Float, Op: Unary<T>> Kernel for Map<'_, Op, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        map_loop::<T, Op>(self.x, self.out);
    }
}

/// Slices as arguments, because only then the compiler knows that they do not overlap.
#[inline(always)]
fn map_loop<T: Float, Op: Unary<T>>(x: &[T], out: &mut [T]) {
    let x = &x[..out.len()];
    for i in 0..out.len() {
        out[i] = Op::apply(x[i]);
    }
}

struct ZipMap<'a, Op, T> {
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    op: PhantomData<Op>,
}

impl<T: Float, Op: Binary<T>> Kernel for ZipMap<'_, Op, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(self, _: B) {
        zip_map_loop::<T, Op>(self.x, self.y, self.out);
    }
}

/// Slices as arguments, because only then the compiler knows that they do not overlap.
#[inline(always)]
fn zip_map_loop<T: Float, Op: Binary<T>>(x: &[T], y: &[T], out: &mut [T]) {
    let x = &x[..out.len()];
    let y = &y[..out.len()];
    for i in 0..out.len() {
        out[i] = Op::apply(x[i], y[i]);
    }
}

/// One row: name, `try_` twin, operation; its formula. Two arguments and an output.
macro_rules! binary_kernels {
    ($($(#[$doc:meta])* $name:ident $try_name:ident $op:ident, |$x:ident, $y:ident| $formula:expr;)*) => {$(
        struct $op;

        impl<T: Float> Binary<T> for $op {
            #[inline(always)]
            fn apply($x: T, $y: T) -> T {
                $formula
            }
        }

        $(#[$doc])*
        ///
        /// # Panics
        /// If the three lengths differ; the `try_` twin returns that as an error.
        ///
        /// # Accuracy
        /// Each element correctly rounded: the same bits on every CPU, but for sign and payload of
        /// a NaN.
        #[inline]
        #[track_caller]
        pub fn $name<T: Float>(x: &[T], y: &[T], out: &mut [T]) {
            if let Err(mismatch) = $try_name(x, y, out) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the three lengths differ; `out` is untouched then.
        #[inline]
        pub fn $try_name<T: Float>(x: &[T], y: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($name), x.len(), y.len())?;
            LengthMismatch::check(stringify!($name), x.len(), out.len())?;
            dispatch(ZipMap { x, y, out, op: PhantomData::<$op> });
            Ok(())
        }
    )*};
}

binary_kernels! {
    /// The sum of two slices, element by element: `out[i] = x[i] + y[i]`. Empty slices do nothing.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::add(&[1.0, 2.0], &[10.0, 20.0], &mut out);
    /// assert_eq!(out, [11.0, 22.0]);
    /// ```
    add try_add Add, |x, y| x + y;

    /// The product of two slices, element by element: `out[i] = x[i] · y[i]`, the Hadamard product.
    /// Empty slices do nothing.
    ///
    /// ```
    /// let mut out = [0.0_f32; 2];
    /// kernels_simd::mul(&[1.0, 2.0], &[10.0, 20.0], &mut out);
    /// assert_eq!(out, [10.0, 40.0]);
    /// ```
    mul try_mul Mul, |x, y| x * y;
}

/// One row: name, `try_` twin, operation; its formula. One argument and an output.
macro_rules! unary_kernels {
    ($($(#[$doc:meta])* $name:ident $try_name:ident $op:ident, |$x:ident| $formula:expr;)*) => {$(
        struct $op;

        impl<T: Float> Unary<T> for $op {
            #[inline(always)]
            fn apply($x: T) -> T {
                $formula
            }
        }

        $(#[$doc])*
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        #[inline]
        #[track_caller]
        pub fn $name<T: Float>(x: &[T], out: &mut [T]) {
            if let Err(mismatch) = $try_name(x, out) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
        #[inline]
        pub fn $try_name<T: Float>(x: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($name), x.len(), out.len())?;
            dispatch(Map { x, out, op: PhantomData::<$op> });
            Ok(())
        }
    )*};
}

unary_kernels! {
    /// The rectifier: `out[i]` is `x[i]` where it is above zero, +0.0 where it is not, and NaN where
    /// it is NaN. Empty slices do nothing.
    ///
    /// ```
    /// let mut out = [0.0_f32; 3];
    /// kernels_simd::relu(&[-1.0, -0.0, 2.0], &mut out);
    /// assert_eq!(out, [0.0, 0.0, 2.0]);
    /// ```
    ///
    /// # Accuracy
    /// Exact: the same bits on every CPU, and a NaN keeps its bits.
    relu try_relu Relu, |x| if x <= T::ZERO { T::ZERO } else { x };
}
