//! A floor under the speed of every kernel: a lost target feature (intrinsics that become calls, 60
//! times the time) or a loop that is not vectorised any more cannot pass.
//!
//! Each kernel, at each level above the baseline, races, interleaved and on 4096 elements that lie
//! in the L1 cache, with (1) a loop that no compiler can vectorise, which it must beat by its floor,
//! and (2) itself at the baseline level, which must not be much faster. Both ratios are of least
//! times in one run, so neither a slow machine nor a busy one moves them much. The floors are about
//! half of what was measured on AVX2; levels that the baseline equals (AArch64) have the same lanes to offer.

use crate::inputs::{Args, Input, Output, TestElement, Values};
use crate::kernels::{self, Map, Reduction, Visitor};
use crate::levels;
use kernels_simd::Level;
use std::cell::RefCell;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

const LEN: usize = 4096;
const ROUNDS: usize = 15;
/// A kernel below its floor is measured again this often: a busy moment passes.
const TRIES: usize = 4;
/// How much slower than the baseline a wider level may be: measured are 1.1 for the kernels that
/// gain nothing from it.
const SLOWEST_TO_BASELINE: f64 = 1.5;

/// How many times as fast as the scalar loop a kernel must be; the first row that fits counts. A
/// `*` ends a name that stands for all with that beginning, or is any name or type.
const FLOORS: &[(&str, &str, f64)] = &[
    // Six additions per element.
    ("sum_compensated", "f32", 1.5),
    ("sum_compensated", "f64", 1.0),
    // Three sums.
    ("cosine_similarity", "f32", 1.5),
    ("cosine_similarity", "f64", 0.9),
    // A second pass over a leaf.
    ("arg*", "f32", 2.0),
    // Converted, clamped and packed twice: 2.6 on AVX2 where the scalar loop is quick (Zen 5).
    ("cast_to_u8", "f32", 1.3),
    // The model takes each group's sums from the start for each of its elements.
    ("cumulative_sum", "*", 40.0),
    ("*", "u8", 8.0),
    ("*", "bool", 20.0),
    ("*", "f64", 1.5),
    ("*", "i64", 1.5),
    ("*", "*", 3.0),
];

fn floor(name: &str, ty: &str) -> f64 {
    let fits = |pattern: &str, word: &str| match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == pattern,
    };
    let row = FLOORS
        .iter()
        .find(|(named, of, _)| fits(named, name) && fits(of, ty));
    row.map_or(f64::NAN, |row| row.2)
}

/// The least times of contenders, in ns per call, interleaved.
fn race(contenders: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; contenders.len()];
    for _ in 0..ROUNDS {
        for (run, least) in contenders.iter_mut().zip(&mut least) {
            // The first call warms the caches after another contender.
            run();
            let start = Instant::now();
            let mut calls = 0;
            let elapsed = loop {
                run();
                calls += 1;
                let elapsed = start.elapsed();
                if elapsed.as_micros() >= 4 {
                    break elapsed;
                }
            };
            *least = least.min(elapsed.as_nanos() as f64 / f64::from(calls));
        }
    }
    least
}

struct Floors {
    report: String,
    failures: Vec<String>,
}

impl Floors {
    /// Races a kernel at each level above the baseline (or there, if there is no other) with the
    /// scalar loop.
    fn check(&mut self, name: &str, ty: &str, kernel: &mut dyn FnMut(), scalar: &mut dyn FnMut()) {
        let wider: Vec<Level> = Level::available().skip(1).collect();
        for &level in if wider.is_empty() {
            &[Level::Baseline][..]
        } else {
            &wider
        } {
            self.check_level(level, name, ty, kernel, scalar);
        }
    }

    fn check_level(
        &mut self,
        level: Level,
        name: &str,
        ty: &str,
        kernel: &mut dyn FnMut(),
        scalar: &mut dyn FnMut(),
    ) {
        let floor = floor(name, ty);
        let mut line = String::new();
        for _ in 0..TRIES {
            let kernel = RefCell::new(&mut *kernel);
            let run = |level: Level| {
                level.force().expect("an available level");
                (kernel.borrow_mut())();
            };
            let times = race(&mut [&mut || run(level), &mut || run(Level::Baseline), scalar]);
            let (to_scalar, to_baseline) = (times[2] / times[0], times[1] / times[0]);
            let time_ns = times[0] / LEN as f64;
            line = format!(
                "{name:<26} {ty:<5} {level:<9} {time_ns:>8.4} {to_scalar:>8.1} {to_baseline:>10.2}"
            );
            if to_scalar >= floor && to_baseline >= 1.0 / SLOWEST_TO_BASELINE {
                let _ = writeln!(self.report, "{line}");
                return;
            }
        }
        let _ = writeln!(self.report, "{line}  <- too slow");
        self.failures.push(format!("{line}  (floor {floor})"));
    }
}

/// The loop that a reduction races with: a maximum, one element at a time.
#[inline(never)]
fn scalar_maximum<T: PartialOrd + Copy>(x: &[T]) -> Option<T> {
    let mut greatest = None;
    for &value in x {
        let value = black_box(value);
        if greatest.is_none_or(|greatest| value > greatest) {
            greatest = Some(value);
        }
    }
    greatest
}

impl Visitor for Floors {
    fn reductions<T: TestElement>(&mut self, rows: Vec<Reduction<T>>) {
        let mut input = Input::<T>::new(Values::Uniform, LEN, 1);
        for row in rows {
            // The others would stop early.
            input.mask.fill(row.name == "all");
            let args = input.args(0..LEN);
            let mut kernel = || {
                black_box((row.kernel)(black_box(&args)));
            };
            let mut scalar = || {
                black_box(scalar_maximum(black_box(args.x)));
            };
            self.check(row.name, row.ty, &mut kernel, &mut scalar);
        }
    }

    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>) {
        let input = Input::<T>::new(Values::Uniform, LEN, 1);
        let args = Args {
            a: T::BOUNDS.1,
            ..input.args(0..LEN)
        };
        let (mut out, mut other) = (vec![O::GUARD; LEN], vec![O::GUARD; LEN]);
        for row in rows {
            let mut kernel = || (row.kernel)(black_box(&args), black_box(&mut out));
            let mut scalar = || (row.model)(black_box(&args), black_box(&mut other));
            self.check(row.name, T::NAME, &mut kernel, &mut scalar);
        }
    }
}

#[test]
#[ignore = "measures, so it needs the release profile: cargo xtask levels"]
fn every_kernel_is_vectorised() {
    if cfg!(debug_assertions) {
        panic!("unoptimised code has no speed: run it in the release profile");
    }
    let mut floors = Floors {
        report: String::new(),
        failures: vec![],
    };
    levels::forcing(|_| {
        kernels::of_f32(&mut floors);
        kernels::of_f64(&mut floors);
        kernels::of_integers(&mut floors);
    });
    let title = "kernel                     dtype level      ns/elem  ×scalar  ×baseline";
    println!("{title}\n{}", floors.report);
    let failures = floors.failures.join("\n");
    assert!(
        failures.is_empty(),
        "below their floor:\n{title}\n{failures}"
    );
}
