//! What happens to a finished sum on its way into C: scaling, the old value, bias, ReLU.

use super::view::MatRef;
use crate::element::Float;

/// `C = relu(α·sum + β·C + bias)`, each part only where it is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finish<'a, T> {
    pub(super) alpha: T,
    /// Zero does not read C.
    pub(super) beta: T,
    /// As large as C, one of its strides 0, the other 1.
    pub(super) bias: Option<MatRef<'a, T>>,
    pub(super) relu: bool,
}

impl<T: Float> Finish<'_, T> {
    /// The sum itself goes into C.
    pub(super) const PLAIN: Self = Self {
        alpha: T::ONE,
        beta: T::ZERO,
        bias: None,
        relu: false,
    };

    /// For C as it lies on its other side.
    pub(super) fn transposed(self) -> Self {
        Self {
            bias: self.bias.map(MatRef::t),
            ..self
        }
    }

    /// For one of several blocks of a long sum: C is scaled by the first, finished by the last.
    pub(super) fn for_block(self, first: bool, last: bool) -> Self {
        Self {
            alpha: self.alpha,
            beta: if first { self.beta } else { T::ONE },
            bias: if last { self.bias } else { None },
            relu: self.relu && last,
        }
    }

    /// For a part of C.
    #[inline(always)]
    pub(super) fn part(self, rows: core::ops::Range<usize>, cols: core::ops::Range<usize>) -> Self {
        Self {
            bias: self.bias.map(|bias| bias.part(rows, cols)),
            ..self
        }
    }

    /// One element of C, whose old value is read if β is not zero.
    #[inline(always)]
    pub(super) fn element(&self, sum: T, old: T, row: usize, col: usize) -> T {
        let mut value = self.alpha * sum;
        if self.beta != T::ZERO {
            value = value + self.beta * old;
        }
        if let Some(bias) = self.bias {
            value = value + *bias.get(row, col).expect("as large as C");
        }
        rectified(value, self.relu)
    }

    /// Whether the sum is only added to C: a block of a long sum that is not the first.
    #[inline(always)]
    pub(super) fn only_adds(&self) -> bool {
        self.alpha == T::ONE && self.beta == T::ONE && self.bias.is_none() && !self.relu
    }

    /// Whether the sum itself is what goes into C.
    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.alpha == T::ONE && self.beta == T::ZERO && self.bias.is_none() && !self.relu
    }
}

/// What is not above zero as +0.0, if that is asked for; NaN stays.
#[inline(always)]
pub(super) fn rectified<T: Float>(x: T, relu: bool) -> T {
    if relu && x <= T::ZERO { T::ZERO } else { x }
}
