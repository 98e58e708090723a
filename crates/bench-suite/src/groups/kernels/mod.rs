//! Are the kernels faster than what one would use without them, and how far from the limit?
//!
//! A row of the tables in `reductions`, `elementwise` and `masks` is an operation with its
//! contenders: the kernel; `raw` and `raw-avx512`, the limits on this CPU; the peers `ndarray`,
//! `wide`, plain iterators, and NumPy if asked for. The kernel is compared with each of them.
//!
//! Decided here: sizes and types. Sizes lie well inside each level of the memory: 1K and 4K in the
//! first cache, 64K in the second, 1M in the last, 16M outside. With hundreds of cases, each gets a
//! share of the usual time. A user's integers run the integer kernels as they are.

mod dispatch_cost;
mod elementwise;
mod limits;
mod masks;
mod reductions;

use std::rc::Rc;

use super::slices::{Op, Operands, Source};
use super::{Case, Group, Inputs, Question};
use crate::contenders::numpy::{Operand, Reply};
use crate::contenders::raw;
use crate::data::npy::Values;
use crate::data::number::Number;
use crate::measure::{Contender, Plan, Trial};

pub(crate) use dispatch_cost::{EMPTY, LEVEL_ACTIVE, OP as OP_DISPATCH_COST};

pub(crate) const NAME: &str = "kernels";
/// The contender that is compared with all others.
pub(crate) const OURS: &str = "kernels-simd";
/// The limit of AVX2.
pub(crate) const RAW: &str = "raw";
/// The limit of AVX-512.
pub(crate) const RAW_512: &str = "raw-avx512";
/// The limit where the output goes past the caches.
pub(crate) const RAW_STREAMED: &str = "raw-stream";
/// What the limit would be without NaN: for information.
pub(crate) const RAW_NATIVE: &str = "raw-native";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "one thread: kernels-simd against the limit and against peers, over sizes and types",
    quick: "n = 1K, 64K, 1M; f32, i32, u8 and bool",
    ops: &[
        "sum",
        "sum_wide",
        "mean",
        "mean_exact",
        "dot",
        "dot_wrapping",
        "min",
        "max",
        "min_max",
        "sum_exact",
        "sum_wrapping",
        "any",
        "all",
        "count_true",
        "add",
        "add_in_place",
        "add_scalar",
        "add_scalar_in_place",
        "sub",
        "mul",
        "mul_scalar",
        "div",
        "neg",
        "abs",
        "axpy",
        "scale_add",
        "relu",
        "clamp",
        "dispatch_cost",
    ],
    cases,
};

const SIZES: [usize; 5] = [1 << 10, 1 << 12, 1 << 16, 1 << 20, 1 << 24];
const SIZES_QUICK: [usize; 3] = [1 << 10, 1 << 16, 1 << 20];

/// Shares of a case's usual time, quick and full.
const SHARES: (f64, f64) = (0.5, 0.12);

/// What the group cannot measure here, a line each.
#[must_use]
pub fn notes() -> Vec<String> {
    let mut notes = Vec::new();
    if raw::Avx2::detected().is_none() {
        notes.push(format!("{RAW}: not run: no AVX2"));
    }
    if raw::Avx512::detected().is_none() {
        notes.push(format!("{RAW_512}: not run: no AVX-512"));
    }
    notes
}

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    if let Some(array) = &inputs.user {
        let shape = &array.shape;
        match &array.values {
            Values::F32(values) => floats(&mut Rows::of(inputs, values, shape, &mut cases)),
            Values::F64(values) => doubles(&mut Rows::of(inputs, values, shape, &mut cases)),
            Values::I32(values) => ints(&mut Rows::of(inputs, values, shape, &mut cases)),
            Values::U8(values) => bytes(&mut Rows::of(inputs, values, shape, &mut cases)),
        }
    } else {
        floats(&mut Rows::embedded(inputs, &mut cases));
        ints(&mut Rows::embedded(inputs, &mut cases));
        bytes(&mut Rows::embedded(inputs, &mut cases));
        if !inputs.quick {
            doubles(&mut Rows::embedded(inputs, &mut cases));
            reductions::of_i64(&mut Rows::embedded(inputs, &mut cases));
        }
        masks::of(&mut Rows::<f32>::embedded(inputs, &mut cases));
    }
    cases.push(dispatch_cost::case());
    cases
}

/// With masks only where the values are the user's: embedded ones need them once.
fn floats(rows: &mut Rows<'_, '_, f32>) {
    reductions::of_reals(rows);
    reductions::of_f32(rows);
    elementwise::of_reals(rows);
    rows.masks_of_user();
}

fn doubles(rows: &mut Rows<'_, '_, f64>) {
    reductions::of_reals(rows);
    elementwise::of_reals(rows);
    rows.masks_of_user();
}

fn ints(rows: &mut Rows<'_, '_, i32>) {
    reductions::of_i32(rows);
    elementwise::of_i32(rows);
    rows.masks_of_user();
}

fn bytes(rows: &mut Rows<'_, '_, u8>) {
    reductions::of_u8(rows);
    rows.masks_of_user();
}

/// Where the rows of one element type go: a case per row and source.
struct Rows<'a, 'c, T> {
    inputs: &'a Inputs,
    sources: Vec<Source<'a, T>>,
    cases: &'c mut Vec<Case<'a>>,
}

/// Compares an answer with the reference, given the roundings of the contender that gave it.
type Check<'a, T, R> = Rc<dyn Fn(&Operands<T>, &R, usize) -> Result<(), String> + 'a>;

/// Contenders on slices of `T` with answers `R`.
type Contenders<'a, T, R> = Vec<Contender<'a, Operands<T>, R>>;

impl<'a, 'c, T: Number + Operand> Rows<'a, 'c, T> {
    fn embedded(inputs: &'a Inputs, cases: &'c mut Vec<Case<'a>>) -> Self {
        let sizes = if inputs.quick {
            &SIZES_QUICK[..]
        } else {
            &SIZES[..]
        };
        let sources = sizes.iter().map(|&len| Source::Embedded(&inputs.data, len));
        Self {
            inputs,
            sources: sources.collect(),
            cases,
        }
    }

    fn of(
        inputs: &'a Inputs,
        values: &'a [T],
        shape: &'a [usize],
        cases: &'c mut Vec<Case<'a>>,
    ) -> Self {
        Self {
            inputs,
            sources: vec![Source::User(values, shape)],
            cases,
        }
    }

    fn masks_of_user(&mut self) {
        if matches!(self.sources[..], [Source::User(..)]) {
            masks::of(self);
        }
    }

    /// A case per source: `contenders(source)`, the kernel first, with their answers checked after
    /// `prepare`.
    fn ask<R: Reply<T> + 'a>(
        &mut self,
        op: Op,
        contenders: &dyn Fn(&Source<'a, T>) -> Contenders<'a, T, R>,
        prepare: fn(&mut Operands<T>),
        check: Check<'a, T, R>,
    ) {
        for &source in &self.sources {
            let question = op.question::<T>(NAME, &source.shape());
            let contenders = contenders(&source);
            let operands = move || source.operands();
            let check = Rc::clone(&check);
            let trial = Trial::new(move |o: &Operands<T>, answer: &R, n| check(o, answer, n));
            let trials = move |_: &Operands<T>| vec![trial.prepared_by(prepare)];
            let case = case(self.inputs, question, contenders, operands, trials);
            self.cases.push(case);
        }
    }
}

/// A case with NumPy among the contenders if it runs, and the first compared with all others.
fn case<'a, T: Operand, R: Reply<T> + 'a>(
    inputs: &'a Inputs,
    question: Question,
    mut contenders: Contenders<'a, T, R>,
    operands: impl FnOnce() -> Operands<T> + 'a,
    trials: impl FnOnce(&Operands<T>) -> Vec<Trial<'a, Operands<T>, R>> + 'a,
) -> Case<'a> {
    let len = question.shape.iter().product();
    let numpy = inputs.numpy.as_ref();
    contenders.extend(numpy.and_then(|numpy| numpy.contender(question.op, len)));
    let share = if inputs.quick { SHARES.0 } else { SHARES.1 };
    Case::new(question, move |question, plan: &Plan| {
        let operands = operands();
        let trials = trials(&operands);
        let pairs: Vec<_> = (1..contenders.len()).map(|other| (0, other)).collect();
        question.ask(&plan.share(share), operands, &contenders, &trials, &pairs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Embedded;
    use crate::report::schema::ANSWER_OK;

    fn all_are_right(values: Values) {
        let inputs = Inputs::new(true, 1, Some(values.into())).unwrap();
        for case in cases(&inputs) {
            for row in case.run(&Plan::rounds(1)).rows {
                assert_eq!(row.answer, ANSWER_OK, "{row:?}");
            }
        }
    }

    #[test]
    fn every_contender_is_right_at_odd_lengths() {
        let data = Embedded::load();
        for len in [1, 31, 63, 64, 65, 5000] {
            all_are_right(Values::F32(data.pair(len).0));
            all_are_right(Values::F64(data.pair(len).0));
            all_are_right(Values::I32(data.pair(len).0));
            all_are_right(Values::U8(data.pair(len).0));
        }
    }

    #[test]
    fn odd_values_are_no_reason_to_fail() {
        for odd in [
            f32::NAN,
            f32::INFINITY,
            f32::MAX,
            -0.0,
            f32::MIN_POSITIVE / 8.0,
        ] {
            let mut values = Embedded::load().pair::<f32>(300).0;
            values[7] = odd;
            values[170] = odd;
            all_are_right(Values::F64(values.iter().map(|&v| v.into()).collect()));
            all_are_right(Values::F32(values));
        }
        all_are_right(Values::I32(vec![i32::MIN, i32::MIN, i32::MAX, -1, 0, 7]));
    }

    #[test]
    fn a_contender_that_does_nothing_is_found() {
        let inputs = Inputs::new(true, 1, None).unwrap();
        let mut found = Vec::new();
        let mut rows = Rows::<f32>::embedded(&inputs, &mut found);
        let op = |name| Op {
            name,
            slices: 3,
            flops: 1,
        };
        let idle =
            |_: &Source<'_, f32>| vec![Contender::new("idle", 1, |_: &mut Operands<f32>| ())];
        let check = |o: &Operands<f32>, (): &(), _| {
            crate::reference::check_each(&o.out, |i| o.x[i] + o.y[i])
        };
        let check: Check<'_, f32, ()> = Rc::new(check);
        rows.ask(op("add"), &idle, Operands::poison, Rc::clone(&check));
        rows.ask(
            op("in place"),
            &idle,
            |o| o.out.copy_from_slice(&o.x),
            check,
        );
        for case in found {
            for row in case.run(&Plan::rounds(1)).rows {
                assert_ne!(row.answer, ANSWER_OK, "{row:?}");
            }
        }
    }
}
