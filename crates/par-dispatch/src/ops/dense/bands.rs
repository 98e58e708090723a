//! How the result of a product is cut into units: bands of rows, or of columns.

use super::{Range, even_range};
use kernels_simd::dense::MatMut;

/// Rows of C in a unit, at least: two tiles, so that neither is much smaller than the other.
const ROWS_MIN: usize = 8;

/// Columns of C in a unit, at least: two registers of 64 bytes of `f32`.
const COLUMNS_MIN: usize = 32;

/// Along which side C is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bands {
    Rows,
    Columns,
}

/// A part of C, and where it lies.
pub(super) struct Unit<'a, T> {
    pub(super) rows: Range<usize>,
    pub(super) cols: Range<usize>,
    pub(super) c: MatMut<'a, T>,
}

impl Bands {
    /// Bands of rows all read B, bands of columns A: the smaller of the two is read by all. Columns
    /// are cut where they fill registers, so they must be many.
    pub(super) fn of((m, n): (usize, usize)) -> Self {
        let by_columns = n >= 8 * COLUMNS_MIN && n >= 2 * m || m < 2 * ROWS_MIN && n > m;
        if by_columns {
            Self::Columns
        } else {
            Self::Rows
        }
    }

    pub(super) fn units_max(self, (m, n): (usize, usize)) -> usize {
        match self {
            Self::Rows => m.div_ceil(ROWS_MIN),
            Self::Columns => n.div_ceil(COLUMNS_MIN),
        }
    }

    /// Takes the next unit off what is left of C.
    pub(super) fn cut<'a, T>(
        self,
        unit: usize,
        units: usize,
        (m, n): (usize, usize),
        rest: &mut Option<MatMut<'a, T>>,
    ) -> Option<Unit<'a, T>> {
        let (rows, cols) = match self {
            Self::Rows => (even_range(m, units, unit), 0..n),
            Self::Columns => {
                let groups = even_range(n.div_ceil(COLUMNS_MIN), units, unit);
                let (start, end) = (groups.start * COLUMNS_MIN, groups.end * COLUMNS_MIN);
                (0..m, start.min(n)..end.min(n))
            }
        };
        let (c, behind) = match self {
            Self::Rows => rest.take()?.split_at_row(rows.len()),
            Self::Columns => rest.take()?.split_at_col(cols.len()),
        };
        *rest = Some(behind);
        Some(Unit { rows, cols, c })
    }
}
