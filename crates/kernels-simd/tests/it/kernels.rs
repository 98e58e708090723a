//! Every kernel in two tables per element type, reductions and maps: what the sweeps, the
//! differential runs, the golden file and the speed floor go through. A kernel that is missing here
//! is missing in all of them.

use crate::inputs::{Args, Bits, Output, TestElement, TestFloat};
use crate::model;
use kernels_simd as k;
use kernels_simd::{Arithmetic, Integer};
use std::hint::black_box;

/// A reduction: its result as bits.
#[derive(Clone, Copy)]
pub(crate) struct Reduction<T> {
    pub(crate) name: &'static str,
    /// The element type, which is not always that of the arguments.
    pub(crate) ty: &'static str,
    pub(crate) kernel: fn(&Args<'_, T>) -> u128,
    pub(crate) model: fn(&Args<'_, T>) -> u128,
}

/// What a kernel does with a NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nan {
    /// It gives a NaN of unspecified sign and payload.
    Any,
    /// It gives the bits of the model.
    Kept,
}

/// A kernel from slices to a slice.
#[derive(Clone, Copy)]
pub(crate) struct Map<T, O> {
    pub(crate) name: &'static str,
    pub(crate) nan: Nan,
    pub(crate) kernel: fn(&Args<'_, T>, &mut [O]),
    /// The formula, element by element. It sees each element through a `black_box`, so it is also
    /// the loop without vectors that the speed floor compares with.
    pub(crate) model: fn(&Args<'_, T>, &mut [O]),
}

/// One row: a kernel with its arguments. The model has the same name and the same arguments.
macro_rules! reductions {
    ($ty:ident, |$x:ident, $y:ident| $($name:ident($($arg:expr),+);)+) => {
        vec![$(Reduction {
            name: stringify!($name),
            ty: $ty::NAME,
            kernel: |args: &Args<'_, $ty>| {
                let ($x, $y) = (args.x, args.y);
                let _ = $y;
                k::$name($($arg),+).bits()
            },
            model: |args: &Args<'_, $ty>| {
                let ($x, $y) = (args.x, args.y);
                let _ = $y;
                model::$name($($arg),+).bits()
            },
        }),+]
    };
}

fn extrema<T: TestElement>() -> Vec<Reduction<T>> {
    reductions! { T, |x, y|
        max(x);
        min(x);
        min_max(x);
        argmax(x);
        argmin(x);
    }
}

fn float_reductions<T: TestFloat>() -> Vec<Reduction<T>> {
    let sums = reductions! { T, |x, y|
        sum(x);
        sum_squares(x);
        sum_abs(x);
        sum_ignoring_nan(x);
        sum_compensated(x);
        mean(x);
        norm(x);
        dot(x, y);
        squared_l2_distance(x, y);
        l1_distance(x, y);
        cosine_similarity(x, y);
        variance(x, 1);
        standard_deviation(x, 0);
        max_ignoring_nan(x);
        min_ignoring_nan(x);
    };
    [sums, extrema()].concat()
}

fn integer_reductions<T: TestElement + Integer<Wide: Into<i128>>>() -> Vec<Reduction<T>> {
    let sums = reductions! { T, |x, y|
        sum_wrapping(x);
        dot_wrapping(x, y);
        mean_exact(x);
    };
    let exact = Reduction {
        name: "sum_exact",
        ty: T::NAME,
        kernel: |args: &Args<'_, T>| k::sum_exact(args.x).into().bits(),
        model: |args| model::sum_exact(args.x).bits(),
    };
    [sums, vec![exact], extrema()].concat()
}

fn bool_reductions<T>() -> Vec<Reduction<T>> {
    /// One row: a kernel.
    macro_rules! rows {
        ($($name:ident)*) => {
            vec![$(Reduction {
                name: stringify!($name),
                ty: "bool",
                kernel: |args| k::$name(args.mask).bits(),
                model: |args| model::$name(args.mask).bits(),
            }),*]
        };
    }
    rows! { any all count_true }
}

/// One row: what the kernel does with a NaN; its call; the formula of one element.
macro_rules! maps {
    ($from:ident $to:ident, |$args:ident, $out:ident, $x:ident, $y:ident, $mask:ident|
        $($nan:ident $name:ident => $kernel:expr, $formula:expr;)+
    ) => {
        vec![$(Map {
            name: stringify!($name),
            nan: Nan::$nan,
            kernel: |$args: &Args<'_, $from>, $out: &mut [$to]| $kernel,
            model: |$args, $out| {
                for i in 0..$out.len() {
                    let ($x, $y, $mask) = black_box(($args.x[i], $args.y[i], $args.mask[i]));
                    let _ = ($x, $y, $mask);
                    $out[i] = $formula;
                }
            },
        }),+]
    };
}

/// An in-place kernel on a copy of the first operand.
fn in_place<T: Copy>(x: &[T], out: &mut [T], kernel: impl FnOnce(&mut [T])) {
    out.copy_from_slice(x);
    kernel(out);
}

/// The kernel on a slice of one element: what formulas that are not repeated here give. Their
/// accuracy is judged in `math_reference`.
fn alone(kernel: fn(&[f32], &mut [f32]), x: f32) -> f32 {
    let mut out = [0.0];
    kernel(&[x], &mut out);
    out[0]
}

fn element_maps<T: TestElement>() -> Vec<Map<T, T>> {
    fn clamped<T: TestElement>(x: T) -> T {
        if x < T::BOUNDS.0 {
            T::BOUNDS.0
        } else if x > T::BOUNDS.1 {
            T::BOUNDS.1
        } else {
            x
        }
    }
    maps! { T T, |args, out, x, y, mask|
        Kept select => k::select(args.mask, args.x, args.y, out), if mask { x } else { y };
        Kept clamp => k::clamp(args.x, T::BOUNDS.0, T::BOUNDS.1, out), clamped(x);
        Kept clamp_in_place => in_place(args.x, out, |x| k::clamp_in_place(x, T::BOUNDS.0, T::BOUNDS.1)), clamped(x);
    }
}

fn arithmetic_maps<T: TestElement + Arithmetic>() -> Vec<Map<T, T>> {
    let rows = maps! { T T, |args, out, x, y, mask|
        Any add => k::add(args.x, args.y, out), x.plus(y);
        Any add_in_place => in_place(args.x, out, |x| k::add_in_place(x, args.y)), x.plus(y);
        Any add_scalar => k::add_scalar(args.x, args.a, out), x.plus(args.a);
        Any add_scalar_in_place => in_place(args.x, out, |x| k::add_scalar_in_place(x, args.a)), x.plus(args.a);
        Any sub => k::sub(args.x, args.y, out), x.minus(y);
        Any sub_in_place => in_place(args.x, out, |x| k::sub_in_place(x, args.y)), x.minus(y);
        Any sub_scalar => k::sub_scalar(args.x, args.a, out), x.minus(args.a);
        Any sub_scalar_in_place => in_place(args.x, out, |x| k::sub_scalar_in_place(x, args.a)), x.minus(args.a);
        Any mul => k::mul(args.x, args.y, out), x.times(y);
        Any mul_in_place => in_place(args.x, out, |x| k::mul_in_place(x, args.y)), x.times(y);
        Any mul_scalar => k::mul_scalar(args.x, args.a, out), x.times(args.a);
        Any mul_scalar_in_place => in_place(args.x, out, |x| k::mul_scalar_in_place(x, args.a)), x.times(args.a);
        // `y` is what axpy overwrites.
        Any axpy => in_place(args.x, out, |y| k::axpy(args.a, args.y, y)), args.a.times(y).plus(x);
        Any scale_add => k::scale_add(args.a, args.x, args.y, out), args.a.times(x).plus(y);
        Kept neg => k::neg(args.x, out), x.negated();
        Kept neg_in_place => in_place(args.x, out, k::neg_in_place), x.negated();
        Kept abs => k::abs(args.x, out), x.magnitude();
        Kept abs_in_place => in_place(args.x, out, k::abs_in_place), x.magnitude();
        Any relu => k::relu(args.x, out), if x <= T::ZERO { T::ZERO } else { x };
        Any relu_in_place => in_place(args.x, out, k::relu_in_place), if x <= T::ZERO { T::ZERO } else { x };
    };
    [element_maps(), rows].concat()
}

fn float_maps<T: TestFloat>() -> Vec<Map<T, T>> {
    let rows = maps! { T T, |args, out, x, y, mask|
        Any div => k::div(args.x, args.y, out), x / y;
        Any div_in_place => in_place(args.x, out, |x| k::div_in_place(x, args.y)), x / y;
        Any div_scalar => k::div_scalar(args.x, args.a, out), x / args.a;
        Any div_scalar_in_place => in_place(args.x, out, |x| k::div_scalar_in_place(x, args.a)), x / args.a;
        Any sqrt => k::sqrt(args.x, out), x.std_sqrt();
        Any sqrt_in_place => in_place(args.x, out, k::sqrt_in_place), x.std_sqrt();
        Any floor => k::floor(args.x, out), x.std_floor();
        Any floor_in_place => in_place(args.x, out, k::floor_in_place), x.std_floor();
        Any ceil => k::ceil(args.x, out), x.std_ceil();
        Any ceil_in_place => in_place(args.x, out, k::ceil_in_place), x.std_ceil();
        Any trunc => k::trunc(args.x, out), x.std_trunc();
        Any trunc_in_place => in_place(args.x, out, k::trunc_in_place), x.std_trunc();
        Any round => k::round(args.x, out), x.std_round();
        Any round_in_place => in_place(args.x, out, k::round_in_place), x.std_round();
    };
    let scan = Map {
        name: "cumulative_sum",
        nan: Nan::Any,
        kernel: |args: &Args<'_, T>, out: &mut [T]| k::cumulative_sum(args.x, out),
        model: |args, out| cumulative_sum(args.x, out),
    };
    [arithmetic_maps(), rows, vec![scan]].concat()
}

/// Groups of 8: three steps within, then the last sum of the group before.
fn cumulative_sum<T: TestFloat>(x: &[T], out: &mut [T]) {
    for i in 0..out.len() {
        let start = i / 8 * 8;
        let mut sums: Vec<T> = black_box(&x[start..=i]).to_vec();
        for distance in [1, 2, 4] {
            let before = sums.clone();
            for j in distance..sums.len() {
                sums[j] = before[j - distance] + before[j];
            }
        }
        let carry = if start == 0 {
            T::NEG_ZERO
        } else {
            out[start - 1]
        };
        out[i] = carry + sums[i - start];
    }
}

fn f32_maps() -> Vec<Map<f32, f32>> {
    let rows = maps! { f32 f32, |args, out, x, y, mask|
        Any exp => k::exp(args.x, out), alone(k::exp, x);
        Any exp_in_place => in_place(args.x, out, k::exp_in_place), alone(k::exp, x);
        Any ln => k::ln(args.x, out), alone(k::ln, x);
        Any ln_in_place => in_place(args.x, out, k::ln_in_place), alone(k::ln, x);
        Any tanh => k::tanh(args.x, out), alone(k::tanh, x);
        Any tanh_in_place => in_place(args.x, out, k::tanh_in_place), alone(k::tanh, x);
        Any sigmoid => k::sigmoid(args.x, out), alone(k::sigmoid, x);
        Any sigmoid_in_place => in_place(args.x, out, k::sigmoid_in_place), alone(k::sigmoid, x);
    };
    let softmax = Map {
        name: "softmax",
        nan: Nan::Any,
        kernel: |args: &Args<'_, f32>, out: &mut [f32]| k::softmax(args.x, out),
        model: |args, out| {
            let greatest = model::max(args.x).unwrap_or(0.0);
            for (out, x) in out.iter_mut().zip(args.x) {
                *out = alone(k::exp, *x - greatest);
            }
            let sum = model::sum(out);
            for value in out {
                *value /= sum;
            }
        },
    };
    [float_maps(), rows, vec![softmax]].concat()
}

fn comparisons<T: TestElement>() -> Vec<Map<T, bool>> {
    maps! { T bool, |args, out, x, y, mask|
        Any equal => k::equal(args.x, args.y, out), x == y;
        Any equal_scalar => k::equal_scalar(args.x, args.a, out), x == args.a;
        Any not_equal => k::not_equal(args.x, args.y, out), x != y;
        Any not_equal_scalar => k::not_equal_scalar(args.x, args.a, out), x != args.a;
        Any less => k::less(args.x, args.y, out), x < y;
        Any less_scalar => k::less_scalar(args.x, args.a, out), x < args.a;
        Any less_equal => k::less_equal(args.x, args.y, out), x <= y;
        Any less_equal_scalar => k::less_equal_scalar(args.x, args.a, out), x <= args.a;
        Any greater => k::greater(args.x, args.y, out), x > y;
        Any greater_scalar => k::greater_scalar(args.x, args.a, out), x > args.a;
        Any greater_equal => k::greater_equal(args.x, args.y, out), x >= y;
        Any greater_equal_scalar => k::greater_equal_scalar(args.x, args.a, out), x >= args.a;
    }
}

/// One row: a cast from the element type of the table.
macro_rules! casts {
    ($($name:literal $from:ident $to:ident;)*) => {
        vec![$(Map {
            name: $name,
            nan: Nan::Any,
            kernel: |args: &Args<'_, $from>, out: &mut [$to]| k::cast(args.x, out),
            model: |args, out| {
                for i in 0..out.len() {
                    out[i] = black_box(args.x[i]) as $to;
                }
            },
        }),*]
    };
}

/// What is done with every kernel of an element type.
pub(crate) trait Visitor {
    fn reductions<T: TestElement>(&mut self, rows: Vec<Reduction<T>>);
    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>);
}

/// Shows all kernels on `f32`.
pub(crate) fn of_f32(visitor: &mut impl Visitor) {
    let wide = reductions! { f32, |x, y| sum_wide(x); };
    visitor.reductions::<f32>([float_reductions(), wide].concat());
    visitor.maps::<f32, f32>(f32_maps());
    visitor.maps::<f32, bool>(comparisons());
    visitor.maps(casts! { "cast_to_f64" f32 f64; });
    visitor.maps(casts! { "cast_to_i32" f32 i32; });
    visitor.maps(casts! { "cast_to_u8" f32 u8; });
}

/// Shows all kernels on `f64`.
pub(crate) fn of_f64(visitor: &mut impl Visitor) {
    visitor.reductions::<f64>(float_reductions());
    visitor.maps::<f64, f64>(float_maps());
    visitor.maps::<f64, bool>(comparisons());
    visitor.maps(casts! { "cast_to_f32" f64 f32; });
}

/// Shows all kernels on integers and truth values (these with the masks of the `u8` arguments).
pub(crate) fn of_integers(visitor: &mut impl Visitor) {
    visitor.reductions::<i32>(integer_reductions());
    visitor.maps::<i32, i32>(arithmetic_maps());
    visitor.maps::<i32, bool>(comparisons());
    visitor.maps(casts! { "cast_to_f32" i32 f32; });

    visitor.reductions::<i64>(integer_reductions());
    visitor.maps::<i64, i64>(arithmetic_maps());
    visitor.maps::<i64, bool>(comparisons());

    visitor.reductions::<u8>([integer_reductions(), bool_reductions()].concat());
    visitor.maps::<u8, u8>(element_maps());
    visitor.maps::<u8, bool>(comparisons());
    visitor.maps(casts! { "cast_to_f32" u8 f32; });
}
