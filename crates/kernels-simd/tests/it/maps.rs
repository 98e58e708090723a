//! Elementwise kernels: each element equal to the formula at every level, length and offset.

use crate::inputs::{TestFloat, Values, bits_but_nan, lengths};
use crate::levels;

fn sweep<T: TestFloat>() {
    levels::each(|level| {
        for len in lengths::<T>() {
            for values in [Values::AnyExponent, Values::Specials] {
                for offset in [0, 1, 5] {
                    let x: Vec<T> = values.make(offset + len, len as u64);
                    let y: Vec<T> = values.make(offset + len, len as u64 + 77);
                    let (x, y) = (&x[offset..], &y[offset..]);
                    // The element after the end must stay as it is.
                    let mut out = vec![T::LEAST; offset + len + 1];

                    let check = |out: &[T], name: &str, formula: &dyn Fn(usize) -> T| {
                        for i in 0..len {
                            let (got, want) =
                                (bits_but_nan(out[offset + i]), bits_but_nan(formula(i)));
                            assert_eq!(got, want, "{name} {level} {values:?} {i} of {len}");
                        }
                        assert_eq!(out[offset + len], T::LEAST, "{name} wrote past the end");
                    };
                    kernels_simd::add(x, y, &mut out[offset..offset + len]);
                    check(&out, "add", &|i| x[i] + y[i]);
                    kernels_simd::mul(x, y, &mut out[offset..offset + len]);
                    check(&out, "mul", &|i| x[i] * y[i]);
                    kernels_simd::relu(x, &mut out[offset..offset + len]);
                    check(&out, "relu", &|i| {
                        if x[i] > T::ZERO || x[i].is_nan() {
                            x[i]
                        } else {
                            T::ZERO
                        }
                    });
                }
            }
        }
    });
}

#[test]
fn f32_elements_equal_the_formula() {
    sweep::<f32>();
}

#[test]
fn f64_elements_equal_the_formula() {
    sweep::<f64>();
}

#[test]
fn relu_keeps_the_bits_of_a_nan() {
    let nan = f32::from_bits(0xFFC0_1234);
    levels::each(|level| {
        let mut out = [0.0; 100];
        kernels_simd::relu(&[nan; 100], &mut out);
        assert!(
            out.iter().all(|value| value.to_bits() == nan.to_bits()),
            "{level}"
        );
    });
}
