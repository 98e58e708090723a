//! Matrices for the tests: values, and the ways in which they can lie in memory.

use kernels_simd::Float;
use kernels_simd::dense::{MatMut, MatRef};
use proptest::prelude::*;

/// What the tests need of an element besides arithmetic.
pub(crate) trait Real: Float {
    const UNIT_ROUNDOFF: f64;
    const SMALLEST: f64;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn bits(self) -> u64;
}

macro_rules! reals {
    ($($ty:ident)*) => {$(
        impl Real for $ty {
            const UNIT_ROUNDOFF: f64 = $ty::EPSILON as f64 / 2.0;
            const SMALLEST: f64 = $ty::MIN_POSITIVE as f64;

            fn from_f64(value: f64) -> Self {
                value as $ty
            }

            fn to_f64(self) -> f64 {
                self.into()
            }

            fn bits(self) -> u64 {
                self.to_bits().into()
            }
        }
    )*};
}

reals! { f32 f64 }

/// How a matrix lies in its slice.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Rows,
    Columns,
    /// With so many foreign elements behind each row.
    GappedRows(usize),
    /// With so many foreign elements behind each column.
    GappedColumns(usize),
    /// With so many foreign elements behind each element.
    Scattered(usize),
}

impl Order {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            2 => Just(Self::Rows),
            2 => Just(Self::Columns),
            1 => (1..20_usize).prop_map(Self::GappedRows),
            1 => (1..20_usize).prop_map(Self::GappedColumns),
            1 => (1..4_usize).prop_map(Self::Scattered),
        ]
    }

    fn strides(self, rows: usize, cols: usize) -> (usize, usize) {
        match self {
            Self::Rows => (cols, 1),
            Self::Columns => (1, rows),
            Self::GappedRows(gap) => (cols + gap, 1),
            Self::GappedColumns(gap) => (1, rows + gap),
            Self::Scattered(gap) => (cols * (gap + 1), gap + 1),
        }
    }
}

/// A matrix and the slice it lies in, whose foreign elements are NaN.
#[derive(Debug, Clone)]
pub(crate) struct Stored<T> {
    data: Vec<T>,
    rows: usize,
    cols: usize,
    strides: (usize, usize),
}

impl<T: Real> Stored<T> {
    pub(crate) fn new(
        order: Order,
        rows: usize,
        cols: usize,
        mut value: impl FnMut(usize, usize) -> T,
    ) -> Self {
        let strides = order.strides(rows, cols);
        let len = match (rows, cols) {
            (0, _) | (_, 0) => 0,
            _ => (rows - 1) * strides.0 + (cols - 1) * strides.1 + 1,
        };
        let mut data = vec![T::NAN; len];
        for i in 0..rows {
            for j in 0..cols {
                data[i * strides.0 + j * strides.1] = value(i, j);
            }
        }
        Self {
            data,
            rows,
            cols,
            strides,
        }
    }

    pub(crate) fn view(&self) -> MatRef<'_, T> {
        let (rows, cols) = self.strides;
        MatRef::with_strides(&self.data, self.rows, self.cols, rows, cols).unwrap()
    }

    pub(crate) fn view_mut(&mut self) -> MatMut<'_, T> {
        let (rows, cols) = self.strides;
        MatMut::with_strides(&mut self.data, self.rows, self.cols, rows, cols).unwrap()
    }

    pub(crate) fn at(&self, row: usize, col: usize) -> T {
        *self.view().get(row, col).unwrap()
    }

    /// Panics if an element between those of the matrix is no longer NaN.
    pub(crate) fn check_gaps(&self) {
        let mut own = vec![false; self.data.len()];
        for i in 0..self.rows {
            for j in 0..self.cols {
                own[i * self.strides.0 + j * self.strides.1] = true;
            }
        }
        for (index, (&own, element)) in own.iter().zip(&self.data).enumerate() {
            assert!(
                own || element.is_nan(),
                "element {index}, outside the matrix, was written"
            );
        }
    }
}

/// Numbers that look random, between −1 and 1, from a seed.
pub(crate) fn noise<T: Real>(seed: u64) -> impl FnMut(usize, usize) -> T {
    move |i, j| {
        let mut x = seed ^ (i as u64) << 32 ^ (j as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        T::from_f64((x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0)
    }
}
