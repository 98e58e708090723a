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

/// A way through memory: a type, so that an operation is compiled for its own way only.
pub trait Form {
    /// Slices that are read or written.
    const SLICES: usize;
    /// Whether the output is also an operand.
    const IN_PLACE: bool;

    /// Takes this way with `P`.
    fn take<P: Elementwise, T: Lanes, F: Formula<T>>(f: F, o: &mut Operands<T>);
}

/// `out[i] = f(x[i])`
#[derive(Debug)]
pub struct Map;

impl Form for Map {
    const SLICES: usize = 2;
    const IN_PLACE: bool = false;

    fn take<P: Elementwise, T: Lanes, F: Formula<T>>(f: F, o: &mut Operands<T>) {
        P::map(f, &o.x, &mut o.out);
    }
}

/// `out[i] = f(out[i])`
#[derive(Debug)]
pub struct MapInPlace;

impl Form for MapInPlace {
    const SLICES: usize = 2;
    const IN_PLACE: bool = true;

    fn take<P: Elementwise, T: Lanes, F: Formula<T>>(f: F, o: &mut Operands<T>) {
        P::map_in_place(f, &mut o.out);
    }
}

/// `out[i] = f(x[i], y[i])`
#[derive(Debug)]
pub struct Zip;

impl Form for Zip {
    const SLICES: usize = 3;
    const IN_PLACE: bool = false;

    fn take<P: Elementwise, T: Lanes, F: Formula<T>>(f: F, o: &mut Operands<T>) {
        P::zip(f, &o.x, &o.y, &mut o.out);
    }
}

/// `out[i] = f(out[i], y[i])`
#[derive(Debug)]
pub struct ZipInPlace;

impl Form for ZipInPlace {
    const SLICES: usize = 3;
    const IN_PLACE: bool = true;

    fn take<P: Elementwise, T: Lanes, F: Formula<T>>(f: F, o: &mut Operands<T>) {
        P::zip_in_place(f, &mut o.out, &o.y);
    }
}

/// One who goes each of the ways.
pub trait Elementwise {
    /// Its name in reports.
    const NAME: &'static str;

    /// [`Map`].
    fn map<T: Lanes, F: Formula<T>>(f: F, x: &[T], out: &mut [T]);
    /// [`MapInPlace`].
    fn map_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T]);
    /// [`Zip`].
    fn zip<T: Lanes, F: Formula<T>>(f: F, x: &[T], y: &[T], out: &mut [T]);
    /// [`ZipInPlace`].
    fn zip_in_place<T: Lanes, F: Formula<T>>(f: F, out: &mut [T], y: &[T]);
}

/// The contender `P` with this operation.
pub fn contender<'a, P, W, T, F>(f: F) -> Contender<'a, Operands<T>, ()>
where
    P: Elementwise,
    W: Form,
    T: Lanes + 'a,
    F: Formula<T> + 'a,
{
    Contender::new(P::NAME, 1, move |o: &mut Operands<T>| {
        W::take::<P, T, F>(f, o)
    })
}
