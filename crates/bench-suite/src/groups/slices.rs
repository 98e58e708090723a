//! What groups over slices share: the buffers that contenders run on, and where operands come from.

mod placed;

use kernels_simd::tree::BLOCKS_PER_LEAF;

use super::Question;
use crate::data::Embedded;
use crate::data::number::{Number, Sent};

pub use placed::Placed;

/// Longest chain of roundings in a reduction by the kernels' tree: the blocks of a leaf, then one
/// per level of at most 64 (lanes of the leaf and halves of the range), then a product.
pub const TREE_ROUNDINGS: usize = BLOCKS_PER_LEAF + 64 + 1;

/// Operands of one question; all its contenders share them.
#[derive(Debug)]
pub struct Operands<T> {
    /// The first operand.
    pub x: Placed<T>,
    /// The second.
    pub y: Placed<T>,
    /// The output; of what is done in place also an operand.
    pub out: Placed<T>,
}

/// Lines from the beginning of a page to the first, the second, the output: a third of it apart.
const PLACES: [usize; 3] = [0, 21, 42];

impl<T: Copy> Operands<T> {
    /// Copies of these, each at its place in a page.
    #[must_use]
    pub fn new(x: &[T], y: &[T], out: &[T]) -> Self {
        Self {
            x: Placed::new(x, PLACES[0]),
            y: Placed::new(y, PLACES[1]),
            out: Placed::new(out, PLACES[2]),
        }
    }
}

impl<T: Number> Operands<T> {
    /// Spoils the output, so that what is left there cannot pass as an answer.
    pub fn poison(&mut self) {
        self.out.fill(T::POISON);
    }
}

/// An operation as questions name it.
#[derive(Debug, Clone, Copy)]
pub struct Op {
    /// Its name in reports.
    pub name: &'static str,
    /// Slices that are read or written.
    pub slices: usize,
    /// Floating-point operations per element; comparisons are not counted.
    pub flops: usize,
}

impl Op {
    /// What a group asks of this operation on elements of type `T`.
    #[must_use]
    pub fn question<T: Sent>(&self, group: &'static str, shape: &[usize]) -> Question {
        let len: usize = shape.iter().product();
        Question {
            group,
            op: self.name,
            dtype: T::DTYPE,
            shape: shape.to_vec(),
            bytes: (self.slices * len * size_of::<T>()) as u64,
            flops: (self.flops * len) as u64,
        }
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

impl<T: Number> Source<'_, T> {
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

    /// Operands, and an output that is still poisoned.
    #[must_use]
    pub fn operands(&self) -> Operands<T> {
        let (x, y) = match self {
            Self::Embedded(data, len) => data.pair(*len),
            Self::User(values, _) => (values.to_vec(), values.iter().rev().copied().collect()),
        };
        let out = vec![T::POISON; x.len()];
        Operands::new(&x, &y, &out)
    }
}
