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

/// The sum of a leaf's terms, in the shape of the tree. A term of one slice gets it as `x` and `y`.
#[inline(always)]
pub(super) fn sum_leaf<B: Backend, T: Float, F: Term<T>>(token: B, term: F, x: &[T], y: &[T]) -> T {
    let vl = Lanes::<T::Vector<B>>::VL;
    let lane_count = T::Vector::<B>::LANES;
    let y = &y[..x.len()];
    let mut sums = Lanes::<T::Vector<B>>::splat(token, T::NEG_ZERO);
    let mut at = 0;
    while x.len() - at >= vl {
        let (block_x, block_y) = (&x[at..at + vl], &y[at..at + vl]);
        let mut r = 0;
        while r < T::Vector::<B>::REGISTERS {
            let lanes_x = T::Vector::<B>::load(token, &block_x[r * lane_count..]);
            let lanes_y = T::Vector::<B>::load(token, &block_y[r * lane_count..]);
            sums.0[r] = sums.0[r].add(term.apply(token, lanes_x, lanes_y));
            r += 1;
        }
        at += vl;
    }
    if at < x.len() {
        let (fill_x, fill_y) = term.padding();
        let tail_x = Lanes::<T::Vector<B>>::load_tail(token, &x[at..], fill_x);
        let tail_y = Lanes::<T::Vector<B>>::load_tail(token, &y[at..], fill_y);
        let mut r = 0;
        while r < T::Vector::<B>::REGISTERS {
            sums.0[r] = sums.0[r].add(term.apply(token, tail_x.0[r], tail_y.0[r]));
            r += 1;
        }
    }
    sums.sum()
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
