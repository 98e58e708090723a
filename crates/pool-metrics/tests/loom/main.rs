//! Models of the recorder's protocols, on the crate's own code.
//!
//! Each model explores within the bound given, prints `loom: <model> <executions>`, and has a floor in
//! `floors.txt`: loom may skip interleavings, and a model that explores nothing passes. Each
//! mutant in `mutants.txt` must make its model fail. In every model the main thread only spawns
//! and joins.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --release -p pool-metrics --test loom -- --nocapture
//! RUSTFLAGS='--cfg loom --cfg mutant="reader_does_not_wait"' cargo test …   # must fail
//! ```
#![cfg(loom)]

mod cell;
mod ring;
mod threads;
mod window;

use loom::sync::{Mutex, MutexGuard};
use pool_metrics::internals::Ledger;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

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

/// A clock that agrees on all cores: loom runs one thread at a time, so its readings are in the
/// order of the execution. It is std's, to be no step of the model.
#[derive(Clone, Default)]
struct Ticks(Arc<AtomicU64>);

impl Ticks {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Relaxed)
    }
}

/// A ledger behind a lock, as the recorder holds it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Ledger>>);

impl Default for Shared {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Ledger::without_workers())))
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap()
    }
}
