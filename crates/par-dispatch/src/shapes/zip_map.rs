//! Two slices in, one slice out.

use super::length_mismatch;
use crate::dispatcher::Dispatcher;
use crate::op::Op;

impl Dispatcher<'_> {
    /// Calls `body(x, y, out)` for matching chunks that cover the three slices. Empty slices give
    /// no call.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// const SUB: Op = Op::new("sub").bytes_per_element(12);
    /// let mut out = [0; 3];
    /// Dispatcher::global().zip_map(&SUB, &[5, 6, 7], &[1, 2, 3], &mut out, |x, y, out| {
    ///     for i in 0..out.len() {
    ///         out[i] = x[i] - y[i];
    ///     }
    /// });
    /// assert_eq!(out, [4, 4, 4]);
    /// ```
    ///
    /// # Panics
    /// If the lengths differ; if the body does, after every chunk that had started has ended.
    #[track_caller]
    pub fn zip_map<X: Sync, Y: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        y: &[Y],
        out: &mut [T],
        body: impl Fn(&[X], &[Y], &mut [T]) + Sync,
    ) {
        if x.len() != y.len() {
            length_mismatch(op.name, x.len(), y.len());
        }
        if x.len() != out.len() {
            length_mismatch(op.name, x.len(), out.len());
        }
        self.for_each_chunk_mut(op, out, |offset, out| {
            let end = offset + out.len();
            body(&x[offset..end], &y[offset..end], out);
        });
    }
}
