//! The contract with callers that split: pieces that are nodes of the tree give the same bits.

use crate::inputs::Values;
use kernels_simd::reduce::{Dot, Reduction, Sum};
use kernels_simd::tree::{Pairwise, split_point};
use kernels_simd::{Element, reduce::Max};

/// Reduces through the public split point, recursively.
fn by_split_point<R: Reduction>(reduction: &R, start: usize, end: usize) -> R::Partial {
    let middle = start + split_point(end - start, R::LEAF_LEN);
    if middle == end {
        return reduction.partial(start..end);
    }
    R::merge(
        by_split_point(reduction, start, middle),
        by_split_point(reduction, middle, end),
    )
}

/// Reduces in chunks of `LEAF_LEN << k`.
fn by_chunks<R: Reduction>(reduction: &R, k: u32) -> R::Partial {
    let chunk = R::LEAF_LEN << k;
    let mut fold = Pairwise::new(reduction.partial(0..0));
    for start in (0..reduction.len()).step_by(chunk) {
        let end = reduction.len().min(start + chunk);
        fold.push(reduction.partial(start..end), R::merge);
    }
    fold.finish(R::merge)
}

fn check<R: Reduction<Partial = f32>>(reduction: &R) {
    let whole = reduction.partial(0..reduction.len()).to_bits();
    assert_eq!(
        by_split_point(reduction, 0, reduction.len()).to_bits(),
        whole
    );
    for k in 0..6 {
        assert_eq!(
            by_chunks(reduction, k).to_bits(),
            whole,
            "len {}, k {k}",
            reduction.len()
        );
    }
}

#[test]
fn every_cut_at_nodes_gives_the_same_bits() {
    for leaves in 1..40 {
        for extra in [0, 1, 777] {
            let len = leaves * f32::LEAF + extra;
            let x: Vec<f32> = Values::AnyExponent.make(len, 3);
            let y: Vec<f32> = Values::Uniform.make(len, 4);
            check(&Sum::new(&x));
            check(&Dot::new(&x, &y).expect("equal lengths"));
        }
    }
}

#[test]
fn maximum_merges_like_its_elements() {
    let values = [
        f32::NAN,
        f32::INFINITY,
        1.0,
        0.0,
        -0.0,
        -1.0,
        f32::NEG_INFINITY,
    ];
    for left in values {
        for right in values {
            let merged = Max::<f32>::merge(Some(left), Some(right)).map(f32::to_bits);
            let whole = kernels_simd::max(&[left, right]).map(f32::to_bits);
            assert_eq!(merged, whole, "{left} and {right}");
        }
    }
}

#[test]
fn split_points_leave_a_power_of_two_to_the_left() {
    for leaf in [1, 5, 2048] {
        for len in 0..300 * leaf.min(7) {
            let at = split_point(len, leaf);
            if len <= leaf {
                assert_eq!(at, len);
            } else {
                assert!(at.is_multiple_of(leaf) && (at / leaf).is_power_of_two());
                assert!(at < len && len <= 2 * at, "split of {len} at {at}");
            }
        }
    }
    assert_eq!(split_point(usize::MAX, 1), 1 << (usize::BITS - 1));
}
