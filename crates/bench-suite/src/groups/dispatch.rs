//! Does the dispatcher choose the better of sequential and parallel, at every size?
//!
//! Sizes are half-decades, so that the crossover shows between two rows. An answer must pass the
//! reference's bound and have the bits of the sequential kernel, whichever way it was computed.

use par_dispatch::{Dispatcher, Force};

use super::slices::{Answer, Buffers, Source, TREE_ROUNDINGS, table};
use super::{Case, Group, Inputs};
use crate::data::npy::Values;
use crate::data::real::Real;
use crate::measure::{Contender, Trial};

const NAME: &str = "dispatch";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "sequential, parallel and dispatched, over sizes: where is the crossover?",
    ops: &OPS,
    cases,
};

const OPS: [&str; 3] = ["sum", "add", "dot"];
const HALF_DECADES: [usize; 9] = [
    1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000, 3_162_278, 10_000_000,
];

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    if let Some(array) = &inputs.user {
        match &array.values {
            Values::F32(values) => {
                of_source(&mut cases, inputs, Source::User(values, &array.shape))
            }
            Values::F64(values) => {
                of_source(&mut cases, inputs, Source::User(values, &array.shape))
            }
        }
        return cases;
    }
    let sizes = if inputs.quick {
        &HALF_DECADES[..7]
    } else {
        &HALF_DECADES[..]
    };
    for op in OPS {
        for &len in sizes {
            cases.push(of_op(
                op,
                inputs,
                Source::<f32>::Embedded(&inputs.data, len),
            ));
        }
    }
    cases
}

fn of_source<'a, T: Real>(cases: &mut Vec<Case<'a>>, inputs: &'a Inputs, source: Source<'a, T>) {
    cases.extend(OPS.map(|op| of_op(op, inputs, source)));
}

fn of_op<'a, T: Real>(name: &str, inputs: &'a Inputs, source: Source<'a, T>) -> Case<'a> {
    let [op] = table::<T>()
        .into_iter()
        .filter(|op| op.name == name)
        .collect::<Vec<_>>()
        .try_into()
        .expect("each op is in the table once");
    Case::new(op.question(NAME, &source), move |question, plan| {
        let threads = inputs.threads();
        let forced = |force| {
            let dispatcher = Dispatcher::with_pool(&inputs.pool).force(force);
            move |buffers: &mut Buffers<T>| (op.dispatched)(&dispatcher, buffers)
        };
        let contenders = [
            Contender::new("sequential", 1, op.kernel).roundings(TREE_ROUNDINGS),
            Contender::new("parallel", threads, forced(Force::Parallel)).roundings(TREE_ROUNDINGS),
            Contender::new("dispatched", threads, forced(Force::Auto)).roundings(TREE_ROUNDINGS),
        ];
        let mut buffers = source.buffers();
        let sequential = (op.kernel)(&mut buffers);
        let trial = Trial::new(move |buffers: &Buffers<T>, got: &Answer<T>, roundings| {
            same_bits(*got, sequential)?;
            (op.check)(buffers, got, roundings)
        })
        .prepared_by(|buffers| buffers.poison());
        question.ask(
            plan,
            buffers,
            &contenders,
            &[trial],
            &[(2, 0), (2, 1), (1, 0)],
        )
    })
}

/// Elementwise outputs are compared exactly by their check; this is for reductions.
fn same_bits<T: Real>(got: Answer<T>, sequential: Answer<T>) -> Result<(), String> {
    let bits = |answer: Answer<T>| answer.map(|value| value.to_f64().to_bits());
    if bits(got) == bits(sequential) {
        return Ok(());
    }
    Err(format!(
        "{got:?}, other bits than the sequential {sequential:?}"
    ))
}
