//! Steady state, seen from the system allocator: a binary of its own, because it replaces the
//! global allocator by one that counts, on all threads.
//!
//! A call of a helper allocates one job in Rayon, and so may whatever else the process does at the
//! moment. So what is shown is this: among some batches of calls there is one in which nothing at
//! all was allocated. A call that allocates by itself has none.
#![cfg(feature = "rayon")]
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use par_dispatch::{CancelToken, Dispatcher, Error, Force, Grid, Linger, Op, RowMajor};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is passed to the system allocator, with the arguments that the caller vouches for.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

const BATCHES: usize = 2_000;

/// Calls of a batch. On a pool with more threads than processors a call takes as long as the system
/// lets a helper wait, and helpers go and come within few of them.
fn calls(threads: usize) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    if threads <= processors { 10 } else { 2 }
}

/// Calls in batches until a batch allocates nothing.
#[track_caller]
fn allocates_nothing(what: &str, calls: usize, mut call: impl FnMut()) {
    let mut fewest = u64::MAX;
    for _ in 0..BATCHES {
        let before = ALLOCATIONS.load(Relaxed);
        (0..calls).for_each(|_| call());
        fewest = fewest.min(ALLOCATIONS.load(Relaxed) - before);
        if fewest == 0 {
            return;
        }
    }
    panic!("{what}: at least {fewest} allocations in {calls} calls");
}

const OP: Op = Op::new("test").leaf_len(64);

fn shapes(place: &str, calls: usize, dispatcher: &Dispatcher<'_>) {
    const LEN: usize = 10_000;
    let check = |shape: &str, call: &mut dyn FnMut()| {
        allocates_nothing(&format!("{shape} {place}"), calls, call);
    };
    let x: Vec<f32> = (0..LEN).map(|i| i as f32).collect();
    let mut out = vec![0.0_f32; LEN];
    check("for_each_chunk_mut", &mut || {
        dispatcher.for_each_chunk_mut(&OP, &mut out, |_, chunk| chunk.fill(1.0));
    });
    check("map", &mut || {
        dispatcher.map(&OP, &x, &mut out, |x, out| out.copy_from_slice(x));
    });
    check("zip_map", &mut || {
        dispatcher.zip_map(&OP, &x, &x, &mut out, |x, _, out| out.copy_from_slice(x));
    });
    check("reduce", &mut || {
        let sum = dispatcher.reduce(&OP, LEN, |range| range.len(), |l, r| l + r);
        assert_eq!(sum, Some(LEN));
    });
    check("tiles_mut", &mut || {
        dispatcher.tiles_mut(
            &OP,
            &mut out,
            RowMajor::new(100, 100),
            (10, 30),
            |mut tile| {
                tile.rows_mut().for_each(|row| row.fill(2.0));
            },
        );
    });
    check("launch_mut", &mut || {
        let kernel = |state: &mut [f32; 4], _, out: &mut [f32]| out.fill(state[0]);
        dispatcher.launch_mut(&OP, Grid::covering(LEN, 100), &mut out, || [3.0; 4], kernel);
    });
    // Isolated, the arena asks the system for each slice.
    #[cfg(feature = "arena")]
    if !arena::ISOLATED {
        check("for_each_chunk_mut_with_scratch", &mut || {
            dispatcher.for_each_chunk_mut_with_scratch(&OP, &mut out, |scope, _, chunk| {
                let copy = scope.alloc_slice_copy(chunk);
                chunk.copy_from_slice(copy);
            });
        });
    }

    let (token, told) = (CancelToken::new(), AtomicUsize::new(0));
    let progress = |done: usize, _: usize| told.store(done, Relaxed);
    let watched = dispatcher
        .cancellation(&token)
        .progress(&progress)
        .chunk_len(128);
    check("a watched call", &mut || {
        let body = |_: usize, chunk: &mut [f32]| {
            chunk.fill(1.0);
            Ok::<(), Error>(())
        };
        assert_eq!(watched.try_for_each_chunk_mut(&OP, &mut out, body), Ok(()));
        assert_eq!(told.load(Relaxed), LEN);
    });
    check("an error", &mut || {
        let body = |offset: usize, _: &mut [f32]| if offset > 500 { Err(offset) } else { Ok(()) };
        assert_eq!(
            watched.try_for_each_chunk_mut(&OP, &mut out, body),
            Err(Error::Body(512))
        );
    });
    #[cfg(feature = "kernels")]
    {
        check("kernels", &mut || {
            let _ = dispatcher.sum(&x);
            let _ = dispatcher.dot(&x, &x);
            let _ = dispatcher.argmax(&x);
            let _ = dispatcher.variance(&x, 1);
            dispatcher.add(&x, &x, &mut out);
            dispatcher.exp_in_place(&mut out);
            dispatcher.softmax(&x, &mut out);
        });
    }
    // Isolated, the arena asks the system for each block that is packed to.
    #[cfg(all(feature = "kernels", feature = "arena"))]
    if !arena::ISOLATED {
        dense(&check, dispatcher);
    }
    #[cfg(all(feature = "kernels", not(feature = "arena")))]
    dense(&check, dispatcher);
}

/// Products that pack and that do not, padded images.
#[cfg(feature = "kernels")]
fn dense(check: &dyn Fn(&str, &mut dyn FnMut()), dispatcher: &Dispatcher<'_>) {
    use kernels_simd::dense::{Conv2d, MatMut, MatRef, Padding, Pool2d};
    let x: Vec<f32> = (0..400 * 400).map(|i| (i % 17) as f32).collect();
    let mut out = vec![0.0_f32; 400 * 400];
    for side in [40, 300, 400] {
        check("matmul", &mut || {
            let a = MatRef::new(&x[..side * side], side, side);
            let c = MatMut::new(&mut out[..side * side], side, side);
            dispatcher.matmul(1.0, a, a.t(), 0.0, c);
        });
    }
    check("matvec", &mut || {
        let a = MatRef::new(&x[..300 * 300], 300, 300);
        dispatcher.matvec(1.0, a, &x[..300], 0.0, &mut out[..300]);
    });
    check("conv2d and pools", &mut || {
        let conv = Conv2d::new((50, 50), (3, 3)).padding(Padding::Same);
        dispatcher.conv2d(&conv, &x[..2500], &x[..9], &mut out[..2500]);
        let pool = Pool2d::new((50, 50), (2, 2));
        dispatcher.max_pool2d(&pool, &x[..2500], &mut out[..625]);
        dispatcher.avg_pool2d(&pool, &x[..2500], &mut out[..625]);
    });
}

#[test]
fn steady_state_calls_the_system_allocator_never() {
    for threads in [1, 2, 3] {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = builder.build().expect("threads");
        for force in [Force::Auto, Force::Sequential, Force::Parallel] {
            // Helpers that stay, so that none has to be called.
            let stay = Linger::For(Duration::from_millis(50));
            let outside = Dispatcher::with_pool(&pool).force(force).linger(stay);
            let calls = calls(threads);
            shapes("from outside", calls, &outside);
            pool.install(|| shapes("in a worker", calls, &outside));
            let current = Dispatcher::global().force(force).linger(stay);
            pool.install(|| shapes("in a worker of the current pool", calls, &current));
        }
    }
}
