//! Are the kernels faster than what one would write without them, at every size?
//!
//! Sizes lie well inside each level of the memory: 1K and 4K in the first cache, 64K in the
//! second, 1M in the last, 16M outside. Masks for `any` and `all` come from thresholding the data;
//! what is timed is the scan that finds nothing, and the answer of one that finds something is
//! checked too.

use std::hint::black_box;

use super::slices::{OPS, Source, TREE_ROUNDINGS, table};
use super::{Case, Group, Inputs, Question};
use crate::contenders::iterator;
use crate::data::npy::Values;
use crate::data::real::Real;
use crate::measure::{Contender, Trial};
use crate::reference::check_bool;

const NAME: &str = "kernels";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "one thread: kernels-simd against plain iterators, over sizes and types",
    ops: &["sum", "dot", "max", "add", "mul", "relu", "any", "all"],
    cases,
};

const SIZES: [usize; 5] = [1 << 10, 1 << 12, 1 << 16, 1 << 20, 1 << 24];

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    if let Some(array) = &inputs.user {
        match &array.values {
            Values::F32(values) => of_source(&mut cases, Source::User(values, &array.shape)),
            Values::F64(values) => of_source(&mut cases, Source::User(values, &array.shape)),
        }
        return cases;
    }
    let sizes = if inputs.quick {
        &SIZES[..4]
    } else {
        &SIZES[..]
    };
    of_type::<f32>(&mut cases, inputs, sizes);
    of_type::<f64>(&mut cases, inputs, sizes);
    for &len in sizes {
        of_masks(&mut cases, Source::<f32>::Embedded(&inputs.data, len));
    }
    cases
}

fn of_type<'a, T: Real>(cases: &mut Vec<Case<'a>>, inputs: &'a Inputs, sizes: &[usize]) {
    for op in 0..OPS.len() {
        cases.extend(
            sizes
                .iter()
                .map(|&len| of_op(op, Source::<T>::Embedded(&inputs.data, len))),
        );
    }
}

fn of_source<'a, T: Real>(cases: &mut Vec<Case<'a>>, source: Source<'a, T>) {
    cases.extend((0..OPS.len()).map(|op| of_op(op, source)));
    of_masks(cases, source);
}

fn of_op<T: Real>(op: usize, source: Source<'_, T>) -> Case<'_> {
    let question = table::<T>()[op].question(NAME, &source);
    Case::new(question, move |question, plan| {
        let op = &table::<T>()[op];
        let contenders = [
            Contender::new("kernels-simd", 1, op.kernel).roundings(TREE_ROUNDINGS),
            Contender::new("iterator", 1, op.iterator).roundings(source.len()),
        ];
        let trial = Trial::new(op.check).prepared_by(|buffers| buffers.poison());
        question.ask(plan, source.buffers(), &contenders, &[trial], &[(0, 1)])
    })
}

/// A mask that decides nothing until its end, one that decides earlier, and which of them is used.
struct Masks {
    scan: Vec<bool>,
    decided: Vec<bool>,
    use_decided: bool,
}

impl Masks {
    fn mask(&self) -> &[bool] {
        black_box(if self.use_decided {
            &self.decided
        } else {
            &self.scan
        })
    }
}

fn of_masks<'a, T: Real>(cases: &mut Vec<Case<'a>>, source: Source<'a, T>) {
    type Scan = fn(&[bool]) -> bool;
    let ops: [(&'static str, bool, Scan, Scan); 2] = [
        ("any", false, kernels_simd::any, iterator::any),
        ("all", true, kernels_simd::all, iterator::all),
    ];
    for (op, undecided, kernel, plain) in ops {
        let question = Question {
            group: NAME,
            op,
            dtype: "bool",
            shape: source.shape(),
            bytes: source.len() as u64,
            flops: 0,
        };
        cases.push(Case::new(question, move |question, plan| {
            let (x, _) = source.operands();
            let largest = kernels_simd::max(&x).unwrap_or(T::ZERO);
            // No element is above the largest; at least the largest is not below itself.
            let threshold = |decides: fn(&T, &T) -> bool| {
                x.iter()
                    .map(|v| decides(v, &largest) != undecided)
                    .collect()
            };
            let masks = Masks {
                scan: threshold(|v, largest| v > largest),
                decided: threshold(|v, largest| v >= largest),
                use_decided: false,
            };
            let scan = |scan: Scan| move |masks: &mut Masks| scan(masks.mask());
            let contenders = [
                Contender::new("kernels-simd", 1, scan(kernel)),
                Contender::new("iterator", 1, scan(plain)),
            ];
            let trials = [true, false].map(|use_decided| {
                Trial::new(move |masks: &Masks, got: &bool, _| {
                    let other = masks.mask().iter().filter(|&&v| v != undecided).count();
                    check_bool(*got, undecided != (other > 0))
                })
                .prepared_by(move |masks| masks.use_decided = use_decided)
            });
            question.ask(plan, masks, &contenders, &trials, &[(0, 1)])
        }));
    }
}
