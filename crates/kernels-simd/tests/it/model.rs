//! The specification of the reductions, as scalar code: slow, short, and the judge of all levels.

use kernels_simd::Float;

/// The tree of `kernels_simd::tree`, over an identity, a leaf operation and a merge.
fn tree<T: Float>(x: &[T], identity: T, op: fn(T, T) -> T) -> T {
    if x.len() <= T::LEAF {
        let mut lanes = vec![identity; T::VL];
        for (i, &value) in x.iter().enumerate() {
            lanes[i % T::VL] = op(lanes[i % T::VL], value);
        }
        while lanes.len() > 1 {
            let right = lanes.split_off(lanes.len() / 2);
            lanes = lanes
                .into_iter()
                .zip(right)
                .map(|(l, r)| op(l, r))
                .collect();
        }
        return lanes[0];
    }
    // The largest power of two of leaves that leaves at least one element to the right.
    let mut left = T::LEAF;
    while left * 2 < x.len() {
        left *= 2;
    }
    op(
        tree(&x[..left], identity, op),
        tree(&x[left..], identity, op),
    )
}

pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    if x.is_empty() {
        return T::ZERO;
    }
    tree(x, T::NEG_ZERO, |l, r| l + r).canonical()
}

pub(crate) fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    let products: Vec<T> = x.iter().zip(y).map(|(&x, &y)| x * y).collect();
    sum(&products)
}

/// IEEE 754-2019 `maximum`, element after element: no order can change it.
pub(crate) fn max<T: Float>(x: &[T]) -> Option<T> {
    x.iter()
        .copied()
        .reduce(|l, r| {
            if l.is_nan() || r.is_nan() {
                T::NAN
            } else if l == r {
                if !l.is_sign_negative() { l } else { r }
            } else if l > r {
                l
            } else {
                r
            }
        })
        .map(T::canonical)
}
