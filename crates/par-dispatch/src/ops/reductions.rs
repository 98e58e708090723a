//! Many elements to one value.

use super::{kernels, kernels_of_slices};
use crate::error::Error;
use crate::op::Op;
use kernels_simd::reduce::{
    All, Any, ArgMax, ArgMin, CosineSimilarity, CountTrue, Dot, DotWrapping, L1Distance, Max,
    MaxIgnoringNan, Min, MinIgnoringNan, MinMax, Reduction, SquaredL2Distance, Sum, SumAbs,
    SumCompensated, SumExact, SumIgnoringNan, SumSquares, SumWide, SumWrapping, Variance,
};
use kernels_simd::{Float, Integer, Ordered};

/// A reduction over elements of type `T` of so many slices.
const fn op<T, R: Reduction>(name: &'static str, slices: usize, operations: usize) -> Op {
    Op::kernel::<T>(name, slices * size_of::<T>(), operations, R::LEAF_LEN).reads_only()
}

/// The correctly rounded square root of one value, as the kernels take it.
fn square_root<T: Float>(x: T) -> T {
    let mut root = [x];
    kernels_simd::sqrt_in_place(&mut root);
    root[0].canonical()
}

kernels! {
    /// The sum of a slice: 0 if it is empty.
    #[must_use]
    sum try_sum[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum(&[0.5_f32, 0.25]), 0.75);",
    |call| call.reduce(&const { op::<T, Sum<'_, T>>("sum", 1, 1) }, &Sum::new(x));

    /// The sum of squares: 0 if the slice is empty.
    #[must_use]
    sum_squares try_sum_squares[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum_squares(&[3.0_f32, 4.0]), 25.0);",
    |call| call.reduce(&const { op::<T, SumSquares<'_, T>>("sum_squares", 1, 2) }, &SumSquares::new(x));

    /// The sum of magnitudes: 0 if the slice is empty.
    #[must_use]
    sum_abs try_sum_abs[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum_abs(&[3.0_f32, -4.0]), 7.0);",
    |call| call.reduce(&const { op::<T, SumAbs<'_, T>>("sum_abs", 1, 2) }, &SumAbs::new(x));

    /// The sum of the elements that are not NaN: 0 if there are none.
    #[must_use]
    sum_ignoring_nan try_sum_ignoring_nan[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum_ignoring_nan(&[1.0_f32, f32::NAN, 2.0]), 3.0);",
    |call| call.reduce(
        &const { op::<T, SumIgnoringNan<'_, T>>("sum_ignoring_nan", 1, 3) },
        &SumIgnoringNan::new(x),
    );

    /// The sum of a slice of `f32`, in `f64`: 0 if it is empty.
    #[must_use]
    sum_wide try_sum_wide[](x: &[f32]) -> f64,
    "assert_eq!(par_dispatch::sum_wide(&[1e8, 1.0]), 100_000_001.0);",
    |call| call.reduce(&const { op::<f32, SumWide<'_>>("sum_wide", 1, 3) }, &SumWide::new(x));

    /// The sum with compensated rounding errors: 0 if the slice is empty.
    #[must_use]
    sum_compensated try_sum_compensated[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum_compensated(&[0.5_f32, 0.25]), 0.75);",
    |call| call.reduce(
        &const { op::<T, SumCompensated<'_, T>>("sum_compensated", 1, 7) },
        &SumCompensated::new(x),
    );

    /// The exact sum of integers: 0 if the slice is empty.
    #[must_use]
    sum_exact try_sum_exact[T: Integer](x: &[T]) -> T::Wide,
    "assert_eq!(par_dispatch::sum_exact(&[i32::MAX; 2]), 2 * i64::from(i32::MAX));",
    |call| call.reduce(&const { op::<T, SumExact<'_, T>>("sum_exact", 1, 3) }, &SumExact::new(x));

    /// The sum of integers, wrapping around: 0 if the slice is empty.
    #[must_use]
    sum_wrapping try_sum_wrapping[T: Integer](x: &[T]) -> T,
    "assert_eq!(par_dispatch::sum_wrapping(&[i32::MAX, 1]), i32::MIN);",
    |call| call.reduce(
        &const { op::<T, SumWrapping<'_, T>>("sum_wrapping", 1, 1) },
        &SumWrapping::new(x),
    );

    /// The arithmetic mean: NaN if the slice is empty.
    #[must_use]
    mean try_mean[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::mean(&[1.0_f32, 2.0, 6.0]), 3.0);",
    |call| {
        let sum = call.reduce(&const { op::<T, Sum<'_, T>>("mean", 1, 1) }, &Sum::new(x));
        sum.map(|sum| (sum / T::from_count(x.len())).canonical())
    };

    /// The Euclidean norm √Σx²: 0 if the slice is empty.
    #[must_use]
    norm try_norm[T: Float](x: &[T]) -> T,
    "assert_eq!(par_dispatch::norm(&[3.0_f64, 4.0]), 5.0);",
    |call| {
        let op = const { op::<T, SumSquares<'_, T>>("norm", 1, 2) };
        call.reduce(&op, &SumSquares::new(x)).map(square_root)
    };

    /// The variance Σ(x − mean)² / (n − ddof): NaN if n ≤ ddof.
    #[must_use]
    variance try_variance[T: Float](x: &[T], ddof: usize) -> T,
    "assert_eq!(par_dispatch::variance(&[1.0_f64, 3.0], 0), 1.0);",
    |call| call.reduce(&const { op::<T, Variance<'_, T>>("variance", 1, 5) }, &Variance::new(x, ddof));

    /// The standard deviation, the root of the variance: NaN if n ≤ ddof.
    #[must_use]
    standard_deviation try_standard_deviation[T: Float](x: &[T], ddof: usize) -> T,
    "assert_eq!(par_dispatch::standard_deviation(&[1.0_f64, 5.0], 0), 2.0);",
    |call| {
        let op = const { op::<T, Variance<'_, T>>("standard_deviation", 1, 5) };
        call.reduce(&op, &Variance::new(x, ddof)).map(square_root)
    };

    /// The greatest element, NaN if there is one; `None` if the slice is empty.
    #[must_use]
    max try_max[T: Ordered](x: &[T]) -> Option<T>,
    "assert_eq!(par_dispatch::max(&[1.0_f32, 7.0, 3.0]), Some(7.0));",
    |call| call.reduce(&const { op::<T, Max<'_, T>>("max", 1, 2) }, &Max::new(x));

    /// The least element, NaN if there is one; `None` if the slice is empty.
    #[must_use]
    min try_min[T: Ordered](x: &[T]) -> Option<T>,
    "assert_eq!(par_dispatch::min(&[200_u8, 7]), Some(7));",
    |call| call.reduce(&const { op::<T, Min<'_, T>>("min", 1, 2) }, &Min::new(x));

    /// The least and the greatest element, NaN if there is one; `None` if the slice is empty.
    #[must_use]
    min_max try_min_max[T: Ordered](x: &[T]) -> Option<(T, T)>,
    "assert_eq!(par_dispatch::min_max(&[4.0_f32, 2.0, 3.0]), Some((2.0, 4.0)));",
    |call| call.reduce(&const { op::<T, MinMax<'_, T>>("min_max", 1, 4) }, &MinMax::new(x));

    /// The greatest element that is not NaN; `None` if there is none.
    #[must_use]
    max_ignoring_nan try_max_ignoring_nan[T: Float + Ordered](x: &[T]) -> Option<T>,
    "assert_eq!(par_dispatch::max_ignoring_nan(&[1.0_f32, f32::NAN, 3.0]), Some(3.0));",
    |call| call.reduce(
        &const { op::<T, MaxIgnoringNan<'_, T>>("max_ignoring_nan", 1, 3) },
        &MaxIgnoringNan::new(x),
    );

    /// The least element that is not NaN; `None` if there is none.
    #[must_use]
    min_ignoring_nan try_min_ignoring_nan[T: Float + Ordered](x: &[T]) -> Option<T>,
    "assert_eq!(par_dispatch::min_ignoring_nan(&[1.0_f32, f32::NAN, 3.0]), Some(1.0));",
    |call| call.reduce(
        &const { op::<T, MinIgnoringNan<'_, T>>("min_ignoring_nan", 1, 3) },
        &MinIgnoringNan::new(x),
    );

    /// The index of the first greatest element, or of the first NaN; `None` if the slice is empty.
    #[must_use]
    argmax try_argmax[T: Ordered](x: &[T]) -> Option<usize>,
    "assert_eq!(par_dispatch::argmax(&[1.0_f32, 7.0, 7.0]), Some(1));",
    |call| call.reduce(&const { op::<T, ArgMax<'_, T>>("argmax", 1, 3) }, &ArgMax::new(x));

    /// The index of the first least element, or of the first NaN; `None` if the slice is empty.
    #[must_use]
    argmin try_argmin[T: Ordered](x: &[T]) -> Option<usize>,
    "assert_eq!(par_dispatch::argmin(&[3_i32, -7, -7]), Some(1));",
    |call| call.reduce(&const { op::<T, ArgMin<'_, T>>("argmin", 1, 3) }, &ArgMin::new(x));

    /// Whether any element is `true`; `false` for an empty slice.
    #[must_use]
    any try_any[](x: &[bool]) -> bool,
    "assert!(par_dispatch::any(&[false, true]));",
    |call| call.reduce(&const { op::<bool, Any<'_>>("any", 1, 0) }, &Any::new(x));

    /// Whether all elements are `true`; `true` for an empty slice.
    #[must_use]
    all try_all[](x: &[bool]) -> bool,
    "assert!(!par_dispatch::all(&[false, true]));",
    |call| call.reduce(&const { op::<bool, All<'_>>("all", 1, 0) }, &All::new(x));

    /// How many elements are `true`.
    #[must_use]
    count_true try_count_true[](x: &[bool]) -> usize,
    "assert_eq!(par_dispatch::count_true(&[true, false, true]), 2);",
    |call| call.reduce(&const { op::<bool, CountTrue<'_>>("count_true", 1, 1) }, &CountTrue::new(x));
}

kernels_of_slices! {
    /// The inner product Σ x·y: 0 if the slices are empty.
    #[must_use]
    dot try_dot[T: Float](x: &[T], y: &[T]) -> T,
    "assert_eq!(par_dispatch::dot(&[1.0_f32, 2.0], &[3.0, 4.0]), 11.0);",
    |call| Dot::new(x, y)
        .map_err(Error::from)
        .and_then(|dot| call.reduce(&const { op::<T, Dot<'_, T>>("dot", 2, 2) }, &dot));

    /// The inner product of integers, wrapping around: 0 if the slices are empty.
    #[must_use]
    dot_wrapping try_dot_wrapping[T: Integer](x: &[T], y: &[T]) -> T,
    "assert_eq!(par_dispatch::dot_wrapping(&[1_i32, 2], &[3, 4]), 11);",
    |call| DotWrapping::new(x, y).map_err(Error::from).and_then(|dot| {
        call.reduce(&const { op::<T, DotWrapping<'_, T>>("dot_wrapping", 2, 2) }, &dot)
    });

    /// The squared Euclidean distance Σ (x − y)²: 0 if the slices are empty.
    #[must_use]
    squared_l2_distance try_squared_l2_distance[T: Float](x: &[T], y: &[T]) -> T,
    "assert_eq!(par_dispatch::squared_l2_distance(&[1.0_f32, 2.0], &[4.0, 6.0]), 25.0);",
    |call| SquaredL2Distance::new(x, y).map_err(Error::from).and_then(|distance| {
        call.reduce(&const { op::<T, SquaredL2Distance<'_, T>>("squared_l2_distance", 2, 3) }, &distance)
    });

    /// The L1 distance Σ |x − y|: 0 if the slices are empty.
    #[must_use]
    l1_distance try_l1_distance[T: Float](x: &[T], y: &[T]) -> T,
    "assert_eq!(par_dispatch::l1_distance(&[1.0_f32, 2.0], &[4.0, -2.0]), 7.0);",
    |call| L1Distance::new(x, y).map_err(Error::from).and_then(|distance| {
        call.reduce(&const { op::<T, L1Distance<'_, T>>("l1_distance", 2, 3) }, &distance)
    });

    /// The cosine of the angle between two vectors: NaN if one is all zeros or empty.
    #[must_use]
    cosine_similarity try_cosine_similarity[T: Float](x: &[T], y: &[T]) -> T,
    "assert_eq!(par_dispatch::cosine_similarity(&[1.0_f64, 0.0], &[5.0, 0.0]), 1.0);",
    |call| CosineSimilarity::new(x, y).map_err(Error::from).and_then(|cosine| {
        call.reduce(&const { op::<T, CosineSimilarity<'_, T>>("cosine_similarity", 2, 6) }, &cosine)
    });
}
