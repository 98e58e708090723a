//! Recording allocates nothing after a thread's first use: seen from the allocator. A binary of
//! its own, because it replaces the global one.

#![cfg(not(pool_metrics_off))]
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use pool_metrics::Recorder;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Const and without a destructor, so that reading it allocates nothing.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: all is passed to the system allocator, with the arguments that the caller vouches for.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller of this function promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller of this function promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of the calling thread in `body`.
fn allocations(body: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    body();
    ALLOCATIONS.get() - before
}

#[test]
fn recording_allocates_on_first_use_only() {
    let recorder = Recorder::new(1);
    recorder.start_timeline(100);
    let record = || {
        let _outer = recorder.track("outer");
        for _ in 0..1000 {
            let _inner = recorder.track("inner");
            let _nested = recorder.task();
        }
    };
    // Otherwise nothing is counted at all.
    assert!(allocations(record) > 0, "the first use");
    assert_eq!(allocations(record), 0, "a thread that has recorded");
    // Readers allocate for themselves; the thread that records has nothing to do with it.
    std::thread::scope(|scope| {
        let mut window = recorder.window();
        let reader = scope.spawn(move || {
            for _ in 0..100 {
                window.take();
            }
        });
        while !reader.is_finished() {
            assert_eq!(allocations(record), 0, "while others read");
        }
    });
    recorder.set_enabled(false);
    assert_eq!(allocations(record), 0, "disabled");
}
