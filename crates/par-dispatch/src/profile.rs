//! What a machine is like: the few figures that a plan needs.

/// Costs of the machine, in nanoseconds, bytes and operations.
///
/// The [`default`](Self::default) holds figures of a 2-core x86-64 server (AMD Zen 3), rounded so
/// that a doubtful size stays sequential.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// A fork-join while a worker lingers at the hub.
    pub fork_join_warm_ns: f64,
    /// What a fork-join loses while all workers are asleep: the wake, and the time until a worker
    /// arrives. Also the price that lost time is compared with.
    pub fork_join_cold_ns: f64,
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
            // Two chunks that wait for each other: 0.3 µs, 0.8 where the cores are far apart.
            fork_join_warm_ns: 700.0,
            // A call pays for a wake from 200–270 µs on, with two workers.
            fork_join_cold_ns: 100_000.0,
            cached_bytes_per_ns: 70.0,
            memory_bytes_per_ns: 20.0,
            last_level_cache_bytes: 32.0 * 1024.0 * 1024.0,
            operations_per_ns: 25.0,
            efficiency: 0.8,
        }
    }
}
