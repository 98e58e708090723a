//! Grids: each block once, with its lanes; state made once for a thread that takes part.

use crate::dispatchers::each_dispatcher;
use par_dispatch::{Block, Dispatcher, Error, Force, Grid, Op};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ThreadId};

const OP: Op = Op::new("launch");

#[test]
fn every_block_runs_once_with_its_lanes() {
    each_dispatcher(|dispatcher| {
        for (len, lanes) in [
            (0, 4),
            (1, 4),
            (10, 4),
            (1_000, 1),
            (999, 10),
            (64, usize::MAX),
        ] {
            let grid = Grid::covering(len, lanes);
            let mut out = vec![(usize::MAX, usize::MAX); len];
            let kernel = |(): &mut (), block: Block, out: &mut [(usize, usize)]| {
                assert_eq!(out.len(), block.lanes().len());
                for (lane, out) in block.lanes().zip(out) {
                    assert_eq!(*out, (usize::MAX, usize::MAX));
                    *out = (block.index(), lane);
                }
            };
            dispatcher.launch_mut(&OP, grid, &mut out, || (), kernel);
            let expected = (0..len).map(|lane| (lane / lanes, lane));
            assert!(out.into_iter().eq(expected), "{dispatcher:?} {len} {lanes}");
        }
    });
}

#[test]
fn a_thread_has_one_state_for_all_its_blocks() {
    each_dispatcher(|dispatcher| {
        let states = AtomicUsize::new(0);
        let mut out: Vec<Option<(usize, ThreadId)>> = vec![None; 500];
        let init = || states.fetch_add(1, Relaxed);
        dispatcher.launch_mut(&OP, Grid::new(500, 1), &mut out, init, |state, _, out| {
            out[0] = Some((*state, thread::current().id()));
        });
        let seen: Vec<_> = out
            .into_iter()
            .map(|state| state.expect("a state"))
            .collect();
        for &(state, thread) in &seen {
            assert!(
                seen.iter()
                    .all(|other| (other.0 == state) == (other.1 == thread))
            );
        }
        let states = states.into_inner();
        assert!(seen.iter().all(|seen| seen.0 < states) && states <= 9);
    });
}

#[test]
fn the_lowest_block_that_fails_is_told() {
    each_dispatcher(|dispatcher| {
        let mut out = [0; 300];
        let kernel = |(): &mut (), block: Block, out: &mut [i32]| {
            out.fill(1);
            match block.index() {
                37 | 38 | 99 => Err(block.index()),
                _ => Ok(()),
            }
        };
        let result = dispatcher.try_launch_mut(&OP, Grid::new(100, 3), &mut out, || (), kernel);
        assert_eq!(result, Err(Error::Body(37)));
        assert_eq!(out[..38 * 3], [1; 38 * 3]);
    });
}

#[test]
fn a_grid_has_one_element_of_output_per_lane() {
    let dispatcher = Dispatcher::global().force(Force::Parallel);
    let kernel = |(): &mut (), _: Block, _: &mut [u8]| Ok::<(), ()>(());
    let result = dispatcher.try_launch_mut(&OP, Grid::new(2, 5), &mut [0; 11], || (), kernel);
    assert_eq!(result.map_err(|_| "lengths"), Err("lengths"),);
    assert_eq!(Grid::new(2, 5).blocks(), 2);
    assert_eq!(Grid::covering(11, 5).blocks(), 3);
    assert_eq!(Grid::covering(11, 5).lanes(), 11);
}
