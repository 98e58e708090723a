//! Elementwise kernels: out of place into `&mut [T]`, and in place.
//!
//! A kernel is a formula for one element. This file turns it into loops; the other files are the
//! tables of formulas by kind. The loops are left to the compiler, which vectorises them fully
//! under the target features of the level. Each element is computed on its own, without fused
//! operations, so the bits depend neither on the level nor on how a caller cuts the slices.

mod arithmetic;
mod cast;
mod compare;
mod function;
mod root;
mod scan;
mod softmax;
mod stream;

use crate::dispatch::{Kernel, dispatch};
use crate::vector::Backend;

pub use arithmetic::*;
pub use cast::{Cast, cast, try_cast};
pub use compare::*;
pub use function::*;
pub(crate) use root::square_root;
pub use root::{sqrt, sqrt_in_place, try_sqrt};
pub use scan::{cumulative_sum, try_cumulative_sum};
pub use softmax::{softmax, try_softmax};

/// A formula of one element.
trait Unary<X>: Copy {
    type Out: Copy;

    /// The formula. Implementations are `#[inline(always)]` and free of branches.
    fn apply(self, x: X) -> Self::Out;
}

/// A formula of one element from each of two slices.
trait Binary<X, Y>: Copy {
    type Out: Copy;

    /// The formula. Implementations are `#[inline(always)]` and free of branches.
    fn apply(self, x: X, y: Y) -> Self::Out;
}

/// A formula of two elements whose right one is fixed.
#[derive(Clone, Copy)]
struct WithScalar<Op, Y>(Op, Y);

impl<X: Copy, Y: Copy, Op: Binary<X, Y>> Unary<X> for WithScalar<Op, Y> {
    type Out = Op::Out;

    #[inline(always)]
    fn apply(self, x: X) -> Op::Out {
        self.0.apply(x, self.1)
    }
}

/// `out[i] = op(x[i])`
struct Map<'a, Op, X, T> {
    op: Op,
    x: &'a [X],
    out: &'a mut [T],
}

/// `x[i] = op(x[i])`
struct MapInPlace<'a, Op, T> {
    op: Op,
    x: &'a mut [T],
}

/// `out[i] = op(x[i], y[i])`
struct Zip<'a, Op, X, Y, T> {
    op: Op,
    x: &'a [X],
    y: &'a [Y],
    out: &'a mut [T],
}

/// `x[i] = op(x[i], y[i])`
struct ZipInPlace<'a, Op, T, Y> {
    op: Op,
    x: &'a mut [T],
    y: &'a [Y],
}

/// A kernel whose output goes past the caches.
struct Streamed<K>(K);

/// A kernel that exists streamed too.
trait Streamable: Kernel<Output = ()> + Sized
where
    Streamed<Self>: Kernel<Output = ()>,
{
    /// Bytes that it reads and writes.
    fn footprint_bytes(&self) -> usize;
}

/// Runs the kernel, streamed if that pays: two functions per level, so that the usual one is small.
#[inline(always)]
fn dispatch_streamable<K: Streamable>(kernel: K)
where
    Streamed<K>: Kernel<Output = ()>,
{
    if stream::pays(kernel.footprint_bytes()) {
        dispatch(Streamed(kernel));
    } else {
        dispatch(kernel);
    }
}

impl<X: Copy, T: bytemuck::Pod, Op: Unary<X, Out = T>> Streamable for Map<'_, Op, X, T> {
    #[inline(always)]
    fn footprint_bytes(&self) -> usize {
        size_of_val(self.x) + size_of_val(self.out)
    }
}

impl<X: Copy, Y: Copy, T: bytemuck::Pod, Op: Binary<X, Y, Out = T>> Streamable
    for Zip<'_, Op, X, Y, T>
{
    #[inline(always)]
    fn footprint_bytes(&self) -> usize {
        size_of_val(self.x) + size_of_val(self.y) + size_of_val(self.out)
    }
}

impl<X: Copy, T, Op: Unary<X, Out = T>> Kernel for Map<'_, Op, X, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        let head = line_head(self.out);
        let (head_x, x) = self.x.split_at(head);
        let (head_out, out) = self.out.split_at_mut(head);
        map_loop(self.op, head_x, head_out);
        map_loop(self.op, x, out);
    }
}

impl<T: Copy, Op: Unary<T, Out = T>> Kernel for MapInPlace<'_, Op, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        let (head, x) = self.x.split_at_mut(line_head(self.x));
        map_in_place_loop(self.op, head);
        map_in_place_loop(self.op, x);
    }
}

impl<X: Copy, Y: Copy, T, Op: Binary<X, Y, Out = T>> Kernel for Zip<'_, Op, X, Y, T> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        let head = line_head(self.out);
        let (head_x, x) = self.x.split_at(head);
        let (head_y, y) = self.y.split_at(head);
        let (head_out, out) = self.out.split_at_mut(head);
        zip_loop(self.op, head_x, head_y, head_out);
        zip_loop(self.op, x, y, out);
    }
}

impl<T: Copy, Y: Copy, Op: Binary<T, Y, Out = T>> Kernel for ZipInPlace<'_, Op, T, Y> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, _: B) {
        let head = line_head(self.x);
        let (head_x, x) = self.x.split_at_mut(head);
        let (head_y, y) = self.y.split_at(head);
        zip_in_place_loop(self.op, head_x, head_y);
        zip_in_place_loop(self.op, x, y);
    }
}

impl<X: Copy, T: bytemuck::Pod, Op: Unary<X, Out = T>> Kernel for Streamed<Map<'_, Op, X, T>> {
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self(Map { op, x, out }) = self;
        let op = *op;
        let head = stream::head_len(out);
        map_loop(op, &x[..head], &mut out[..head]);
        let mut at = head;
        let mut line = stream::Line::new();
        while let Some(out) = line.next_of(out, at) {
            map_loop(op, &x[at..at + out.len()], line.elements());
            line.store(token, out);
            at += out.len();
        }
        map_loop(op, &x[at..], &mut out[at..]);
        token.stream_fence();
    }
}

impl<X: Copy, Y: Copy, T: bytemuck::Pod, Op: Binary<X, Y, Out = T>> Kernel
    for Streamed<Zip<'_, Op, X, Y, T>>
{
    type Output = ();

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) {
        let Self(Zip { op, x, y, out }) = self;
        let op = *op;
        let head = stream::head_len(out);
        zip_loop(op, &x[..head], &y[..head], &mut out[..head]);
        let mut at = head;
        let mut line = stream::Line::new();
        while let Some(out) = line.next_of(out, at) {
            let end = at + out.len();
            zip_loop(op, &x[at..end], &y[at..end], line.elements());
            line.store(token, out);
            at = end;
        }
        zip_loop(op, &x[at..], &y[at..], &mut out[at..]);
        token.stream_fence();
    }
}

/// Elements before the first whose store starts a cache line; none if there is little to gain.
///
/// Memory from an allocator starts at a multiple of 16 bytes. Wider stores then cross a line every
/// other time, which cost `add` on `f32` a fifth of its time at 1M elements against 16-byte stores.
#[inline(always)]
fn line_head<T>(out: &[T]) -> usize {
    if size_of_val(out) < ALIGNED_FROM_BYTES {
        0
    } else {
        stream::head_len(out)
    }
}

/// Output below which the head costs as much as it gains.
const ALIGNED_FROM_BYTES: usize = 2048;

/// Slices as arguments of their own, because only then the compiler knows that they do not overlap.
#[inline(always)]
fn map_loop<X: Copy, Op: Unary<X>>(op: Op, x: &[X], out: &mut [Op::Out]) {
    let x = &x[..out.len()];
    for i in 0..out.len() {
        out[i] = op.apply(x[i]);
    }
}

/// See [`map_loop`].
#[inline(always)]
fn zip_loop<X: Copy, Y: Copy, Op: Binary<X, Y>>(op: Op, x: &[X], y: &[Y], out: &mut [Op::Out]) {
    let x = &x[..out.len()];
    let y = &y[..out.len()];
    for i in 0..out.len() {
        out[i] = op.apply(x[i], y[i]);
    }
}

#[inline(always)]
fn map_in_place_loop<T: Copy, Op: Unary<T, Out = T>>(op: Op, x: &mut [T]) {
    for value in x {
        *value = op.apply(*value);
    }
}

/// See [`map_loop`].
#[inline(always)]
fn zip_in_place_loop<T: Copy, Y: Copy, Op: Binary<T, Y, Out = T>>(op: Op, x: &mut [T], y: &[Y]) {
    let y = &y[..x.len()];
    for i in 0..x.len() {
        x[i] = op.apply(x[i], y[i]);
    }
}
