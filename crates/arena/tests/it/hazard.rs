//! The hazard that decides the design: a worker waits inside a scope, steals a task, and the
//! task opens its own scope on the same thread.
//!
//! With two workers it does not show, as a thief takes the oldest job and nobody else has outer
//! work left; hence four, with leaves that sleep.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arena::{thread_stats, with_arena};
use rayon::prelude::*;

const TASKS: usize = 60;
/// Were all tasks nested on one worker, their scratch would still fit the first block: so
/// whatever the schedule, a worker needs one block, once.
const WORDS: usize = 60;

const _: () = assert!(TASKS * 4 * (WORDS * 4).next_multiple_of(64) < 64 * 1024 - 64);

fn pattern(task: usize, salt: u32) -> impl Fn(usize) -> u32 {
    move |i| (task as u32).wrapping_mul(0x9E37_79B9) ^ salt ^ (i as u32).wrapping_mul(0x85EB_CA6B)
}

fn assert_is(slice: &[u32], value: impl Fn(usize) -> u32) {
    assert_eq!(slice.len(), WORDS);
    for (i, &x) in slice.iter().enumerate() {
        assert_eq!(x, value(i), "word {i} was overwritten");
    }
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("threads")
}

/// Takes scratch, waits in Rayon, takes more. Counts the tasks that found a scope open.
fn task(id: usize, nested: &AtomicUsize) {
    if thread_stats().bytes_in_use > 0 {
        nested.fetch_add(1, Ordering::Relaxed);
    }
    with_arena(|scope| {
        let before = scope.alloc_slice_fill_with(WORDS, pattern(id, 1));
        let leaf = |salt| {
            with_arena(|scope| {
                let scratch = scope.alloc_slice_fill_with(WORDS, pattern(id, salt));
                std::thread::sleep(Duration::from_micros(300));
                assert_is(scratch, pattern(id, salt));
            });
        };
        rayon::join(|| leaf(2), || leaf(3));
        let after = scope.alloc_slice_fill_with(WORDS, pattern(id, 4));
        rayon::join(|| leaf(5), || leaf(6));
        assert_is(before, pattern(id, 1));
        assert_is(after, pattern(id, 4));
    });
}

#[test]
fn a_stolen_task_nests_its_scope_in_the_waiting_one() {
    let (rounds, tasks) = if cfg!(miri) { (1, 12) } else { (20, TASKS) };
    let pool = pool(4);
    let nested = AtomicUsize::new(0);
    for _ in 0..rounds {
        pool.install(|| {
            (0..tasks)
                .into_par_iter()
                .with_max_len(1)
                .for_each(|id| task(id, &nested));
        });
    }
    if !cfg!(miri) {
        assert!(
            nested.load(Ordering::Relaxed) > 0,
            "no worker stole while it waited: the test showed nothing"
        );
    }
    for (worker, stats) in pool.broadcast(|_| thread_stats()).into_iter().enumerate() {
        assert_eq!(stats.bytes_in_use, 0, "worker {worker}");
        assert_eq!(stats.detached_allocations, 0, "worker {worker}");
        assert!(stats.chunks <= 1, "worker {worker}: {stats:?}");
        assert!(stats.system_allocations <= 1, "worker {worker}: {stats:?}");
    }
}

#[test]
fn slices_are_filled_by_other_threads() {
    let pool = pool(4);
    let len = if cfg!(miri) { 64 } else { 100_000 };
    let sum: u64 = pool.install(|| {
        with_arena(|scope| {
            let shared = scope.alloc_slice_zeroed::<u64>(len);
            shared
                .par_iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x = i as u64);
            shared.iter().sum()
        })
    });
    assert_eq!(sum, (len as u64) * (len as u64 - 1) / 2);
}
