//! Many elements to one value, in a tree whose shape depends on the length alone.
//!
//! ```text
//! leaves   0 1 2 3 4 5 6 7 8 9 10   cut every `op.leaf_len` elements
//! units    └0┘ └1┘ └2┘ └3┘ └4┘ └5   a power of two of leaves: each a node of the tree
//! chunks   └────0────┘ └────1────   runs of units, equally long
//! nodes    └──0──┘ └2┘ └3┘ └──4──   the largest nodes of the tree within a chunk
//! ```
//! The left part of a node holds the largest power of two of leaves that leaves one to the right.
//! So a run of 2^k leaves that starts at a multiple of 2^k is a node, the tree over units is the
//! upper part of the tree over leaves, and cutting between units changes no bit. It is the tree of
//! `kernels_simd::tree`.

use crate::cut::Cut;
use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::observe::Observer;
use crate::op::Op;
use crate::plan::MAX_UNITS;
use crate::route::Route;
use crate::watch::{Watch, Watchers};
use std::convert::Infallible;
use std::ops::Range;

impl Dispatcher<'_> {
    /// Reduces `0..len`: `leaf` reduces a range of at most `op.leaf_len` elements, `merge` two
    /// neighbours, left and right. `None` if `len` is 0.
    ///
    /// The result has the same bits for any number of threads, and need not be associative.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op};
    /// const LONGEST: Op = Op::new("longest").bytes_per_element(24);
    /// let words = ["a", "fair", "measure"];
    /// let longest = Dispatcher::global().reduce(
    ///     &LONGEST,
    ///     words.len(),
    ///     |range| words[range].iter().map(|word| word.len()).max().unwrap_or(0),
    ///     usize::max,
    /// );
    /// assert_eq!(longest, Some(7));
    /// ```
    ///
    /// # Panics
    /// If `leaf` or `merge` does, after every chunk that had started has ended.
    #[inline]
    pub fn reduce<P: Send>(
        &self,
        op: &Op,
        len: usize,
        leaf: impl Fn(Range<usize>) -> P + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Option<P> {
        let leaf = move |range| Ok::<P, Infallible>(leaf(range));
        settled(self.reduced(op, len, self.watchers.to_the_end(), leaf, merge))
    }

    /// [`reduce`](Self::reduce) with leaves that may fail.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Error, Op};
    /// let words = ["10", "x", "-7", "y"];
    /// let sum = Dispatcher::global().try_reduce(
    ///     &Op::new("parse"),
    ///     words.len(),
    ///     |range| words[range].iter().map(|word| word.parse::<i32>().map_err(|_| *word)).sum(),
    ///     |left: i32, right| left + right,
    /// );
    /// assert_eq!(sum, Err(Error::Body("x")));
    /// ```
    ///
    /// # Errors
    /// [`Error::Body`] with the error of the lowest leaf that failed: leaves below it have been
    /// run, leaves above it may have been. [`Error::Cancelled`].
    ///
    /// # Panics
    /// If `leaf` or `merge` does, after every chunk that had started has ended.
    #[inline]
    pub fn try_reduce<P: Send, E: Send>(
        &self,
        op: &Op,
        len: usize,
        leaf: impl Fn(Range<usize>) -> Result<P, E> + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Result<Option<P>, Error<E>> {
        self.reduced(op, len, self.watchers, leaf, merge)
    }

    #[inline]
    fn reduced<P: Send, E: Send>(
        &self,
        op: &Op,
        len: usize,
        watchers: Watchers<'_>,
        leaf: impl Fn(Range<usize>) -> Result<P, E> + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Result<Option<P>, Error<E>> {
        let node = |range: Range<usize>| {
            let leaves = range.len().div_ceil(op.leaf_len);
            tree(0..leaves, &merge, &mut |index| {
                let start = range.start + index * op.leaf_len;
                leaf(start..range.end.min(start.saturating_add(op.leaf_len)))
            })
        };
        self.reduce_nodes(op, len, watchers, node, &merge)
    }

    /// [`reduce`](Self::reduce) where `node` reduces any node of the tree by itself.
    #[inline]
    pub(crate) fn reduce_nodes<P: Send, E: Send>(
        &self,
        op: &Op,
        len: usize,
        watchers: Watchers<'_>,
        node: impl Fn(Range<usize>) -> Result<P, E> + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Result<Option<P>, Error<E>> {
        if len == 0 {
            return Ok(None);
        }
        let op = &op.reads_only();
        if self.runs_at_once(op, len, &watchers) {
            let whole = self.observer.chunk(op, || node(0..len));
            return whole.map(Some).map_err(Error::Body);
        }
        self.reduce_long(op, len, watchers, node, merge).map(Some)
    }

    /// The same for a length that is not 0 and does not run at once.
    #[inline(never)]
    pub(crate) fn reduce_long<P: Send, E: Send>(
        &self,
        op: &Op,
        len: usize,
        watchers: Watchers<'_>,
        node: impl Fn(Range<usize>) -> Result<P, E> + Sync,
        merge: impl Fn(P, P) -> P + Sync,
    ) -> Result<P, Error<E>> {
        let (route, _timing) = self.route_of_long(op, len, &watchers);
        match route {
            None => {
                let whole = self.observer.chunk(op, || node(0..len));
                whole.map_err(Error::Body)
            }
            Some(route) => {
                let observer = &self.observer;
                reduce_by(&route, observer, op, len, watchers, node, merge)
            }
        }
    }
}

/// The nodes of a route. Out of line: a call that runs alone does not touch the room for tables.
#[inline(never)]
fn reduce_by<P: Send, E: Send>(
    route: &Route<'_>,
    observer: &Observer<'_>,
    op: &Op,
    len: usize,
    watchers: Watchers<'_>,
    node: impl Fn(Range<usize>) -> Result<P, E> + Sync,
    merge: impl Fn(P, P) -> P + Sync,
) -> Result<P, Error<E>> {
    let (call_watch, cut, observer) = (Watch::new(watchers, len), route.cut, *observer);
    let (watch, merge) = (&call_watch, &merge);
    let mut partials: [Option<P>; MAX_UNITS] = [const { None }; MAX_UNITS];
    let partials = &mut partials[..cut.nodes()];
    // A node of the tree, in the units that the body is handed.
    let node_in_units = move |task: usize, range: Range<usize>| {
        let mut unit = |index| {
            let unit = cut.unit(&range, index);
            watch.unit(task, unit.len(), || node(unit))
        };
        tree(0..cut.units(&range), merge, &mut unit)
    };
    let body = move |(): &mut (), task: usize, slots: &mut [Option<P>]| {
        let node = |range| node_in_units(task, range);
        // Why a task stopped, the watch knows.
        let _ = observer.chunk(op, || reduce_task(&cut, task, 0..cut.nodes(), &node, slots));
    };
    route.for_each_run((&mut *partials, cut.nodes_per_task()), || (), body);
    call_watch.finish(op.name)?;
    Ok(merge_tasks(&cut, 0..cut.nodes(), partials, merge))
}

/// Reduces the largest nodes within a task, each into the slot of its first: `slots` are the
/// task's. Nodes that reach beyond it are walked down.
fn reduce_task<P, E>(
    cut: &Cut,
    task: usize,
    nodes: Range<usize>,
    node: &impl Fn(Range<usize>) -> Result<P, E>,
    slots: &mut [Option<P>],
) -> Result<(), E> {
    let first = task * cut.nodes_per_task();
    let own = first..first + slots.len();
    if nodes.end <= own.start || own.end <= nodes.start {
        return Ok(());
    }
    if own.start <= nodes.start && nodes.end <= own.end {
        let slot = &mut slots[nodes.start - first];
        // Its line is another core's: a write has it come while the node is computed.
        *slot = None;
        *slot = Some(node(cut.elements(&nodes))?);
        return Ok(());
    }
    let middle = middle(&nodes);
    reduce_task(cut, task, nodes.start..middle, node, slots)?;
    reduce_task(cut, task, middle..nodes.end, node, slots)
}

/// Merges what the tasks have left, in the tree's order.
fn merge_tasks<P>(
    cut: &Cut,
    nodes: Range<usize>,
    slots: &mut [Option<P>],
    merge: &impl Fn(P, P) -> P,
) -> P {
    let (first, last) = (nodes.start, nodes.end - 1);
    if first / cut.nodes_per_task() == last / cut.nodes_per_task() {
        let slot = slots[first].take();
        return slot.expect("a call that was not stopped leaves each task's nodes");
    }
    let middle = middle(&nodes);
    let left = merge_tasks(cut, first..middle, slots, merge);
    let right = merge_tasks(cut, middle..nodes.end, slots, merge);
    merge(left, right)
}

/// Where a node of several smaller ones is split in two.
fn middle(nodes: &Range<usize>) -> usize {
    nodes.start + nodes.len().next_power_of_two() / 2
}

/// The tree over a non-empty run of units (leaves or chunks), each computed once, from the left;
/// up to the first that fails.
#[inline]
fn tree<P, E>(
    units: Range<usize>,
    merge: &impl Fn(P, P) -> P,
    unit: &mut impl FnMut(usize) -> Result<P, E>,
) -> Result<P, E> {
    if units.len() == 1 {
        return unit(units.start);
    }
    let middle = middle(&units);
    let left = tree(units.start..middle, merge, unit)?;
    let right = tree(middle..units.end, merge, unit)?;
    Ok(merge(left, right))
}
