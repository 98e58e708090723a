//! The documented error bounds, on inputs that are hard to sum.

use crate::exact::Exact;
use crate::inputs::{Random, TestFloat};
use kernels_simd as k;
use kernels_simd::Element;

/// Makes so many values.
type Make = fn(usize) -> Vec<f64>;

/// Inputs that make sums lose digits.
const HARD: [(&str, Make); 7] = [
    // What a loop gets half wrong.
    ("constant 0.1", |len| vec![f64::from(0.1_f32); len]),
    // The sum is tiny against its terms.
    ("cancelling", |len| {
        let mut x = normal(len / 2, 1);
        let negated: Vec<f64> = x.iter().rev().map(|x| -x).collect();
        x.extend(negated);
        x.resize(len, 1e-3);
        x
    }),
    // Positive, over many magnitudes.
    ("lognormal", |len| {
        normal(len, 2)
            .into_iter()
            .map(|x| (4.0 * x).exp())
            .collect()
    }),
    ("increasing", |len| {
        (0..len)
            .map(|i| 1.0003_f64.powi((i % 50_000) as i32))
            .collect()
    }),
    ("decreasing", |len| {
        (0..len).map(|i| 1.0 / (1.0 + i as f64)).collect()
    }),
    ("alternating", |len| {
        let sign = |i: usize| if i.is_multiple_of(2) { 1e6 } else { -1e6 };
        (0..len).map(|i| sign(i) + 1.0 / (1.0 + i as f64)).collect()
    }),
    // One great term in many small ones, which a loop loses.
    ("one great", |len| {
        let mut x = vec![1.0; len];
        x[len / 3] = 1e8;
        x
    }),
];

/// Lengths in one leaf, in several, and with a tail.
const LENGTHS: [usize; 6] = [10, 100, 2048, 5000, 65_536, 300_001];

/// Sums of twelve uniform values: normal enough.
fn normal(len: usize, seed: u64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut uniform = move || random.next() as f64 / 2.0_f64.powi(64);
    (0..len)
        .map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0)
        .collect()
}

/// γ_d = d·u / (1 − d·u)
fn gamma(d: f64, unit: f64) -> f64 {
    d * unit / (1.0 - d * unit)
}

/// The unit roundoff.
fn unit<T: TestFloat>() -> f64 {
    if size_of::<T>() == 4 {
        2.0_f64.powi(-24)
    } else {
        2.0_f64.powi(-53)
    }
}

/// Additions on the way of an element: in a lane, over the lanes, up the tree.
fn depth<T: TestFloat>(len: usize) -> f64 {
    let levels = len.div_ceil(T::LEAF).next_power_of_two().ilog2();
    let lanes = T::VL.ilog2();
    f64::from(32 + lanes + levels)
}

/// |got − exact| is at most the bound.
#[track_caller]
fn check(what: &str, context: &str, got: f64, exact: &Exact, bound: f64) {
    let error = exact.minus(got).abs();
    // The bound itself is computed with rounding, and says nothing below the subnormals.
    assert!(
        error <= bound * (1.0 + 1e-9) + f64::from(f32::MIN_POSITIVE),
        "{what} of {context}: {got:e}, off by {error:e}, more than {bound:e}"
    );
}

fn sums<T: TestFloat>(from: fn(f64) -> T) {
    let u = unit::<T>();
    for (name, make) in HARD {
        for len in LENGTHS {
            let context = format!("{len} {} {name}", T::NAME);
            let x: Vec<T> = make(len).into_iter().map(from).collect();
            let y: Vec<T> = normal(len, 3).into_iter().map(from).collect();
            let (wide_x, wide_y): (Vec<f64>, Vec<f64>) = (
                x.iter().map(|x| x.to_f64()).collect(),
                y.iter().map(|y| y.to_f64()).collect(),
            );
            let d = depth::<T>(len);

            let exact = Exact::sum(wide_x.iter().copied());
            let sizes = Exact::sum(wide_x.iter().map(|x| x.abs()));
            let size = sizes.to_f64();
            check(
                "sum",
                &context,
                k::sum(&x).to_f64(),
                &exact,
                gamma(d, u) * size,
            );
            check(
                "sum_abs",
                &context,
                k::sum_abs(&x).to_f64(),
                &sizes,
                gamma(d, u) * size,
            );
            let twice = u * exact.to_f64().abs() + gamma(d, u) * gamma(2.0 * d, u) * size;
            let compensated = k::sum_compensated(&x).to_f64();
            check("sum_compensated", &context, compensated, &exact, twice);

            let (mut dot, mut products, mut squares) =
                (Exact::zero(), Exact::zero(), Exact::zero());
            let (mut l1, mut l2) = (Exact::zero(), Exact::zero());
            for (&x, &y) in wide_x.iter().zip(&wide_y) {
                dot.add_product(x, y);
                products.add_product(x.abs(), y.abs());
                squares.add_product(x, x);
                // (x − y)² in its three products; |x − y| in its two terms.
                l2.add_product(x, x);
                l2.add_product(-2.0 * x, y);
                l2.add_product(y, y);
                let sign = if x > y { 1.0 } else { -1.0 };
                l1.add(sign * x);
                l1.add(-sign * y);
            }
            let got = k::dot(&x, &y).to_f64();
            check(
                "dot",
                &context,
                got,
                &dot,
                gamma(d + 1.0, u) * products.to_f64(),
            );
            let got = k::sum_squares(&x).to_f64();
            check(
                "sum_squares",
                &context,
                got,
                &squares,
                gamma(d + 1.0, u) * squares.to_f64(),
            );
            let got = k::squared_l2_distance(&x, &y).to_f64();
            check(
                "squared_l2_distance",
                &context,
                got,
                &l2,
                gamma(d + 3.0, u) * l2.to_f64(),
            );
            let got = k::l1_distance(&x, &y).to_f64();
            check(
                "l1_distance",
                &context,
                got,
                &l1,
                gamma(d + 1.0, u) * l1.to_f64(),
            );

            let mut out = vec![T::ZERO; len.min(5000)];
            k::cumulative_sum(&x[..out.len()], &mut out);
            let (mut exact, mut sizes) = (Exact::zero(), 0.0);
            for i in 0..out.len() {
                exact.add(wide_x[i]);
                sizes += wide_x[i].abs();
                if i % 61 == 0 {
                    let d = i as f64 / 8.0 + 4.0;
                    check(
                        "cumulative_sum",
                        &context,
                        out[i].to_f64(),
                        &exact,
                        gamma(d, u) * sizes,
                    );
                }
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "millions of terms")]
fn f32_sums_stay_within_their_bounds() {
    sums::<f32>(|x| x as f32);
}

#[test]
#[cfg_attr(miri, ignore = "millions of terms")]
fn f64_sums_stay_within_their_bounds() {
    sums::<f64>(|x| x);
}

#[test]
#[cfg_attr(miri, ignore = "millions of terms")]
fn sum_wide_stays_within_its_bound() {
    for (name, make) in HARD {
        for len in LENGTHS {
            let x: Vec<f32> = make(len).into_iter().map(|x| x as f32).collect();
            let wide = || x.iter().map(|x| f64::from(*x));
            let levels = len.div_ceil(f32::LEAF).next_power_of_two().ilog2();
            let size = Exact::sum(wide().map(f64::abs)).to_f64();
            let bound = gamma(f64::from(70 + levels), unit::<f64>()) * size;
            check(
                "sum_wide",
                name,
                k::sum_wide(&x),
                &Exact::sum(wide()),
                bound,
            );
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "millions of terms")]
fn the_sum_is_accurate_where_a_loop_is_not() {
    // 16M times 0.1.
    let x = vec![0.1_f32; 1 << 24];
    let exact = f64::from(0.1_f32) * x.len() as f64;
    let error = |sum: f32| (f64::from(sum) - exact).abs() / exact;
    assert!(error(k::sum(&x)) < 1e-6);
    assert!(error(x.iter().sum()) > 1e-2);
}

#[test]
fn a_great_mean_costs_no_digits_of_a_small_variance() {
    for len in [100, 4096, 50_000] {
        let x: Vec<f64> = (0..len).map(|i| 1e9 + f64::from(i % 2)).collect();
        let variance = k::variance(&x, 0);
        assert!((variance - 0.25).abs() < 1e-9, "{variance} of {len}");
        let x: Vec<f32> = (0..len).map(|i| 1e4 + (i % 2) as f32).collect();
        let variance = k::variance(&x, 0);
        assert!((variance - 0.25).abs() < 1e-3, "{variance} of {len}");
    }
}
