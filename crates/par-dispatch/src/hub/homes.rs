//! Which hub belongs to which pool.
//!
//! Rayon gives a pool no identity that a caller could ask for, so this is a directory that may be
//! wrong for a moment. A hub is only a meeting place: helpers are brought by the pool that a call
//! names, and a call waits for nobody. Two hubs for one pool cost a wake more; one hub for two
//! pools lets a thread of the other pool run a chunk.
//!
//! - The global pool has one hub for ever.
//! - A custom pool is known by its address while somebody holds its hub. If a pool is dropped and
//!   another is built at its address at once, helpers of the old one may help callers of the new
//!   one for as long as they stay, at most 100 ms; then their threads end.
//! - A worker has its home at the hub whose helper it first was. One that calls before that makes
//!   a hub, and moves when a helper's job tells it of one of lower rank; so the workers of a pool
//!   come to share one.

use super::Hub;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

/// Hubs that a worker made for itself rank behind those that a pool is known by.
const MADE_BY_A_WORKER: u64 = 1 << 63;

static GLOBAL: LazyLock<Arc<Hub>> = LazyLock::new(|| Arc::new(Hub::new(0)));

/// Hubs of custom pools by address.
static BY_ADDRESS: Mutex<Vec<(usize, Weak<Hub>)>> = Mutex::new(Vec::new());

static NEXT_RANK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// On a worker: the hub of its pool.
    static HOME: RefCell<Option<Arc<Hub>>> = const { RefCell::new(None) };
    /// The custom pool that this thread called last, and its hub: keeps the hub alive until a
    /// worker has it, and saves the lock.
    static LAST_CALLED: RefCell<Option<(usize, Arc<Hub>)>> = const { RefCell::new(None) };
}

fn new_hub(class: u64) -> Arc<Hub> {
    // Relaxed: only that no two are equal.
    Arc::new(Hub::new(class | NEXT_RANK.fetch_add(1, Relaxed)))
}

pub(crate) fn of_the_global_pool() -> Arc<Hub> {
    Arc::clone(&GLOBAL)
}

/// The hub of the pool at this address.
pub(crate) fn of_pool_at(address: usize) -> Arc<Hub> {
    let last = LAST_CALLED.try_with(|last| match &*last.borrow() {
        Some((at, hub)) if *at == address => Some(Arc::clone(hub)),
        _ => None,
    });
    if let Ok(Some(hub)) = last {
        return hub;
    }
    let hub = look_up(address);
    // A thread that is ending keeps nothing.
    let _ = LAST_CALLED.try_with(|last| *last.borrow_mut() = Some((address, Arc::clone(&hub))));
    hub
}

#[cold]
fn look_up(address: usize) -> Arc<Hub> {
    // The table is whole whenever the lock is free.
    let mut table = BY_ADDRESS.lock().unwrap_or_else(PoisonError::into_inner);
    table.retain(|(_, hub)| hub.strong_count() > 0);
    let known = table.iter().find(|(at, _)| *at == address);
    if let Some(hub) = known.and_then(|(_, hub)| hub.upgrade()) {
        return hub;
    }
    let hub = new_hub(0);
    table.retain(|(at, _)| *at != address);
    table.push((address, Arc::downgrade(&hub)));
    hub
}

/// The hub of the pool whose worker this thread is.
pub(crate) fn of_this_worker() -> Arc<Hub> {
    let home = HOME.try_with(|home| {
        let mut home = home.borrow_mut();
        Arc::clone(home.get_or_insert_with(|| new_hub(MADE_BY_A_WORKER)))
    });
    home.unwrap_or_else(|_ending| new_hub(MADE_BY_A_WORKER))
}

/// A worker hears of a hub of its pool.
pub(crate) fn adopt(hub: &Arc<Hub>) {
    // A thread that is ending needs no home.
    let _ = HOME.try_with(|home| {
        let mut home = home.borrow_mut();
        if home.as_ref().is_none_or(|home| hub.rank < home.rank) {
            *home = Some(Arc::clone(hub));
        }
    });
}
