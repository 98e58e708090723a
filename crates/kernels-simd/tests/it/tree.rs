//! The contract with callers that split: pieces that are nodes of the tree give the same bits.

use crate::inputs::{Bits, TestFloat, Values};
use kernels_simd::Element;
use kernels_simd::reduce::{self, Max, Reduction};
use kernels_simd::tree::{Pairwise, split_point};

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

/// The result in one piece is the result in any pieces.
fn check<R: Reduction<Output: Bits>>(name: &str, reduction: &R) {
    let (len, whole) = (reduction.len(), reduction.compute().bits());
    let split = reduction.finish(by_split_point(reduction, 0, len)).bits();
    assert_eq!(split, whole, "{name} of {len} by split points");
    for k in 0..6 {
        let chunks = reduction.finish(by_chunks(reduction, k)).bits();
        assert_eq!(chunks, whole, "{name} of {len}, k {k}");
    }
}

/// All reductions of floats, on one input.
fn check_floats<T: TestFloat>(x: &[T], y: &[T]) {
    check("sum", &reduce::Sum::new(x));
    check("sum_squares", &reduce::SumSquares::new(x));
    check("sum_abs", &reduce::SumAbs::new(x));
    check("sum_ignoring_nan", &reduce::SumIgnoringNan::new(x));
    check("sum_compensated", &reduce::SumCompensated::new(x));
    check("variance", &reduce::Variance::new(x, 1));
    check("max", &reduce::Max::new(x));
    check("min", &reduce::Min::new(x));
    check("min_max", &reduce::MinMax::new(x));
    check("argmax", &reduce::ArgMax::new(x));
    check("argmin", &reduce::ArgMin::new(x));
    check("max_ignoring_nan", &reduce::MaxIgnoringNan::new(x));
    check("min_ignoring_nan", &reduce::MinIgnoringNan::new(x));
    let equal = "equal lengths";
    check("dot", &reduce::Dot::new(x, y).expect(equal));
    check(
        "squared_l2",
        &reduce::SquaredL2Distance::new(x, y).expect(equal),
    );
    check("l1", &reduce::L1Distance::new(x, y).expect(equal));
    check("cosine", &reduce::CosineSimilarity::new(x, y).expect(equal));
}

#[test]
fn every_cut_at_nodes_gives_the_same_bits() {
    for leaves in [0, 1, 2, 3, 5, 8, 13, 21, 31, 32, 39] {
        for extra in [0, 1, 777] {
            let seed = leaves as u64;
            let x32 = Values::Uniform.make(leaves * f32::LEAF + extra, seed);
            let y32 = Values::Uniform.make(x32.len(), seed + 1);
            check_floats::<f32>(&x32, &y32);
            check("sum_wide", &reduce::SumWide::new(&x32));
            let x64 = Values::AnyExponent.make(leaves * f64::LEAF + extra, seed);
            let y64 = Values::Sprinkled.make(x64.len(), seed + 1);
            check_floats::<f64>(&x64, &y64);
            let i32s: Vec<i32> = Values::AnyExponent.make(leaves * i32::LEAF + extra, seed);
            check("sum_exact", &reduce::SumExact::new(&i32s));
            check("sum_wrapping", &reduce::SumWrapping::new(&i32s));
            let dot = reduce::DotWrapping::new(&i32s, &i32s).expect("equal lengths");
            check("dot_wrapping", &dot);
            check("argmin", &reduce::ArgMin::new(&i32s));
            let bools: Vec<bool> = i32s.iter().map(|x| x % 5 == 0).collect();
            check("any", &reduce::Any::new(&bools));
            check("all", &reduce::All::new(&bools));
            check("count_true", &reduce::CountTrue::new(&bools));
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
            let merged = Some(Max::<f32>::merge(left, right).to_bits());
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
