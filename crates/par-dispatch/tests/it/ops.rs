//! The ready-made kernels: the bits of the sequential kernel, on every pool and either way.

use crate::dispatchers::each_dispatcher;
use par_dispatch::{CancelToken, Dispatcher, Error, Force, Tuning};

/// Around a leaf of each kind, and more than the most chunks.
const LENGTHS: [usize; 8] = [0, 1, 63, 2_049, 8_193, 65_536, 70_001, 150_003];

fn values(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state as f32 / u32::MAX as f32 - 0.5) * (1_u32 << (state % 20)) as f32
        })
        .collect()
}

/// What can be compared by its bits.
trait Bits {
    type Bits: PartialEq + std::fmt::Debug;
    fn bits(self) -> Self::Bits;
}

/// One row: a type and what its bits are.
macro_rules! bits {
    ($($ty:ty => $bits:ty, |$x:ident| $expr:expr;)*) => {$(
        impl Bits for $ty {
            type Bits = $bits;
            fn bits(self) -> $bits {
                let $x = self;
                $expr
            }
        }
    )*};
}

bits! {
    f32 => u32, |x| x.to_bits();
    f64 => u64, |x| x.to_bits();
    i32 => i32, |x| x;
    i64 => i64, |x| x;
    u8 => u8, |x| x;
    u64 => u64, |x| x;
    bool => bool, |x| x;
    usize => usize, |x| x;
    Option<f32> => Option<u32>, |x| x.map(f32::to_bits);
    Option<i32> => Option<i32>, |x| x;
    Option<usize> => Option<usize>, |x| x;
    Option<(f32, f32)> => Option<(u32, u32)>, |x| x.map(|(x, y)| (x.to_bits(), y.to_bits()));
}

fn same<T: Bits + Copy>(context: &(&str, usize), ours: &[T], theirs: &[T]) {
    assert_eq!(ours.len(), theirs.len(), "{context:?}");
    for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(ours.bits(), theirs.bits(), "{context:?} at {i}");
    }
}

/// One row: a kernel and its arguments; `out` and `x` in place are made afresh.
macro_rules! checks {
    ($dispatcher:ident, $len:expr; reduce $($reduce:ident($($arg:expr),*);)*) => {$(
        same(
            &(stringify!($reduce), $len),
            &[$dispatcher.$reduce($($arg),*)],
            &[kernels_simd::$reduce($($arg),*)],
        );
    )*};
    ($dispatcher:ident, $len:expr; out $zero:expr; $($map:ident($($arg:expr),*);)*) => {$(
        let (mut ours, mut theirs) = (vec![$zero; $len], vec![$zero; $len]);
        $dispatcher.$map($($arg,)* &mut ours);
        kernels_simd::$map($($arg,)* &mut theirs);
        same(&(stringify!($map), $len), &ours, &theirs);
    )*};
    ($dispatcher:ident, $len:expr; in_place $x:expr; $($map:ident($($arg:expr),*);)*) => {$(
        let (mut ours, mut theirs) = ($x.clone(), $x.clone());
        $dispatcher.$map(&mut ours $(, $arg)*);
        kernels_simd::$map(&mut theirs $(, $arg)*);
        same(&(stringify!($map), $len), &ours, &theirs);
    )*};
}

fn check(dispatcher: &Dispatcher<'_>) {
    for len in LENGTHS {
        let (x, y) = (values(len, 1), values(len, 2));
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x) / 3.0).collect();
        let ints: Vec<i32> = x.iter().map(|&x| (x * 5e3) as i32).collect();
        let bytes: Vec<u8> = ints.iter().map(|&x| x as u8).collect();
        let mask: Vec<bool> = ints.iter().map(|&x| x % 3 == 0).collect();
        let mut holes = x.clone();
        holes.iter_mut().step_by(7).for_each(|x| *x = f32::NAN);
        checks! { dispatcher, len; reduce
            sum(&x); sum(&wide); sum_squares(&x); sum_abs(&x); sum_ignoring_nan(&holes);
            sum_wide(&x); sum_compensated(&x); sum_exact(&ints); sum_exact(&bytes);
            sum_wrapping(&ints); mean(&x); mean(&wide); norm(&x); norm(&wide);
            variance(&x, 0); variance(&wide, 1); standard_deviation(&x, 1);
            max(&x); min(&x); min_max(&x); max(&ints); max(&holes); min_max(&holes);
            max_ignoring_nan(&holes); min_ignoring_nan(&holes);
            argmax(&x); argmin(&x); argmax(&holes); argmin(&ints);
            any(&mask); all(&mask); count_true(&mask);
            dot(&x, &y); dot(&wide, &wide); dot_wrapping(&ints, &ints);
            squared_l2_distance(&x, &y); l1_distance(&x, &y); cosine_similarity(&x, &y);
        }
        checks! { dispatcher, len; out 0.0_f32;
            add(&x, &y); sub(&x, &y); mul(&x, &y); div(&x, &y);
            add_scalar(&x, 0.3); sub_scalar(&x, 0.3); mul_scalar(&x, 0.3); div_scalar(&x, 0.3);
            scale_add(0.3, &x, &y); axpy(0.3, &x); clamp(&x, -1.0, 1.0); select(&mask, &x, &y);
            neg(&x); abs(&x); relu(&x); floor(&x); ceil(&x); trunc(&x); round(&x);
            exp(&x); tanh(&x); sigmoid(&x); softmax(&x); cast(&wide); cast(&ints); cast(&bytes);
        }
        checks! { dispatcher, len; out 0.0_f64; add(&wide, &wide); round(&wide); cast(&x); }
        checks! { dispatcher, len; out 0_i32; add(&ints, &ints); mul_scalar(&ints, 7); cast(&x); }
        checks! { dispatcher, len; out 0_u8; cast(&x); clamp(&bytes, 7, 99); }
        checks! { dispatcher, len; out false;
            equal(&x, &y); not_equal(&x, &y); less(&x, &y); less_equal(&x, &y); greater(&x, &y);
            greater_equal(&x, &y); equal_scalar(&ints, 0); not_equal_scalar(&ints, 0);
            less_scalar(&x, 0.0); less_equal_scalar(&x, 0.0); greater_scalar(&holes, 0.0);
            greater_equal_scalar(&wide, 0.0);
        }
        let magnitudes: Vec<f32> = x.iter().map(|x| x.abs()).collect();
        checks! { dispatcher, len; out 0.0_f32; sqrt(&magnitudes); ln(&magnitudes); }
        checks! { dispatcher, len; in_place magnitudes; sqrt_in_place(); ln_in_place(); }
        checks! { dispatcher, len; in_place x;
            add_in_place(&y); sub_in_place(&y); mul_in_place(&y); div_in_place(&y);
            add_scalar_in_place(0.3); sub_scalar_in_place(0.3); mul_scalar_in_place(0.3);
            div_scalar_in_place(0.3); clamp_in_place(-1.0, 1.0);
            neg_in_place(); abs_in_place(); relu_in_place(); floor_in_place(); ceil_in_place();
            trunc_in_place(); round_in_place(); exp_in_place(); tanh_in_place(); sigmoid_in_place();
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_way() {
    check(&Dispatcher::sequential());
    check(&Dispatcher::sequential().chunk_len(3_000));
    for force in [Force::Auto, Force::Parallel] {
        check(&Dispatcher::global().force(force));
        #[cfg(feature = "rayon")]
        for threads in [2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads");
            check(&Dispatcher::with_pool(&pool).force(force));
            pool.install(|| check(&Dispatcher::global().force(force)));
        }
    }
}

/// A dispatcher that learns tries both ways by and by: the bits are those of either.
#[test]
fn bits_do_not_depend_on_what_was_learnt() {
    let dispatcher = Dispatcher::global().tuning(Tuning::Online);
    let x = values(150_000, 3);
    let expected = kernels_simd::sum(&x);
    for call in 0..3_000 {
        assert_eq!(dispatcher.sum(&x).to_bits(), expected.to_bits(), "{call}");
    }
    check(&dispatcher);
}

#[test]
fn nan_and_empty_slices_are_those_of_the_kernels() {
    let mut x = vec![1.0_f64; 300_000];
    x[299_999] = -f64::NAN;
    let dispatcher = Dispatcher::global().force(Force::Parallel);
    assert_eq!(
        dispatcher.max(&x).map(f64::to_bits),
        Some(f64::NAN.to_bits())
    );
    assert_eq!(par_dispatch::sum::<f64>(&[]).to_bits(), 0);
    assert_eq!(par_dispatch::max::<f64>(&[]), None);
    assert!(par_dispatch::all(&[]) && !par_dispatch::any(&[]));
}

#[test]
#[should_panic(expected = "dot: slices of 2 and 3 elements")]
fn lengths_that_differ_panic() {
    let _ = par_dispatch::dot(&[1.0_f32; 2], &[1.0; 3]);
}

#[test]
fn lengths_that_differ_are_an_error_of_each_try_form() {
    let (x, y, mut out, mut mask) = ([1.0_f32; 2], [1.0_f32; 3], [7.0_f32; 3], [true; 3]);
    let expected = |operation| {
        Err(Error::Lengths {
            operation,
            expected_len: 2,
            found_len: 3,
        })
    };
    assert_eq!(par_dispatch::try_dot(&x, &y).map(|_| ()), expected("dot"));
    assert_eq!(par_dispatch::try_add(&x, &x, &mut out), expected("add"));
    assert_eq!(par_dispatch::try_add(&x, &y, &mut out), expected("add"));
    assert_eq!(par_dispatch::try_axpy(2.0, &x, &mut out), expected("axpy"));
    assert_eq!(par_dispatch::try_exp(&x, &mut out), expected("exp"));
    assert_eq!(par_dispatch::try_cast(&x, &mut [0_u8; 3]), expected("cast"));
    assert_eq!(par_dispatch::try_less(&x, &y, &mut mask), expected("less"));
    assert_eq!(par_dispatch::try_softmax(&x, &mut out), expected("softmax"));
    let selected = par_dispatch::try_select(&[true; 2], &x, &x, &mut out);
    assert_eq!(selected, expected("select"));
    assert_eq!(out, [7.0; 3]);
    assert_eq!(
        par_dispatch::try_sub_in_place(&mut [1.0; 2], &y),
        expected("sub_in_place")
    );
}

#[test]
fn a_cancelled_kernel_says_so() {
    let token = CancelToken::new();
    token.cancel();
    each_dispatcher(|dispatcher| {
        let dispatcher = dispatcher.cancellation(&token);
        let (x, mut out) = (vec![1.0_f32; 5_000], vec![0.0; 5_000]);
        assert!(matches!(
            dispatcher.try_sum(&x),
            Err(Error::Cancelled { done: 0, .. })
        ));
        assert!(matches!(
            dispatcher.try_exp(&x, &mut out),
            Err(Error::Cancelled { .. })
        ));
        assert_eq!(dispatcher.sum(&x), 5_000.0);
    });
}
