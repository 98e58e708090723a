//! One mutable slice, in disjoint chunks.

use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::op::Op;
use crate::route::Route;
use crate::watch::{Stopped, Watch, Watchers};
use std::convert::Infallible;

impl Dispatcher<'_> {
    /// Calls `body(offset, chunk)` for disjoint chunks that cover the slice; `offset` is the index
    /// of the chunk's first element in the slice. An empty slice gives no call.
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[inline]
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        body: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let body = move |offset: usize, chunk: &mut [T]| {
            body(offset, chunk);
            Ok::<(), Infallible>(())
        };
        settled(self.chunks(op, out, self.watchers.to_the_end(), body));
    }

    /// [`for_each_chunk_mut`](Self::for_each_chunk_mut) with a body that may fail.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Error, Op};
    /// let mut x = vec![4, 3, 0, 1, 0];
    /// let inverted = Dispatcher::global().try_for_each_chunk_mut(
    ///     &Op::new("invert"),
    ///     &mut x,
    ///     |offset, chunk| {
    ///         for (index, value) in (offset..).zip(chunk) {
    ///             *value = 12_i32.checked_div(*value).ok_or(index)?;
    ///         }
    ///         Ok(())
    ///     },
    /// );
    /// assert_eq!(inverted, Err(Error::Body(2)));
    /// ```
    ///
    /// # Errors
    /// [`Error::Body`] with the error of the lowest chunk that failed: chunks below it have been
    /// run, chunks above it may have been. So if a body returns its chunk's first error, the
    /// call returns the slice's first error. [`Error::Cancelled`].
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[inline]
    pub fn try_for_each_chunk_mut<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        body: impl Fn(usize, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.chunks(op, out, self.watchers, body)
    }

    #[inline]
    pub(crate) fn chunks<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        watchers: Watchers<'_>,
        body: impl Fn(usize, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        if out.is_empty() {
            return Ok(());
        }
        if self.runs_at_once(op, out.len(), &watchers) {
            let whole = self.observer.chunk(op, || body(0, out));
            return whole.map_err(Error::Body);
        }
        self.chunks_of_long(op, out, watchers, body)
    }

    #[inline(never)]
    fn chunks_of_long<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        watchers: Watchers<'_>,
        body: impl Fn(usize, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        let observer = self.observer;
        let body = move |offset: usize, chunk: &mut [T]| observer.chunk(op, || body(offset, chunk));
        let (route, _timing) = self.route_of_long(op, out.len(), &watchers);
        match route {
            None => body(0, out).map_err(Error::Body),
            Some(route) => chunks_by(&route, op, out, watchers, body),
        }
    }

    /// [`for_each_chunk_mut`](Self::for_each_chunk_mut) with scratch memory: `body(scope, offset,
    /// chunk)` allocates from the arena of the thread that runs the chunk, which is rewound when
    /// the chunk ends.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// let mut x = vec![3.0_f32, 1.0, 2.0];
    /// Dispatcher::global().for_each_chunk_mut_with_scratch(
    ///     &Op::new("reverse"),
    ///     &mut x,
    ///     |scope, _offset, chunk| {
    ///         let copy = scope.alloc_slice_copy(chunk);
    ///         for (to, from) in chunk.iter_mut().zip(copy.iter().rev()) {
    ///             *to = *from;
    ///         }
    ///     },
    /// );
    /// assert_eq!(x, [2.0, 1.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[cfg(feature = "arena")]
    pub fn for_each_chunk_mut_with_scratch<T: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        body: impl Fn(&arena::Scope<'_>, usize, &mut [T]) + Sync,
    ) {
        self.for_each_chunk_mut(op, out, |offset, chunk| {
            arena::with_arena(|scope| body(scope, offset, chunk));
        });
    }

    /// [`for_each_chunk_mut_with_scratch`](Self::for_each_chunk_mut_with_scratch) with a body that
    /// may fail.
    ///
    /// # Errors
    /// As [`try_for_each_chunk_mut`](Self::try_for_each_chunk_mut).
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    #[cfg(feature = "arena")]
    pub fn try_for_each_chunk_mut_with_scratch<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        body: impl Fn(&arena::Scope<'_>, usize, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.try_for_each_chunk_mut(op, out, |offset, chunk| {
            arena::with_arena(|scope| body(scope, offset, chunk))
        })
    }
}

/// The chunks of a route. Out of line: it is no part of a call that runs alone.
#[inline(never)]
fn chunks_by<T: Send, E: Send>(
    route: &Route<'_>,
    op: &Op,
    out: &mut [T],
    watchers: Watchers<'_>,
    body: impl Fn(usize, &mut [T]) -> Result<(), E> + Sync,
) -> Result<(), Error<E>> {
    let (call_watch, cut) = (Watch::new(watchers, out.len()), route.cut);
    let watch = &call_watch;
    let units = move |task: usize, out: &mut [T]| -> Result<(), Stopped> {
        let range = cut.task(task);
        for unit in (0..cut.units(&range)).map(|unit| cut.unit(&range, unit)) {
            let chunk = &mut out[unit.start - range.start..unit.end - range.start];
            watch.unit(task, unit.len(), || body(unit.start, chunk))?;
        }
        Ok(())
    };
    route.for_each_run(
        (out, cut.task_len()),
        || (),
        move |(), task, out| {
            // Why a task stopped, the watch knows.
            let _ = units(task, out);
        },
    );
    call_watch.finish(op.name)
}
