//! Sums of terms: the one leaf behind every floating-point sum, from `sum` to squared distances.

use crate::element::Float;
use crate::lanes::Lanes;
use crate::vector::{Backend, FloatVector, Vector};

/// What is summed for an element of one slice, or for a pair of elements of two.
pub trait Term<T: Float>: Copy {
    /// Values for the lanes past the end, whose term is an identity of the sum: −0.0, or +0.0
    /// where no term is negative.
    fn padding(self) -> (T, T);

    /// The term, in every lane. Implementations are `#[inline(always)]`.
    fn apply<V: FloatVector<Elem = T>>(self, token: V::Token, x: V, y: V) -> V;
}

/// The sum of a leaf's terms, in the shape of the tree. A term of one slice gets it as `x` and `y`,
/// which are of equal length.
#[inline(always)]
pub(super) fn sum_leaf<B: Backend, T: Float, F: Term<T>>(token: B, term: F, x: &[T], y: &[T]) -> T {
    let vl = Lanes::<T::Vector<B>>::VL;
    let lane_count = T::Vector::<B>::LANES;
    let (fill_x, fill_y) = term.padding();
    // So few that one register holds them: the others would add their −0.0 only.
    if x.len() <= lane_count && !x.is_empty() {
        let lanes_x = load_up_to::<B, T>(token, x, fill_x);
        let lanes_y = load_up_to::<B, T>(token, y, fill_y);
        return term.apply(token, lanes_x, lanes_y).sum_halving();
    }
    let mut sums = Lanes::<T::Vector<B>>::splat(token, T::NEG_ZERO);
    let (blocks_x, blocks_y) = (x.chunks_exact(vl), y.chunks_exact(vl));
    let (tail_x, tail_y) = (blocks_x.remainder(), blocks_y.remainder());
    let per_pass = T::Vector::<B>::REGISTERS / T::Vector::<B>::PASSES;
    let mut first = 0;
    while first < T::Vector::<B>::REGISTERS {
        for (block_x, block_y) in blocks_x.clone().zip(blocks_y.clone()) {
            let mut r = first;
            while r < first + per_pass {
                let lanes_x = T::Vector::<B>::load(token, &block_x[r * lane_count..]);
                let lanes_y = T::Vector::<B>::load(token, &block_y[r * lane_count..]);
                sums.0[r] = sums.0[r].add(term.apply(token, lanes_x, lanes_y));
                r += 1;
            }
        }
        first += per_pass;
    }
    // Register by register: what lies beyond the tail would add identities.
    let mut r = 0;
    while r < T::Vector::<B>::REGISTERS && r * lane_count < tail_x.len() {
        let lanes_x = load_up_to::<B, T>(token, &tail_x[r * lane_count..], fill_x);
        let lanes_y = load_up_to::<B, T>(token, &tail_y[r * lane_count..], fill_y);
        sums.0[r] = sums.0[r].add(term.apply(token, lanes_x, lanes_y));
        r += 1;
    }
    sums.sum()
}

/// The first elements of a non-empty slice, and `fill` in the lanes past its end.
#[inline(always)]
pub(super) fn load_up_to<B: Backend, T: Float>(token: B, slice: &[T], fill: T) -> T::Vector<B> {
    if slice.len() < T::Vector::<B>::LANES {
        T::Vector::<B>::load_partial(token, slice, fill)
    } else {
        T::Vector::<B>::load(token, slice)
    }
}

/// One row: a term without parameters, its documentation; padding of x and y; the formula.
macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident, padding $fill_x:ident $fill_y:ident,
        |$token:ident, $x:ident, $y:ident| $formula:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl<T: Float> Term<T> for $name {
            #[inline(always)]
            fn padding(self) -> (T, T) {
                (T::$fill_x, T::$fill_y)
            }

            #[inline(always)]
            fn apply<V: FloatVector<Elem = T>>(self, $token: V::Token, $x: V, $y: V) -> V {
                $formula
            }
        }
    )*};
}

terms! {
    /// x
    Value, padding NEG_ZERO NEG_ZERO, |_token, x, _y| x;
    /// x·y; 0 · −0 is −0
    Product, padding ZERO NEG_ZERO, |_token, x, y| x.mul(y);
    /// x²
    Square, padding ZERO ZERO, |_token, x, _y| x.mul(x);
    /// |x|
    Magnitude, padding ZERO ZERO, |_token, x, _y| x.abs();
    /// (x − y)²
    SquaredDifference, padding ZERO ZERO, |_token, x, y| {
        let difference = x.sub(y);
        difference.mul(difference)
    };
    /// |x − y|
    AbsoluteDifference, padding ZERO ZERO, |_token, x, y| x.sub(y).abs();
    /// x, and 0 for NaN
    Number, padding NEG_ZERO NEG_ZERO, |token, x, _y| {
        V::select(x.unordered(x), V::splat(token, T::ZERO), x)
    };
}

/// (x − centre)²
#[derive(Debug, Clone, Copy)]
pub(super) struct SquaredDeviation<T> {
    pub(super) centre: T,
}

impl<T: Float> Term<T> for SquaredDeviation<T> {
    #[inline(always)]
    fn padding(self) -> (T, T) {
        (self.centre, T::ZERO)
    }

    #[inline(always)]
    fn apply<V: FloatVector<Elem = T>>(self, token: V::Token, x: V, _y: V) -> V {
        let difference = x.sub(V::splat(token, self.centre));
        difference.mul(difference)
    }
}
