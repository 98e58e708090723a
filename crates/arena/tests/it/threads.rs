//! Threads end: what they held is freed, and their last destructors may still open scopes.

use std::cell::RefCell;
use std::sync::mpsc;

use arena::{Stats, thread_stats, with_arena};

/// Opens scopes when its thread's locals are destroyed, and reports the arena afterwards.
struct Late(mpsc::Sender<(u64, Stats)>);

impl Drop for Late {
    fn drop(&mut self) {
        let mut sum = 0;
        for _ in 0..3 {
            sum += with_arena(|scope| {
                let outer = scope.alloc_slice_fill_with(1000, |i| i as u64);
                with_arena(|inner| inner.alloc_slice_copy(outer).iter().sum::<u64>())
            });
        }
        let _ = self.0.send((sum, thread_stats()));
    }
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

fn late_report(before: impl FnOnce() + Send, after: impl FnOnce() + Send) -> (u64, Stats) {
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            before();
            LATE.set(Some(Late(sender)));
            after();
        });
    });
    receiver.recv().expect("the destructor ran to its end")
}

fn use_arena() {
    with_arena(|scope| scope.alloc_slice_zeroed::<u8>(100_000).len());
    assert_eq!(thread_stats().chunks, 1);
}

#[test]
fn a_scope_in_a_destructor_works_and_keeps_nothing() {
    // The arena's exit is registered before, after, or not until the destructor that uses it.
    let (sum, stats) = late_report(use_arena, || ());
    assert_eq!((sum, stats.bytes_in_use), (3 * 499_500, 0));
    let exit_ran_first = stats.chunks == 0;
    let (sum, stats) = late_report(|| (), use_arena);
    assert_eq!((sum, stats.bytes_in_use), (3 * 499_500, 0));
    assert!(
        exit_ran_first || stats.chunks == 0,
        "in one of both orders the arena's exit comes first, and nothing may be kept after it"
    );
    let (sum, stats) = late_report(|| (), || ());
    assert_eq!((sum, stats.bytes_in_use), (3 * 499_500, 0));
}
