//! What a thread's arena has done: the figures a program can ask for.
//!
//! Decided here: their names and meaning. Deliberately elsewhere: counting them, which happens
//! on the slow paths of [`bump`](crate::bump) only.

#![forbid(unsafe_code)]

/// The state of one thread's arena, from [`thread_stats`](crate::thread_stats).
///
/// ```
/// use arena::{thread_stats, with_arena};
///
/// with_arena(|scope| {
///     scope.alloc_slice_zeroed::<f32>(1000);
///     assert_eq!(thread_stats().bytes_in_use, 4032); // 4000, rounded up to 64
/// });
/// let after = thread_stats();
/// assert_eq!((after.bytes_in_use, after.high_water_bytes), (0, 4032));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadStats {
    /// Bytes given away and not yet taken back, padding included, in all open scopes.
    pub bytes_in_use: usize,
    /// The most that `bytes_in_use` ever was.
    pub high_water_bytes: usize,
    /// Blocks from the system that the arena holds now. One in steady state.
    pub chunks: usize,
    /// Bytes of room in those blocks.
    pub chunk_bytes: usize,
    /// Blocks that were ever asked of the system. Does not move in steady state.
    pub system_allocations: u64,
    /// Allocations made through the handle of an outer scope while an inner one was open. Each
    /// took the slow path; a program that wants speed has none.
    pub detached_allocations: u64,
}
