//! exp, ln, tanh and sigmoid: within their stated error of the exact result at every level, with
//! the same bits at each.
//!
//! The exact result is the standard library's `f64` function: its own error is below 10⁻⁸ ulp of
//! `f32`. The error is |got − exact| / ulp(exact), where ulp(y) is the distance between neighbours
//! in the binade of y (2⁻¹⁴⁹ for subnormals and zero), and infinity counts as 2¹²⁸.

use crate::inputs::Bits;
use crate::levels;
use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};
use std::thread;

struct Function {
    name: &'static str,
    kernel: fn(&[f32], &mut [f32]),
    exact: fn(f64) -> f64,
    /// The stated bound, which is the greatest error over all arguments, rounded up.
    max_ulp: f64,
    /// Arguments around which formulas change, saturate or are exact.
    critical: &'static [f32],
    /// Arguments with their results, to the bit.
    fixed: &'static [(f32, f32)],
}

const INF: f32 = f32::INFINITY;
const SUBNORMAL: f32 = f32::from_bits(1);

const FUNCTIONS: [Function; 4] = [
    Function {
        name: "exp",
        kernel: kernels_simd::exp,
        exact: f64::exp,
        max_ulp: 0.906,
        // Half of ln 2; the ends of normal, subnormal and finite results; the worst found.
        critical: &[
            0.346_573_6,
            88.722_84,
            89.0,
            -87.336_54,
            -103.278_93,
            -103.972_08,
            -104.0,
            4.505_865_6,
            -5.160_947,
        ],
        fixed: &[
            (0.0, 1.0),
            (-0.0, 1.0),
            (SUBNORMAL, 1.0),
            (INF, INF),
            (-INF, 0.0),
            (f32::MAX, INF),
            (f32::MIN, 0.0),
        ],
    },
    Function {
        name: "ln",
        kernel: kernels_simd::ln,
        exact: f64::ln,
        max_ulp: 0.916,
        // Around 1, the ends of a reduced argument, its powers of two, the end of subnormals.
        critical: &[
            1.0,
            FRAC_1_SQRT_2,
            SQRT_2,
            0.353_553_4,
            2.828_427,
            2.0,
            0.5,
            f32::MIN_POSITIVE,
            0.706_849_46,
        ],
        fixed: &[
            (1.0, 0.0),
            (0.0, -INF),
            (-0.0, -INF),
            (INF, INF),
            (-1.0, f32::NAN),
            (-SUBNORMAL, f32::NAN),
            (-INF, f32::NAN),
        ],
    },
    Function {
        name: "tanh",
        kernel: kernels_simd::tanh,
        exact: f64::tanh,
        max_ulp: 1.325,
        // Where the formula changes, where it saturates.
        critical: &[
            0.625,
            -0.625,
            9.010_913,
            -9.010_913,
            10.0,
            -10.0,
            0.627_115_9,
            -0.627_115_9,
        ],
        fixed: &[
            (0.0, 0.0),
            (-0.0, -0.0),
            (SUBNORMAL, SUBNORMAL),
            (-SUBNORMAL, -SUBNORMAL),
            (INF, 1.0),
            (-INF, -1.0),
            (f32::MAX, 1.0),
            (f32::MIN, -1.0),
        ],
    },
    Function {
        name: "sigmoid",
        kernel: kernels_simd::sigmoid,
        exact: |x| 1.0 / (1.0 + (-x).exp()),
        max_ulp: 1.807,
        // Where the formula changes, the ends of normal and of subnormal results, saturation.
        critical: &[
            0.916_290_7,
            -0.916_290_7,
            -87.336_54,
            -103.278_93,
            -103.972_08,
            -104.0,
            17.328_68,
            -1.133_238,
            0.677_915_9,
        ],
        fixed: &[
            (0.0, 0.5),
            (-0.0, 0.5),
            (INF, 1.0),
            (-INF, 0.0),
            (f32::MAX, 1.0),
            (f32::MIN, 0.0),
        ],
    },
];

/// The distance between neighbours among `f32` in the binade of `value`.
fn ulp(value: f64) -> f64 {
    let size = value
        .abs()
        .clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX));
    let binade = f64::from_bits(size.to_bits() & f64::INFINITY.to_bits());
    binade * f64::from(f32::EPSILON)
}

fn error_ulp(got: f32, exact: f64) -> f64 {
    if got.is_nan() || exact.is_nan() {
        return if got.is_nan() == exact.is_nan() {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let infinity = 2.0_f64.powi(128);
    let exact = exact.clamp(-infinity, infinity);
    let got = f64::from(got).clamp(-infinity, infinity);
    // A zero of the wrong sign, which a difference would not show.
    if got.is_sign_negative() != exact.is_sign_negative() {
        return f64::INFINITY;
    }
    (got - exact).abs() / ulp(exact)
}

impl Function {
    /// The bits of the results at `x`; panics if one is out of bounds.
    fn check(&self, x: &[f32], out: &mut [f32]) {
        (self.kernel)(x, out);
        for (&x, &got) in x.iter().zip(&*out) {
            let error = error_ulp(got, (self.exact)(f64::from(x)));
            assert!(
                error <= self.max_ulp,
                "{}({x:?}) = {got:?} ({:#010x} to {:#010x}): {error} ulp",
                self.name,
                x.to_bits(),
                got.to_bits(),
            );
        }
    }

    /// Every so many bit patterns, and all of them around critical points and special values.
    fn arguments(&self) -> Vec<f32> {
        let (step, around) = if cfg!(miri) {
            (99_730_009, 2)
        } else {
            (9973, 500)
        };
        let specials = [
            0.0,
            f32::MIN_POSITIVE,
            f32::MAX,
            INF,
            f32::NAN,
            f32::EPSILON,
        ];
        let centers = self
            .critical
            .iter()
            .copied()
            .chain(specials.into_iter().flat_map(|x| [x, -x]));
        let near = centers.flat_map(|x| {
            (0..=2 * around).map(move |i: u32| x.to_bits().wrapping_add(i).wrapping_sub(around))
        });
        (0..=u32::MAX)
            .step_by(step)
            .chain(near)
            .map(f32::from_bits)
            .collect()
    }
}

#[test]
fn errors_stay_within_the_stated_bounds_with_the_same_bits_at_every_level() {
    for function in &FUNCTIONS {
        let x = function.arguments();
        let mut baseline: Option<Vec<u128>> = None;
        levels::each(|level| {
            let mut out = vec![0.0; x.len()];
            function.check(&x, &mut out);
            let bits: Vec<u128> = out.into_iter().map(Bits::bits_but_nan).collect();
            let baseline = baseline.get_or_insert_with(|| bits.clone());
            assert!(bits == *baseline, "{} at {level}", function.name);
        });
    }
}

#[test]
fn fixed_points_are_exact() {
    for function in &FUNCTIONS {
        levels::each(|level| {
            for &(x, want) in function.fixed {
                // Enough copies for every vector width and a tail.
                let mut out = [0.25; 37];
                (function.kernel)(&[x; 37], &mut out);
                for got in out {
                    assert_eq!(
                        got.bits_but_nan(),
                        want.bits_but_nan(),
                        "{}({x:?}) {level}",
                        function.name
                    );
                }
            }
        });
    }
}

#[test]
fn tanh_is_odd_and_tanh_and_sigmoid_stay_in_range() {
    let x: Vec<f32> = (0..=f32::INFINITY.to_bits())
        .step_by(if cfg!(miri) { 9_973_001 } else { 99_731 })
        .map(f32::from_bits)
        .collect();
    let negated: Vec<f32> = x.iter().map(|x| -x).collect();
    let (mut plus, mut minus) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    kernels_simd::tanh(&x, &mut plus);
    kernels_simd::tanh(&negated, &mut minus);
    for i in 0..x.len() {
        assert_eq!(
            plus[i].to_bits(),
            (-minus[i]).to_bits(),
            "tanh(±{:?})",
            x[i]
        );
        assert!(plus[i] <= 1.0, "tanh({:?})", x[i]);
    }
    kernels_simd::sigmoid(&x, &mut plus);
    kernels_simd::sigmoid(&negated, &mut minus);
    for i in 0..x.len() {
        assert!((0.5..=1.0).contains(&plus[i]), "sigmoid({:?})", x[i]);
        assert!((0.0..=0.5).contains(&minus[i]), "sigmoid(-{:?})", x[i]);
    }
}

/// All arguments at the active level: the proof of the stated bounds. In the release profile, where
/// the loops are vectorised.
#[test]
#[ignore = "four billion values: minutes"]
fn errors_stay_within_the_stated_bounds_for_every_argument() {
    const BLOCK: usize = 1 << 12;
    let threads = thread::available_parallelism().map_or(1, usize::from) as u32;
    for function in &FUNCTIONS {
        thread::scope(|scope| {
            for first in 0..threads {
                scope.spawn(move || {
                    let (mut x, mut out) = ([0.0; BLOCK], [0.0; BLOCK]);
                    for block in (first..1 << 20).step_by(threads as usize) {
                        for (i, x) in x.iter_mut().enumerate() {
                            *x = f32::from_bits((block << 12) + i as u32);
                        }
                        function.check(&x, &mut out);
                    }
                });
            }
        });
    }
}
