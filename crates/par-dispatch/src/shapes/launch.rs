//! A grid of blocks, each of some lanes, with state that a thread keeps from block to block.

use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::op::Op;
use crate::watch::{Stopped, Watch, Watchers};
use std::convert::Infallible;
use std::ops::Range;

/// What is launched: blocks of lanes, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    len: usize,
    block_lanes: usize,
}

impl Grid {
    /// `blocks` blocks of `lanes` lanes each.
    ///
    /// # Panics
    /// If a block has no lanes, or there are more lanes than can be counted.
    #[must_use]
    pub const fn new(blocks: usize, lanes: usize) -> Self {
        assert!(lanes > 0, "Grid::new: blocks of 0 lanes");
        match blocks.checked_mul(lanes) {
            Some(len) => Self {
                len,
                block_lanes: lanes,
            },
            None => panic!("Grid::new: more lanes than can be counted"),
        }
    }

    /// `len` lanes in blocks of `lanes`; the last block may have fewer.
    ///
    /// # Panics
    /// If a block has no lanes.
    #[must_use]
    pub const fn covering(len: usize, lanes: usize) -> Self {
        assert!(lanes > 0, "Grid::covering: blocks of 0 lanes");
        Self {
            len,
            block_lanes: lanes,
        }
    }

    /// Number of blocks.
    #[must_use]
    pub const fn blocks(&self) -> usize {
        self.len.div_ceil(self.block_lanes)
    }

    /// Lanes of all blocks together.
    #[must_use]
    pub const fn lanes(&self) -> usize {
        self.len
    }

    fn block(&self, index: usize) -> Block {
        let start = index * self.block_lanes;
        Block {
            index,
            lanes: start..self.len.min(start.saturating_add(self.block_lanes)),
        }
    }
}

/// One block of a [`Grid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    index: usize,
    lanes: Range<usize>,
}

impl Block {
    /// The block's number.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Its lanes, numbered through the whole grid.
    #[must_use]
    pub fn lanes(&self) -> Range<usize> {
        self.lanes.clone()
    }
}

impl Dispatcher<'_> {
    /// Calls `kernel(state, block, out)` for every block of a grid; `out` is the block's part of
    /// the output, one element per lane. An empty grid gives no call.
    ///
    /// A thread runs blocks in runs of neighbours, and calls `init` once, before its first block:
    /// what it makes is handed to all blocks that the thread runs. How many threads there are, and
    /// which blocks see the same state, changes from call to call: so state is for scratch memory,
    /// not for results. What all blocks read, the kernel borrows.
    ///
    /// The operation's bytes and operations are those per lane; a run is of whole blocks, whatever
    /// `leaf_len` says.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Grid, Op};
    /// // The median of each row of 5 samples; a block is 64 rows, a lane is one.
    /// const MEDIAN: Op = Op::new("median").bytes_per_element(24).operations_per_element(60);
    /// let samples: Vec<f32> = (0..1_000).map(|i| (i * 7 % 11) as f32).collect();
    /// let mut medians = vec![0.0; 200];
    /// Dispatcher::global().launch_mut(
    ///     &MEDIAN,
    ///     Grid::covering(200, 64),
    ///     &mut medians,
    ///     || [0.0; 5],
    ///     |row, block, medians| {
    ///         for (lane, median) in block.lanes().zip(medians) {
    ///             row.copy_from_slice(&samples[5 * lane..][..5]);
    ///             row.sort_by(f32::total_cmp);
    ///             *median = row[2];
    ///         }
    ///     },
    /// );
    /// assert_eq!(medians[0], 6.0); // of 0, 7, 3, 10, 6
    /// ```
    ///
    /// # Panics
    /// If the output has not one element per lane; if the kernel or `init` does, after every block
    /// that had started has ended.
    #[track_caller]
    pub fn launch_mut<S, T: Send>(
        &self,
        op: &Op,
        grid: Grid,
        out: &mut [T],
        init: impl Fn() -> S + Sync,
        kernel: impl Fn(&mut S, Block, &mut [T]) + Sync,
    ) {
        let kernel = |state: &mut S, block: Block, out: &mut [T]| {
            kernel(state, block, out);
            Ok::<(), Infallible>(())
        };
        settled(self.launched(op, grid, out, self.watchers.to_the_end(), init, kernel));
    }

    /// [`launch_mut`](Self::launch_mut) with a kernel that may fail.
    ///
    /// # Errors
    /// [`Error::Body`] with the error of the lowest block that failed: blocks below it have been
    /// run, blocks above it may have been. [`Error::Lengths`] if the output has not one element
    /// per lane. [`Error::Cancelled`].
    ///
    /// # Panics
    /// If the kernel or `init` does, after every block that had started has ended.
    pub fn try_launch_mut<S, T: Send, E: Send>(
        &self,
        op: &Op,
        grid: Grid,
        out: &mut [T],
        init: impl Fn() -> S + Sync,
        kernel: impl Fn(&mut S, Block, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.launched(op, grid, out, self.watchers, init, kernel)
    }

    fn launched<S, T: Send, E: Send>(
        &self,
        op: &Op,
        grid: Grid,
        out: &mut [T],
        watchers: Watchers<'_>,
        init: impl Fn() -> S + Sync,
        kernel: impl Fn(&mut S, Block, &mut [T]) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        Error::check_lengths(op.name, grid.len, out.len())?;
        if grid.len == 0 {
            return Ok(());
        }
        let op = op.leaf_len(grid.block_lanes);
        let watch = Watch::new(watchers, grid.len);
        let run = |state: &mut S, task: usize, first_block: usize, out: &mut [T]| {
            self.observer.chunk(&op, || -> Result<(), Stopped> {
                for (index, out) in (first_block..).zip(out.chunks_mut(grid.block_lanes)) {
                    let block = grid.block(index);
                    watch.unit(task, out.len(), || kernel(state, block, out))?;
                }
                Ok(())
            })
        };
        let (route, _timing) = self.route(&op, grid.len, &watchers);
        match route {
            // Why a run stopped, the watch knows.
            None => {
                let _ = run(&mut init(), 0, 0, out);
            }
            Some(route) => {
                let cut = &route.cut;
                let first_block = |task: usize| cut.task(task).start / grid.block_lanes;
                route.for_each_run((out, cut.task_len()), init, |state, task, out| {
                    let _ = run(state, task, first_block(task), out);
                });
            }
        }
        watch.finish(op.name)
    }
}
