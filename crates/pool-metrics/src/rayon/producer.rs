//! How a tracked iteration is followed where its items are pulled from a producer.
//!
//! Decided here: a leaf lasts as long as its iterator, as adaptors like `zip` make the iterators
//! of two producers themselves and never call their `fold_with`.

use super::leaf::{Leaf, Piece};
use rayon::iter::plumbing::{Producer, ProducerCallback};

/// Hands a tracked producer to the callback of whoever asked for one.
pub(super) struct Callback<'r, CB> {
    pub(super) base: CB,
    pub(super) piece: Piece<'r>,
}

impl<T, CB: ProducerCallback<T>> ProducerCallback<T> for Callback<'_, CB> {
    type Output = CB::Output;

    fn callback<P: Producer<Item = T>>(self, producer: P) -> Self::Output {
        self.base.callback(TrackedProducer {
            base: producer,
            piece: self.piece,
        })
    }
}

struct TrackedProducer<'r, P> {
    base: P,
    piece: Piece<'r>,
}

impl<'r, P: Producer> Producer for TrackedProducer<'r, P> {
    type Item = P::Item;
    type IntoIter = TrackedIter<'r, P::IntoIter>;

    fn into_iter(self) -> Self::IntoIter {
        let leaf = self.piece.begin();
        TrackedIter {
            base: self.base.into_iter(),
            leaf,
        }
    }

    fn min_len(&self) -> usize {
        self.base.min_len()
    }

    fn max_len(&self) -> usize {
        self.base.max_len()
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let (left, right) = self.base.split_at(index);
        let pieces = self.piece.divide();
        let half = |base, piece| Self { base, piece };
        (half(left, pieces.0), half(right, pieces.1))
    }
}

struct TrackedIter<'r, I> {
    base: I,
    leaf: Leaf<'r>,
}

impl<I> TrackedIter<'_, I> {
    #[inline]
    fn count<T>(&mut self, item: Option<T>) -> Option<T> {
        self.leaf.add_items(u64::from(item.is_some()));
        item
    }
}

impl<I: Iterator> Iterator for TrackedIter<'_, I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        let item = self.base.next();
        self.count(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.base.size_hint()
    }
}

impl<I: DoubleEndedIterator> DoubleEndedIterator for TrackedIter<'_, I> {
    #[inline]
    fn next_back(&mut self) -> Option<I::Item> {
        let item = self.base.next_back();
        self.count(item)
    }
}

impl<I: ExactSizeIterator> ExactSizeIterator for TrackedIter<'_, I> {}
