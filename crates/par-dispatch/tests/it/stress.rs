//! The hub under load: many callers, calls in calls, panics, errors, cancellation, pools of every size, and pools that
//! are full of other work.

use par_dispatch::{CancelToken, Dispatcher, Error, Force, Linger, Op, RowMajor};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const OP: Op = Op::new("test").leaf_len(8);

const LINGERS: [Linger; 3] = [
    Linger::Off,
    Linger::Auto,
    Linger::For(Duration::from_micros(500)),
];

fn pool(threads: usize) -> ThreadPool {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder.build().expect("threads")
}

/// A sum whose leaves call again `depth` times: checked.
fn nested_sum(dispatcher: &Dispatcher<'_>, depth: u32, len: usize) {
    let sum = dispatcher.reduce(
        &OP,
        len,
        |range| {
            if depth > 0 {
                nested_sum(dispatcher, depth - 1, 40);
                let halves = rayon::join(|| range.start, || range.end);
                assert_eq!(halves, (range.start, range.end));
            }
            range.sum::<usize>()
        },
        |left, right| left + right,
    );
    assert_eq!(sum, Some(len * (len - 1) / 2));
}

fn writes(dispatcher: &Dispatcher<'_>, len: usize) {
    let mut out = vec![0_u32; len];
    dispatcher.for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
        for (value, index) in chunk.iter_mut().zip(offset as u32..) {
            *value += index;
        }
    });
    assert!(out.iter().zip(0..).all(|(&value, index)| value == index));
}

fn panics(dispatcher: &Dispatcher<'_>, len: usize, at: usize) {
    let mut out = vec![0_u8; len];
    let call = AssertUnwindSafe(|| {
        dispatcher.for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
            if (offset..offset + chunk.len()).contains(&at) {
                std::panic::resume_unwind(Box::new(at));
            }
        });
    });
    let panic = catch_unwind(call).expect_err("a chunk panics");
    assert_eq!(panic.downcast_ref(), Some(&at));
}

/// Tiles whose row and column say what stands in them, in a call that is cancelled or fails
/// anywhere, or does not.
fn tiles(dispatcher: &Dispatcher<'_>, rows: usize, stop: usize) {
    let (token, columns) = (CancelToken::new(), 11);
    let dispatcher = dispatcher.cancellation(&token);
    let layout = RowMajor::new(rows, columns).row_stride(columns + 1);
    let mut out = vec![0; layout.span_len()];
    let done = AtomicUsize::new(0);
    let result = dispatcher.try_tiles_mut(&OP, &mut out, layout, (3, 4), |mut tile| {
        let top = tile.row_start();
        for (row, out) in (top..).zip(tile.rows_mut()) {
            out.iter_mut().for_each(|value| *value += row + 1);
        }
        match (stop % 3, stop == top) {
            (0, true) => token.cancel(),
            (1, true) => return Err(stop),
            _ => {}
        }
        done.fetch_add(tile.rows() * tile.columns(), Ordering::Relaxed);
        Ok(())
    });
    for (index, &value) in out.iter().enumerate() {
        let row = index / (columns + 1);
        assert!(value == 0 || value == row + 1, "row {row}: {value}");
    }
    match result {
        Ok(()) => assert_eq!(done.into_inner(), rows * columns),
        Err(Error::Body(error)) => assert_eq!(error, stop),
        Err(Error::Cancelled { done: told, .. }) => assert_eq!(told, done.into_inner()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn many_callers_nested_calls_and_panics() {
    const CALLERS: usize = 12;
    let until = Instant::now() + Duration::from_secs(2);
    let calls = AtomicUsize::new(0);
    let mut turn = 0;
    while Instant::now() < until {
        turn += 1;
        let pool = pool(1 + turn % 8);
        let given = Dispatcher::with_pool(&pool)
            .force(Force::Parallel)
            .linger(LINGERS[turn % 3]);
        let inherited = Dispatcher::global()
            .force(Force::Parallel)
            .linger(LINGERS[turn % 3]);
        thread::scope(|scope| {
            for caller in 0..CALLERS {
                let (pool, calls) = (&pool, &calls);
                scope.spawn(move || {
                    for round in 0..20 {
                        let len = 100 + 37 * round;
                        match (caller + round) % 6 {
                            0 => writes(&given, len),
                            1 => nested_sum(&given, 2, len),
                            2 => panics(&given, len, len * caller / CALLERS),
                            3 => pool.install(|| nested_sum(&inherited, 1, len)),
                            4 => tiles(&given, len / 10, 3 * caller + round),
                            _ => pool.install(|| panics(&inherited, len, len / 2)),
                        }
                        calls.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
    }
    assert_eq!(calls.into_inner(), turn * CALLERS * 20);
}

#[test]
fn helpers_come_to_whoever_waits_for_them() {
    // Two chunks that wait for each other: the call ends only if two threads run them.
    let dispatchers = |pool| {
        LINGERS.map(|linger| {
            Dispatcher::with_pool(pool)
                .force(Force::Parallel)
                .max_workers(2)
                .linger(linger)
        })
    };
    let pool = pool(2);
    let meet = |dispatcher: &Dispatcher<'_>| {
        let barrier = Barrier::new(2);
        let chunks = AtomicUsize::new(0);
        dispatcher.for_each_chunk_mut(&OP, &mut [0_u8; 16], |_, _| {
            barrier.wait();
            chunks.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(chunks.into_inner(), 2);
    };
    for dispatcher in dispatchers(&pool) {
        for _ in 0..200 {
            meet(&dispatcher);
        }
        pool.install(|| (0..200).for_each(|_| meet(&dispatcher)));
    }
    // A worker that lingers takes over what calls next: then it is the other one that must come.
    let stay = Linger::For(Duration::from_millis(5));
    for dispatcher in dispatchers(&pool).map(|dispatcher| dispatcher.linger(stay)) {
        for _ in 0..100 {
            meet(&dispatcher);
            pool.install(|| meet(&dispatcher));
        }
    }
}

#[test]
fn a_pool_full_of_other_work_delays_nothing() {
    for threads in [2, 4] {
        let pool = pool(threads);
        let (started, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        pool.in_place_scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| {
                    started.fetch_add(1, Ordering::Relaxed);
                    while !ended.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(1));
                    }
                });
            }
            while started.load(Ordering::Relaxed) < threads {
                thread::yield_now();
            }
            // No worker can come before `ended`, so these return only if they wait for nobody.
            let dispatcher = Dispatcher::with_pool(&pool).force(Force::Parallel);
            for len in [16, 100, 10_000] {
                writes(&dispatcher, len);
                nested_sum(&dispatcher.max_workers(2), 0, len);
            }
            ended.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
fn a_worker_returns_to_its_pool_when_it_has_lingered() {
    let pool = pool(2);
    let dispatcher = Dispatcher::with_pool(&pool).force(Force::Parallel);
    writes(
        &dispatcher.linger(Linger::For(Duration::from_millis(20))),
        1_000,
    );
    // Both workers are needed at once, while one may linger.
    let barrier = Barrier::new(2);
    pool.install(|| rayon::join(|| barrier.wait(), || barrier.wait()));
}
