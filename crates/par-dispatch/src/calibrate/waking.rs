//! A fork-join with a helper that waits, and one that is woken, and a call after a pause, at length.

use super::throughput::Buffers;
use crate::dispatcher::{Dispatcher, Force};
use crate::rendezvous::{Met, meet, quartile};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A helper that has not come by then does not come: the pool is busy.
const PATIENCE: Duration = Duration::from_millis(3);

/// Longer than any linger that is used here: the workers are asleep afterwards.
const PAUSE: Duration = Duration::from_millis(2);

/// Calls to begin with: the first find the helper asleep, or the caches cold.
const WARM_UP: usize = 30;

/// A fork-join while a helper lingers: the lower quartile of `calls`. `None` if too often nobody
/// came.
pub(super) fn warm_ns(dispatcher: &Dispatcher<'_>, calls: usize) -> Option<f64> {
    let dispatcher = dispatcher.force(Force::Parallel).max_workers(2);
    let met = (0..WARM_UP + calls).map(|_| meet(&dispatcher, PATIENCE));
    let met: Vec<Option<Met>> = met.skip(WARM_UP).collect();
    let mut samples: Vec<f64> = met.into_iter().flatten().map(|met| met.call_ns).collect();
    (samples.len() * 2 >= calls).then(|| quartile(&mut samples))
}

/// Bytes that are read after a pause: they fit a second cache.
const COLD_BYTES: usize = 512 * 1024;

/// Time per byte that one thread takes for what it had in its cache before a pause: the median.
pub(super) fn cold_ns_per_byte(buffers: &mut Buffers, calls: usize) -> f64 {
    let x = &buffers.aligned()[..COLD_BYTES / size_of::<f32>()];
    let mut samples: Vec<f64> = (0..calls)
        .map(|_| {
            for _ in 0..WARM_UP {
                black_box(kernels_simd::sum(black_box(x)));
            }
            std::thread::sleep(PAUSE);
            let begun = Instant::now();
            black_box(kernels_simd::sum(black_box(x)));
            begun.elapsed().as_nanos() as f64 / COLD_BYTES as f64
        })
        .collect();
    median(&mut samples)
}

fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// What a wake costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wake {
    /// The caller, before it begins to work.
    pub(super) caller_ns: f64,
    /// From the beginning of the call until the helper runs.
    pub(super) arrival_ns: f64,
}

/// Wakes a helper after pauses: medians, since a wake that is used is a usual one.
pub(super) fn wake(dispatcher: &Dispatcher<'_>, calls: usize) -> Option<Wake> {
    let dispatcher = dispatcher.force(Force::Parallel).max_workers(2);
    let met = (0..calls).map(|_| {
        std::thread::sleep(PAUSE);
        meet(&dispatcher, PATIENCE)
    });
    let met: Vec<Met> = met.collect::<Vec<_>>().into_iter().flatten().collect();
    if met.len() * 2 < calls {
        return None;
    }
    let median = |of: &dyn Fn(&Met) -> f64| {
        let mut samples: Vec<f64> = met.iter().map(of).collect();
        self::median(&mut samples)
    };
    Some(Wake {
        caller_ns: median(&|met| met.caller_ns),
        arrival_ns: median(&|met| met.helper_ns),
    })
}
