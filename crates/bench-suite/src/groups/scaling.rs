//! What do more threads gain: speed-up, efficiency, and the laws behind them.
//!
//! Decided here: three questions that end at different walls: a sum that the last cache feeds, one
//! that memory feeds, and exp, which computes. Each runs on pools of 1, 2, 4, … and all threads,
//! forced to split, one after the other in every round. The fits are `stats/fit.rs`'.

use par_dispatch::{Dispatcher, Force, Op as Work};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::slices::{Op, Operands, Source, TREE_ROUNDINGS};
use super::{Case, Group, Inputs, Outcome};
use crate::host::logical_cpus;
use crate::measure::{Contender, Trial, measure};
use crate::reference::check_sum;
use crate::report::schema::ScalingOf;
use crate::scaling::Scaling;

const NAME: &str = "scaling";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "the same work on more and more threads: speed-up, efficiency, serial fraction",
    quick: "n = 1M",
    ops: &["sum", "exp"],
    cases,
};

/// In the last cache, and beyond any.
const LENS: [usize; 2] = [1 << 20, 1 << 25];
/// About three operations for the exponent and twelve for the polynomial.
const EXP: Work = Work::new("exp")
    .bytes_per_element(8)
    .operations_per_element(15);

/// How an operation runs on a dispatcher.
type Run = fn(&Dispatcher<'_>, &mut Operands<f32>) -> f32;
/// Compares its answer with the reference.
type Check = fn(&Operands<f32>, &f32, usize) -> Result<(), String>;

const SUM: (Op, Run, Check) = (
    Op {
        name: "sum",
        slices: 1,
        flops: 1,
    },
    |dispatcher, o| dispatcher.sum(&o.x),
    |o, got, roundings| check_sum(&o.x, *got, roundings),
);
const EXPONENTIAL: (Op, Run, Check) = (
    Op {
        name: "exp",
        slices: 2,
        flops: 0,
    },
    |dispatcher, o| {
        let x = &o.x;
        dispatcher.for_each_chunk_mut(&EXP, &mut o.out, |offset, out| {
            kernels_simd::exp(&x[offset..offset + out.len()], out);
        });
        0.0
    },
    |o, _, _| {
        let far = |(x, got): (&f32, &f32)| {
            let expected = f64::from(*x).exp();
            (f64::from(*got) - expected).abs() > ULPS * f64::from(f32::EPSILON) * expected
        };
        match o
            .x
            .iter()
            .zip(&o.out[..])
            .position(|(x, got)| far((x, got)))
        {
            None => Ok(()),
            Some(i) => Err(format!("exp({}) = {}", o.x[i], o.out[i])),
        }
    },
);
/// What the kernel promises.
const ULPS: f64 = 2.0;

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let lens = if inputs.quick { &LENS[..1] } else { &LENS[..] };
    let sums = lens.iter().map(|&len| case(inputs, SUM, len));
    sums.chain([case(inputs, EXPONENTIAL, LENS[0])]).collect()
}

/// 1, 2, 4, … and all.
fn counts(threads: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = std::iter::successors(Some(1), |count| Some(2 * count))
        .take_while(|&count| count < threads)
        .collect();
    counts.push(threads);
    counts
}

fn case(inputs: &Inputs, (op, run, check): (Op, Run, Check), len: usize) -> Case<'_> {
    let question = op.question::<f32>(NAME, &[len]);
    Case::new(question, move |question, plan| {
        let counts = counts(inputs.threads());
        let pools: Result<Vec<ThreadPool>, _> = counts
            .iter()
            .map(|&count| ThreadPoolBuilder::new().num_threads(count).build())
            .collect();
        let pools = match pools {
            Ok(pools) => pools,
            Err(error) => return Outcome::noted(vec![format!("{NAME}: not run: {error}")]),
        };
        let contenders: Vec<_> = counts
            .iter()
            .zip(&pools)
            .map(|(&count, pool)| {
                let force = if count == 1 {
                    Force::Sequential
                } else {
                    Force::Parallel
                };
                let dispatcher = Dispatcher::with_pool(pool).force(force);
                Contender::new("on its threads", count, move |o: &mut Operands<f32>| {
                    run(&dispatcher, o)
                })
                .roundings(TREE_ROUNDINGS)
            })
            .collect();
        let trial = Trial::new(check).prepared_by(Operands::poison);
        let mut operands = Source::<f32>::Embedded(&inputs.data, len).operands();
        let measured = measure(plan, &mut operands, &contenders, &[trial], &[]);
        let rounds: Vec<Vec<f64>> = (0..measured.contenders[0].samples_ns.len())
            .map(|round| {
                measured
                    .contenders
                    .iter()
                    .map(|times| times.samples_ns[round])
                    .collect()
            })
            .collect();
        let scaling = ScalingOf {
            op: question.op.into(),
            dtype: question.dtype.into(),
            shape: question.shape.clone(),
            scaling: Scaling::of_rounds(&counts, &rounds, logical_cpus()),
            ceiling: None,
        };
        Outcome {
            scaling: vec![scaling],
            ..question.told(&contenders, &measured, &[])
        }
    })
}
