//! Does the dispatcher choose the better of sequential and parallel, at every size, from
//! everywhere, at every rhythm; and what does it cost to be asked?
//!
//! Decided here: the cases. What is tuned: the dispatcher plans with the machine's profile, or, if
//! there is none, with one that the first case measures: sums, additions of slices and exp, at
//! powers of two of bytes. Held out: dot, the polynomial, and every second size.

mod cell;
mod meeting;
mod own_data;
mod regret;
mod thrift;
mod work;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use par_dispatch::Profile;
use par_dispatch::calibrate::{Effort, Steadiness, calibrate};
use par_dispatch::profile::find::Origin;

pub use meeting::{HUB, JOIN};
pub use regret::{DISPATCHED, NOISE_FLOOR, by_policy};
pub use thrift::{BUSY_VARIABLE, be_busy};

use super::slices::{Operands, Source};
use super::{Case, Group, Inputs, Outcome, Question};
use crate::contenders::chili::{self, Chili};
use crate::contenders::openmp::{self, OpenMp};
use crate::measure::{Contender, Plan, Trial};
use cell::{Context, Site, Way};
use work::{Add, Dot, Polynomial, Sum, Work};

/// The group's name.
pub const NAME: &str = "dispatch";
/// The ops of cases that are no cell of the regret table.
pub const MEET_OUTSIDE: &str = "meet_outside";
/// As above.
pub const MEET_WORKER: &str = "meet_worker";
/// As above.
pub const SHORT: &str = "sum_short";
/// As above.
pub const HEARTBEAT: &str = "sum_heartbeat";
/// As above.
pub const RARE_CPU: &str = "sum_every_ms_cpu";
/// As above.
pub const BUSY_CORE: &str = "sum_busy_core";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "sequential, parallel and dispatched, over sizes: where is the crossover, what is the regret?",
    quick: "n = 1K, 16K, 256K, 1M",
    ops: &[
        "sum",
        "add",
        "dot",
        "polynomial15",
        MEET_OUTSIDE,
        MEET_WORKER,
        SHORT,
        HEARTBEAT,
        RARE_CPU,
        BUSY_CORE,
    ],
    cases,
};

/// Half octaves from 2^8 to 2^24.
fn sizes(quick: bool) -> Vec<usize> {
    if quick {
        return [10, 14, 18, 20].map(|log2| 1 << log2).to_vec();
    }
    let half_octave = |half: i32| 2_f64.powf(f64::from(half) / 2.0).round() as usize;
    (16..=48).map(half_octave).collect()
}

/// Lengths below which a call should cost nothing more than the kernel.
const SHORT_LENS: [usize; 4] = [16, 64, 128, 255];
const RARE_LEN: usize = 128 * 1024;

/// What the cases share.
#[derive(Debug)]
struct Shared<'a> {
    inputs: &'a Inputs,
    profile: OnceCell<Profile>,
    openmp: Result<RefCell<OpenMp>, String>,
}

impl Shared<'_> {
    fn site(&self) -> Site<'_> {
        Site {
            tested: &self.inputs.recorded_pool,
            others: &self.inputs.pool,
            profile: self.profile.get_or_init(|| *Profile::of_this_machine()),
        }
    }

    /// The machine's profile if it was measured before, else one that is measured now.
    fn tune(&self) -> String {
        let before = Steadiness::measure();
        if let origin @ Origin::File(_) = Profile::origin() {
            self.profile.get_or_init(|| *Profile::of_this_machine());
            return format!("dispatch: {before}; {origin}");
        }
        let effort = match self.inputs.quick {
            true => Effort::Quick,
            false => Effort::Full,
        };
        match calibrate(&self.inputs.recorded_pool, effort, |_, _| ()) {
            Ok(measured) => {
                let profile = self.profile.get_or_init(|| measured.profile);
                format!(
                    "dispatch: {before}; a profile of {} passes, {} unsteady: fork-join {:.0} ns, \
                     wake {:.0} ns, arrival {:.0} ns, {:.0} bytes per ns after a pause, {:.0} \
                     operations per ns, {:.2} times as many on all threads",
                    measured.passes,
                    measured.unsteady,
                    profile.fork_join_warm_ns,
                    profile.wake_ns,
                    profile.arrival_ns,
                    profile.cold_ns_per_byte.recip(),
                    profile.operations_per_ns,
                    profile.operations_speed_up,
                )
            }
            Err(why) => format!("dispatch: {before}; built-in figures: {why}"),
        }
    }
}

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    if inputs.user.is_some() {
        return own_data::cases(inputs);
    }
    let threads = inputs.threads();
    let shared = Rc::new(Shared {
        inputs,
        profile: OnceCell::new(),
        openmp: OpenMp::start(threads).map(RefCell::new),
    });
    let mut cases = vec![{
        let shared = Rc::clone(&shared);
        Case::new(question("profile", &[], 0, 0), move |_, _| {
            let mut notes = vec![shared.tune()];
            if let Err(why) = &shared.openmp {
                notes.push(format!("{}: not run: {why}", openmp::NAME));
            }
            if threads < 2 {
                notes.push("dispatch: a pool of one thread: nothing can be parallel".into());
            }
            Outcome::noted(notes)
        })
    }];
    if threads >= 2 {
        for (op, worker) in [(MEET_OUTSIDE, false), (MEET_WORKER, true)] {
            let shared = Rc::clone(&shared);
            cases.push(Case::new(question(op, &[], 0, 0), move |question, plan| {
                let openmp = shared.openmp.as_ref().ok();
                meeting::measure(shared.inputs, openmp, worker, question, plan)
            }));
        }
    }
    cases.extend(SHORT_LENS.map(|len| in_turns(SHORT, &shared, len, false)));
    for len in sizes(inputs.quick) {
        cases.extend(cells::<Sum>(&shared, len));
        cases.extend(cells::<Add>(&shared, len));
        cases.extend(cells::<Dot>(&shared, len));
        cases.extend(cells::<Polynomial>(&shared, len));
        if shared.openmp.is_ok() {
            cases.push(openmp_sum(&shared, len));
        }
    }
    cases.push({
        let shared = Rc::clone(&shared);
        Case::new(of_sum(RARE_CPU, RARE_LEN), move |question, _| {
            let mut operands = operands(&shared, RARE_LEN);
            let calls = if shared.inputs.quick { 20 } else { 300 };
            thrift::processor_time(shared.site(), question, calls, &mut operands)
                .unwrap_or_else(|| Outcome::noted(vec![format!("{RARE_CPU}: not run: no /proc")]))
        })
    });
    for len in sizes(inputs.quick).into_iter().step_by(2) {
        cases.push(heartbeat_sum(&shared, len));
        cases.push(in_turns(BUSY_CORE, &shared, len, true));
    }
    cases.push(Case::new(question("after", &[], 0, 0), |_, _| {
        Outcome::noted(vec![format!(
            "dispatch: afterwards: {}",
            Steadiness::measure()
        )])
    }));
    cases
}

fn question(op: &'static str, shape: &[usize], bytes: usize, flops: usize) -> Question {
    Question {
        group: NAME,
        op,
        dtype: if shape.is_empty() { "none" } else { "f32" },
        shape: shape.to_vec(),
        bytes: bytes as u64,
        flops: flops as u64,
    }
}

fn of_sum(op: &'static str, len: usize) -> Question {
    question(op, &[len], len * size_of::<f32>(), len)
}

fn operands(shared: &Shared<'_>, len: usize) -> Operands<f32> {
    Source::Embedded(&shared.inputs.data, len).operands()
}

/// An operation at one length, in every context.
fn cells<'a, W: Work>(shared: &Rc<Shared<'a>>, len: usize) -> Option<Case<'a>> {
    let shared = Rc::clone(shared);
    (shared.inputs.threads() >= 2).then(|| {
        let bytes = W::SLICES * len * size_of::<f32>();
        let question = question(W::NAME, &[len], bytes, W::FLOPS * len);
        Case::new(question, move |question, plan| {
            let mut operands = operands(&shared, len);
            let mut outcome = Outcome::default();
            for context in Context::ALL {
                let cell = cell::measure::<W>(shared.site(), context, plan, &mut operands);
                outcome
                    .regret
                    .push(regret::row(W::NAME, context, len, &cell));
                outcome.rows.extend(rows(question, context, &shared, cell));
            }
            outcome
        })
    })
}

fn rows(
    question: &Question,
    context: Context,
    shared: &Shared<'_>,
    cell: Vec<cell::Took>,
) -> impl Iterator<Item = crate::report::schema::Row> {
    let threads = shared.inputs.threads();
    cell.into_iter().map(move |took| {
        let threads = match took.way {
            Way::Sequential | Way::SequentialAgain => 1,
            _ => threads,
        };
        let contender = format!("{} [{}]", took.way.name(), context.name());
        question.row(&contender, threads, &took.samples_ns, took.answer)
    })
}

/// OpenMP's sums, each beside its own sequential loop.
fn openmp_sum<'a>(shared: &Rc<Shared<'a>>, len: usize) -> Case<'a> {
    let shared = Rc::clone(shared);
    Case::new(of_sum("sum", len), move |question, _| {
        let Ok(openmp) = &shared.openmp else {
            return Outcome::default();
        };
        let rounds = if shared.inputs.quick { 5 } else { 9 };
        let threads = shared.inputs.threads();
        let rows = openmp::Loop::ALL.map(|written| {
            let (sequential, parallel, answer) = match openmp.borrow_mut().sum(written, len, rounds)
            {
                Ok(sum) => (sum.sequential_ns, sum.parallel_ns, Ok(())),
                Err(why) => (1.0, 1.0, Err(why)),
            };
            let [on_one, on_all] = written.names();
            [
                question.row(on_one, 1, &[sequential], answer.clone()),
                question.row(on_all, threads, &[parallel], answer),
            ]
        });
        Outcome {
            rows: rows.into_iter().flatten().collect(),
            ..Outcome::default()
        }
    })
}

/// Chili's sums beside ours, apart from the others: its threads wake at each heartbeat.
fn heartbeat_sum<'a>(shared: &Rc<Shared<'a>>, len: usize) -> Case<'a> {
    let shared = Rc::clone(shared);
    Case::new(of_sum(HEARTBEAT, len), move |question, plan| {
        let threads = shared.inputs.threads();
        let (chili, dispatcher) = (Chili::start(threads), shared.site().dispatcher());
        let contenders = [
            Contender::new("dispatched", threads, |o: &mut Operands<f32>| {
                Sum::dispatched(&dispatcher, o)
            }),
            Contender::new(chili::NAME, threads, |o: &mut Operands<f32>| {
                chili.sum(&o.x)
            }),
            Contender::new("sequential", 1, Sum::leaf),
        ];
        let check = |o: &Operands<f32>, answer: &f32, _: usize| Sum::check(o, *answer);
        let trials = [Trial::new(check)];
        question.ask(
            plan,
            operands(&shared, len),
            &contenders,
            &trials,
            &[(0, 1), (0, 2)],
        )
    })
}

/// Sequential and dispatched sums in turns; `busy`: with the other cores kept busy.
fn in_turns<'a>(op: &'static str, shared: &Rc<Shared<'a>>, len: usize, busy: bool) -> Case<'a> {
    let shared = Rc::clone(shared);
    Case::new(of_sum(op, len), move |question, plan: &Plan| {
        let others = if busy { shared.inputs.threads() - 1 } else { 0 };
        let others: Result<Vec<_>, _> = (0..others).map(|_| thrift::Busy::start()).collect();
        match others {
            Ok(_while_they_run) => {
                thrift::in_turns(shared.site(), question, plan, &mut operands(&shared, len))
            }
            Err(why) => Outcome::noted(vec![format!("{op}: not run: {why}")]),
        }
    })
}
