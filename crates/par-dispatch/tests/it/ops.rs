//! The ready-made kernels: the bits of the sequential kernel, on every pool and either way.

use par_dispatch::{Dispatcher, Force};

const LENGTHS: [usize; 9] = [0, 1, 63, 2_048, 2_049, 10_000, 65_536, 100_003, 300_000];

fn values(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state as f32 / u32::MAX as f32 - 0.5) * (1_u32 << (state % 20)) as f32
        })
        .collect()
}

fn check(dispatcher: &Dispatcher<'_>) {
    for len in LENGTHS {
        let (x, y) = (values(len, 1), values(len, 2));
        let context = (dispatcher, len);
        let same =
            |ours: f32, theirs: f32| assert_eq!(ours.to_bits(), theirs.to_bits(), "{context:?}");
        same(dispatcher.sum(&x), kernels_simd::sum(&x));
        same(dispatcher.dot(&x, &y), kernels_simd::dot(&x, &y));
        assert_eq!(dispatcher.max(&x), kernels_simd::max(&x), "{context:?}");

        let (mut ours, mut theirs) = (vec![0.0; len], vec![0.0; len]);
        dispatcher.add(&x, &y, &mut ours);
        kernels_simd::add(&x, &y, &mut theirs);
        assert_eq!(ours, theirs, "{context:?}");
        dispatcher.mul(&x, &y, &mut ours);
        kernels_simd::mul(&x, &y, &mut theirs);
        assert_eq!(ours, theirs, "{context:?}");
        dispatcher.relu(&x, &mut ours);
        kernels_simd::relu(&x, &mut theirs);
        assert_eq!(ours, theirs, "{context:?}");

        let mut mask = vec![false; len];
        assert!(!dispatcher.any(&mask));
        if let Some(last) = mask.last_mut() {
            *last = true;
            assert!(dispatcher.any(&mask));
            assert_eq!(dispatcher.all(&mask), len == 1);
        }
        mask.fill(true);
        assert!(dispatcher.all(&mask));
    }
}

#[test]
fn bits_do_not_depend_on_the_way() {
    check(&Dispatcher::sequential());
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
