//! The operations of the group, in every form in which they are tried.

use par_dispatch::{Dispatcher, Op};
use rayon::prelude::*;

use crate::contenders::polynomial::{check_polynomial, polynomial};
use crate::groups::slices::Operands;
use crate::reference::{check_dot, check_each, check_sum};

/// What a call returns; elementwise operations leave their answer in the output.
pub(super) type Answer = f32;

/// An operation on `f32`. Its parallel forms by Rayon have the same leaf as ours, `iterator` has
/// what users write without one.
pub(super) trait Work: Copy + Send + Sync + 'static {
    /// Its name in reports.
    const NAME: &'static str;
    /// Slices read or written.
    const SLICES: usize;
    /// Floating-point operations per element.
    const FLOPS: usize;

    /// On this thread.
    fn leaf(o: &mut Operands<f32>) -> Answer;
    /// By the dispatcher.
    fn dispatched(dispatcher: &Dispatcher<'_>, o: &mut Operands<f32>) -> Answer;
    /// By Rayon's `par_chunks`, in chunks of this length.
    fn par_chunks(o: &mut Operands<f32>, len: usize) -> Answer;
    /// By Rayon's `par_iter`, element by element.
    fn par_iter(o: &mut Operands<f32>) -> Answer;
    /// Whether an answer is right.
    ///
    /// # Errors
    /// What is wrong.
    fn check(o: &Operands<f32>, answer: Answer) -> Result<(), String>;
}

/// Σ x.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum;
/// x + y.
#[derive(Debug, Clone, Copy)]
pub(super) struct Add;
/// Σ x·y.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dot;
/// P(x), 15 fused multiply-adds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Polynomial;

const POLYNOMIAL: Op = Op::new("polynomial15")
    .bytes_per_element(8)
    .operations_per_element(15);

impl Work for Sum {
    const NAME: &'static str = "sum";
    const SLICES: usize = 1;
    const FLOPS: usize = 1;

    #[inline]
    fn leaf(o: &mut Operands<f32>) -> Answer {
        kernels_simd::sum(&o.x)
    }
    #[inline]
    fn dispatched(dispatcher: &Dispatcher<'_>, o: &mut Operands<f32>) -> Answer {
        dispatcher.sum(&o.x)
    }
    fn par_chunks(o: &mut Operands<f32>, len: usize) -> Answer {
        o.x.par_chunks(len).map(kernels_simd::sum).sum()
    }
    fn par_iter(o: &mut Operands<f32>) -> Answer {
        o.x.par_iter().sum()
    }
    fn check(o: &Operands<f32>, answer: Answer) -> Result<(), String> {
        check_sum(&o.x, answer, o.x.len())
    }
}

impl Work for Add {
    const NAME: &'static str = "add";
    const SLICES: usize = 3;
    const FLOPS: usize = 1;

    #[inline]
    fn leaf(o: &mut Operands<f32>) -> Answer {
        kernels_simd::add(&o.x, &o.y, &mut o.out);
        0.0
    }
    #[inline]
    fn dispatched(dispatcher: &Dispatcher<'_>, o: &mut Operands<f32>) -> Answer {
        dispatcher.add(&o.x, &o.y, &mut o.out);
        0.0
    }
    fn par_chunks(o: &mut Operands<f32>, len: usize) -> Answer {
        let inputs = o.x.par_chunks(len).zip(o.y.par_chunks(len));
        inputs
            .zip(o.out.par_chunks_mut(len))
            .for_each(|((x, y), out)| kernels_simd::add(x, y, out));
        0.0
    }
    fn par_iter(o: &mut Operands<f32>) -> Answer {
        let inputs = o.x.par_iter().zip(&o.y[..]);
        inputs
            .zip(&mut o.out[..])
            .for_each(|((x, y), out)| *out = x + y);
        0.0
    }
    fn check(o: &Operands<f32>, _: Answer) -> Result<(), String> {
        check_each(&o.out, |i| o.x[i] + o.y[i])
    }
}

impl Work for Dot {
    const NAME: &'static str = "dot";
    const SLICES: usize = 2;
    const FLOPS: usize = 2;

    #[inline]
    fn leaf(o: &mut Operands<f32>) -> Answer {
        kernels_simd::dot(&o.x, &o.y)
    }
    #[inline]
    fn dispatched(dispatcher: &Dispatcher<'_>, o: &mut Operands<f32>) -> Answer {
        dispatcher.dot(&o.x, &o.y)
    }
    fn par_chunks(o: &mut Operands<f32>, len: usize) -> Answer {
        let inputs = o.x.par_chunks(len).zip(o.y.par_chunks(len));
        inputs.map(|(x, y)| kernels_simd::dot(x, y)).sum()
    }
    fn par_iter(o: &mut Operands<f32>) -> Answer {
        o.x.par_iter().zip(&o.y[..]).map(|(x, y)| x * y).sum()
    }
    fn check(o: &Operands<f32>, answer: Answer) -> Result<(), String> {
        check_dot(&o.x, &o.y, answer, o.x.len())
    }
}

impl Work for Polynomial {
    const NAME: &'static str = "polynomial15";
    const SLICES: usize = 2;
    const FLOPS: usize = 30;

    #[inline]
    fn leaf(o: &mut Operands<f32>) -> Answer {
        polynomial(&o.x, &mut o.out);
        0.0
    }
    #[inline]
    fn dispatched(dispatcher: &Dispatcher<'_>, o: &mut Operands<f32>) -> Answer {
        dispatcher.map(&POLYNOMIAL, &o.x, &mut o.out, polynomial);
        0.0
    }
    fn par_chunks(o: &mut Operands<f32>, len: usize) -> Answer {
        let chunks = o.x.par_chunks(len).zip(o.out.par_chunks_mut(len));
        chunks.for_each(|(x, out)| polynomial(x, out));
        0.0
    }
    fn par_iter(o: &mut Operands<f32>) -> Answer {
        let values = o.x.par_iter().zip(&mut o.out[..]);
        values.for_each(|(x, out)| {
            polynomial(std::slice::from_ref(x), std::slice::from_mut(out));
        });
        0.0
    }
    fn check(o: &Operands<f32>, _: Answer) -> Result<(), String> {
        check_polynomial(&o.x, &o.out)
    }
}
