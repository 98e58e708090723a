//! Intervals and fits on samples whose answer is known: they hold it as often as they promise, and
//! noise is refused.

use bench_suite::stats::{Fit, amdahl, median_interval, usl};
use bench_suite::{Scaling, scalability};

/// Normal deviates (Box and Muller) of a seeded SplitMix64.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// A time that is `of` on median, with a spread and a long tail, as times have.
    fn time(&mut self, of: f64, spread: f64) -> f64 {
        let outlier = if self.uniform() < 0.03 { 1.5 } else { 1.0 };
        of * (spread * self.normal()).exp() * outlier
    }
}

#[test]
fn intervals_of_ratios_hold_the_truth_as_often_as_they_promise() {
    const REPETITIONS: usize = 2000;
    let mut noise = Noise(1);
    for rounds in [5, 7, 10, 15, 16, 40, 101, 500] {
        for (confidence, floor) in [(0.95, 0.94), (0.99, 0.984)] {
            let mut held = 0;
            for _ in 0..REPETITIONS {
                let ratios: Vec<f64> = (0..rounds)
                    .map(|_| noise.time(1.03, 0.02) / noise.time(1.0, 0.02))
                    .collect();
                let ratio = median_interval(&ratios, confidence).unwrap();
                assert!(ratio.low <= ratio.value && ratio.value <= ratio.high);
                held += usize::from((ratio.low..=ratio.high).contains(&1.03));
            }
            // Five samples cannot promise more than that the median is among them.
            let floor = f64::min(floor, 1.0 - 2.0_f64.powi(1 - rounds) - 0.01);
            let coverage = held as f64 / REPETITIONS as f64;
            assert!(
                coverage >= floor,
                "{rounds} rounds, {confidence}: {coverage}"
            );
        }
    }
}

#[test]
fn intervals_shrink_with_samples_and_do_not_depend_on_their_order() {
    let mut noise = Noise(2);
    let mut samples: Vec<f64> = (0..1000).map(|_| noise.time(1.0, 0.1)).collect();
    let width = |samples: &[f64]| {
        let interval = median_interval(samples, 0.95).unwrap();
        interval.high - interval.low
    };
    assert!(width(&samples) < width(&samples[..50]) / 2.0);
    let before = median_interval(&samples, 0.95);
    samples.reverse();
    assert_eq!(before, median_interval(&samples, 0.95));
    let one = median_interval(&[3.0], 0.99).unwrap();
    assert_eq!((one.low, one.value, one.high), (3.0, 3.0, 3.0));
}

/// Rounds of a law with this serial fraction and coherence.
fn rounds(noise: &mut Noise, threads: &[usize], s: f64, k: f64, spread: f64) -> Vec<Vec<f64>> {
    let time = |p: usize| {
        let p = p as f64;
        1e6 * (1.0 / p + s * (1.0 - 1.0 / p) + k * (p - 1.0))
    };
    (0..40)
        .map(|_| {
            // The whole round is slower or faster, as on a machine that drifts.
            let drift = (0.2 * noise.normal()).exp();
            threads
                .iter()
                .map(|&p| drift * noise.time(time(p), spread))
                .collect()
        })
        .collect()
}

#[test]
fn amdahls_fraction_is_found_and_its_interval_holds_it() {
    let mut noise = Noise(3);
    for (threads, s) in [
        (&[1, 2][..], 0.3),
        (&[1, 2, 4, 8], 0.05),
        (&[1, 2, 3, 4], 0.5),
    ] {
        let mut held = 0;
        for _ in 0..200 {
            let samples = rounds(&mut noise, threads, s, 0.0, 0.02);
            let fit = amdahl(threads, &samples);
            let law = fit.fitted().unwrap_or_else(|| panic!("{fit:?}"));
            assert!(
                (law.serial_fraction.value - s).abs() < 0.06,
                "{law:?}, expected {s}"
            );
            held += usize::from((law.serial_fraction.low..=law.serial_fraction.high).contains(&s));
        }
        assert!(
            held >= 184,
            "{held} of 200 intervals hold {s} on {threads:?}"
        );
    }
}

#[test]
fn contention_and_coherence_are_found() {
    let mut noise = Noise(4);
    let threads = [1, 2, 4, 8, 16];
    let mut held = 0;
    for _ in 0..200 {
        let samples = rounds(&mut noise, &threads, 0.05, 0.01, 0.02);
        let fit = usl(&threads, &samples);
        let law = fit.fitted().unwrap_or_else(|| panic!("{fit:?}"));
        assert!(
            (law.speedup(16.0) - 16.0 / (1.0 + 0.75 + 2.4)).abs() < 0.6,
            "{law:?}"
        );
        let k = law.coherence;
        held += usize::from((k.low..=k.high).contains(&0.01));
    }
    assert!(held >= 180, "{held} of 200 intervals hold the coherence");
}

#[test]
fn noise_is_not_fitted() {
    let mut noise = Noise(5);
    let threads = [1, 2, 4, 8];
    let refused = |fit: Fit<_>| match fit {
        Fit::Refused(why) => why,
        Fit::Fitted(law) => panic!("fitted: {law:?}"),
    };
    // Times that know nothing of threads.
    for _ in 0..50 {
        let random: Vec<Vec<f64>> = (0..20)
            .map(|_| threads.iter().map(|_| noise.time(1.0, 1.5)).collect())
            .collect();
        refused(amdahl(&threads, &random));
    }
    let good = rounds(&mut noise, &threads, 0.1, 0.0, 0.01);
    assert!(refused(amdahl(&[1], &good)).contains("thread counts"));
    assert!(refused(amdahl(&threads, &good[..3])).contains("rounds"));
    let Fit::Refused(why) = usl(&threads[..3], &good) else {
        panic!("two parameters through two points");
    };
    assert!(why.contains("4 thread counts"), "{why}");
    // Twice as fast as the threads allow; slower with each thread; fast at 2 and slow at 8.
    let curve = |times: [f64; 4]| vec![times.to_vec(); 20];
    assert!(
        refused(amdahl(&threads, &curve([1.0, 0.25, 0.1, 0.05]))).contains("faster than linear")
    );
    assert!(refused(amdahl(&threads, &curve([1.0, 1.6, 1.9, 2.1]))).contains("slower"));
    assert!(refused(amdahl(&threads, &curve([1.0, 0.5, 0.3, 0.6]))).contains("does not fit"));
    assert!(refused(amdahl(&threads, &curve([1.0, f64::NAN, 0.3, 0.2]))).contains("scatter"));
}

#[test]
fn a_closure_of_the_user_is_measured_on_each_count_and_on_one() {
    use rayon::prelude::*;
    let numbers: Vec<u32> = (0..10_000).collect();
    let scaling = scalability(&[4, 2, 2], || {
        numbers.par_iter().map(|x| u64::from(*x)).sum::<u64>()
    })
    .unwrap();
    let threads: Vec<usize> = scaling.points.iter().map(|p| p.threads).collect();
    assert_eq!(threads, [1, 2, 4]);
    for point in &scaling.points {
        assert!(point.ns_median > 0.0 && point.speedup.low <= point.speedup.high);
        assert_eq!(point.efficiency, point.speedup.value / point.threads as f64);
    }
    let text = scaling.to_string();
    assert!(text.contains("Amdahl") && text.contains("USL"), "{text}");
}

#[test]
fn counts_above_the_cpus_are_left_out_of_the_fit() {
    let mut noise = Noise(6);
    let mut samples = rounds(&mut noise, &[1, 2, 4], 0.1, 0.0, 0.01);
    for round in &mut samples {
        round[2] = round[1] * 1.2;
    }
    let fit = |cpus| Scaling::of_rounds(&[1, 2, 4], &samples, cpus).amdahl;
    let two = fit(2);
    let law = two.fitted().unwrap_or_else(|| panic!("{two:?}"));
    assert!((law.serial_fraction.value - 0.1).abs() < 0.05);
    assert_eq!(fit(4).fitted(), None);
}
