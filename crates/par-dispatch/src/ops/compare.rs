//! Comparisons to a mask, and selection by one.

use super::kernels_of_slices;
use crate::error::Error;
use crate::op::Op;
use kernels_simd::Element;
use std::convert::Infallible;

/// A kernel over this many slices of `T`, and one of `bool`.
const fn op<T: Element>(name: &'static str, slices: usize) -> Op {
    Op::kernel::<T>(name, slices * size_of::<T>() + 1, 2, T::VL)
}

/// One row: the operator; names of both forms and their `try_` forms; the example's result for 1, 2,
/// 3 and 2.
macro_rules! comparisons {
    ($(
        $operator:literal; $name:ident $try_name:ident, $scalar:ident $try_scalar:ident; $example:literal;
    )*) => {$(
        kernels_of_slices! {
            #[doc = concat!("`mask[i] = x[i] ", $operator, " y[i]`. Empty slices do nothing.")]
            $name $try_name[T: Element](x: &[T], y: &[T], mask: &mut [bool]) -> (),
            concat!(
                "let mut mask = [false; 3];\npar_dispatch::", stringify!($name),
                "(&[1, 2, 3], &[2, 2, 2], &mut mask);\nassert_eq!(mask, ", $example, ");"
            ),
            |call| call.zip(&const { op::<T>(stringify!($name), 2) }, x, y, mask, kernels_simd::$name);

            #[doc = concat!("`mask[i] = x[i] ", $operator, " y`. Empty slices do nothing.")]
            $scalar $try_scalar[T: Element](x: &[T], y: T, mask: &mut [bool]) -> (),
            concat!(
                "let mut mask = [false; 3];\npar_dispatch::", stringify!($scalar),
                "(&[1, 2, 3], 2, &mut mask);\nassert_eq!(mask, ", $example, ");"
            ),
            |call| call.map(&const { op::<T>(stringify!($scalar), 1) }, x, mask, move |x, mask| {
                kernels_simd::$scalar(x, y, mask);
            });
        }
    )*};
}

comparisons! {
    "=="; equal try_equal, equal_scalar try_equal_scalar; "[false, true, false]";
    "!="; not_equal try_not_equal, not_equal_scalar try_not_equal_scalar; "[true, false, true]";
    "<"; less try_less, less_scalar try_less_scalar; "[true, false, false]";
    "<="; less_equal try_less_equal, less_equal_scalar try_less_equal_scalar; "[true, true, false]";
    ">"; greater try_greater, greater_scalar try_greater_scalar; "[false, false, true]";
    ">="; greater_equal try_greater_equal, greater_equal_scalar try_greater_equal_scalar; "[false, true, true]";
}

kernels_of_slices! {
    /// `out[i]` is `x[i]` where `mask[i]`, else `y[i]`. Empty slices do nothing.
    select try_select[T: Element](mask: &[bool], x: &[T], y: &[T], out: &mut [T]) -> (),
    "let mut out = [0; 2];\npar_dispatch::select(&[true, false], &[1, 2], &[10, 20], &mut out);\nassert_eq!(out, [1, 20]);",
    |call| Error::<Infallible>::check_lengths("select", mask.len(), x.len()).and_then(|()| {
        let op = const { op::<T>("select", 3) };
        // `mask` and `x` have one length, so one of them stands for both.
        Error::<Infallible>::check_lengths(op.name, mask.len(), y.len())?;
        Error::<Infallible>::check_lengths(op.name, mask.len(), out.len())?;
        call.write(&op, out, move |offset, out| {
            let range = offset..offset + out.len();
            kernels_simd::select(&mask[range.clone()], &x[range.clone()], &y[range], out);
        })
    });
}
