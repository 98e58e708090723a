//! The public view of the arena: one binary.

#[cfg(feature = "allocator-api2")]
mod collections;
mod hazard;
mod model;
mod nesting;
mod owned;
mod requests;
mod threads;

/// Runs `f` on a thread of its own, whose arena is therefore fresh.
fn on_fresh_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|threads| match threads.spawn(f).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
