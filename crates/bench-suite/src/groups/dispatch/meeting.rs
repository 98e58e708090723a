//! What it costs to bring two threads together: two chunks that wait for each other, so that two
//! threads really ran.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use par_dispatch::{Dispatcher, Force, Op};

use crate::contenders::openmp::{self, OpenMp};
use crate::groups::{Inputs, Outcome, Question};
use crate::measure::{Contender, Plan, Trial};

/// Our contender.
pub const HUB: &str = "hub";
/// Rayon's.
pub const JOIN: &str = "rayon::join";

const MEET: Op = Op::new("meet").leaf_len(1);

/// Calls of OpenMP in a sample.
const OPENMP_CALLS: usize = 100;

/// How long one waits for the other. Nobody promises that two tasks run at once: a Rayon worker that
/// is falling asleep may miss what another has pushed.
const PATIENCE: Duration = Duration::from_millis(20);

/// Looks between two looks at the clock.
const LOOKS: u32 = 10_000;

/// Both chunks come here and go when both have come. Who waits in vain takes itself off again: the
/// sample has taken that long, and the answer is wrong.
fn meet(come: &AtomicUsize) {
    // Relaxed: that they came is all.
    come.fetch_add(1, Relaxed);
    let (mut looks, mut since) = (0_u32, None);
    while come.load(Relaxed) < 2 {
        std::hint::spin_loop();
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(LOOKS)
            && since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
        {
            come.fetch_sub(1, Relaxed);
            return;
        }
    }
}

/// Measures from outside, or from a worker.
pub(super) fn measure(
    inputs: &Inputs,
    openmp: Option<&RefCell<OpenMp>>,
    worker: bool,
    question: &Question,
    plan: &Plan,
) -> Outcome {
    let pool = &inputs.pool;
    let hub = |_: &mut ()| {
        let dispatcher = match worker {
            true => Dispatcher::global(),
            false => Dispatcher::with_pool(pool),
        };
        let come = AtomicUsize::new(0);
        dispatcher
            .force(Force::Parallel)
            .max_workers(2)
            .for_each_chunk_mut(&MEET, &mut [0_u8; 2], |_, _| meet(&come));
        come.into_inner()
    };
    let both = || {
        let come = AtomicUsize::new(0);
        rayon::join(|| meet(&come), || meet(&come));
        come.into_inner()
    };
    let join = |_: &mut ()| match worker {
        true => both(),
        false => pool.install(both),
    };
    let scope = |_: &mut ()| {
        let come = AtomicUsize::new(0);
        pool.in_place_scope(|scope| {
            scope.spawn(|_| meet(&come));
            meet(&come);
        });
        come.into_inner()
    };
    let trial = || {
        Trial::new(|(), come: &usize, _| match come {
            2 => Ok(()),
            _ => Err(format!("{come} of 2 met")),
        })
    };
    if worker {
        return pool.install(|| {
            let contenders = [
                Contender::new(HUB, 2, hub),
                Contender::new(JOIN, 2, join),
                Contender::new("in_place_scope", 2, scope),
            ];
            question.ask(plan, (), &contenders, &[trial()], &[(0, 1), (0, 2)])
        });
    }
    let contenders = [
        Contender::new(HUB, 2, hub),
        Contender::new(JOIN, 2, join),
        Contender::new("in_place_scope", 2, scope),
    ];
    let pairs = [(0, 1), (0, 2)];
    let mut outcome = question.ask(plan, (), &contenders, &[trial()], &pairs);
    if let Some(openmp) = openmp {
        let mut openmp = openmp.borrow_mut();
        let rounds: Result<Vec<f64>, String> =
            (0..9).map(|_| openmp.meet(OPENMP_CALLS, 5)).collect();
        match rounds {
            Ok(samples) => {
                let row = question.row(openmp::NAME, 2, &samples, Ok(()));
                outcome.rows.push(row);
            }
            Err(why) => outcome.notes.push(format!("{}: {why}", openmp::NAME)),
        }
    }
    outcome
}
