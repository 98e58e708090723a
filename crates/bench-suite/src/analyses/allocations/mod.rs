//! What memory do calls ask the system for, in steady state? Our kernels and operations, and the
//! same work as one writes it with vectors.
//!
//! Decided here: each row runs on a thread, and a pool, of its own, so that its arenas are new. The
//! first call is counted alone, then many more: those are the steady state. Counts are of all
//! threads; they do not depend on how fast anything is, and are the same on a noisy machine.

mod counted;

use std::hint::black_box;

use arena::{Stats, with_arena};
use kernels_simd::dense::{MatMut, MatRef, matmul};
use par_dispatch::{Dispatcher, Op};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

pub use counted::Counted;

use crate::data::Embedded;
use crate::report::schema::Allocations;

/// Elements of an operand: 1 MiB of f32.
const LEN: usize = 1 << 18;
/// Rows and columns of the matrices: too large for the way without a buffer.
const SIDE: usize = 256;
/// Elements that share a scratch buffer, where the contender decides that.
const CHUNK: usize = 1 << 14;
/// Calls of the steady state.
const CALLS: u32 = 100;
/// Calls before it: the first, and some in which a pool finds its rhythm.
const WARM_UP: u32 = 10;

/// What calls work on.
struct Work {
    x: Vec<f32>,
    y: Vec<f32>,
    out: Vec<f32>,
    pool: ThreadPool,
}

/// A row: operation, contender, whether it uses the pool, elements, and one call.
type Row = (&'static str, &'static str, bool, usize, fn(&mut Work));

const SCALED: Op = Op::new("x + relu(2x)")
    .bytes_per_element(4)
    .operations_per_element(3);

const ROWS: [Row; 11] = [
    ("sum(relu(x + y) · x)", "arena", false, LEN, |w| {
        black_box(with_arena(|scope| {
            let buffers = [(); 3].map(|()| scope.alloc_slice_zeroed::<f32>(LEN));
            chain(&w.x, &w.y, buffers)
        }));
    }),
    ("sum(relu(x + y) · x)", "vec", false, LEN, |w| {
        let mut buffers = [(); 3].map(|()| vec![0.0_f32; LEN]);
        let buffers = buffers.each_mut().map(Vec::as_mut_slice);
        black_box(chain(&w.x, &w.y, buffers));
    }),
    ("sum(relu(x + y) · x)", "ndarray", false, LEN, |w| {
        let (x, y) = (ndarray::aview1(&w.x), ndarray::aview1(&w.y));
        let kept = (&x + &y).mapv(|v| v.max(0.0));
        black_box((&kept * &x).sum());
    }),
    ("softmax", "kernels-simd", false, LEN, |w| {
        kernels_simd::softmax(&w.x, &mut w.out);
    }),
    ("softmax", "vec", false, LEN, |w| {
        let greatest = w.x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = w.x.iter().map(|v| (v - greatest).exp()).collect();
        let sum: f32 = powers.iter().sum();
        let shares: Vec<f32> = powers.iter().map(|power| power / sum).collect();
        black_box(shares);
    }),
    ("matmul", "kernels-simd", false, SIDE * SIDE, |w| {
        let (a, b) = (
            MatRef::new(&w.x[..SIDE * SIDE], SIDE, SIDE),
            MatRef::new(&w.y[..SIDE * SIDE], SIDE, SIDE),
        );
        let out = MatMut::new(&mut w.out[..SIDE * SIDE], SIDE, SIDE);
        matmul(1.0, a, b, 0.0, out);
    }),
    ("matmul", "ndarray", false, SIDE * SIDE, |w| {
        let [a, b] = [&w.x, &w.y].map(|x| {
            ndarray::ArrayView2::from_shape((SIDE, SIDE), &x[..SIDE * SIDE])
                .expect("operands are longer than the matrices")
        });
        black_box(a.dot(&b));
    }),
    ("sum", "dispatched", true, LEN, |w| {
        black_box(Dispatcher::with_pool(&w.pool).sum(&w.x));
    }),
    ("sum", "rayon", true, LEN, |w| {
        black_box(w.pool.install(|| w.x.par_iter().sum::<f32>()));
    }),
    (
        "x + relu(2x), in chunks",
        "dispatched, arena",
        true,
        LEN,
        |w| {
            let dispatcher = Dispatcher::with_pool(&w.pool);
            dispatcher.for_each_chunk_mut_with_scratch(&SCALED, &mut w.out, |scope, _, chunk| {
                scaled(chunk, scope.alloc_slice_copy(chunk));
            });
        },
    ),
    ("x + relu(2x), in chunks", "rayon, vec", true, LEN, |w| {
        let Work { pool, out, .. } = w;
        pool.install(|| {
            out.par_chunks_mut(CHUNK)
                .for_each(|chunk| scaled(chunk, &mut chunk.to_vec()));
        });
    }),
];

fn chain(x: &[f32], y: &[f32], [sums, kept, products]: [&mut [f32]; 3]) -> f32 {
    kernels_simd::add(x, y, sums);
    kernels_simd::relu(sums, kept);
    kernels_simd::mul(kept, x, products);
    kernels_simd::sum(products)
}

/// chunk += relu(2 · chunk), by a copy.
fn scaled(chunk: &mut [f32], copy: &mut [f32]) {
    kernels_simd::mul_scalar_in_place(copy, 2.0);
    for value in &mut *copy {
        *value = value.max(0.0);
    }
    kernels_simd::add_in_place(chunk, copy);
    // Values that grow for ever would be infinite before long.
    kernels_simd::mul_scalar_in_place(chunk, 1.0 / 3.0);
}

/// Counts, a row per operation and contender, with pools of so many threads.
///
/// # Errors
/// Why nothing was counted, in words: [`Counted`] is not this program's allocator, or there are no
/// threads.
pub fn measure(data: &Embedded, threads: usize) -> Result<Vec<Allocations>, String> {
    counted::start();
    drop(black_box(Box::new(0_u8)));
    if counted::stop().0 == 0 {
        return Err("this program does not count its allocations".to_owned());
    }
    ROWS.iter().map(|row| of(row, data, threads)).collect()
}

fn of(
    &(op, contender, parallel, n, call): &Row,
    data: &Embedded,
    threads: usize,
) -> Result<Allocations, String> {
    let threads = if parallel { threads } else { 1 };
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let (x, y) = data.pair::<f32>(LEN);
    let mut work = Work {
        out: x.clone(),
        x,
        y,
        pool: pool.map_err(|error| error.to_string())?,
    };
    // A thread of its own has an arena of its own.
    let counts = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            counted::start();
            call(&mut work);
            let first = counted::stop();
            (1..WARM_UP).for_each(|_| call(&mut work));
            counted::start();
            (0..CALLS).for_each(|_| call(&mut work));
            let steady = counted::stop();
            let of_workers = work.pool.broadcast(|_| arena::thread_stats());
            let stats: Stats = of_workers.into_iter().chain([arena::thread_stats()]).sum();
            (first, steady, stats)
        });
        run.join()
    });
    let (first, steady, stats) = counts.map_err(|_| format!("{op} by {contender} panicked"))?;
    let per_call = |count: u64| count as f64 / f64::from(CALLS);
    Ok(Allocations {
        op: op.to_owned(),
        contender: contender.to_owned(),
        threads,
        n,
        first_call_blocks: first.0,
        first_call_bytes: first.1,
        steady_blocks: per_call(steady.0),
        steady_bytes: per_call(steady.1),
        arena_chunks: stats.chunks,
        arena_chunk_bytes: stats.chunk_bytes as u64,
        arena_bytes_in_use_max: stats.high_water_bytes as u64,
    })
}
