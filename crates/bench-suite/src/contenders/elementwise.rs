//! What elementwise contenders have in common: a formula, and four ways through memory.

use super::wide::Lanes;
use crate::groups::slices::Operands;
use crate::measure::Contender;

/// An elementwise operation, for one element and for a register of `wide`. Of one operand, the
/// second is ignored.
pub trait Formula<T: Lanes>: Copy {
    /// One element.
    fn scalar(self, x: T, y: T) -> T;
    /// A register.
    fn vector(self, x: T::Register, y: T::Register) -> T::Register;
}

impl<T, S, V> Formula<T> for (S, V)
where
    T: Lanes,
    S: Fn(T, T) -> T + Copy,
    V: Fn(T::Register, T::Register) -> T::Register + Copy,
{
    fn scalar(self, x: T, y: T) -> T {
        self.0(x, y)
    }

    fn vector(self, x: T::Register, y: T::Register) -> T::Register {
        self.1(x, y)
    }
}

/// The way through memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `out[i] = f(x[i])`
    Map,
    /// `out[i] = f(out[i])`
    MapInPlace,
    /// `out[i] = f(x[i], y[i])`
    Zip,
    /// `out[i] = f(out[i], y[i])`
    ZipInPlace,
}

impl Form {
    /// Slices that are read or written.
    #[must_use]
    pub fn slices(self) -> usize {
        match self {
            Self::Map | Self::MapInPlace => 2,
            Self::Zip | Self::ZipInPlace => 3,
        }
    }

    /// Whether the output is also an operand.
    #[must_use]
    pub fn in_place(self) -> bool {
        matches!(self, Self::MapInPlace | Self::ZipInPlace)
    }
}

/// One who goes each of the ways.
pub trait Elementwise {
    /// Its name in reports.
    const NAME: &'static str;

    /// [`Form::Map`].
    fn map<T: Lanes, F: Formula<T>>(f: F, x: &[T], out: &mut [T]);
    /// [`Form::MapInPlace`].
    fn map_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T]);
    /// [`Form::Zip`].
    fn zip<T: Lanes, F: Formula<T>>(f: F, x: &[T], y: &[T], out: &mut [T]);
    /// [`Form::ZipInPlace`].
    fn zip_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T], y: &[T]);
}

/// The contender `P` with this operation.
pub fn contender<'a, P, T, F>(form: Form, f: F) -> Contender<'a, Operands<T>, ()>
where
    P: Elementwise,
    T: Lanes + 'a,
    F: Formula<T> + 'a,
{
    // Chosen here and not in the call, so that the call is the loop alone.
    match form {
        Form::Map => Contender::new(P::NAME, 1, move |o: &mut Operands<T>| {
            P::map(f, &o.x, &mut o.out);
        }),
        Form::MapInPlace => Contender::new(P::NAME, 1, move |o: &mut Operands<T>| {
            P::map_in_place(f, &mut o.out);
        }),
        Form::Zip => Contender::new(P::NAME, 1, move |o: &mut Operands<T>| {
            P::zip(f, &o.x, &o.y, &mut o.out);
        }),
        Form::ZipInPlace => Contender::new(P::NAME, 1, move |o: &mut Operands<T>| {
            P::zip_in_place(f, &mut o.out, &o.y);
        }),
    }
}
