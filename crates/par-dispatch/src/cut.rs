//! Where a call is cut: pure arithmetic on lengths.
//!
//! ```text
//! unit   what the body is handed at most      └──┘└──┘└──┘└──┘└──┘└──┘└─┘
//! task   what a thread claims at once         └──────┘└──────┘└──────┘└─┘
//! ```
//! As planned, a task is one unit: a run of equal nodes of a reduction's tree. On request, units
//! and tasks are the operation's leaf times a power of two, so each is a node. Who runs a task, and
//! whether at once with others, is decided elsewhere.

use crate::plan::MAX_CHUNKS;
#[cfg(doc)]
use crate::plan::MAX_UNITS;
use std::ops::Range;

/// `len` elements, not 0, in at most [`MAX_CHUNKS`] tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    len: usize,
    /// Elements in a node of a reduction's tree, of which each task is a run.
    node_len: usize,
    unit_len: usize,
    task_len: usize,
}

impl Cut {
    /// As a plan says: each task is one unit, a run of nodes.
    pub(crate) const fn planned(len: usize, node_len: usize, chunk_len: usize) -> Self {
        Self {
            len,
            node_len,
            unit_len: chunk_len,
            task_len: chunk_len,
        }
    }

    /// Units of at least `unit_len` elements, and as many of them in a task as the number of tasks
    /// demands.
    pub(crate) fn at_least(len: usize, leaf_len: usize, unit_len: usize) -> Self {
        let node = |elements: usize| {
            let leaves = elements.div_ceil(leaf_len).checked_next_power_of_two();
            leaves.and_then(|leaves| leaves.checked_mul(leaf_len))
        };
        // What cannot be counted is longer than the whole.
        let unit_len = node(unit_len).unwrap_or(usize::MAX);
        let task_len = node(len.div_ceil(MAX_CHUNKS)).unwrap_or(usize::MAX);
        let task_len = task_len.max(unit_len);
        Self {
            len,
            node_len: task_len,
            unit_len,
            task_len,
        }
    }

    pub(crate) const fn tasks(&self) -> usize {
        self.len.div_ceil(self.task_len)
    }

    /// Nodes of the whole, at most [`MAX_UNITS`].
    pub(crate) const fn nodes(&self) -> usize {
        self.len.div_ceil(self.node_len)
    }

    /// Nodes in each task but the last.
    pub(crate) const fn nodes_per_task(&self) -> usize {
        self.task_len / self.node_len
    }

    /// The elements of a run of nodes.
    pub(crate) fn elements(&self, nodes: &Range<usize>) -> Range<usize> {
        let end = nodes.end.saturating_mul(self.node_len);
        nodes.start * self.node_len..self.len.min(end)
    }

    /// Elements in each task but the last.
    pub(crate) const fn task_len(&self) -> usize {
        self.task_len
    }

    /// The elements of a task.
    pub(crate) fn task(&self, index: usize) -> Range<usize> {
        let start = index * self.task_len;
        start..self.len.min(start.saturating_add(self.task_len))
    }

    /// Units in a task.
    pub(crate) fn units(&self, task: &Range<usize>) -> usize {
        task.len().div_ceil(self.unit_len)
    }

    /// The elements of one unit of a task.
    pub(crate) fn unit(&self, task: &Range<usize>, index: usize) -> Range<usize> {
        let start = task.start + index * self.unit_len;
        start..task.end.min(start.saturating_add(self.unit_len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_cover_the_whole_once_and_in_order() {
        for len in [1, 9, 10, 11, 999, 12_345, usize::MAX] {
            for unit_len in [1, 10, 11, 100, 5_000, usize::MAX] {
                let cut = Cut::at_least(len, 10, unit_len.max(len / 1_000));
                assert!((1..=MAX_CHUNKS).contains(&cut.tasks()), "{cut:?}");
                let mut end = 0;
                for index in 0..cut.tasks() {
                    let task = cut.task(index);
                    for unit in (0..cut.units(&task)).map(|unit| cut.unit(&task, unit)) {
                        assert!(unit.start == end && !unit.is_empty(), "{cut:?}");
                        assert!(unit.end == len || unit.len() >= unit_len, "{cut:?}");
                        end = unit.end;
                    }
                }
                assert_eq!(end, len, "{cut:?}");
            }
        }
    }
}
