//! Lengths that differ: an error from `try_`, a panic with both values from the rest, nothing lost.

use kernels_simd::LengthMismatch;
use std::panic::catch_unwind;

#[test]
fn try_kernels_name_the_operation_and_both_lengths() {
    let (x, y) = ([1.0_f32; 3], [1.0_f32; 4]);
    let mut out = [7.0_f32; 4];
    let mismatch = |operation| LengthMismatch {
        operation,
        expected_len: 3,
        found_len: 4,
    };
    assert_eq!(kernels_simd::try_dot(&x, &y), Err(mismatch("dot")));
    assert_eq!(
        kernels_simd::try_add(&x, &y, &mut out),
        Err(mismatch("add"))
    );
    assert_eq!(
        kernels_simd::try_mul(&x, &x, &mut out),
        Err(mismatch("mul"))
    );
    assert_eq!(kernels_simd::try_relu(&x, &mut out), Err(mismatch("relu")));
    assert_eq!(out, [7.0; 4]);
    assert_eq!(
        mismatch("dot").to_string(),
        "dot: slices of 3 and 4 elements"
    );
}

#[test]
fn the_others_panic_with_the_same_words() {
    let panic = catch_unwind(|| kernels_simd::dot(&[1.0_f64; 2], &[1.0; 5])).unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str);
    assert_eq!(message, Some("dot: slices of 2 and 5 elements"));
}
