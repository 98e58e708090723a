//! `.tracked(…)`: a parallel iterator whose leaves are recorded.
//!
//! Decided here: the adaptor, and how it follows an iteration that pushes its items to a consumer.
//! One that pulls them from a producer (as `zip` does) is followed in `producer`.

use super::leaf::{Leaf, Piece};
use super::producer::Callback;
use crate::label::Label;
use crate::recorder::Recorder;
use rayon::iter::plumbing::{Consumer, Folder, ProducerCallback, UnindexedConsumer};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};

/// Adds [`tracked`](Self::tracked) to every parallel iterator.
pub trait ParallelIteratorExt: ParallelIterator {
    /// Records how Rayon runs the iteration: each leaf, the part that it runs in one piece, is a
    /// task of the label, and the label's figures tell the items, the splits and the migrations.
    ///
    /// A leaf's time is that of everything which is done with its items there: the adaptors before
    /// and behind, and the body.
    ///
    /// ```
    /// use pool_metrics::{Label, ParallelIteratorExt as _, Recorder};
    /// use rayon::prelude::*;
    ///
    /// static SQUARES: Label = Label::new("squares");
    ///
    /// let recorder = Recorder::for_global_pool();
    /// let sum: u64 = (0..1000u64).into_par_iter().tracked(&recorder, &SQUARES).map(|x| x * x).sum();
    /// assert_eq!(sum, 332_833_500);
    /// let snapshot = recorder.snapshot();
    /// let squares = snapshot.label("squares").unwrap();
    /// assert_eq!(squares.items, 1000);
    /// assert_eq!(squares.splits, squares.tasks - 1);
    /// assert!(squares.migrations < squares.tasks);
    /// ```
    ///
    /// # Cost
    ///
    /// That of a task for each leaf, of which there are few, and a count for each item.
    fn tracked(self, recorder: &Recorder, label: impl Into<Label>) -> Tracked<'_, Self> {
        Tracked {
            base: self,
            piece: Piece::whole(recorder, label.into()),
        }
    }
}

impl<I: ParallelIterator> ParallelIteratorExt for I {}

/// A parallel iterator whose leaves are recorded; made by [`ParallelIteratorExt::tracked`].
#[must_use = "iterator adaptors are lazy and do nothing unless consumed"]
#[derive(Debug, Clone)]
pub struct Tracked<'r, I> {
    base: I,
    piece: Piece<'r>,
}

impl<I: ParallelIterator> ParallelIterator for Tracked<'_, I> {
    type Item = I::Item;

    fn drive_unindexed<C>(self, consumer: C) -> C::Result
    where
        C: UnindexedConsumer<Self::Item>,
    {
        self.base.drive_unindexed(TrackedConsumer {
            base: consumer,
            piece: self.piece,
        })
    }

    fn opt_len(&self) -> Option<usize> {
        self.base.opt_len()
    }
}

impl<I: IndexedParallelIterator> IndexedParallelIterator for Tracked<'_, I> {
    fn drive<C>(self, consumer: C) -> C::Result
    where
        C: Consumer<Self::Item>,
    {
        self.base.drive(TrackedConsumer {
            base: consumer,
            piece: self.piece,
        })
    }

    fn len(&self) -> usize {
        self.base.len()
    }

    fn with_producer<CB>(self, callback: CB) -> CB::Output
    where
        CB: ProducerCallback<Self::Item>,
    {
        self.base.with_producer(Callback {
            base: callback,
            piece: self.piece,
        })
    }
}

struct TrackedConsumer<'r, C> {
    base: C,
    piece: Piece<'r>,
}

impl<'r, T, C: Consumer<T>> Consumer<T> for TrackedConsumer<'r, C> {
    type Folder = TrackedFolder<'r, C::Folder>;
    type Reducer = C::Reducer;
    type Result = C::Result;

    fn split_at(self, index: usize) -> (Self, Self, Self::Reducer) {
        let (left, right, reducer) = self.base.split_at(index);
        let pieces = self.piece.divide();
        let half = |base, piece| Self { base, piece };
        (half(left, pieces.0), half(right, pieces.1), reducer)
    }

    fn into_folder(self) -> Self::Folder {
        // The leaf begins before what is behind it prepares itself.
        let leaf = self.piece.begin();
        TrackedFolder {
            base: self.base.into_folder(),
            leaf,
        }
    }

    fn full(&self) -> bool {
        self.base.full()
    }
}

impl<T, C: UnindexedConsumer<T>> UnindexedConsumer<T> for TrackedConsumer<'_, C> {
    fn split_off_left(&self) -> Self {
        Self {
            base: self.base.split_off_left(),
            piece: self.piece.divide_off(),
        }
    }

    fn to_reducer(&self) -> Self::Reducer {
        self.base.to_reducer()
    }
}

struct TrackedFolder<'r, F> {
    base: F,
    leaf: Leaf<'r>,
}

impl<T, F: Folder<T>> Folder<T> for TrackedFolder<'_, F> {
    type Result = F::Result;

    fn consume(mut self, item: T) -> Self {
        self.leaf.add_items(1);
        self.base = self.base.consume(item);
        self
    }

    fn consume_iter<I: IntoIterator<Item = T>>(mut self, items: I) -> Self {
        let mut count = 0;
        let counted = items.into_iter().inspect(|_| count += 1);
        self.base = self.base.consume_iter(counted);
        self.leaf.add_items(count);
        self
    }

    fn complete(self) -> Self::Result {
        let Self { base, leaf } = self;
        let result = base.complete();
        drop(leaf);
        result
    }

    fn full(&self) -> bool {
        self.base.full()
    }
}
