//! What does scratch memory cost per call, from the arena and from the system?
//!
//! `scratch` is a small kernel chain that needs three buffers: sum(relu(x + y) · x), each step
//! through one of them. Both contenders are given zeroed buffers, which is what safe code asks a
//! `Vec` for. `enter` is the bare cost: one short buffer, one byte written, gone again.

use std::hint::black_box;

use arena::with_arena;

use super::slices::{Operands as Slices, Source, TREE_ROUNDINGS};
use super::{Case, Group, Inputs, Question};
use crate::measure::{Contender, Trial};
use crate::reference::check_terms;

const NAME: &str = "arena";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "scratch buffers from the arena against a Vec per call",
    quick: "all of it",
    ops: &["enter", "scratch"],
    cases,
};

/// Elements of one buffer: 64 KiB, 1 MiB and 4 MiB of f32.
const SCRATCH_LENS: [usize; 3] = [1 << 14, 1 << 18, 1 << 20];
/// Elements of the buffer of `enter`.
const ENTER_LEN: usize = 64;

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let mut cases = vec![enter()];
    cases.extend(SCRATCH_LENS.map(|len| scratch(inputs, len)));
    cases
}

fn enter<'a>() -> Case<'a> {
    let question = Question {
        group: NAME,
        op: "enter",
        dtype: "f32",
        shape: vec![ENTER_LEN],
        bytes: 0,
        flops: 0,
    };
    Case::new(question, |question, plan| {
        fn use_buffer(buffer: &mut [f32], value: f32) -> f32 {
            let buffer = black_box(buffer);
            buffer[0] = value;
            buffer[0] + buffer[ENTER_LEN - 1]
        }
        let contenders = [
            Contender::new("arena", 1, |value: &mut f32| {
                with_arena(|scope| use_buffer(scope.alloc_slice_zeroed(ENTER_LEN), *value))
            }),
            Contender::new("vec", 1, |value: &mut f32| {
                use_buffer(&mut vec![0.0; ENTER_LEN], *value)
            }),
        ];
        let trial = Trial::new(|value: &f32, got: &f32, _| {
            if got == value {
                Ok(())
            } else {
                Err(format!("{got}, expected {value}"))
            }
        });
        question.ask(plan, 1.5, &contenders, &[trial], &[(0, 1)])
    })
}

struct Operands {
    x: Vec<f32>,
    y: Vec<f32>,
}

/// sum(relu(x + y) · x), through three buffers of the operands' length.
fn chain(operands: &Operands, buffers: [&mut [f32]; 3]) -> f32 {
    let [sums, kept, products] = buffers;
    kernels_simd::add(&operands.x, &operands.y, sums);
    kernels_simd::relu(sums, kept);
    kernels_simd::mul(kept, &operands.x, products);
    kernels_simd::sum(products)
}

fn scratch(inputs: &Inputs, len: usize) -> Case<'_> {
    let question = Question {
        group: NAME,
        op: "scratch",
        dtype: "f32",
        shape: vec![3, len],
        // Read and written: 3 + 2 + 3 + 1 slices, and three that are zeroed.
        bytes: (12 * len * size_of::<f32>()) as u64,
        flops: 3 * len as u64,
    };
    Case::new(question, move |question, plan| {
        let Slices { x, y, .. } = Source::Embedded(&inputs.data, len).operands();
        let contenders = [
            Contender::new("arena", 1, move |operands: &mut Operands| {
                with_arena(|scope| {
                    let buffers = [(); 3].map(|()| scope.alloc_slice_zeroed::<f32>(len));
                    chain(black_box(operands), buffers)
                })
            })
            .roundings(TREE_ROUNDINGS + 2),
            Contender::new("vec", 1, move |operands: &mut Operands| {
                let [mut a, mut b, mut c] = [(); 3].map(|()| vec![0.0_f32; len]);
                chain(black_box(operands), [&mut a, &mut b, &mut c])
            })
            .roundings(TREE_ROUNDINGS + 2),
        ];
        let trial = Trial::new(|operands: &Operands, got: &f32, roundings| {
            let pairs = operands.x.iter().zip(&operands.y);
            // The first rounding decides relu's sign, so the reference repeats it.
            check_terms(
                pairs.map(|(x, y)| f64::from((x + y).max(0.0)) * f64::from(*x)),
                *got,
                roundings,
            )
        });
        question.ask(plan, Operands { x, y }, &contenders, &[trial], &[(0, 1)])
    })
}
