//! Tiles: each element in one tile, gaps untouched, the views agree with each other.

use crate::dispatchers::each_dispatcher;
use par_dispatch::{Dispatcher, Error, Force, Op, RowMajor, TileMut};
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

const OP: Op = Op::new("tile");

/// Adds 1000·row + column + 1 of the matrix to each element.
fn mark(mut tile: TileMut<'_, usize>) {
    let (top, left, columns) = (tile.row_start(), tile.column_start(), tile.columns());
    let rows = tile.rows();
    assert_eq!(tile.rows_mut().len(), rows);
    for (row, out) in tile.rows_mut().enumerate() {
        assert_eq!(out.len(), columns);
        for (column, out) in out.iter_mut().enumerate() {
            *out += 1_000 * (top + row) + left + column + 1;
        }
    }
}

fn check(out: &[usize], rows: usize, columns: usize, stride: usize) {
    for (index, &value) in out.iter().enumerate() {
        let (row, column) = (index / stride, index % stride);
        let inside = row < rows && column < columns;
        let expected = if inside { 1_000 * row + column + 1 } else { 0 };
        assert_eq!(value, expected, "row {row} column {column}");
    }
}

#[test]
fn every_element_is_in_one_tile() {
    each_dispatcher(|dispatcher| {
        for (rows, columns, gap, tile) in [
            (1, 1, 0, (1, 1)),
            (7, 5, 0, (2, 3)),
            (7, 5, 3, (7, 2)),
            (32, 100, 1, (3, usize::MAX)),
            (40, 40, 8, (1, 1)),
            (100, 3, 0, (usize::MAX, 1)),
        ] {
            let stride = columns + gap;
            let layout = RowMajor::new(rows, columns).row_stride(stride);
            let mut out = vec![0; rows * stride + 9];
            dispatcher.tiles_mut(&OP, &mut out, layout, tile, mark);
            check(&out, rows, columns, stride);
        }
        for layout in [RowMajor::new(0, 5), RowMajor::new(usize::MAX, 0)] {
            dispatcher.tiles_mut(&OP, &mut [0; 0], layout, (2, 2), |_| panic!("no tile"));
        }
    });
}

proptest! {
    #[test]
    fn tiles_and_their_parts_cover_a_matrix(
        (rows, columns, gap) in (1_usize..40, 1_usize..40, 0_usize..4),
        tile in (1_usize..50, 1_usize..50),
        chunk_len in 1_usize..2_000,
    ) {
        let stride = columns + gap;
        let layout = RowMajor::new(rows, columns).row_stride(stride);
        let mut out = vec![0; layout.span_len()];
        let dispatcher = Dispatcher::global().force(Force::Parallel).chunk_len(chunk_len);
        dispatcher.tiles_mut(&OP, &mut out, layout, tile, |tile| {
            let (rows, columns) = (tile.rows(), tile.columns());
            let halves = match (rows > 1, columns > 1) {
                (true, _) => Some(tile.split_at_row(rows / 2)),
                (_, true) => Some(tile.split_at_column(columns / 2)),
                _ => return mark(tile),
            };
            let (first, second) = halves.expect("two parts");
            mark(second);
            mark(first);
        });
        out.resize(rows * stride, 0);
        check(&out, rows, columns, stride);
    }
}

#[test]
fn bands_are_one_slice() {
    each_dispatcher(|dispatcher| {
        for gap in [0, 2] {
            let layout = RowMajor::new(10, 6).row_stride(6 + gap);
            let mut out = vec![0; layout.span_len()];
            dispatcher.tiles_mut(&OP, &mut out, layout, (4, 6), |mut band| {
                let (rows, stride) = (band.rows(), band.row_stride());
                assert_eq!(band.as_slice_mut().is_some(), gap == 0);
                let slice = band.as_strided_mut().expect("all columns");
                assert_eq!(slice.len(), (rows - 1) * stride + 6);
                slice[(rows - 1) * stride + 5] = 1;
                assert_eq!(band.row(rows - 1)[5], 1);
                band.row_mut(0)[0] = 2;
                // Parts of a band's columns are no bands.
                let (mut left, mut right) = band.split_at_column(2);
                assert_eq!(left.as_strided_mut().is_some(), rows == 1);
                assert_eq!(right.as_slice_mut().is_some(), rows == 1);
            });
            let marks = out.iter().filter(|&&value| value != 0).count();
            assert_eq!(marks, 6);
        }
        // A column of a matrix of one column.
        let mut out = [0; 9];
        dispatcher.tiles_mut(&OP, &mut out, RowMajor::new(9, 1), (2, 1), |mut tile| {
            tile.as_slice_mut().expect("no gaps").fill(1);
        });
        assert_eq!(out, [1; 9]);
    });
}

#[test]
fn wrong_calls_say_what_is_wrong() {
    let message = |call: &mut dyn FnMut()| {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("a wrong call");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let dispatcher = Dispatcher::global();
    let layout = RowMajor::new(3, 4).row_stride(5);
    let short =
        |tile| message(&mut || dispatcher.tiles_mut(&OP, &mut [0; 13], layout, tile, |_| {}));
    assert_eq!(short((1, 1)), "tile: slices of 14 and 13 elements");
    assert_eq!(short((0, 1)), "tile: tiles of 0 × 1");
    let result = dispatcher.try_tiles_mut(&OP, &mut [0; 13], layout, (1, 1), |_| Err(()));
    let expected = Error::Lengths {
        operation: "tile",
        expected_len: 14,
        found_len: 13,
    };
    assert_eq!(result, Err(expected));
    let huge = RowMajor::new(usize::MAX, 2);
    let result = dispatcher.try_tiles_mut(&OP, &mut [0; 13], huge, (1, 1), |_| Err(()));
    assert!(matches!(result, Err(Error::Lengths { .. })));
}
