//! Comparisons to masks of `bool`, and selection by a mask.

use super::{Binary, Map, WithScalar, Zip};
use crate::dispatch::{Kernel, dispatch};
use crate::element::Element;
use crate::error::LengthMismatch;
use crate::vector::Backend;

/// One row: names of both forms and their `try_` twins; the operation and its operator; what it
/// says of a NaN; the mask of 1, 2, 3 compared with 2.
macro_rules! comparisons {
    ($(
        $name:ident $try_name:ident, $scalar:ident $try_scalar:ident;
        $op:ident $operator:tt, $of_nan:literal, $example:literal;
    )*) => {$(
        #[derive(Clone, Copy)]
        struct $op;

        impl<T: Element> Binary<T, T> for $op {
            type Out = bool;

            #[inline(always)]
            fn apply(self, x: T, y: T) -> bool {
                x $operator y
            }
        }

        #[doc = concat!("The mask of a comparison: `mask[i] = x[i] ", stringify!($operator), " y[i]`.")]
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        ///
        /// # Accuracy
        #[doc = concat!("Exact, the same on every CPU; ", $of_nan, " where either is NaN.")]
        #[inline]
        #[track_caller]
        pub fn $name<T: Element>(x: &[T], y: &[T], mask: &mut [bool]) {
            if let Err(mismatch) = $try_name(x, y, mask) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `mask` is untouched then.
        #[inline]
        pub fn $try_name<T: Element>(x: &[T], y: &[T], mask: &mut [bool]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($name), x.len(), y.len())?;
            LengthMismatch::check(stringify!($name), x.len(), mask.len())?;
            dispatch(Zip { op: $op, x, y, out: mask });
            Ok(())
        }

        #[doc = concat!("The mask of a comparison with a scalar: `mask[i] = x[i] ", stringify!($operator), " y`.")]
        ///
        /// ```
        /// let mut mask = [false; 3];
        #[doc = concat!("kernels_simd::", stringify!($scalar), "(&[1.0_f32, 2.0, 3.0], 2.0, &mut mask);\nassert_eq!(mask, ", $example, ");")]
        /// ```
        ///
        /// # Panics
        /// If the lengths differ; the `try_` twin returns that as an error.
        ///
        /// # Accuracy
        #[doc = concat!("Exact, the same on every CPU; ", $of_nan, " where either is NaN.")]
        #[inline]
        #[track_caller]
        pub fn $scalar<T: Element>(x: &[T], y: T, mask: &mut [bool]) {
            if let Err(mismatch) = $try_scalar(x, y, mask) {
                mismatch.panic();
            }
        }

        #[doc = concat!("[`", stringify!($scalar), "`] that returns lengths which differ as an error.")]
        ///
        /// # Errors
        /// [`LengthMismatch`] if the lengths differ; `mask` is untouched then.
        #[inline]
        pub fn $try_scalar<T: Element>(x: &[T], y: T, mask: &mut [bool]) -> Result<(), LengthMismatch> {
            LengthMismatch::check(stringify!($scalar), x.len(), mask.len())?;
            dispatch(Map { op: WithScalar($op, y), x, out: mask });
            Ok(())
        }
    )*};
}

comparisons! {
    equal try_equal, equal_scalar try_equal_scalar;
    Equal ==, "false", "[false, true, false]";
    not_equal try_not_equal, not_equal_scalar try_not_equal_scalar;
    NotEqual !=, "true", "[true, false, true]";
    less try_less, less_scalar try_less_scalar;
    Less <, "false", "[true, false, false]";
    less_equal try_less_equal, less_equal_scalar try_less_equal_scalar;
    LessEqual <=, "false", "[true, true, false]";
    greater try_greater, greater_scalar try_greater_scalar;
    Greater >, "false", "[false, false, true]";
    greater_equal try_greater_equal, greater_equal_scalar try_greater_equal_scalar;
    GreaterEqual >=, "false", "[false, true, true]";
}

/// One of two elements, by a mask: `out[i]` is `x[i]` where `mask[i]`, else `y[i]`.
///
/// ```
/// let mut out = [0; 2];
/// kernels_simd::select(&[true, false], &[1, 2], &[10, 20], &mut out);
/// assert_eq!(out, [1, 20]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// Exact: the bits of what is selected.
#[inline]
#[track_caller]
pub fn select<T: Element>(mask: &[bool], x: &[T], y: &[T], out: &mut [T]) {
    if let Err(mismatch) = try_select(mask, x, y, out) {
        mismatch.panic();
    }
}

/// [`select`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_select<T: Element>(
    mask: &[bool],
    x: &[T],
    y: &[T],
    out: &mut [T],
) -> Result<(), LengthMismatch> {
    LengthMismatch::check("select", mask.len(), x.len())?;
    LengthMismatch::check("select", mask.len(), y.len())?;
    LengthMismatch::check("select", mask.len(), out.len())?;
    dispatch(SelectKernel { mask, x, y, out });
    Ok(())
}

/// Three slices in: the one kernel of that shape.
struct SelectKernel<'a, T> {
    mask: &'a [bool],
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
}

impl<T: Element> Kernel for SelectKernel<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        select_loop(self.mask, self.x, self.y, self.out);
    }
}

/// Slices as arguments of their own, because only then the compiler knows that they do not overlap.
#[inline(always)]
fn select_loop<T: Element>(mask: &[bool], x: &[T], y: &[T], out: &mut [T]) {
    let (mask, x, y) = (&mask[..out.len()], &x[..out.len()], &y[..out.len()]);
    for i in 0..out.len() {
        out[i] = T::blend(mask[i], x[i], y[i]);
    }
}
