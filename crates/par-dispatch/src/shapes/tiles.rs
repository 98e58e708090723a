//! A matrix, in disjoint tiles.

use crate::dispatcher::Dispatcher;
use crate::error::{Error, settled};
use crate::op::Op;
use crate::plan::MAX_CHUNKS;
use crate::tile::{RowMajor, TileMut, TileRun};
use crate::watch::{Watch, Watchers};
use std::array;
use std::convert::Infallible;

impl Dispatcher<'_> {
    /// Calls `body(tile)` for disjoint tiles of `(rows, columns)` that cover a matrix; those at its
    /// lower and right edge may be smaller. Neighbouring tiles, numbered row by row, are run one
    /// after the other by one thread. A matrix without elements gives no call.
    ///
    /// The operation's bytes and operations are those per element of the matrix; its leaf is a
    /// tile, whatever `leaf_len` says. `out` may be longer than the matrix; what lies between and
    /// behind its rows is left alone.
    ///
    /// ```
    /// use par_dispatch::{Dispatcher, Op, RowMajor};
    /// // Products of a column and a row: 4 × 6, in tiles of 2 × 4.
    /// let (column, row) = ([1, 2, 3, 4], [1, 10, 100, 1_000, 10_000, 100_000]);
    /// let mut out = [0; 24];
    /// let layout = RowMajor::new(4, 6);
    /// Dispatcher::global().tiles_mut(&Op::new("outer"), &mut out, layout, (2, 4), |mut tile| {
    ///     let (top, left) = (tile.row_start(), tile.column_start());
    ///     for (i, out) in tile.rows_mut().enumerate() {
    ///         for (j, out) in out.iter_mut().enumerate() {
    ///             *out = column[top + i] * row[left + j];
    ///         }
    ///     }
    /// });
    /// assert_eq!(out[6..12], [2, 20, 200, 2_000, 20_000, 200_000]);
    /// ```
    ///
    /// Bands of whole rows are tiles with all columns, and one slice:
    ///
    /// ```
    /// # use par_dispatch::{Dispatcher, Op, RowMajor};
    /// # let mut out = [0; 24];
    /// # let layout = RowMajor::new(4, 6);
    /// Dispatcher::global().tiles_mut(&Op::new("fill"), &mut out, layout, (2, 6), |mut band| {
    ///     let row = band.row_start();
    ///     band.as_slice_mut().expect("all columns").fill(row);
    /// });
    /// assert_eq!(out[11..13], [0, 2]);
    /// ```
    ///
    /// # Panics
    /// If the slice is shorter than the matrix; if a tile has no rows or no columns; if the body
    /// does, after every tile that had started has ended.
    #[track_caller]
    pub fn tiles_mut<T: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        layout: RowMajor,
        tile: (usize, usize),
        body: impl Fn(TileMut<'_, T>) + Sync,
    ) {
        let body = |tile: TileMut<'_, T>| {
            body(tile);
            Ok::<(), Infallible>(())
        };
        let watchers = self.watchers.to_the_end();
        settled(self.tiles(op, out, layout, tile, watchers, body));
    }

    /// [`tiles_mut`](Self::tiles_mut) with a body that may fail.
    ///
    /// # Errors
    /// [`Error::Body`] with the error of the lowest tile that failed, numbered row by row: those
    /// below have been run, those above may have been. [`Error::Lengths`] if the slice is shorter
    /// than the matrix. [`Error::Cancelled`].
    ///
    /// # Panics
    /// If a tile has no rows or no columns; if the body does.
    #[track_caller]
    pub fn try_tiles_mut<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        layout: RowMajor,
        tile: (usize, usize),
        body: impl Fn(TileMut<'_, T>) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        self.tiles(op, out, layout, tile, self.watchers, body)
    }

    #[track_caller]
    fn tiles<T: Send, E: Send>(
        &self,
        op: &Op,
        out: &mut [T],
        layout: RowMajor,
        tile: (usize, usize),
        watchers: Watchers<'_>,
        body: impl Fn(TileMut<'_, T>) -> Result<(), E> + Sync,
    ) -> Result<(), Error<E>> {
        let mut rest = TileRun::of(op.name, out, layout, tile)?;
        if rest.tiles() == 0 {
            return Ok(());
        }
        let op = op.leaf_len(rest.tile_len());
        let len = rest.tiles().saturating_mul(op.leaf_len);
        let watch = Watch::new(watchers, layout.len());
        let run = |task: usize, tiles: &mut TileRun<'_, T>| {
            self.observer.chunk(&op, || {
                for tile in tiles {
                    let tile_len = tile.rows() * tile.columns();
                    if watch.unit(task, tile_len, || body(tile)).is_err() {
                        break;
                    }
                }
            });
        };
        let (route, _timing) = self.route(&op, len, &watchers);
        match route {
            None => run(0, &mut rest),
            Some(route) => {
                let tiles_per_task = route.cut.task_len() / op.leaf_len;
                let mut runs: [TileRun<'_, T>; MAX_CHUNKS] =
                    array::from_fn(|_| rest.split_front(tiles_per_task));
                let runs = &mut runs[..route.cut.tasks()];
                let only =
                    |(): &mut (), task, tiles: &mut [TileRun<'_, T>]| run(task, &mut tiles[0]);
                route.for_each_run((runs, 1), || (), only);
            }
        }
        watch.finish(op.name)
    }
}
