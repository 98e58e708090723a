//! What an arena may hold and keep: limits, retention, huge pages; and the process as a whole.
//!
//! Decided here: the settings, their defaults, and that threads read them on the slow path only,
//! when a block is asked for or given back. Deliberately elsewhere: obeying them
//! ([`store`](crate::store)).

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What one arena may hold and keep, in bytes of its blocks.
///
/// ```
/// use arena::{AllocError, Arena, Settings};
///
/// let arena = Arena::with_settings(Settings::default().limit_bytes(1 << 20));
/// let refused = arena.scratch().try_alloc_slice_uninit::<u8>(2 << 20).map(|_| ());
/// assert!(matches!(refused, Err(AllocError::Limit { limit_bytes: 0x10_0000, .. })));
/// ```
///
/// [`configure`] sets them for the arenas of all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub(crate) limit_bytes: usize,
    pub(crate) retain_bytes: usize,
    pub(crate) huge_pages: bool,
}

/// No limit, all retained, huge pages.
impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Settings {
    const DEFAULT: Self = Self {
        limit_bytes: usize::MAX,
        retain_bytes: usize::MAX,
        huge_pages: true,
    };

    /// The most bytes that the blocks of one arena may have together. A request that would take
    /// more is refused with [`AllocError::Limit`](crate::AllocError::Limit). Default: no limit.
    ///
    /// A lower limit than what an arena holds already refuses its next block and takes none away;
    /// [`trim`](crate::trim()) does that.
    #[must_use]
    pub const fn limit_bytes(mut self, bytes: usize) -> Self {
        self.limit_bytes = bytes;
        self
    }

    /// The largest block, rounded up to whole pages, that is kept when nothing of the arena is in
    /// use. With `0` nothing is kept, and every outermost scope asks the system anew. Default: as
    /// much as was ever needed.
    ///
    /// What is kept shrinks by itself when it is no longer needed: by half after 4096 outermost
    /// scopes of which none used a quarter of it.
    #[must_use]
    pub const fn retain_bytes(mut self, bytes: usize) -> Self {
        self.retain_bytes = bytes;
        self
    }

    /// Whether the system is asked for huge pages for blocks of 4 MiB and more: cheaper to touch
    /// for the first time, and fewer misses of the address cache; in exchange memory comes in
    /// pieces of 2 MiB. On Linux where the kernel offers it; without effect elsewhere. Default:
    /// yes.
    #[must_use]
    pub const fn huge_pages(mut self, yes: bool) -> Self {
        self.huge_pages = yes;
        self
    }
}

/// The settings of the arenas of threads. Each is read by itself, so that a thread may see one
/// setting of a [`configure`] before the other; none depends on another.
struct Shared {
    limit_bytes: AtomicUsize,
    retain_bytes: AtomicUsize,
    huge_pages: AtomicBool,
}

static OF_THREADS: Shared = Shared {
    limit_bytes: AtomicUsize::new(Settings::DEFAULT.limit_bytes),
    retain_bytes: AtomicUsize::new(Settings::DEFAULT.retain_bytes),
    huge_pages: AtomicBool::new(Settings::DEFAULT.huge_pages),
};

/// Sets what the arena of each thread may hold and keep, of threads that run and of later ones.
/// They notice when they next ask for a block or give one back.
///
/// ```
/// use arena::Settings;
///
/// // At most 1 GiB of scratch per thread, of which 64 MiB are kept between calls.
/// arena::configure(Settings::default().limit_bytes(1 << 30).retain_bytes(64 << 20));
/// assert_eq!(arena::settings(), Settings::default().limit_bytes(1 << 30).retain_bytes(64 << 20));
/// ```
pub fn configure(settings: Settings) {
    // Relaxed: numbers, with nothing published along with them.
    OF_THREADS
        .limit_bytes
        .store(settings.limit_bytes, Ordering::Relaxed);
    OF_THREADS
        .retain_bytes
        .store(settings.retain_bytes, Ordering::Relaxed);
    OF_THREADS
        .huge_pages
        .store(settings.huge_pages, Ordering::Relaxed);
}

/// The settings of the arenas of threads.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        limit_bytes: OF_THREADS.limit_bytes.load(Ordering::Relaxed),
        retain_bytes: OF_THREADS.retain_bytes.load(Ordering::Relaxed),
        huge_pages: OF_THREADS.huge_pages.load(Ordering::Relaxed),
    }
}

/// Bytes of the blocks of all arenas.
static HELD: AtomicUsize = AtomicUsize::new(0);
static PROCESS_LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Sets the most bytes that the blocks of all arenas of the process may have together, owned ones
/// included. A request that would take more is refused with
/// [`AllocError::ProcessLimit`](crate::AllocError::ProcessLimit). Default: no limit.
///
/// What other threads keep for their next scope counts; they give it back by
/// [`trim`](crate::trim()), called on each.
///
/// ```
/// arena::set_process_limit(16 << 30);
/// assert_eq!(arena::process_limit(), 16 << 30);
/// ```
pub fn set_process_limit(bytes: usize) {
    PROCESS_LIMIT.store(bytes, Ordering::Relaxed);
}

/// The limit set by [`set_process_limit`]; `usize::MAX` means none.
#[must_use]
pub fn process_limit() -> usize {
    PROCESS_LIMIT.load(Ordering::Relaxed)
}

/// Counts `bytes` as held by the process, if its limit allows; else tells what is held and the
/// limit.
pub(crate) fn reserve(bytes: usize) -> Result<(), (usize, usize)> {
    let limit = process_limit();
    let more = |held: usize| held.checked_add(bytes).filter(|&sum| sum <= limit);
    // Relaxed: the total alone decides, and an update is atomic whatever the ordering.
    HELD.try_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .map(|_| ())
        .map_err(|held| (held, limit))
}

/// Counts `bytes` as given back.
pub(crate) fn unreserve(bytes: usize) {
    HELD.fetch_sub(bytes, Ordering::Relaxed);
}
