//! Views of matrices: what they refuse, and that parts and splits are where they should be.

use kernels_simd::dense::{DenseError, MatMut, MatRef};

#[test]
fn a_view_needs_all_of_its_elements() {
    let data = [0_u8; 10];
    assert!(MatRef::with_strides(&data, 2, 3, 7, 1).is_ok());
    let wrong = MatRef::with_strides(&data, 2, 3, 8, 1).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "view: 2×3 needs 11 elements, the slice has 10"
    );
    assert!(MatRef::with_strides(&data, 0, 1000, 1000, 1000).is_ok());
    let wrong = MatRef::try_new(&data, 3, 3).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "view: 3×3 needs 9 elements, the slice has 10"
    );
}

#[test]
fn extents_beyond_the_address_space_are_errors() {
    let data = [0_u8; 4];
    for (rows, cols, row_stride) in [
        (usize::MAX, 2, 2),
        (2, 2, usize::MAX),
        (usize::MAX, usize::MAX, 1),
    ] {
        let wrong = MatRef::with_strides(&data, rows, cols, row_stride, 1).unwrap_err();
        assert!(matches!(wrong, DenseError::SizeOverflow { .. }), "{wrong}");
    }
    assert!(matches!(
        MatRef::try_new(&data, usize::MAX, 2),
        Err(DenseError::SizeOverflow { .. })
    ));
}

#[test]
fn mutable_elements_are_distinct() {
    let mut data = [0_u8; 30];
    for (rows, cols, row_stride, col_stride, fine) in [
        (3, 4, 4, 1, true),
        (3, 4, 3, 1, false),
        (3, 4, 0, 1, false),
        (3, 4, 1, 3, true),
        (3, 4, 1, 2, false),
        (1, 4, 0, 1, true),
        (1, 4, 9, 0, false),
        (4, 1, 1, 0, true),
        (1, 1, 0, 0, true),
        (3, 4, 8, 2, true),
    ] {
        let view = MatMut::with_strides(&mut data, rows, cols, row_stride, col_stride);
        assert_eq!(
            view.is_ok(),
            fine,
            "{rows}×{cols}, strides {row_stride}, {col_stride}"
        );
    }
    // To be read, they may be one.
    assert!(MatRef::with_strides(&data, 1000, 30, 0, 1).is_ok());
}

#[test]
fn parts_and_splits() {
    let mut data: Vec<usize> = (0..12).collect();
    let view = MatRef::new(&data, 3, 4);
    assert_eq!(view.part(1..3, 2..4).row(1), Some(&[10, 11][..]));
    assert_eq!(view.t().row(0), None);
    assert_eq!(view.part(3..3, 4..4).shape(), (0, 0));
    assert_eq!(view.get(3, 0), None);

    let (mut left, right) = MatMut::new(&mut data, 3, 4).split_at_col(1);
    let (mut above, mut below) = right.split_at_row(2);
    *left.get_mut(2, 0).unwrap() = 100;
    *above.get_mut(0, 2).unwrap() = 200;
    below.row_mut(0).unwrap().fill(300);
    assert_eq!(data, [0, 1, 2, 200, 4, 5, 6, 7, 100, 300, 300, 300]);
}

#[test]
#[should_panic(expected = "view: rows 1..4 and columns 0..2 of a matrix of 3×4")]
fn a_part_beyond_the_matrix_panics() {
    let _part = MatRef::new(&[0_u8; 12], 3, 4).part(1..4, 0..2);
}

#[cfg(feature = "ndarray")]
mod ndarray {
    use super::{MatMut, MatRef};
    use ::ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

    #[test]
    fn views_go_to_ndarray_and_back() {
        let mut array = Array2::from_shape_fn((4, 6), |(i, j)| 10 * i + j);
        for view in [
            array.view(),
            array.t(),
            array.slice(s![1..;2, ..;3]),
            array.slice(s![..;-1, 1..;-2]),
            array.slice(s![2..2, ..]),
        ] {
            let matrix = MatRef::from(view);
            for ((i, j), element) in view.indexed_iter() {
                assert_eq!(matrix.get(i, j), Some(element));
            }
            assert_eq!(ArrayView2::from(matrix), view);
        }
        let matrix = MatMut::from(array.slice_mut(s![..;-1, ..]));
        ArrayViewMut2::from(matrix)[[0, 5]] = 7;
        assert_eq!(array[[3, 5]], 7);
    }
}
