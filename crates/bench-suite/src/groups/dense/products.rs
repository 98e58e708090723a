//! Products of matrices, and of a matrix and a vector, on one thread and on all.

use kernels_simd::dense::{MatMut, MatRef, matmul as product, matvec as product_with_vector};
use par_dispatch::Dispatcher;

use super::{OURS, PARALLEL, question, share};
use crate::contenders::numpy::{Numpy, Operand};
use crate::contenders::products::{Multiplied, Peer};
use crate::groups::slices::Operands;
use crate::groups::{Case, Inputs, Question};
use crate::measure::{Contender, Trial};
use crate::workloads::matmul::{Reference, Shape};

/// Contenders on the operands A, B and C as x, y and out.
type Contenders<'a, T> = Vec<Contender<'a, Operands<T>, ()>>;

/// How much longer samples are than usual: a worker that is asleep comes after 80 µs.
const CALLED_FACTOR: f64 = 8.0;

/// Rounds with a contender that everybody waits for, 35 ms each time.
const ROUNDS_OF_SPINNERS: usize = 40;

/// C = A·B, of m×k and k×n.
pub(super) fn matmul<T: Multiplied + Operand>(inputs: &Inputs, [m, k, n]: [usize; 3]) -> Case<'_> {
    let shape = Shape { m, k, n };
    let elements = m * k + k * n + m * n;
    let question = question::<T>("matmul", &[m, k, n], elements, shape.flops());
    let views = move |o: &mut Operands<T>| {
        product(
            T::ONE,
            MatRef::new(&o.x, m, k),
            MatRef::new(&o.y, k, n),
            T::ZERO,
            MatMut::new(&mut o.out, m, n),
        );
    };
    let dispatcher = Dispatcher::with_pool(&inputs.pool);
    let shared = move |o: &mut Operands<T>| {
        dispatcher.matmul(
            T::ONE,
            MatRef::new(&o.x, m, k),
            MatRef::new(&o.y, k, n),
            T::ZERO,
            MatMut::new(&mut o.out, m, n),
        );
    };
    let mut alone = vec![Contender::new(OURS, 1, views)];
    let mut together = vec![Contender::new(PARALLEL, inputs.threads(), shared)];
    add_peers(inputs, shape, &mut alone, &mut together);
    ask(inputs, question, shape, alone, together)
}

/// y = A·x, A row by row; the peers multiply with a matrix of one column.
pub(super) fn matvec(inputs: &Inputs, [m, k]: [usize; 2]) -> Case<'_> {
    let shape = Shape { m, k, n: 1 };
    let question = question::<f32>("matvec", &[m, k], m * k + k + m, shape.flops());
    let ours = move |o: &mut Operands<f32>| {
        product_with_vector(1.0, MatRef::new(&o.x, m, k), &o.y, 0.0, &mut o.out);
    };
    let dispatcher = Dispatcher::with_pool(&inputs.pool);
    let shared = move |o: &mut Operands<f32>| {
        dispatcher.matvec(1.0, MatRef::new(&o.x, m, k), &o.y, 0.0, &mut o.out);
    };
    let mut alone = vec![Contender::new(OURS, 1, ours)];
    let mut together = vec![Contender::new(PARALLEL, inputs.threads(), shared)];
    add_peers(inputs, shape, &mut alone, &mut together);
    ask(inputs, question, shape, alone, together)
}

fn add_peers<'a, T: Multiplied + Operand>(
    inputs: &'a Inputs,
    shape: Shape,
    alone: &mut Contenders<'a, T>,
    together: &mut Contenders<'a, T>,
) {
    let Shape { m, k, n } = shape;
    let threads = inputs.threads();
    for peer in [Peer::Gemm, Peer::MatrixMultiply, Peer::Faer] {
        let body = |threads| {
            move |o: &mut Operands<T>| {
                T::product(peer, threads, shape, &o.x, &o.y, &mut o.out);
            }
        };
        alone.push(Contender::new(peer.name(), 1, body(1)));
        if peer != Peer::MatrixMultiply {
            together.push(Contender::on_pool(peer.name(), &inputs.pool, body(threads)));
        }
    }
    let numpy = |numpy: &'a Option<Numpy>| Some(numpy.as_ref()?.product([m, k, n]));
    alone.extend(numpy(&inputs.numpy));
    together.extend(numpy(&inputs.numpy_threaded));
}

/// Asks all at once, the first of each kind against the others of its kind, and ours on all threads
/// against ours on one.
fn ask<'a, T: Multiplied + Operand>(
    inputs: &'a Inputs,
    question: Question,
    shape: Shape,
    alone: Contenders<'a, T>,
    together: Contenders<'a, T>,
) -> Case<'a> {
    Case::new(question, move |question, plan| {
        let Shape { m, k, n } = shape;
        let (x, _) = inputs.data.pair::<T>(m * k);
        let (_, y) = inputs.data.pair::<T>(k * n);
        let reference = inputs.pool.install(|| Reference::new(shape, &x, &y));
        let operands = Operands::new(&x, &y, &vec![T::POISON; m * n]);
        let first = alone.len();
        let mut contenders = alone;
        let mut pairs: Vec<_> = (1..first).map(|other| (0, other)).collect();
        if inputs.threads() > 1 {
            contenders.extend(together);
            pairs.push((first, 0));
            pairs.extend((first + 1..contenders.len()).map(|other| (first, other)));
        }
        let trial = Trial::new(|o: &Operands<T>, (), _| reference.check(&o.out))
            .prepared_by(Operands::poison);
        let mut plan = share(inputs, plan);
        // Long enough for workers that have to be called first.
        plan.sample_ns *= CALLED_FACTOR;
        if inputs.numpy_threaded.is_some() {
            // Its threads spin on after each batch, and nobody is timed meanwhile.
            plan.rounds_max = plan.rounds_max.min(ROUNDS_OF_SPINNERS);
        }
        question.ask(&plan, operands, &contenders, &[trial], &pairs)
    })
}
