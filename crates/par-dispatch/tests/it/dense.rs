//! Dense kernels on pools: what the kernels give, on any number of threads.

use kernels_simd::dense::{
    self, Conv2d, DenseError, MatMut, MatRef, Matmul, PackedB, Padding, Pool2d,
};
use par_dispatch::{CancelToken, Dispatcher, Error, Force};
use proptest::prelude::*;

fn values(len: usize, seed: usize) -> Vec<f32> {
    let value = |i: usize| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0;
    (0..len).map(value).collect()
}

fn on_pools(test: impl Fn(Dispatcher<'_>)) {
    test(Dispatcher::sequential());
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        for force in [Force::Auto, Force::Parallel] {
            test(Dispatcher::with_pool(&pool).force(force));
        }
    }
}

/// A matrix row by row, or column by column.
fn view(data: &[f32], rows: usize, cols: usize, by_columns: bool) -> MatRef<'_, f32> {
    match by_columns {
        true => MatRef::column_major(data, rows, cols),
        false => MatRef::new(data, rows, cols),
    }
}

fn view_mut(data: &mut [f32], rows: usize, cols: usize, by_columns: bool) -> MatMut<'_, f32> {
    match by_columns {
        true => MatMut::column_major(data, rows, cols),
        false => MatMut::new(data, rows, cols),
    }
}

/// Each element against its terms in f64.
fn check(
    [m, k, n]: [usize; 3],
    (a, b): (MatRef<'_, f32>, MatRef<'_, f32>),
    (old, new): (MatRef<'_, f32>, MatRef<'_, f32>),
    (alpha, beta): (f32, f32),
) {
    for i in 0..m {
        for j in 0..n {
            let term = |p| f64::from(*a.get(i, p).unwrap()) * f64::from(*b.get(p, j).unwrap());
            let rest = f64::from(beta) * f64::from(*old.get(i, j).unwrap());
            let sum: f64 = (0..k).map(term).sum::<f64>() * f64::from(alpha) + rest;
            let magnitude: f64 = (0..k).map(|p| term(p).abs()).sum::<f64>() + rest.abs();
            let bound = (k + 4) as f64 * f64::from(f32::EPSILON) * magnitude;
            let got = f64::from(*new.get(i, j).unwrap());
            assert!(
                (got - sum).abs() <= bound,
                "C[{i}, {j}] is {got}, expected {sum}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn products_are_right_on_any_pool(
        m in 1..90_usize, k in 0..70_usize, n in 1..700_usize,
        orders in any::<[bool; 3]>(), beta in prop_oneof![Just(0.0_f32), Just(0.5)],
    ) {
        let (a, b, c) = (values(m * k, 1), values(k * n, 2), values(m * n, 3));
        let (a, b) = (view(&a, m, k, orders[0]), view(&b, k, n, orders[1]));
        on_pools(|dispatcher| {
            let mut out = c.clone();
            dispatcher.matmul(2.0, a, b, beta, view_mut(&mut out, m, n, orders[2]));
            let (old, new) = (view(&c, m, n, orders[2]), view(&out, m, n, orders[2]));
            check([m, k, n], (a, b), (old, new), (2.0, beta));
        });
    }

    #[test]
    fn reproducible_products_have_the_same_bits_on_any_pool(
        m in 1..200_usize, k in 1..400_usize, n in 1..80_usize, orders in any::<[bool; 3]>(),
    ) {
        let (a, b) = (values(m * k, 4), values(k * n, 5));
        let (a, b) = (view(&a, m, k, orders[0]), view(&b, k, n, orders[1]));
        let bias = values(n, 6);
        let product = Matmul::new().bias_of_columns(&bias).relu().reproducible();
        let mut expected = vec![f32::NAN; m * n];
        product.run(a, b, view_mut(&mut expected, m, n, orders[2]));
        on_pools(|dispatcher| {
            let mut out = vec![f32::NAN; m * n];
            dispatcher.product(product, a, b, view_mut(&mut out, m, n, orders[2]));
            assert_eq!(out, expected);
        });
    }

    #[test]
    fn convolutions_and_pools_are_those_of_the_kernels(
        rows in 1..40_usize, cols in 1..40_usize, window in 1..5_usize, stride in 1..3_usize,
        batch in 1..10_usize, same: bool,
    ) {
        let padding = if same { Padding::Same } else { Padding::Valid };
        let image = values(batch * 2 * rows * cols, 7);
        let kernel = values(3 * 2 * window * window, 8);
        let conv = Conv2d::new((rows, cols), (window, window))
            .batch(batch).channels(2, 3).stride((stride, stride)).padding(padding).relu();
        let (down, right) = conv.out_extents().unwrap();
        let mut expected = vec![f32::NAN; batch * 3 * down * right];
        dense::conv2d(&conv, &image, &kernel, &mut expected);
        let pool = Pool2d::new((rows, cols), (window, window))
            .planes(batch * 2).stride((stride, stride)).padding(padding);
        let (down, right) = pool.out_extents().unwrap();
        let (mut greatest, mut mean) = (vec![f32::NAN; batch * 2 * down * right], Vec::new());
        mean.clone_from(&greatest);
        dense::max_pool2d(&pool, &image, &mut greatest);
        dense::avg_pool2d(&pool, &image, &mut mean);
        on_pools(|dispatcher| {
            let mut out = vec![f32::NAN; expected.len()];
            dispatcher.conv2d(&conv, &image, &kernel, &mut out);
            assert_eq!(out, expected);
            let mut out = vec![f32::NAN; greatest.len()];
            dispatcher.max_pool2d(&pool, &image, &mut out);
            assert_eq!(out, greatest);
            dispatcher.avg_pool2d(&pool, &image, &mut out);
            assert_eq!(out, mean);
        });
    }
}

#[test]
fn packed_and_blocked_products_are_right_on_any_pool() {
    for [m, k, n] in [
        [300, 350, 70],
        [64, 200, 1000],
        [600, 170, 40],
        [20, 1000, 100],
        // All threads pack B together, whose columns are contiguous.
        [360, 1100, 120],
    ] {
        // Rows of A a page apart in the first.
        let stride = if m == 300 { 1024 } else { k };
        let (a, b) = (values(m * stride, 1), values(k * n, 2));
        let a = MatRef::with_strides(&a, m, k, stride, 1).unwrap();
        let b = match m {
            360 => MatRef::column_major(&b, k, n),
            _ => MatRef::new(&b, k, n),
        };
        let (packed, zero) = (PackedB::new(b), vec![0.0; m * n]);
        on_pools(|dispatcher| {
            let mut out = vec![f32::NAN; m * n];
            dispatcher.matmul(1.0, a, b, 0.0, MatMut::new(&mut out, m, n));
            let old = MatRef::new(&zero, m, n);
            check(
                [m, k, n],
                (a, b),
                (old, MatRef::new(&out, m, n)),
                (1.0, 0.0),
            );
            out.fill(f32::NAN);
            let c = MatMut::new(&mut out, m, n);
            dispatcher.product_packed(Matmul::new(), a, packed.view(), c);
            check(
                [m, k, n],
                (a, b),
                (old, MatRef::new(&out, m, n)),
                (1.0, 0.0),
            );
        });
    }
}

#[test]
fn matrices_times_vectors() {
    let (m, k) = (3000, 70);
    let (a, x) = (values(m * k, 1), values(k, 2));
    let mut expected = vec![f32::NAN; m];
    for by_columns in [false, true] {
        let a = view(&a, m, k, by_columns);
        dense::matvec(1.5, a, &x, 0.0, &mut expected);
        on_pools(|dispatcher| {
            let mut y = vec![f32::NAN; m];
            dispatcher.matvec(1.5, a, &x, 0.0, &mut y);
            for (got, expected) in y.iter().zip(&expected) {
                assert!((got - expected).abs() < 1e-4, "{got}, expected {expected}");
            }
        });
    }
}

#[test]
fn what_does_not_fit_is_named_and_nothing_is_run() {
    let dispatcher = Dispatcher::global();
    let (a, mut c) = ([1.0_f32; 6], [7.0; 4]);
    let (a, b) = (MatRef::new(&a, 2, 3), MatRef::new(&a, 2, 3));
    let wrong = dispatcher.try_matmul(1.0, a, b, 0.0, MatMut::new(&mut c, 2, 2));
    let Err(Error::Body(error @ DenseError::ShapeMismatch { .. })) = wrong else {
        panic!("{wrong:?}");
    };
    assert_eq!(error.to_string(), "matmul: A is 2×3, B is 2×3");
    let wrong = dispatcher.try_matvec(1.0, a, &[1.0; 2], 0.0, &mut c[..2]);
    assert_eq!(wrong.unwrap_err().to_string(), "matvec: A is 2×3, x is 2×1");
    let pool = Pool2d::new((2, 3), (2, 2));
    assert!(
        dispatcher
            .try_max_pool2d(&pool, &[0.0_f32; 6], &mut [])
            .is_err()
    );
    assert_eq!(c, [7.0; 4]);
}

#[test]
fn products_are_cancelled_between_units() {
    let token = CancelToken::new();
    token.cancel();
    let (a, mut c) = (vec![1.0_f32; 64 * 64], vec![7.0; 64 * 64]);
    let view = MatRef::new(&a, 64, 64);
    let dispatcher = Dispatcher::global().cancellation(&token);
    let ended = dispatcher.try_matmul(1.0, view, view, 0.0, MatMut::new(&mut c, 64, 64));
    assert!(
        matches!(ended, Err(Error::Cancelled { done: 0, .. })),
        "{ended:?}"
    );
    assert_eq!(c, vec![7.0; 64 * 64]);
    // The form that cannot fail runs to its end.
    dispatcher.matmul(1.0, view, view, 0.0, MatMut::new(&mut c, 64, 64));
    assert_eq!(c, vec![64.0; 64 * 64]);
}
