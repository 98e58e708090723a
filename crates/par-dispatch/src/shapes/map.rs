//! One slice in, one slice out.

use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::op::Op;
use crate::watch::Watchers;
use std::convert::Infallible;

impl Dispatcher<'_> {
    /// Calls `body(x, out)` for matching chunks that cover both slices. Empty slices give no call.
    ///
    /// # Panics
    /// If the lengths differ; if the body does, after every chunk that had started has ended.
    #[inline]
    #[track_caller]
    pub fn map<X: Sync, T: Send>(
        &self,
        op: &Op,
        x: &[X],
        out: &mut [T],
        body: impl Fn(&[X], &mut [T]) + Sync,
    ) {
        let body = move |x: &[X], out: &mut [T]| {
            body(x, out);
            Ok::<(), Infallible>(())
        };
        settled(self.mapped(op, x, out, self.watchers.to_the_end(), body));
    }

    /// [`map`](Self::map) with a body that may fail.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Error, Op};
    /// let mut out = [0; 3];
    /// let narrowed = Dispatcher::global().try_map(
    ///     &Op::new("narrow"),
    ///     &[1_i64, 1 << 40, 1 << 50],
    ///     &mut out,
    ///     |x, out| {
    ///         for (x, out) in x.iter().zip(out) {
    ///             *out = i32::try_from(*x).map_err(|_| *x)?;
    ///         }
    ///         Ok(())
    ///     },
    /// );
    /// assert_eq!(narrowed, Err(Error::Body(1_i64 << 40)));
    /// ```
    ///
    /// # Errors
    /// [`Error::Lengths`] if the lengths differ; otherwise as
    /// [`try_for_each_chunk_mut`](Self::try_for_each_chunk_mut).
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[inline]
    pub fn try_map<X: Sync, T: Send, E: Send>(
        &self,
        op: &Op,
        x: &[X],
        out: &mut [T],
        body: impl Fn(&[X], &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.mapped(op, x, out, self.watchers, body)
    }

    #[inline]
    fn mapped<X: Sync, T: Send, E: Send>(
        &self,
        op: &Op,
        x: &[X],
        out: &mut [T],
        watchers: Watchers<'_>,
        body: impl Fn(&[X], &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        Error::check_lengths(op.name, x.len(), out.len())?;
        self.chunks(op, out, watchers, move |offset, out| {
            body(&x[offset..offset + out.len()], out)
        })
    }
}
