//! One slice in, one slice out.

use super::length_mismatch;
use crate::dispatcher::Dispatcher;
use crate::op::Op;

impl Dispatcher<'_> {
    /// Calls `body(x, out)` for matching chunks that cover both slices. Empty slices give no call.
    ///
    /// # Panics
    /// If the lengths differ; if the body does, after every chunk that had started has ended.
    #[track_caller]
    pub fn map<X: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        out: &mut [T],
        body: impl Fn(&[X], &mut [T]) + Sync,
    ) {
        if x.len() != out.len() {
            length_mismatch(op.name, x.len(), out.len());
        }
        self.for_each_chunk_mut(op, out, |offset, out| {
            body(&x[offset..offset + out.len()], out);
        });
    }
}
