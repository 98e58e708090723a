//! Reductions: bits equal to the model at every level, length, offset and kind of value.

use crate::inputs::{TestFloat, Values, lengths};
use crate::{levels, model};
use proptest::prelude::*;

/// Offsets of the first element from the alignment of the allocation, in elements.
const OFFSETS: [usize; 4] = [0, 1, 3, 7];

fn check<T: TestFloat>(x: &[T], y: &[T], context: &dyn std::fmt::Debug) {
    let bits = |value: T| value.bits();
    assert_eq!(
        bits(kernels_simd::sum(x)),
        bits(model::sum(x)),
        "sum of {context:?}"
    );
    assert_eq!(
        bits(kernels_simd::dot(x, y)),
        bits(model::dot(x, y)),
        "dot of {context:?}"
    );
    let max = kernels_simd::max(x).map(bits);
    assert_eq!(max, model::max(x).map(bits), "max of {context:?}");
}

fn sweep<T: TestFloat>() {
    levels::each(|level| {
        for len in lengths::<T>() {
            for values in Values::ALL {
                let x: Vec<T> = values.make(len + 8, len as u64 + 1);
                let y: Vec<T> = values.make(len + 8, len as u64 + 1_000);
                for offset in OFFSETS {
                    let range = offset..offset + len;
                    let context = (level, len, values, offset);
                    check(&x[range.clone()], &y[range], &context);
                }
            }
        }
    });
}

#[test]
fn f32_bits_equal_the_model() {
    sweep::<f32>();
}

#[test]
fn f64_bits_equal_the_model() {
    sweep::<f64>();
}

#[test]
fn a_nan_anywhere_is_the_maximum() {
    levels::each(|level| {
        let mut x = vec![1.0_f32; 2 * 2048 + 70];
        for at in 0..x.len() {
            x[at] = -f32::NAN;
            let max = kernels_simd::max(&x).map(f32::to_bits);
            assert_eq!(max, Some(f32::NAN.to_bits()), "{level}, NaN at {at}");
            x[at] = 1.0;
        }
    });
}

#[test]
fn empty_slices() {
    levels::each(|_| {
        assert_eq!(kernels_simd::sum::<f32>(&[]).to_bits(), 0);
        assert_eq!(kernels_simd::dot::<f64>(&[], &[]).to_bits(), 0);
        assert_eq!(kernels_simd::max::<f64>(&[]), None);
        assert!(!kernels_simd::any(&[]));
        assert!(kernels_simd::all(&[]));
    });
}

#[test]
fn the_sum_is_accurate_where_a_loop_is_not() {
    // 16M times 0.1.
    let x = vec![0.1_f32; 1 << 24];
    let exact = f64::from(0.1_f32) * x.len() as f64;
    let error = |sum: f32| (f64::from(sum) - exact).abs() / exact;
    assert!(error(kernels_simd::sum(&x)) < 1e-6);
    assert!(error(x.iter().sum()) > 1e-2);
}

#[test]
fn one_deciding_bool_is_found_anywhere() {
    levels::each(|level| {
        for len in (0..800).chain([8191, 8192, 8193]) {
            let mut x = vec![false; len];
            assert!(!kernels_simd::any(&x), "{level} {len}");
            assert_eq!(kernels_simd::all(&x), len == 0, "{level} {len}");
            for at in [0, 1, len / 2, len.saturating_sub(2), len.saturating_sub(1)] {
                if at < len {
                    x[at] = true;
                    assert!(kernels_simd::any(&x), "{level}, one of {len} at {at}");
                    x[at] = false;
                }
            }
            x.fill(true);
            assert!(kernels_simd::all(&x), "{level} {len}");
            for at in [0, 1, len / 2, len.saturating_sub(2), len.saturating_sub(1)] {
                if at < len {
                    x[at] = false;
                    assert!(!kernels_simd::all(&x), "{level}, one of {len} at {at}");
                    x[at] = true;
                }
            }
        }
    });
}

proptest! {
    #[test]
    fn any_bits_any_cut(
        x in proptest::collection::vec(any::<u32>(), 0..5_000),
        start in 0_usize..70,
    ) {
        let x: Vec<f32> = x.into_iter().map(f32::from_bits).collect();
        let x = &x[start.min(x.len())..];
        let y: Vec<f32> = x.iter().rev().copied().collect();
        levels::each(|level| check(x, &y, &(level, x.len())));
    }
}
