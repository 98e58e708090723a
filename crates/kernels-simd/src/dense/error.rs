//! What can be wrong with a call of a dense kernel: shapes that do not fit, views that leave their
//! slice.

use core::fmt;

/// Rows and columns.
type Shape = (usize, usize);

/// Why a dense kernel cannot run, or a view cannot be made.
///
/// The `try_` forms return it; the others panic with its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenseError {
    /// Two operands do not fit each other.
    ShapeMismatch {
        /// The kernel that was called.
        operation: &'static str,
        /// What the first shape is of.
        left_name: &'static str,
        /// Rows and columns.
        left: Shape,
        /// What the second shape is of.
        right_name: &'static str,
        /// Rows and columns.
        right: Shape,
    },
    /// A view with these extents and strides needs another number of elements than the slice has.
    WrongLength {
        /// Rows and columns of the view.
        shape: Shape,
        /// Elements that it needs.
        needed_len: usize,
        /// Elements of the slice.
        found_len: usize,
    },
    /// Two elements of a mutable view would be one element of the slice.
    Overlapping {
        /// Rows and columns of the view.
        shape: Shape,
        /// Elements from one row to the next, and from one column to the next.
        strides: (isize, isize),
    },
    /// The extents or strides of an operand exceed what can be in memory.
    SizeOverflow {
        /// The kernel, or the view.
        operation: &'static str,
        /// The extents.
        shape: Shape,
    },
    /// A parameter that no shape goes with: a window of no rows, a step of zero.
    Parameter {
        /// The kernel that was called.
        operation: &'static str,
        /// The parameter and what is asked of it.
        reason: &'static str,
        /// Its values.
        found: Shape,
    },
    /// A slice has another length than its extents.
    OperandLength {
        /// The kernel that was called.
        operation: &'static str,
        /// What the slice is.
        what: &'static str,
        /// Its extents, slowest first.
        extents: [usize; 4],
        /// Their product.
        needed_len: usize,
        /// Elements of the slice.
        found_len: usize,
    },
}

impl DenseError {
    /// The panic of the kernels that have no error to return, kept out of their code.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn panic(self) -> ! {
        panic!("{self}")
    }
}

impl fmt::Display for DenseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ShapeMismatch {
                operation,
                left_name,
                left,
                right_name,
                right,
            } => write!(
                f,
                "{operation}: {left_name} is {}×{}, {right_name} is {}×{}",
                left.0, left.1, right.0, right.1
            ),
            Self::WrongLength {
                shape,
                needed_len,
                found_len,
            } => write!(
                f,
                "view: {}×{} needs {needed_len} elements, the slice has {found_len}",
                shape.0, shape.1
            ),
            Self::Overlapping { shape, strides } => write!(
                f,
                "view: elements of {}×{} with strides {} and {} share memory",
                shape.0, shape.1, strides.0, strides.1
            ),
            Self::SizeOverflow { operation, shape } => write!(
                f,
                "{operation}: {}×{} exceeds the address space",
                shape.0, shape.1
            ),
            Self::Parameter {
                operation,
                reason,
                found,
            } => write!(f, "{operation}: {reason}, found {}×{}", found.0, found.1),
            Self::OperandLength {
                operation,
                what,
                extents: [a, b, c, d],
                needed_len,
                found_len,
            } => write!(
                f,
                "{operation}: {what} of {a}×{b}×{c}×{d} needs {needed_len} elements, the slice has {found_len}"
            ),
        }
    }
}

impl core::error::Error for DenseError {}
