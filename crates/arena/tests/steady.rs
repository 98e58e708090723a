//! Steady state, seen from the system allocator: a binary of its own, because it replaces the
//! global allocator by one that counts, and refuses on request, per thread. Not with the feature
//! `isolated`, which asks the system for every slice.
#![cfg(not(feature = "isolated"))]
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use arena::{AllocError, thread_stats, with_arena};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    /// Blocks of this size and more are refused.
    static REFUSED_FROM: Cell<usize> = const { Cell::new(usize::MAX) };
}

// SAFETY: all is passed to the system allocator, with the arguments that the caller vouches for.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        if layout.size() >= REFUSED_FROM.get() {
            return std::ptr::null_mut();
        }
        LIVE.set(LIVE.get() + layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        LIVE.set(LIVE.get() - layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

/// A kernel with three buffers, the last in a nested scope, of `len` elements each.
fn kernel(len: usize) -> f32 {
    with_arena(|scope| {
        let a = scope.alloc_slice_fill_with(len, |i| i as f32);
        let b = scope.alloc_slice_copy(a);
        with_arena(|inner| {
            let c = inner.alloc_slice_zeroed::<f32>(len);
            for ((c, a), b) in c.iter_mut().zip(a.iter()).zip(b.iter()) {
                *c = a - b;
            }
            c.iter().sum()
        })
    })
}

#[test]
fn steady_state_calls_the_system_allocator_never() {
    for len in [10, 10_000, 300_000] {
        let len = if cfg!(miri) { len / 100 + 1 } else { len };
        kernel(len);
        kernel(len);
        let (calls, stats) = (CALLS.get(), thread_stats());
        for _ in 0..10 {
            assert_eq!(kernel(len), 0.0);
        }
        assert_eq!(CALLS.get(), calls, "len {len}");
        assert_eq!(thread_stats(), stats, "len {len}");
        assert_eq!(stats.chunks, 1);
    }
}

#[test]
fn the_statistics_agree_with_the_system_allocator() {
    std::thread::spawn(|| {
        // Let the thread-local's destructor be registered, which may allocate.
        kernel(10);
        let (live, stats) = (LIVE.get(), thread_stats());
        with_arena(|scope| {
            for _ in 0..20 {
                scope.alloc_slice_uninit::<u8>(30_000);
            }
            let (now, held) = (LIVE.get(), thread_stats());
            // The header of a chunk is 64 bytes.
            let bytes = |stats: arena::Stats| stats.chunk_bytes + 64 * stats.chunks;
            assert!(held.chunks > 1);
            assert_eq!(
                now - live,
                bytes(held).cast_signed() - bytes(stats).cast_signed()
            );
        });
    })
    .join()
    .expect("no panic");
}

#[test]
fn no_memory_is_an_error_and_the_scope_goes_on() {
    std::thread::spawn(|| {
        kernel(10);
        with_arena(|scope| {
            let kept = scope.alloc_slice_copy(&[1_u8; 1000]);
            let before = thread_stats();
            // Above the 70 016 bytes and a header needed below, under the whole pages wished for.
            REFUSED_FROM.set(72_000);
            let refused = scope.try_alloc_slice_uninit::<u8>(100_000).map(|_| ());
            // The generous block is refused, but the exact one is not.
            let modest = scope.try_alloc_slice_uninit::<u8>(70_000).map(|_| ());
            // From inside another scope, through the outer handle.
            let detached = with_arena(|_| scope.try_alloc_slice_zeroed::<u8>(100_000).map(|_| ()));
            REFUSED_FROM.set(usize::MAX);
            assert!(matches!(
                refused,
                Err(AllocError::OutOfMemory {
                    needed_bytes: 100_096,
                    ..
                })
            ));
            assert!(matches!(detached, Err(AllocError::OutOfMemory { .. })));
            assert_eq!(modest, Ok(()));
            let after = thread_stats();
            assert_eq!(after.system_allocations, before.system_allocations + 1);
            assert_eq!(after.bytes_in_use, before.bytes_in_use + 70_080);
            assert_eq!(after.detached_allocations, 0);
            assert_eq!(kept, [1; 1000]);
        });
        assert_eq!(thread_stats().bytes_in_use, 0);
    })
    .join()
    .expect("no panic");
}

#[test]
fn no_memory_at_all_is_an_error_and_nothing_leaks() {
    std::thread::spawn(|| {
        // The first block of a thread, and of an owned arena, refused from every size on: also
        // what stands behind the statistics must not abort.
        let live = LIVE.get();
        for refused_from in [0, 64, 1000, 60_000] {
            let owned = arena::Arena::new();
            REFUSED_FROM.set(refused_from);
            let ambient =
                with_arena(|scope| scope.try_alloc_slice_zeroed::<u8>(10_000).map(|_| ()));
            let own = owned
                .scratch()
                .try_alloc_slice_copy(&[1_u64; 1250])
                .map(|_| ());
            REFUSED_FROM.set(usize::MAX);
            for error in [ambient, own] {
                if refused_from < 10_064 {
                    assert!(
                        matches!(error, Err(AllocError::OutOfMemory { .. })),
                        "{error:?}"
                    );
                }
            }
            drop(owned);
            arena::trim();
        }
        assert_eq!(thread_stats().bytes_in_use, 0);
        // A seat for the figures may stay, to be handed on, and the thread's exit is registered.
        let grown = LIVE.get() - live;
        assert!(grown < 2048, "{grown} bytes more are live");
    })
    .join()
    .expect("no panic");
}

/// Says, when it is destroyed with its thread, how many bytes are live there.
struct LastWord(Option<std::sync::mpsc::Sender<isize>>);

impl Drop for LastWord {
    fn drop(&mut self) {
        if let Some(report) = self.0.take() {
            // Measured before the report itself allocates.
            let live = LIVE.get();
            let _ = report.send(live);
        }
    }
}

thread_local! {
    static EARLY: Cell<LastWord> = const { Cell::new(LastWord(None)) };
    static LATE: Cell<LastWord> = const { Cell::new(LastWord(None)) };
}

/// A platform may destroy thread-locals in either order: one set before the arena was used and
/// one set after it enclose its exit, so the block is live in one report and gone in the other.
#[test]
fn thread_exit_frees() {
    const BLOCK: isize = 1 << 20;
    let (report, reports) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        EARLY.set(LastWord(Some(report.clone())));
        with_arena(|scope| scope.alloc_slice_uninit::<u8>(1 << 20).len());
        LATE.set(LastWord(Some(report)));
    });
    let [first, second] = [reports.recv(), reports.recv()].map(|live| live.expect("a report"));
    assert!(first >= BLOCK, "{first} bytes live while the arena is");
    assert!(second < BLOCK, "{second} bytes live after its exit");
}
