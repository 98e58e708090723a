//! Any bits, any length, any alignment: every kernel gives what its model gives, and never panics.

use crate::inputs::{Args, Output, TestElement};
use crate::kernels::{self, Map, Reduction, Visitor};
use crate::levels;
use crate::sweep::Sweep;
use proptest::prelude::*;

/// One input of any bits, for all element types.
struct Differential<'a> {
    sweep: Sweep<'a>,
    bits: &'a [u64],
    /// Elements before the first one of each slice.
    cuts: [usize; 3],
}

impl Differential<'_> {
    /// `x`, `y` with the same bits in another order, and a mask.
    fn slices<T: TestElement>(&self) -> (Vec<T>, Vec<T>, Vec<bool>) {
        let x = self.bits.iter().map(|bits| T::from_any(*bits));
        let y = self
            .bits
            .iter()
            .rev()
            .map(|bits| T::from_any(bits.rotate_left(7)));
        let mask = self.bits.iter().map(|bits| bits >> 62 == 1);
        (x.collect(), y.collect(), mask.collect())
    }

    fn each<T: TestElement>(&self, mut check: impl FnMut(&Args<'_, T>)) {
        let (x, y, mask) = self.slices::<T>();
        let len = x.len() - x.len().min(64);
        check(&Args {
            x: &x[self.cuts[0].min(x.len() - len)..][..len],
            y: &y[self.cuts[1].min(x.len() - len)..][..len],
            mask: &mask[self.cuts[2].min(x.len() - len)..][..len],
            a: y.first().copied().unwrap_or(T::ZERO),
        });
    }
}

impl Visitor for Differential<'_> {
    fn reductions<T: TestElement>(&mut self, rows: Vec<Reduction<T>>) {
        self.each(|args| {
            for row in &rows {
                self.sweep.reduce(row, args, &self.cuts);
            }
        });
    }

    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>) {
        self.each(|args| {
            for row in &rows {
                self.sweep.map(row, args, self.cuts[0] % 9, &self.cuts);
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bits_any_length_any_cut(
        bits in prop_oneof![
            4 => proptest::collection::vec(any::<u64>(), 0..400),
            1 => proptest::collection::vec(any::<u64>(), 2_000..6_000),
        ],
        cuts in any::<[u8; 3]>(),
    ) {
        levels::forcing(|levels| {
            let cuts = cuts.map(|cut| usize::from(cut % 65));
            let mut differential = Differential { sweep: Sweep { levels }, bits: &bits, cuts };
            kernels::of_f32(&mut differential);
            kernels::of_f64(&mut differential);
            kernels::of_integers(&mut differential);
        });
    }
}
