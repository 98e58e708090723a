//! Ready-made parallel forms of the kernels of `kernels-simd`: same names, same bits.
//!
//! The functions here use [`Dispatcher::global`]; a [`Dispatcher`] has methods of the same names.
//!
//! ```
//! let x = vec![0.1_f32; 100_000];
//! assert_eq!(par_dispatch::sum(&x).to_bits(), kernels_simd::sum(&x).to_bits());
//! ```

use crate::dispatcher::Dispatcher;
use crate::error::settled;
use crate::op::Op;
use kernels_simd::reduce::{All, Any, Dot, Max, Reduction, Sum};
use kernels_simd::{Arithmetic, Float, Ordered};
use std::convert::Infallible;

impl Op {
    /// A kernel that streams `slices` slices of `T`, at `operations` per element.
    const fn kernel<T>(name: &'static str, slices: u32, operations: u32, leaf_len: usize) -> Self {
        Self::new(name)
            .bytes_per_element(slices * size_of::<T>() as u32)
            .operations_per_element(operations)
            .leaf_len(leaf_len)
    }
}

impl Dispatcher<'_> {
    fn kernel_reduction<R: Reduction>(&self, op: &Op, reduction: &R) -> R::Output {
        let node = |range| Ok::<_, Infallible>(reduction.partial(range));
        let watchers = self.watchers.to_the_end();
        match settled(self.reduce_nodes(op, reduction.len(), watchers, node, R::merge)) {
            Some(root) => reduction.finish(root),
            None => reduction.compute(),
        }
    }
}

/// One row, one kernel: its documentation, signature, and body over a dispatcher. Makes the method
/// and the function.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        $name:ident [$($generics:tt)*] ($($arg:ident: $ty:ty),*) $(-> $output:ty)?, |$dispatcher:ident| $body:expr;
    )*) => {
        impl Dispatcher<'_> {$(
            #[doc = concat!("[`kernels_simd::", stringify!($name), "`], on the pool where that pays.")]
            ///
            $(#[$doc])*
            #[track_caller]
            pub fn $name<$($generics)*>(&self, $($arg: $ty),*) $(-> $output)? {
                let $dispatcher = self;
                $body
            }
        )*}

        $(
            #[doc = concat!("[`Dispatcher::", stringify!($name), "`] of [`Dispatcher::global`].")]
            ///
            $(#[$doc])*
            #[track_caller]
            pub fn $name<$($generics)*>($($arg: $ty),*) $(-> $output)? {
                Dispatcher::global().$name($($arg),*)
            }
        )*
    };
}

kernels! {
    /// The sum of a slice: 0 if it is empty.
    #[must_use]
    sum[T: Float](x: &[T]) -> T, |dispatcher| {
        let op = const { Op::kernel::<T>("sum", 1, 1, T::LEAF) };
        dispatcher.kernel_reduction(&op, &Sum::new(x))
    };

    /// The inner product of two slices: 0 if they are empty.
    ///
    /// # Panics
    /// If the lengths differ.
    #[must_use]
    dot[T: Float](x: &[T], y: &[T]) -> T, |dispatcher| {
        let op = const { Op::kernel::<T>("dot", 2, 2, T::LEAF) };
        match Dot::new(x, y) {
            Ok(dot) => dispatcher.kernel_reduction(&op, &dot),
            Err(mismatch) => panic!("{mismatch}"),
        }
    };

    /// The greatest element of a slice, NaN if there is one; `None` if it is empty.
    #[must_use]
    max[T: Ordered](x: &[T]) -> Option<T>, |dispatcher| {
        let op = const { Op::kernel::<T>("max", 1, 2, T::LEAF) };
        dispatcher.kernel_reduction(&op, &Max::new(x))
    };

    /// Whether any element is `true`; `false` for an empty slice.
    #[must_use]
    any[](x: &[bool]) -> bool, |dispatcher| {
        let op = const { Op::kernel::<bool>("any", 1, 0, Any::LEAF_LEN) };
        dispatcher.kernel_reduction(&op, &Any::new(x))
    };

    /// Whether all elements are `true`; `true` for an empty slice.
    #[must_use]
    all[](x: &[bool]) -> bool, |dispatcher| {
        let op = const { Op::kernel::<bool>("all", 1, 0, All::LEAF_LEN) };
        dispatcher.kernel_reduction(&op, &All::new(x))
    };

    /// `out[i] = x[i] + y[i]`. Empty slices do nothing.
    ///
    /// # Panics
    /// If the lengths differ.
    add[T: Arithmetic](x: &[T], y: &[T], out: &mut [T]), |dispatcher| {
        let op = const { Op::kernel::<T>("add", 3, 1, T::VL) };
        dispatcher.zip_map(&op, x, y, out, kernels_simd::add);
    };

    /// `out[i] = x[i] · y[i]`. Empty slices do nothing.
    ///
    /// # Panics
    /// If the lengths differ.
    mul[T: Arithmetic](x: &[T], y: &[T], out: &mut [T]), |dispatcher| {
        let op = const { Op::kernel::<T>("mul", 3, 1, T::VL) };
        dispatcher.zip_map(&op, x, y, out, kernels_simd::mul);
    };

    /// `out[i]` is `x[i]` where it is above zero, +0.0 where it is not, NaN where it is NaN. Empty
    /// slices do nothing.
    ///
    /// # Panics
    /// If the lengths differ.
    relu[T: Arithmetic](x: &[T], out: &mut [T]), |dispatcher| {
        let op = const { Op::kernel::<T>("relu", 2, 1, T::VL) };
        dispatcher.map(&op, x, out, kernels_simd::relu);
    };
}
