//! How long a worker that has helped waits for the next call.

use std::time::Duration;

/// How long a worker that has helped stays awake for the next call, instead of returning to its
/// pool at once.
///
/// A worker that lingers polls a few cache lines of its own core and offers itself to the pool's
/// other work every few microseconds. It takes a processor: at most this long after each call that
/// it helped, or that it was called to. A call within that time costs some transfers of a cache line
/// between cores to share, a microsecond or two; one that comes later runs alone, or pays for a wake
/// if it is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Linger {
    /// Not at all: no processor time is spent between calls.
    Off,
    /// About as long as a wake takes, 50 µs: at most twice the cost of knowing when the next call
    /// comes.
    #[default]
    Auto,
    /// This long. Longer than a millisecond is rarely worth it.
    For(Duration),
}

impl Linger {
    pub(crate) const fn duration(self) -> Duration {
        match self {
            Self::Off => Duration::ZERO,
            Self::Auto => Duration::from_micros(50),
            Self::For(duration) => duration,
        }
    }
}
