//! What it costs to work together: a fork-join with a helper that waits, and one that is woken.
//!
//! `calibrate` measures both at length. Where nobody has calibrated, the first call that might go
//! parallel measures the former for a tenth of a millisecond, and no longer if no helper comes.

use crate::dispatcher::{Dispatcher, Force};
use crate::op::Op;
use crate::profile::Profile;
use crate::profile::find::Origin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const MEET: Op = Op::new("meet").leaf_len(1);

/// When a caller's and a helper's chunk began and the call ended, since it began.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "kernels"),
    expect(dead_code, reason = "the parts are asked for by `calibrate`")
)]
pub(crate) struct Met {
    pub(crate) caller_ns: f64,
    pub(crate) helper_ns: f64,
    pub(crate) call_ns: f64,
}

/// A call of two chunks, of which the first waits until the second has begun, so that two threads
/// really ran. `None` if nobody came.
pub(crate) fn meet(dispatcher: &Dispatcher<'_>, patience: Duration) -> Option<Met> {
    let came = AtomicBool::new(false);
    let mut times = [0.0; 2];
    let begun = Instant::now();
    let since = || begun.elapsed().as_nanos() as f64;
    dispatcher.for_each_chunk_mut(&MEET, &mut times, |offset, time| {
        time[0] = since();
        if offset == 1 {
            // Relaxed: only that it happened.
            came.store(true, Relaxed);
            return;
        }
        while !came.load(Relaxed) {
            if begun.elapsed() > patience {
                time[0] = f64::INFINITY;
                return;
            }
            std::hint::spin_loop();
        }
    });
    let [caller_ns, helper_ns] = times;
    caller_ns.is_finite().then(|| Met {
        caller_ns,
        helper_ns,
        call_ns: since(),
    })
}

/// The value a quarter of the samples is at or below.
pub(crate) fn quartile(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 4]
}

/// Calls by which the first use of an uncalibrated machine is measured.
const FIRST_CALLS: usize = 24;

/// How long it waits for a worker to wake, and for one that is awake.
const FIRST_PATIENCE: [Duration; 2] = [Duration::from_micros(500), Duration::from_micros(20)];

/// The built-in figures with this machine's fork-join, which is measured when it is first asked
/// for. Whoever asks meanwhile gets the built-in figures.
pub(crate) fn of_first_use(dispatcher: &Dispatcher<'_>) -> &'static Profile {
    static STARTED: AtomicBool = AtomicBool::new(false);
    static MEASURED: OnceLock<Profile> = OnceLock::new();
    let built_in = Profile::of_this_machine();
    if matches!(Profile::origin(), Origin::File(_)) {
        return built_in;
    }
    if let Some(measured) = MEASURED.get() {
        return measured;
    }
    // Relaxed: who sees it late measures nothing, for the swap is one step.
    if STARTED.load(Relaxed) || STARTED.swap(true, Relaxed) {
        return built_in;
    }
    let dispatcher = dispatcher
        .unobserved()
        .profile(built_in)
        .force(Force::Parallel)
        .max_workers(2);
    let [woken, awake] = FIRST_PATIENCE;
    let mut samples = Vec::new();
    if meet(&dispatcher, woken).is_some() {
        let met = (0..FIRST_CALLS).map_while(|_| meet(&dispatcher, awake));
        samples.extend(met.map(|met| met.call_ns));
    }
    // Fewer say nothing: the pool is busy.
    let measured = match samples.len() * 2 > FIRST_CALLS {
        true => Profile {
            fork_join_warm_ns: quartile(&mut samples),
            ..*built_in
        },
        false => *built_in,
    };
    MEASURED.get_or_init(|| measured)
}
