//! Products of matrices: every shape, layout and option against sums in f64, within the error that
//! the documentation states.

use super::layouts::{Order, Real, Stored, noise};
use crate::levels;
use kernels_simd::Level;
use kernels_simd::dense::{
    DenseError, MatMut, MatRef, Matmul, PackedB, Packing, matmul, matvec, try_matmul, try_matvec,
};
use proptest::prelude::*;

/// A product to be checked.
#[derive(Debug, Clone)]
struct Case<T> {
    a: Stored<T>,
    b: Stored<T>,
    c: Stored<T>,
    alpha: T,
    beta: T,
    bias: Option<Side<T>>,
    relu: bool,
    reproducible: bool,
    /// Whether B is packed before.
    packed: bool,
}

#[derive(Debug, Clone)]
enum Side<T> {
    Columns(Vec<T>),
    Rows(Vec<T>),
}

impl<T: Real> Case<T> {
    fn new(orders: [Order; 3], [m, k, n]: [usize; 3], seed: u64) -> Self {
        Self {
            a: Stored::new(orders[0], m, k, noise(seed)),
            b: Stored::new(orders[1], k, n, noise(seed + 1)),
            c: Stored::new(orders[2], m, n, noise(seed + 2)),
            alpha: T::ONE,
            beta: T::ZERO,
            bias: None,
            relu: false,
            reproducible: false,
            packed: false,
        }
    }

    fn product(&self) -> Matmul<'_, T> {
        let product = Matmul::new().alpha(self.alpha).beta(self.beta);
        let product = match &self.bias {
            Some(Side::Columns(bias)) => product.bias_of_columns(bias),
            Some(Side::Rows(bias)) => product.bias_of_rows(bias),
            None => product,
        };
        let product = if self.relu { product.relu() } else { product };
        if self.reproducible {
            product.reproducible()
        } else {
            product
        }
    }

    fn computed(&self) -> Stored<T> {
        let mut c = self.c.clone();
        let (a, b) = (self.a.view(), self.b.view());
        if self.packed {
            let b = PackedB::new(b);
            self.product().run_packed(a, b.view(), c.view_mut());
        } else {
            self.product().run(a, b, c.view_mut());
        }
        c
    }

    /// Panics unless each element is as near to the exact one as the documentation promises.
    fn check(&self) {
        let got = self.computed();
        got.check_gaps();
        let (m, k) = self.a.view().shape();
        for i in 0..m {
            for j in 0..self.b.view().cols() {
                let (mut exact, mut magnitude) = (0.0, 0.0);
                for p in 0..k {
                    let term = self.a.at(i, p).to_f64() * self.b.at(p, j).to_f64();
                    exact += term;
                    magnitude += term.abs();
                }
                let alpha = self.alpha.to_f64();
                exact *= alpha;
                magnitude *= alpha.abs();
                let bias = match &self.bias {
                    Some(Side::Columns(bias)) => bias[j].to_f64(),
                    Some(Side::Rows(bias)) => bias[i].to_f64(),
                    None => 0.0,
                };
                let old = if self.beta == T::ZERO {
                    0.0
                } else {
                    self.beta.to_f64() * self.c.at(i, j).to_f64()
                };
                exact += old + bias;
                magnitude += old.abs() + bias.abs();
                if self.relu && exact < 0.0 {
                    exact = 0.0;
                }
                let got = got.at(i, j).to_f64();
                if !exact.is_finite() {
                    assert!(
                        got == exact || (got.is_nan() && exact.is_nan()),
                        "C[{i}, {j}] is {got}, expected {exact}"
                    );
                    continue;
                }
                let bound = (k + 6) as f64 * T::UNIT_ROUNDOFF * magnitude + T::SMALLEST;
                assert!(
                    (got - exact).abs() <= bound,
                    "C[{i}, {j}] is {got}, expected {exact}, off by more than {bound:e}"
                );
            }
        }
    }
}

fn shapes() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![
        4 => [0..40_usize, 0..40_usize, 0..70_usize],
        1 => [1..20_usize, 200..600_usize, 1..20_usize],
        1 => [1..200_usize, 1..80_usize, 1..200_usize],
        1 => [1..2_usize, 1..300_usize, 1..300_usize],
        1 => [1..300_usize, 1..300_usize, 1..2_usize],
    ]
}

fn cases<T: Real + std::fmt::Debug>() -> impl Strategy<Value = Case<T>> {
    let scalar = prop_oneof![Just(0.0), Just(1.0), Just(-0.5), Just(2.25)];
    let orders = [Order::any(), Order::any(), Order::any()];
    (
        orders,
        shapes(),
        any::<u64>(),
        scalar.clone(),
        scalar,
        0..3_usize,
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(orders, shape, seed, alpha, beta, side, [relu, reproducible, packed])| {
                let seed = seed >> 1;
                let mut random = noise::<T>(seed);
                let mut line = |len: usize| (0..len).map(|i| random(i, 77)).collect();
                Case {
                    alpha: T::from_f64(alpha),
                    beta: T::from_f64(beta),
                    bias: match side {
                        0 => Some(Side::Columns(line(shape[2]))),
                        1 => Some(Side::Rows(line(shape[0]))),
                        _ => None,
                    },
                    relu,
                    reproducible,
                    packed,
                    ..Case::new(orders, shape, seed)
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn products_of_f32_are_within_their_bound(case in cases::<f32>()) {
        levels::each(|_| case.check());
    }

    #[test]
    fn products_of_f64_are_within_their_bound(case in cases::<f64>()) {
        levels::each(|_| case.check());
    }

    #[test]
    fn reproducible_products_have_the_bits_of_the_baseline(case in cases::<f32>()) {
        let case = Case { reproducible: true, ..case };
        let mut expected = None;
        levels::each(|level| {
            let bits: Vec<u64> = elements(&case.computed()).map(Real::bits).collect();
            match &expected {
                None => expected = Some(bits),
                Some(expected) => assert_eq!(&bits, expected, "{level}"),
            }
        });
    }
}

fn elements<T: Real>(stored: &Stored<T>) -> impl Iterator<Item = T> + '_ {
    let (rows, cols) = stored.view().shape();
    (0..rows).flat_map(move |i| (0..cols).map(move |j| stored.at(i, j)))
}

#[test]
fn every_small_shape() {
    levels::each(|_| {
        for m in 0..=17 {
            for n in [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 47, 48, 49, 65] {
                for (orders, k) in [
                    ([Order::Rows; 3], 3),
                    (
                        [Order::Columns, Order::GappedRows(5), Order::GappedRows(3)],
                        41,
                    ),
                    ([Order::Scattered(1), Order::Rows, Order::GappedRows(1)], 1),
                ] {
                    Case::<f32>::new(orders, [m, k, n], 5).check();
                    Case::<f64>::new(orders, [m, k, n], 5).check();
                }
            }
        }
    });
}

/// Around each number of running sums that low tiles have, where dot products begin, and in one tile.
#[test]
fn every_remainder_of_terms() {
    levels::each(|_| {
        for k in (10..24).chain([40, 63, 64, 65, 66, 67, 130, 500]) {
            for [m, n] in [
                [1, 5],
                [2, 16],
                [3, 17],
                [5, 8],
                [6, 2],
                [8, 1],
                [12, 3],
                [13, 33],
            ] {
                for orders in [
                    [Order::Rows; 3],
                    [Order::Rows, Order::Columns, Order::Rows],
                    [Order::Columns, Order::Rows, Order::Columns],
                ] {
                    Case::<f32>::new(orders, [m, k, n], 5).check();
                    Case::<f64>::new(orders, [m, k, n], 5).check();
                }
            }
        }
    });
}

#[test]
fn a_factor_does_not_overflow_before_the_sum() {
    levels::each(|_| {
        for [m, k, n] in [
            [2, 2, 3],
            [2, 2, 600],
            [30, 9, 40],
            [1, 9, 200],
            [1, 90, 3000],
        ] {
            let mut case = Case::<f32>::new([Order::Rows; 3], [m, k, n], 5);
            case.a = Stored::new(Order::Rows, m, k, |_, _| 1e30);
            case.b = Stored::new(Order::Rows, k, n, |_, _| 1e-30);
            case.alpha = 1e10;
            case.check();
        }
    });
}

#[test]
fn long_rows_of_few_terms() {
    levels::each(|_| {
        for shape in [
            [1, 1, 70],
            [3, 1, 2100],
            [40, 2, 513],
            [2, 3, 600],
            [5, 4, 1030],
            [7, 5, 301],
            [5, 3, 600],
            [6, 6, 301],
            [2, 6, 1040],
            [3, 5, 22_000],
            [1, 11, 300],
            [1, 63, 257],
        ] {
            let [m, k, n] = shape;
            for orders in [
                [Order::Rows; 3],
                [Order::Columns, Order::GappedRows(5), Order::GappedRows(3)],
                [Order::Scattered(1), Order::Rows, Order::Rows],
            ] {
                let plain = Case::<f32>::new(orders, shape, 11);
                plain.check();
                let biases = [Side::Columns(vec![0.5; n]), Side::Rows(vec![-0.5; m])];
                for bias in biases.map(Some).into_iter().chain([None]) {
                    let case = Case {
                        alpha: -0.5,
                        beta: 2.0,
                        relu: bias.is_some(),
                        bias,
                        ..plain.clone()
                    };
                    case.check();
                }
            }
            let columns = Case::<f64>::new([Order::Columns; 3], [n, k, m], 12);
            columns.check();
            let case = Case {
                alpha: 3.0,
                beta: -1.0,
                relu: true,
                bias: Some(Side::Rows(vec![0.25; n])),
                ..columns
            };
            case.check();
        }
    });
}

#[test]
fn blocks_of_every_dimension() {
    levels::each(|level| {
        // The baseline of a debug build takes seconds for these.
        if level == Level::Baseline && cfg!(debug_assertions) {
            return;
        }
        for orders in [
            [Order::Rows; 3],
            [Order::Columns; 3],
            [Order::Columns, Order::Rows, Order::Rows],
        ] {
            for shape in [
                [257, 513, 65],
                [300, 257, 129],
                [130, 64, 150],
                [600, 70, 40],
                // Long rows and short sums, in several bands and groups, and read where they lie.
                [60, 64, 4200],
                [20, 300, 1100],
                // More columns of B than are packed together, with a panel left over.
                [60, 390, 773],
            ] {
                let case = Case {
                    beta: 0.5,
                    relu: true,
                    bias: Some(Side::Columns(vec![0.25; shape[2]])),
                    ..Case::<f32>::new(orders, shape, 9)
                };
                case.check();
            }
        }
    });
}

#[test]
fn rows_of_a_may_share_places_in_the_cache_or_not_be_contiguous() {
    levels::each(|level| {
        if level == Level::Baseline && cfg!(debug_assertions) {
            return;
        }
        // The second in several bands, the third with the highest tiles, or those that are not.
        for shape in [[60, 100, 70], [300, 257, 145], [60, 100, 7]] {
            let (page_apart, rows) = (Order::GappedRows(1024 - shape[1]), Order::Rows);
            for order in [page_apart, Order::Columns] {
                let case = Case::<f32>::new([order, rows, rows], shape, 7);
                case.check();
                let packed = true;
                Case { packed, ..case }.check();
            }
        }
    });
}

#[test]
fn large_matrices_are_packed() {
    levels::each(|level| {
        if level == Level::Baseline && cfg!(debug_assertions) {
            return;
        }
        // More than 2 MiB: B in several blocks and groups, A in several bands.
        for (order, shape) in [
            (Order::Rows, [257, 520, 510]),
            (Order::Columns, [510, 520, 257]),
        ] {
            let case = Case::<f64>::new([order, Order::Rows, Order::Rows], shape, 7);
            case.check();
            let packed = true;
            Case { packed, ..case }.check();
        }
    });
}

#[test]
fn a_vector_times_a_vector() {
    levels::each(|_| {
        for k in [1, 7, 64, 100, 6128] {
            for orders in [[Order::Rows; 3], [Order::Columns; 3]] {
                Case::<f32>::new(orders, [1, k, 1], 5).check();
                Case::<f64>::new(orders, [1, k, 2], 5).check();
            }
        }
    });
}

#[test]
fn the_stride_of_a_single_row_does_not_matter() {
    let far = isize::MAX as usize;
    for k in [13, 130] {
        let (a, b, mut c) = (vec![2.0_f32; k], vec![1.0_f32; k], [f32::NAN]);
        let a = MatRef::with_strides(&a, 1, k, far, 1).unwrap();
        let out = MatMut::with_strides(&mut c, 1, 1, far, 1).unwrap();
        matmul(1.0, a, MatRef::new(&b, k, 1), 0.0, out);
        assert_eq!(c, [2.0 * k as f32]);
    }
    // Nor that of rows without elements.
    let mut c = [f32::NAN; 24];
    let a = MatRef::with_strides(&[], 6, 0, far, 1).unwrap();
    matmul(
        1.0,
        a,
        MatRef::new(&[], 0, 4),
        0.0,
        MatMut::new(&mut c, 6, 4),
    );
    assert_eq!(c, [0.0; 24]);
}

#[test]
fn nothing_to_sum_scales_c() {
    levels::each(|_| {
        let mut case = Case::<f64>::new([Order::Rows; 3], [3, 0, 5], 1);
        case.beta = 2.0;
        case.check();
        case.beta = 0.0;
        case.check();
        assert!(elements(&case.computed()).all(|element| element == 0.0));
    });
}

#[test]
fn zero_beta_overwrites_nan_and_other_betas_keep_it() {
    levels::each(|_| {
        for order in [Order::Rows, Order::Columns, Order::Scattered(1)] {
            for [m, k, n] in [
                [20, 5, 19],
                [5, 5, 6],
                [3, 1, 80],
                [2, 5, 1100],
                [1, 11, 300],
            ] {
                let mut case = Case::<f32>::new([order, Order::Rows, order], [m, k, n], 3);
                case.c = Stored::new(order, m, n, |_, _| f32::NAN);
                assert!(elements(&case.computed()).all(f32::is_finite));
                case.beta = 1.0;
                assert!(elements(&case.computed()).all(f32::is_nan));
            }
        }
    });
}

#[test]
fn nan_and_infinity_reach_their_row_and_column_only() {
    levels::each(|_| {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for alpha in [1.0, 0.0] {
                for shape in [
                    [5, 7, 8],
                    [5, 7, 9],
                    [4, 1, 80],
                    [1, 40, 33],
                    [33, 40, 1],
                    [150, 70, 150],
                ] {
                    let [m, k, n] = shape;
                    let mut case = Case::<f64>::new([Order::Rows; 3], shape, 4);
                    case.alpha = alpha;
                    let mut random = noise(4);
                    case.a = Stored::new(Order::Rows, m, k, |i, p| {
                        if (i, p) == (m / 2, k / 2) {
                            bad
                        } else {
                            random(i, p)
                        }
                    });
                    case.check();
                    let got = case.computed();
                    for i in 0..m {
                        for j in 0..n {
                            assert_eq!(got.at(i, j).is_finite(), i != m / 2, "C[{i}, {j}]");
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn relu_clips_to_positive_zero_and_keeps_nan() {
    levels::each(|_| {
        let a = [-1.0_f32, 0.0, 1.0, f32::NAN];
        let mut c = [9.0; 4];
        let (a, b) = (MatRef::new(&a, 4, 1), MatRef::new(&[-0.0], 1, 1));
        Matmul::new().relu().run(a, b, MatMut::new(&mut c, 4, 1));
        assert!(c[..3].iter().all(|x| x.to_bits() == 0), "{c:?}");
        assert!(c[3].is_nan());
    });
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let (a, b) = ([0.0_f32; 6], [0.0_f32; 8]);
    let mut c = [0.0_f32; 4];
    let a = MatRef::new(&a, 2, 3);
    let wrong = try_matmul(
        1.0,
        a,
        MatRef::new(&b, 4, 2),
        0.0,
        MatMut::new(&mut c, 2, 2),
    );
    assert_eq!(wrong.unwrap_err().to_string(), "matmul: A is 2×3, B is 4×2");
    let b = MatRef::new(&b[..6], 3, 2);
    let wrong = try_matmul(1.0, a, b, 0.0, MatMut::new(&mut c[..2], 1, 2));
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "matmul: the product is 2×2, C is 1×2"
    );
    let wrong = Matmul::new()
        .bias_of_rows(&[1.0; 3])
        .try_run(a, b, MatMut::new(&mut c, 2, 2));
    assert!(matches!(
        wrong,
        Err(DenseError::ShapeMismatch { right: (3, 1), .. })
    ));
}

#[test]
#[should_panic(expected = "matmul: A is 1×2, B is 1×1")]
fn shapes_that_do_not_fit_panic() {
    let mut c = [0.0_f64];
    let c = MatMut::new(&mut c, 1, 1);
    matmul(
        1.0,
        MatRef::new(&[1.0, 2.0], 1, 2),
        MatRef::new(&[1.0], 1, 1),
        0.0,
        c,
    );
}

#[test]
fn a_matrix_that_was_packed_at_one_level_serves_all() {
    let case = Case::<f32>::new([Order::Rows; 3], [33, 333, 71], 6);
    let mut all = Vec::new();
    levels::each(|_| all.push(PackedB::new(case.b.view())));
    levels::each(|_| {
        let mut expected = vec![f32::NAN; 33 * 71];
        let view = MatMut::new(&mut expected, 33, 71);
        matmul(1.0, case.a.view(), case.b.view(), 0.0, view);
        for packed in &all {
            let mut c = vec![f32::NAN; 33 * 71];
            let view = MatMut::new(&mut c, 33, 71);
            Matmul::new().run_packed(case.a.view(), packed.clone().view(), view);
            for (got, expected) in c.iter().zip(&expected) {
                assert!((got - expected).abs() < 1e-3, "{got}, expected {expected}");
            }
        }
    });
}

#[test]
fn packed_matrices_keep_the_reproducible_bits_and_can_be_replaced() {
    levels::each(|_| {
        let case = Case {
            reproducible: true,
            bias: Some(Side::Rows(vec![0.5; 40])),
            ..Case::<f64>::new([Order::Rows; 3], [40, 170, 50], 8)
        };
        let (a, b) = (case.a.view(), case.b.view());
        let expected = case.computed();
        let mut packed = PackedB::new(Stored::new(Order::Rows, 170, 50, |_, _| f64::NAN).view());
        packed.replace(b);
        let mut c = case.c.clone();
        case.product().run_packed(a, packed.view(), c.view_mut());
        assert!(elements(&c).eq(elements(&expected)));
        let wrong = Matmul::new().try_run_packed(a.t(), packed.view(), c.view_mut());
        assert_eq!(
            wrong.unwrap_err().to_string(),
            "matmul: A is 170×40, B is 170×50"
        );
    });
    assert!(matches!(
        Packing::<f32>::try_new(usize::MAX, 2),
        Err(DenseError::SizeOverflow { .. })
    ));
}

#[test]
fn vectors_in_both_orientations() {
    levels::each(|_| {
        for [m, k] in [
            [0, 3],
            [3, 0],
            [1, 1],
            [5, 3],
            [1, 200],
            [200, 1],
            [65, 130],
            [130, 65],
            // Rows of a large matrix are asked for ahead.
            [301, 1777],
        ] {
            for order in [Order::Rows, Order::Columns, Order::Scattered(2)] {
                for (alpha, beta) in [(1.0, 0.0), (-2.0, 1.0), (0.5, 3.0)] {
                    let mut case =
                        Case::<f32>::new([order, Order::Rows, Order::Rows], [m, k, 1], 7);
                    (case.alpha, case.beta) = (alpha, beta);
                    case.check();
                    let x: Vec<f32> = elements(&case.b).collect();
                    let mut y: Vec<f32> = elements(&case.c).collect();
                    matvec(alpha, case.a.view(), &x, beta, &mut y);
                    let near = |(a, b): (f32, &f32)| (a - b).abs() <= 1e-3;
                    let all = elements(&case.computed()).zip(&y).all(near);
                    assert!(all, "{m}×{k} {order:?}");
                }
            }
        }
    });
    let a = MatRef::new(&[1.0_f64; 6], 2, 3);
    let wrong = try_matvec(1.0, a, &[1.0; 3], 0.0, &mut [0.0; 3]);
    assert_eq!(wrong.unwrap_err().to_string(), "matvec: A is 2×3, y is 3×1");
}
