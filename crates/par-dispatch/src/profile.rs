//! What a machine is like: the few figures that a plan needs.

/// Costs of the machine, in nanoseconds, bytes and operations.
///
/// The [`default`](Self::default) holds figures of a 2-core x86-64 server (AMD Zen 3), rounded so
/// that a doubtful size stays sequential.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// A fork-join on the pool from a thread outside of it, whose workers may be asleep.
    pub fork_join_outside_ns: f64,
    /// A fork-join from a worker of the pool.
    pub fork_join_worker_ns: f64,
    /// Bytes per nanosecond that one thread streams while the work fits the last-level cache.
    pub cached_bytes_per_ns: f64,
    /// Bytes per nanosecond that one thread streams from memory.
    pub memory_bytes_per_ns: f64,
    /// Bytes of the last-level cache.
    pub last_level_cache_bytes: f64,
    /// Vectorised operations per nanosecond of one thread.
    pub operations_per_ns: f64,
    /// Share of an added thread that work gains: 1 is perfect scaling.
    pub efficiency: f64,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            // rayon::join from outside the pool: 24–27 µs back to back, 130 µs after a pause.
            fork_join_outside_ns: 30_000.0,
            // rayon::join in a worker: 0.9 µs back to back, 16–28 µs after a pause.
            fork_join_worker_ns: 5_000.0,
            cached_bytes_per_ns: 70.0,
            memory_bytes_per_ns: 20.0,
            last_level_cache_bytes: 32.0 * 1024.0 * 1024.0,
            operations_per_ns: 25.0,
            efficiency: 0.8,
        }
    }
}
