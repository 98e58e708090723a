//! A fork-join with a helper that waits, and one that is woken, at length.

use crate::dispatcher::{Dispatcher, Force};
use crate::rendezvous::{Met, meet, quartile};
use std::time::Duration;

/// A helper that has not come by then does not come: the pool is busy.
const PATIENCE: Duration = Duration::from_millis(3);

/// Longer than any linger that is used here: the workers are asleep afterwards.
const PAUSE: Duration = Duration::from_millis(2);

/// Calls to begin with, which find the helper asleep.
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
        samples.sort_by(f64::total_cmp);
        samples[samples.len() / 2]
    };
    Some(Wake {
        caller_ns: median(&|met| met.caller_ns),
        arrival_ns: median(&|met| met.helper_ns),
    })
}
