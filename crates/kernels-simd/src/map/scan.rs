//! The cumulative sum, in groups that a register can hold.

use crate::dispatch::{Kernel, dispatch};
use crate::element::Float;
use crate::error::LengthMismatch;
use crate::vector::Backend;

/// Elements of a group: the sums within it take three steps instead of eight.
const GROUP: usize = 8;

/// The cumulative sums: `out[i] = x[0] + … + x[i]`. Empty slices do nothing.
///
/// ```
/// let mut out = [0.0_f32; 4];
/// kernels_simd::cumulative_sum(&[1.0, 2.0, 3.0, 4.0], &mut out);
/// assert_eq!(out, [1.0, 3.0, 6.0, 10.0]);
/// ```
///
/// # Panics
/// If the lengths differ; the `try_` twin returns that as an error.
///
/// # Accuracy
/// The same bits on every CPU, in an order of its own: in each group of 8 elements the sums are
/// taken in three steps (each element plus the one 1, then 2, then 4 before it), and the last sum
/// of the group before is added to all. |error| of `out[i]` ≤ γ_d · Σ|x| with d = i/8 + 4: an
/// eighth of the additions in a row that a plain loop makes. For the most accurate total take
/// [`sum`](crate::sum): the last element need not have its bits.
#[inline]
#[track_caller]
pub fn cumulative_sum<T: Float>(x: &[T], out: &mut [T]) {
    if let Err(mismatch) = try_cumulative_sum(x, out) {
        mismatch.panic();
    }
}

/// [`cumulative_sum`] that returns lengths which differ as an error.
///
/// # Errors
/// [`LengthMismatch`] if the lengths differ; `out` is untouched then.
#[inline]
pub fn try_cumulative_sum<T: Float>(x: &[T], out: &mut [T]) -> Result<(), LengthMismatch> {
    LengthMismatch::check("cumulative_sum", x.len(), out.len())?;
    dispatch(CumulativeSum { x, out });
    Ok(())
}

struct CumulativeSum<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel for CumulativeSum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        let mut carry = T::NEG_ZERO;
        let mut groups = self.x.chunks_exact(GROUP);
        let mut outs = self.out.chunks_exact_mut(GROUP);
        for (group, out) in (&mut groups).zip(&mut outs) {
            let mut sums = [T::ZERO; GROUP];
            sums.copy_from_slice(group);
            within_group(&mut sums);
            for i in 0..GROUP {
                out[i] = carry + sums[i];
            }
            carry = out[GROUP - 1];
        }
        let (rest, out) = (groups.remainder(), outs.into_remainder());
        let mut sums = [T::NEG_ZERO; GROUP];
        sums[..rest.len()].copy_from_slice(rest);
        within_group(&mut sums);
        for i in 0..rest.len() {
            out[i] = carry + sums[i];
        }
    }
}

/// The cumulative sums of a group.
#[inline(always)]
fn within_group<T: Float>(sums: &mut [T; GROUP]) {
    let mut distance = 1;
    while distance < GROUP {
        let before = *sums;
        for i in distance..GROUP {
            sums[i] = before[i - distance] + before[i];
        }
        distance *= 2;
    }
}
