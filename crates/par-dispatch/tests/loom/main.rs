//! Models of the hub's protocol, on the crate's own code; plain threads stand for the pool.
//!
//! Each model explores within the bound given, prints `loom: <model> <executions>`, and has a floor in
//! `floors.txt`: loom may skip interleavings, and a model that explores nothing passes. Each
//! mutant in `mutants.txt` must make its model fail. In every model the main thread only spawns
//! and joins.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p par-dispatch --test loom -- --nocapture
//! RUSTFLAGS='--cfg loom --cfg mutant="no_drain"' cargo test …   # must fail
//! ```
#![cfg(loom)]

mod calls;
mod crews;
mod panics;

use loom::sync::atomic::AtomicU32;
use loom::thread::JoinHandle;
use par_dispatch::internals::{Crew, Hub, Terms};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Explores `body` and prints how many executions that took.
fn explore(model: &str, preemption_bound: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&executions);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemption_bound;
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        body();
    });
    println!("loom: {model} {}", executions.load(Relaxed));
}

/// Waits for threads.
fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// A crew of threads that look at the hub by themselves.
struct Nobody;

impl Crew for Nobody {
    fn call_helper(&self, _hub: &Arc<Hub>, _linger: Duration) {
        panic!("nobody was to be called");
    }

    fn others(&self) -> usize {
        usize::MAX
    }

    fn give_way(&self) {}
}

/// Terms of a call that calls nobody.
const fn terms(helpers: u16) -> Terms {
    Terms {
        helpers,
        wake: false,
        linger: Duration::ZERO,
    }
}

/// What the chunks of a call write: a relaxed atomic each, of which a load may be stale unless the
/// protocol orders it. The memory outlives the call, so that a chunk that runs too late is seen
/// and does no harm.
#[derive(Clone)]
struct Cells(Arc<Vec<AtomicU32>>);

/// What the caller leaves in a cell when it goes on.
const GONE: u32 = 100;

impl Cells {
    fn new(count: usize) -> Self {
        Self(Arc::new((0..count).map(|_| AtomicU32::new(0)).collect()))
    }

    /// What a chunk does.
    fn write(&self, index: usize) {
        let runs = self.0[index].load(Relaxed);
        assert_ne!(runs, GONE, "a chunk runs when its caller has gone on");
        self.0[index].store(runs + 1, Relaxed);
    }

    /// What the caller does with its memory afterwards.
    fn take(&self) {
        for cell in &*self.0 {
            assert_eq!(
                cell.load(Relaxed),
                1,
                "runs of a chunk that the caller sees"
            );
            cell.store(GONE, Relaxed);
        }
    }
}

/// A call whose chunks write cells, and the caller's use of them.
fn call_once(hub: &Arc<Hub>, crew: &impl Crew, terms: Terms, count: usize) {
    let cells = Cells::new(count);
    let chunks = cells.clone();
    hub.call(crew, terms, count, &|index| chunks.write(index));
    cells.take();
}
