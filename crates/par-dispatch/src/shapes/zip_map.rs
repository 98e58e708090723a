//! Two slices in, one slice out.

use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::op::Op;
use crate::watch::Watchers;
use std::convert::Infallible;

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
    #[inline]
    #[track_caller]
    pub fn zip_map<X: Sync, Y: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        y: &[Y],
        out: &mut [T],
        body: impl Fn(&[X], &[Y], &mut [T]) + Sync,
    ) {
        let body = move |x: &[X], y: &[Y], out: &mut [T]| {
            body(x, y, out);
            Ok::<(), Infallible>(())
        };
        settled(self.zipped(op, x, y, out, self.watchers.to_the_end(), body));
    }

    /// [`zip_map`](Self::zip_map) with a body that may fail.
    ///
    /// # Errors
    /// [`Error::Lengths`] if the lengths differ; otherwise as
    /// [`try_for_each_chunk_mut`](Self::try_for_each_chunk_mut).
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[inline]
    pub fn try_zip_map<X: Sync, Y: Sync, T: Send, E: Send>(
        &self,
        op: &Op,
        x: &[X],
        y: &[Y],
        out: &mut [T],
        body: impl Fn(&[X], &[Y], &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.zipped(op, x, y, out, self.watchers, body)
    }

    #[inline]
    fn zipped<X: Sync, Y: Sync, T: Send, E: Send>(
        &self,
        op: &Op,
        x: &[X],
        y: &[Y],
        out: &mut [T],
        watchers: Watchers<'_>,
        body: impl Fn(&[X], &[Y], &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        Error::check_lengths(op.name, x.len(), y.len())?;
        Error::check_lengths(op.name, x.len(), out.len())?;
        self.chunks(op, out, watchers, move |offset, out| {
            let end = offset + out.len();
            body(&x[offset..end], &y[offset..end], out)
        })
    }
}
