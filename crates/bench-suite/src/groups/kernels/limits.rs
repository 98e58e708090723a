//! What this CPU can do at most, as contenders: loops written for an instruction set.

use super::Contenders;
use crate::contenders::raw::{Avx2, Avx512};
use crate::groups::slices::Operands;
use crate::measure::Contender;

/// A name, and how it answers, for an instruction set.
pub(super) enum LimitForm<T, R> {
    Of256(&'static str, fn(Avx2, &mut Operands<T>) -> R),
    Of512(&'static str, fn(Avx512, &mut Operands<T>) -> R),
}

/// The limits, where this CPU has them. On so many elements, they round in any order.
pub(super) fn limited<'f, 'a: 'f, T: 'a, R: Copy + 'a>(
    limits: impl IntoIterator<Item = &'f LimitForm<T, R>>,
    len: usize,
) -> Contenders<'a, T, R> {
    let contender = |limit: &LimitForm<T, R>| {
        let contender = match *limit {
            LimitForm::Of256(name, answer) => {
                let set = Avx2::detected()?;
                Contender::new(name, 1, move |o: &mut Operands<T>| answer(set, o))
            }
            LimitForm::Of512(name, answer) => {
                let set = Avx512::detected()?;
                Contender::new(name, 1, move |o: &mut Operands<T>| answer(set, o))
            }
        };
        Some(contender.roundings(len))
    };
    limits.into_iter().filter_map(contender).collect()
}
