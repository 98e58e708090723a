//! Lengths that differ: an error from `try_`, a panic with both values from the rest, nothing lost.

use kernels_simd as k;
use kernels_simd::LengthMismatch;
use proptest::prelude::*;
use std::panic::{self, AssertUnwindSafe};

/// Two lengths of each kind of slice.
struct Slices {
    x: Vec<f32>,
    y: Vec<f32>,
    mask: Vec<bool>,
    /// Is written, and has the length of `x`.
    own: Vec<f32>,
    /// Are written, and have the length of `y`.
    out: Vec<f32>,
    wide: Vec<f64>,
    truth: Vec<bool>,
}

impl Slices {
    fn new(len: usize, other: usize) -> Self {
        Self {
            x: vec![1.5; len],
            y: vec![2.5; other],
            mask: vec![true; len],
            own: vec![7.0; len],
            out: vec![7.0; other],
            wide: vec![7.0; other],
            truth: vec![true; other],
        }
    }

    fn untouched(&self) -> bool {
        let own = self.own.iter().chain(&self.out).all(|value| *value == 7.0);
        own && self.wide.iter().all(|value| *value == 7.0) && self.truth.iter().all(|value| *value)
    }
}

struct Row {
    name: &'static str,
    attempt: fn(&mut Slices) -> Result<(), LengthMismatch>,
    plain: fn(&mut Slices),
}

/// One row: a kernel, its `try_` twin, arguments of which the first and the last differ in length.
macro_rules! rows {
    (|$s:ident| $($name:ident $try_name:ident ($($arg:expr),+);)+) => {
        &[$(Row {
            name: stringify!($name),
            attempt: |$s| k::$try_name($($arg),+).map(|_| ()),
            plain: |$s| {
                let _ = k::$name($($arg),+);
            },
        }),+]
    };
}

const ROWS: &[Row] = rows! { |s|
    dot try_dot (&s.x, &s.y);
    squared_l2_distance try_squared_l2_distance (&s.x, &s.y);
    l1_distance try_l1_distance (&s.x, &s.y);
    cosine_similarity try_cosine_similarity (&s.x, &s.y);
    dot_wrapping try_dot_wrapping (&vec![1_u8; s.x.len()], &vec![1; s.y.len()]);
    add try_add (&s.x, &s.y, &mut s.own);
    add try_add (&s.x, &s.x, &mut s.out);
    add_in_place try_add_in_place (&mut s.own, &s.y);
    add_scalar try_add_scalar (&s.x, 2.0, &mut s.out);
    sub try_sub (&s.x, &s.y, &mut s.own);
    sub try_sub (&s.x, &s.x, &mut s.out);
    sub_in_place try_sub_in_place (&mut s.own, &s.y);
    sub_scalar try_sub_scalar (&s.x, 2.0, &mut s.out);
    mul try_mul (&s.x, &s.y, &mut s.own);
    mul try_mul (&s.x, &s.x, &mut s.out);
    mul_in_place try_mul_in_place (&mut s.own, &s.y);
    mul_scalar try_mul_scalar (&s.x, 2.0, &mut s.out);
    div try_div (&s.x, &s.y, &mut s.own);
    div try_div (&s.x, &s.x, &mut s.out);
    div_in_place try_div_in_place (&mut s.own, &s.y);
    div_scalar try_div_scalar (&s.x, 2.0, &mut s.out);
    axpy try_axpy (2.0, &s.x, &mut s.out);
    scale_add try_scale_add (2.0, &s.x, &s.y, &mut s.own);
    scale_add try_scale_add (2.0, &s.x, &s.x, &mut s.out);
    clamp try_clamp (&s.x, 0.0, 1.0, &mut s.out);
    neg try_neg (&s.x, &mut s.out);
    abs try_abs (&s.x, &mut s.out);
    relu try_relu (&s.x, &mut s.out);
    floor try_floor (&s.x, &mut s.out);
    ceil try_ceil (&s.x, &mut s.out);
    trunc try_trunc (&s.x, &mut s.out);
    round try_round (&s.x, &mut s.out);
    sqrt try_sqrt (&s.x, &mut s.out);
    exp try_exp (&s.x, &mut s.out);
    ln try_ln (&s.x, &mut s.out);
    tanh try_tanh (&s.x, &mut s.out);
    sigmoid try_sigmoid (&s.x, &mut s.out);
    softmax try_softmax (&s.x, &mut s.out);
    cumulative_sum try_cumulative_sum (&s.x, &mut s.out);
    cast try_cast (&s.x, &mut s.wide);
    equal try_equal (&s.x, &s.y, &mut s.mask);
    equal try_equal (&s.x, &s.x, &mut s.truth);
    not_equal try_not_equal (&s.x, &s.x, &mut s.truth);
    less try_less (&s.x, &s.x, &mut s.truth);
    less_equal try_less_equal (&s.x, &s.x, &mut s.truth);
    greater try_greater (&s.x, &s.x, &mut s.truth);
    greater_equal try_greater_equal (&s.x, &s.x, &mut s.truth);
    equal_scalar try_equal_scalar (&s.x, 2.0, &mut s.truth);
    not_equal_scalar try_not_equal_scalar (&s.x, 2.0, &mut s.truth);
    less_scalar try_less_scalar (&s.x, 2.0, &mut s.truth);
    less_equal_scalar try_less_equal_scalar (&s.x, 2.0, &mut s.truth);
    greater_scalar try_greater_scalar (&s.x, 2.0, &mut s.truth);
    greater_equal_scalar try_greater_equal_scalar (&s.x, 2.0, &mut s.truth);
    select try_select (&s.mask, &s.x, &s.y, &mut s.own);
    select try_select (&s.mask, &s.y, &s.x, &mut s.own);
    select try_select (&s.mask, &s.x, &s.x, &mut s.out);
};

/// A try on lengths that differ says so, and writes nothing.
fn attempt(row: &Row, len: usize, other: usize) -> LengthMismatch {
    let mut slices = Slices::new(len, other);
    let mismatch = (row.attempt)(&mut slices).expect_err(row.name);
    let want = (row.name, len, other);
    let got = (
        mismatch.operation,
        mismatch.expected_len,
        mismatch.found_len,
    );
    assert_eq!(got, want);
    assert!(slices.untouched(), "{} wrote before it looked", row.name);
    mismatch
}

#[test]
fn try_kernels_name_the_operation_and_both_lengths_and_write_nothing() {
    for row in ROWS {
        let mismatch = attempt(row, 3, 4);
        let name = row.name;
        assert_eq!(
            mismatch.to_string(),
            format!("{name}: slices of 3 and 4 elements")
        );
    }
}

#[test]
fn the_others_panic_with_the_same_words() {
    // Many expected panics, each with a backtrace, would hide an unexpected one.
    let shown = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let expected = info
            .payload_as_str()
            .is_some_and(|text| text.contains(": slices of "));
        if !expected {
            shown(info);
        }
    }));
    for row in ROWS {
        for (len, other) in [(2, 5), (100, 99)] {
            let mut slices = Slices::new(len, other);
            let run = AssertUnwindSafe(|| (row.plain)(&mut slices));
            let panic = panic::catch_unwind(run).expect_err(row.name);
            let message = panic.downcast_ref::<String>();
            assert_eq!(message, Some(&attempt(row, len, other).to_string()));
        }
    }
}

#[test]
fn clamp_wants_its_bounds_in_order() {
    for (least, greatest) in [(1.0, 0.0), (f32::NAN, 1.0), (0.0, f32::NAN)] {
        let panic =
            panic::catch_unwind(|| k::clamp(&[0.5], least, greatest, &mut [0.0])).unwrap_err();
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(message.starts_with("clamp: bounds "), "{message}");
    }
}

proptest! {
    #[test]
    fn only_lengths_that_differ_are_refused(len in 0_usize..300, other in 0_usize..300) {
        for row in ROWS {
            (row.plain)(&mut Slices::new(len, len));
            prop_assert_eq!((row.attempt)(&mut Slices::new(len, len)), Ok(()));
            if len != other {
                attempt(row, len, other);
            }
        }
    }
}
