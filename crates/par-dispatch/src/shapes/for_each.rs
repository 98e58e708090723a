//! One mutable slice, in disjoint chunks.

use crate::decide::Way;
use crate::dispatcher::Dispatcher;
use crate::op::Op;
use crate::plan::MAX_CHUNKS;

impl Dispatcher<'_> {
    /// Calls `body(offset, chunk)` for disjoint chunks that cover the slice; `offset` is the index
    /// of the chunk's first element in the slice. An empty slice gives no call.
    ///
    /// # Panics
    /// If the body does, after every chunk that had started has ended.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        body: impl Fn(usize, &mut [T]) + Sync,
    ) {
        if out.is_empty() {
            return;
        }
        match self.way(op, out.len()) {
            Way::Sequential => self.observer.chunk(|| body(0, out)),
            Way::Chunks {
                chunk_len,
                count,
                site,
                sharing,
            } => {
                let mut table: [&mut [T]; MAX_CHUNKS] = std::array::from_fn(|_| Default::default());
                for (slot, chunk) in table.iter_mut().zip(out.chunks_mut(chunk_len)) {
                    *slot = chunk;
                }
                site.for_each(sharing, &mut table[..count], |index, chunk| {
                    self.observer.chunk(|| body(index * chunk_len, chunk));
                });
            }
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
}
