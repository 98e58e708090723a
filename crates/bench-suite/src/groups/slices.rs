//! What the groups `kernels` and `dispatch` share: the operations on slices as one table, each
//! with the forms that compete and the check of its answer, and the buffers that they run on.

use std::hint::black_box;

use kernels_simd::tree::BLOCKS_PER_LEAF;
use par_dispatch::Dispatcher;

use super::Question;
use crate::contenders::iterator;
use crate::data::Embedded;
use crate::data::real::Real;
use crate::reference::{check_dot, check_each, check_max, check_sum};

/// Longest chain of roundings in a reduction by the kernels' tree: the blocks of a leaf, then one
/// per level of at most 64 (lanes of the leaf and halves of the range), then a product.
pub const TREE_ROUNDINGS: usize = BLOCKS_PER_LEAF + 64 + 1;

/// Operands of one question; all its contenders share them.
#[derive(Debug, Clone)]
pub struct Buffers<T> {
    x: Vec<T>,
    y: Vec<T>,
    out: Vec<T>,
}

impl<T: Real> Buffers<T> {
    /// Spoils the output, so that what is left there cannot pass as an answer.
    pub fn poison(&mut self) {
        self.out.fill(T::NAN);
    }

    fn operands(&mut self) -> (&[T], &[T], &mut [T]) {
        (
            black_box(&self.x),
            black_box(&self.y),
            black_box(&mut self.out),
        )
    }
}

/// Where operands come from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a, T> {
    /// The photograph and the digits, repeated to this length.
    Embedded(&'a Embedded, usize),
    /// The user's array, its values and its shape; the second operand is the first one reversed.
    User(&'a [T], &'a [usize]),
}

impl<T: Real> Source<'_, T> {
    /// Elements of one operand.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Embedded(_, len) => *len,
            Self::User(values, _) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Extents, as they are reported.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Embedded(_, len) => vec![*len],
            Self::User(_, shape) => shape.to_vec(),
        }
    }

    /// The first operand and the second.
    #[must_use]
    pub fn operands(&self) -> (Vec<T>, Vec<T>) {
        match self {
            Self::Embedded(data, len) => data.pair(*len),
            Self::User(values, _) => (values.to_vec(), values.iter().rev().copied().collect()),
        }
    }

    /// Operands, and an output that is still poisoned.
    #[must_use]
    pub fn buffers(&self) -> Buffers<T> {
        let (x, y) = self.operands();
        let out = vec![T::NAN; x.len()];
        Buffers { x, y, out }
    }
}

/// The answer of a reduction; elementwise operations leave theirs in the output.
pub type Answer<T> = Option<T>;

/// An operation on slices in all its forms.
#[derive(Debug)]
pub struct SliceOp<T: Real> {
    /// Its name in reports.
    pub name: &'static str,
    /// Slices that are read or written.
    slices: usize,
    /// Floating-point operations per element; comparisons are not counted.
    flops: usize,
    /// kernels-simd.
    pub kernel: fn(&mut Buffers<T>) -> Answer<T>,
    /// Plain Rust.
    pub iterator: fn(&mut Buffers<T>) -> Answer<T>,
    /// par-dispatch.
    pub dispatched: fn(&Dispatcher<'_>, &mut Buffers<T>) -> Answer<T>,
    /// Compares an answer with the reference, knowing its roundings.
    pub check: Check<T>,
}

/// Compares an answer with the reference, given the roundings of the contender that gave it.
pub type Check<T> = fn(&Buffers<T>, &Answer<T>, usize) -> Result<(), String>;

impl<T: Real> SliceOp<T> {
    /// What a group asks of this operation on `source`.
    #[must_use]
    pub fn question(&self, group: &'static str, source: &Source<'_, T>) -> Question {
        let len = source.len();
        Question {
            group,
            op: self.name,
            dtype: T::DTYPE,
            shape: source.shape(),
            bytes: (self.slices * len * size_of::<T>()) as u64,
            flops: (self.flops * len) as u64,
        }
    }
}

/// Names of the operations, in the order of the table.
pub const OPS: [&str; 6] = ["sum", "dot", "max", "add", "mul", "relu"];

/// The table.
#[must_use]
pub fn table<T: Real>() -> [SliceOp<T>; 6] {
    fn only<T>(got: &Answer<T>) -> Result<&T, String> {
        got.as_ref().ok_or_else(|| "no value".into())
    }
    [
        SliceOp {
            name: "sum",
            slices: 1,
            flops: 1,
            kernel: |b| Some(kernels_simd::sum(b.operands().0)),
            iterator: |b| Some(iterator::sum(b.operands().0)),
            dispatched: |d, b| Some(d.sum(b.operands().0)),
            check: |b, got, roundings| check_sum(&b.x, *only(got)?, roundings),
        },
        SliceOp {
            name: "dot",
            slices: 2,
            flops: 2,
            kernel: |b| {
                let (x, y, _) = b.operands();
                Some(kernels_simd::dot(x, y))
            },
            iterator: |b| {
                let (x, y, _) = b.operands();
                Some(iterator::dot(x, y))
            },
            dispatched: |d, b| {
                let (x, y, _) = b.operands();
                Some(d.dot(x, y))
            },
            check: |b, got, roundings| check_dot(&b.x, &b.y, *only(got)?, roundings),
        },
        SliceOp {
            name: "max",
            slices: 1,
            flops: 0,
            kernel: |b| kernels_simd::max(b.operands().0),
            iterator: |b| iterator::max(b.operands().0),
            dispatched: |d, b| d.max(b.operands().0),
            check: |b, got, _| check_max(&b.x, *got),
        },
        SliceOp {
            name: "add",
            slices: 3,
            flops: 1,
            kernel: |b| {
                let (x, y, out) = b.operands();
                kernels_simd::add(x, y, out);
                None
            },
            iterator: |b| {
                let (x, y, out) = b.operands();
                iterator::add(x, y, out);
                None
            },
            dispatched: |d, b| {
                let (x, y, out) = b.operands();
                d.add(x, y, out);
                None
            },
            check: |b, _, _| check_each(&b.out, |i| b.x[i] + b.y[i]),
        },
        SliceOp {
            name: "mul",
            slices: 3,
            flops: 1,
            kernel: |b| {
                let (x, y, out) = b.operands();
                kernels_simd::mul(x, y, out);
                None
            },
            iterator: |b| {
                let (x, y, out) = b.operands();
                iterator::mul(x, y, out);
                None
            },
            dispatched: |d, b| {
                let (x, y, out) = b.operands();
                d.mul(x, y, out);
                None
            },
            check: |b, _, _| check_each(&b.out, |i| b.x[i] * b.y[i]),
        },
        SliceOp {
            name: "relu",
            slices: 2,
            flops: 0,
            kernel: |b| {
                let (x, _, out) = b.operands();
                kernels_simd::relu(x, out);
                None
            },
            iterator: |b| {
                let (x, _, out) = b.operands();
                iterator::relu(x, out);
                None
            },
            dispatched: |d, b| {
                let (x, _, out) = b.operands();
                d.relu(x, out);
                None
            },
            check: |b, _, _| {
                check_each(&b.out, |i| if b.x[i] < T::ZERO { T::ZERO } else { b.x[i] })
            },
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    type Form<'a, T> = &'a dyn Fn(&mut Buffers<T>) -> Answer<T>;

    fn all_forms_agree<T: Real>(values: &[T]) {
        let source = Source::User(values, &[]);
        let mut buffers = source.buffers();
        let len = values.len();
        for (op, name) in table::<T>().iter().zip(OPS) {
            assert_eq!(op.name, name);
            let sequential = Dispatcher::sequential();
            let dispatched = |b: &mut Buffers<T>| (op.dispatched)(&sequential, b);
            let forms: [(Form<'_, T>, usize); 3] = [
                (&op.kernel, TREE_ROUNDINGS),
                (&op.iterator, len),
                (&dispatched, TREE_ROUNDINGS),
            ];
            for (form, roundings) in forms {
                buffers.poison();
                let answer = form(&mut buffers);
                assert_eq!(
                    (op.check)(&buffers, &answer, roundings),
                    Ok(()),
                    "{name} of {len}"
                );
            }
        }
    }

    #[test]
    fn every_form_of_every_op_passes_its_check() {
        let data = Embedded::load();
        for len in [1, 63, 64, 65, 5000] {
            all_forms_agree(&data.pair::<f32>(len).0);
            all_forms_agree(&data.pair::<f64>(len).0);
        }
    }

    #[test]
    fn values_that_are_not_finite_are_no_reason_to_fail() {
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
            all_forms_agree(&values);
        }
    }

    #[test]
    fn poison_passes_no_check() {
        let data = Embedded::load();
        let buffers = Source::<f32>::Embedded(&data, 100).buffers();
        for op in table::<f32>() {
            assert!(
                (op.check)(&buffers, &Some(f32::NAN), 200).is_err(),
                "{}",
                op.name
            );
        }
        let wrong = table::<f32>().map(|op| (op.check)(&buffers, &None, 200).is_err());
        assert_eq!(wrong, [true; 6]);
    }
}
