//! Ready-made parallel forms of the kernels of `kernels-simd`: same names, same bits.
//!
//! The functions here use [`Dispatcher::global`]; a [`Dispatcher`] has methods of the same names,
//! and each has a `try_` form that returns lengths which differ, and cancellation, as an error.
//! What a kernel computes and how accurately stands in the documentation of `kernels-simd`.
//!
//! ```
//! let x = vec![0.1_f32; 100_000];
//! assert_eq!(par_dispatch::sum(&x).to_bits(), kernels_simd::sum(&x).to_bits());
//! ```
//!
//! Decided here: how a kernel becomes a call. The other files are tables of kernels by kind.

mod arithmetic;
mod compare;
mod dense;
mod functions;
mod reductions;

use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::op::Op;
use crate::watch::Watchers;
use kernels_simd::LengthMismatch;
use kernels_simd::reduce::Reduction;
use std::convert::Infallible;

pub use arithmetic::*;
pub use compare::*;
pub use dense::*;
pub use functions::*;
pub use reductions::*;

impl Op {
    /// A kernel whose elements are of type `T`, that moves `bytes` per element and does
    /// `operations`, counted for elements of 4 bytes: wider ones take more registers.
    const fn kernel<T>(name: &'static str, bytes: usize, operations: usize, leaf: usize) -> Self {
        let width = if size_of::<T>() > 4 {
            size_of::<T>() / 4
        } else {
            1
        };
        Self::new(name)
            .bytes_per_element(bytes as u32)
            .operations_per_element((operations * width) as u32)
            .leaf_len(leaf)
    }
}

impl<E> From<LengthMismatch> for Error<E> {
    fn from(mismatch: LengthMismatch) -> Self {
        Self::Lengths {
            operation: mismatch.operation,
            expected_len: mismatch.expected_len,
            found_len: mismatch.found_len,
        }
    }
}

/// One call of a kernel.
struct Call<'a> {
    dispatcher: &'a Dispatcher<'a>,
    watchers: Watchers<'a>,
}

impl Call<'_> {
    /// Of an operation that only reads. Inlined, so that a short call is a comparison and the kernel.
    #[inline(always)]
    fn reduce<R: Reduction + Copy>(&self, op: &Op, reduction: &R) -> Result<R::Output, Error> {
        let (dispatcher, len) = (self.dispatcher, reduction.len());
        if len == 0 {
            return Ok(reduction.compute());
        }
        if dispatcher.runs_at_once(op, len, &self.watchers) {
            let observer = &dispatcher.observer;
            return Ok(observer.chunk(op, || reduction.compute()));
        }
        // By value: a helper need not fetch it from the caller's frame.
        let reduction = *reduction;
        let node = move |range| Ok::<_, Infallible>(reduction.partial(range));
        let root = dispatcher.reduce_long(op, len, self.watchers, node, R::merge)?;
        Ok(reduction.finish(root))
    }

    /// A kernel that writes `out[offset..offset + out.len()]` of what it is handed.
    #[inline]
    fn write<T: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        kernel: impl Fn(usize, &mut [T]) + Sync,
    ) -> Result<(), Error> {
        let body = move |offset: usize, out: &mut [T]| {
            kernel(offset, out);
            Ok::<(), Infallible>(())
        };
        self.dispatcher.chunks(op, out, self.watchers, body)
    }

    #[inline]
    fn map<X: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        out: &mut [T],
        kernel: impl Fn(&[X], &mut [T]) + Sync,
    ) -> Result<(), Error> {
        Error::<Infallible>::check_lengths(op.name, x.len(), out.len())?;
        self.write(op, out, move |offset, out| {
            kernel(&x[offset..offset + out.len()], out);
        })
    }

    #[inline]
    fn zip<X: Sync, Y: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        y: &[Y],
        out: &mut [T],
        kernel: impl Fn(&[X], &[Y], &mut [T]) + Sync,
    ) -> Result<(), Error> {
        Error::<Infallible>::check_lengths(op.name, x.len(), y.len())?;
        Error::<Infallible>::check_lengths(op.name, x.len(), out.len())?;
        self.write(op, out, move |offset, out| {
            let end = offset + out.len();
            kernel(&x[offset..end], &y[offset..end], out);
        })
    }

    #[inline]
    fn zip_in_place<T: Send, Y: Sync>(
        &self,
        op: &Op,
        x: &mut [T],
        y: &[Y],
        kernel: impl Fn(&mut [T], &[Y]) + Sync,
    ) -> Result<(), Error> {
        Error::<Infallible>::check_lengths(op.name, x.len(), y.len())?;
        self.write(op, x, move |offset, x| {
            kernel(x, &y[offset..offset + x.len()])
        })
    }
}

/// One row, one kernel: its documentation, names, signature, an example, and what a call does.
/// Makes the method, its `try_` form, and the function.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        $name:ident $try_name:ident [$($generics:tt)*] ($($arg:ident: $ty:ty),*) -> $output:ty,
        $example:expr, |$call:ident| $body:expr;
    )*) => {
        impl crate::Dispatcher<'_> {$(
            #[doc = concat!("[`kernels_simd::", stringify!($name), "`], on the pool where that pays.")]
            ///
            $(#[$doc])*
            ///
            /// # Panics
            /// If lengths differ or arguments are wrong, as the kernel does.
            #[inline]
            #[track_caller]
            pub fn $name<$($generics)*>(&self, $($arg: $ty),*) -> $output {
                let $call = &super::Call { dispatcher: self, watchers: self.watchers.to_the_end() };
                crate::error::settled($body)
            }

            #[doc = concat!("[`", stringify!($name), "`](Self::", stringify!($name), ") that returns what goes wrong.")]
            ///
            /// # Errors
            /// [`Error::Lengths`](crate::Error::Lengths) if lengths differ;
            /// [`Error::Cancelled`](crate::Error::Cancelled).
            #[inline]
            pub fn $try_name<$($generics)*>(&self, $($arg: $ty),*) -> Result<$output, crate::Error> {
                let $call = &super::Call { dispatcher: self, watchers: self.watchers };
                $body
            }
        )*}

        $(
            #[doc = concat!("[`kernels_simd::", stringify!($name), "`], on Rayon's current pool where that pays.")]
            ///
            $(#[$doc])*
            ///
            /// ```
            #[doc = $example]
            /// ```
            ///
            /// # Panics
            /// If lengths differ or arguments are wrong, as the kernel does.
            #[inline]
            #[track_caller]
            pub fn $name<$($generics)*>($($arg: $ty),*) -> $output {
                crate::Dispatcher::global().$name($($arg),*)
            }
        )*
    };
}

/// [`kernels`] of several slices: rows of the same form, and the `try_` function too.
macro_rules! kernels_of_slices {
    ($(
        $(#[$doc:meta])*
        $name:ident $try_name:ident [$($generics:tt)*] ($($arg:ident: $ty:ty),*) -> $output:ty,
        $example:expr, |$call:ident| $body:expr;
    )*) => {
        $crate::ops::kernels! {$(
            $(#[$doc])*
            $name $try_name [$($generics)*] ($($arg: $ty),*) -> $output,
            $example, |$call| $body;
        )*}

        $(
            #[doc = concat!("[`", stringify!($name), "`] that returns lengths which differ as an error.")]
            ///
            /// # Errors
            /// [`Error::Lengths`](crate::Error::Lengths).
            #[inline]
            pub fn $try_name<$($generics)*>($($arg: $ty),*) -> Result<$output, crate::Error> {
                crate::Dispatcher::global().$try_name($($arg),*)
            }
        )*
    };
}

use {kernels, kernels_of_slices};
