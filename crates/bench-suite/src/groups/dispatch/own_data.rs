//! The user's own array: sequential, parallel and dispatched.
//!
//! An answer must pass the reference's bound and have the bits of the sequential kernel, whichever
//! way it was computed. A user's integers are measured as floats, without rounding: the operations
//! here are floats'.

use par_dispatch::{Dispatcher, Force};

use super::NAME;
use crate::data::npy::FloatSlice;
use crate::data::real::Real;
use crate::groups::slices::{Op, Operands, Source, TREE_ROUNDINGS};
use crate::groups::{Case, Inputs};
use crate::measure::{Contender, Trial};
use crate::reference::{check_dot, check_each, check_sum};

/// The answer of a reduction; elementwise operations leave theirs in the output.
type Answer<T> = Option<T>;

/// Compares an answer with the reference, given its roundings.
type Check<T> = fn(&Operands<T>, &Answer<T>, usize) -> Result<(), String>;

/// An operation, sequential and dispatched, and the check of its answer.
struct Dispatched<T> {
    op: Op,
    kernel: fn(&mut Operands<T>) -> Answer<T>,
    dispatched: fn(&Dispatcher<'_>, &mut Operands<T>) -> Answer<T>,
    check: Check<T>,
}

fn table<T: Real>() -> [Dispatched<T>; 3] {
    fn only<T>(got: &Answer<T>) -> Result<&T, String> {
        got.as_ref().ok_or_else(|| "no value".into())
    }
    let op = |name, slices, flops| Op {
        name,
        slices,
        flops,
    };
    [
        Dispatched {
            op: op("sum", 1, 1),
            kernel: |o| Some(kernels_simd::sum(&o.x)),
            dispatched: |d, o| Some(d.sum(&o.x)),
            check: |o, got, roundings| check_sum(&o.x, *only(got)?, roundings),
        },
        Dispatched {
            op: op("add", 3, 1),
            kernel: |o| {
                kernels_simd::add(&o.x, &o.y, &mut o.out);
                None
            },
            dispatched: |d, o| {
                d.add(&o.x, &o.y, &mut o.out);
                None
            },
            check: |o, _, _| check_each(&o.out, |i| o.x[i] + o.y[i]),
        },
        Dispatched {
            op: op("dot", 2, 2),
            kernel: |o| Some(kernels_simd::dot(&o.x, &o.y)),
            dispatched: |d, o| Some(d.dot(&o.x, &o.y)),
            check: |o, got, roundings| check_dot(&o.x, &o.y, *only(got)?, roundings),
        },
    ]
}

/// A case per operation; none if the user gave no array.
pub(super) fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let Some(array) = &inputs.user else {
        return Vec::new();
    };
    match array.floats() {
        FloatSlice::F64(values) => of_sources(inputs, &[Source::User(values, &array.shape)]),
        FloatSlice::F32(values) => of_sources(inputs, &[Source::User(values, &array.shape)]),
    }
}

fn of_sources<'a, T: Real>(inputs: &'a Inputs, sources: &[Source<'a, T>]) -> Vec<Case<'a>> {
    let of_op = |op: usize| {
        let sources = sources.iter().copied();
        sources.map(move |source| of_op(op, inputs, source))
    };
    (0..table::<T>().len()).flat_map(of_op).collect()
}

fn of_op<'a, T: Real>(op: usize, inputs: &'a Inputs, source: Source<'a, T>) -> Case<'a> {
    let question = table::<T>()[op].op.question::<T>(NAME, &source.shape());
    Case::new(question, move |question, plan| {
        let Dispatched {
            kernel,
            dispatched,
            check,
            ..
        } = table::<T>()[op];
        let threads = inputs.threads();
        let forced = |force| {
            let dispatcher = Dispatcher::with_pool(&inputs.pool).force(force);
            move |operands: &mut Operands<T>| dispatched(&dispatcher, operands)
        };
        let contenders = [
            Contender::new("sequential", 1, kernel).roundings(TREE_ROUNDINGS),
            Contender::new("parallel", threads, forced(Force::Parallel)).roundings(TREE_ROUNDINGS),
            Contender::new("dispatched", threads, forced(Force::Auto)).roundings(TREE_ROUNDINGS),
        ];
        let mut operands = source.operands();
        let sequential = kernel(&mut operands);
        let trial = Trial::new(move |operands: &Operands<T>, got: &Answer<T>, roundings| {
            same_bits(*got, sequential)?;
            check(operands, got, roundings)
        })
        .prepared_by(Operands::poison);
        question.ask(
            plan,
            operands,
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
