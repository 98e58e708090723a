//! Scopes in scopes on one thread: rewinding, panics, the outer handle inside an inner scope.
//! Chunk counts are asserted throughout: a scope that forgot to give room back would be right
//! in every content, and only waste memory.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use arena::{thread_stats, with_arena};

use crate::on_fresh_thread;

/// Room of the first block of a thread: 64 KiB without the header.
const FIRST_ROOM: usize = 64 * 1024 - 64;

#[test]
fn scopes_rewind_last_in_first_out() {
    on_fresh_thread(|| {
        with_arena(|a| {
            let first = a.alloc_slice_copy(&[1_u32; 100]);
            let inner_at = with_arena(|b| {
                let second = b.alloc_slice_copy(&[2_u32; 100]);
                with_arena(|c| assert_eq!(c.alloc_slice_copy(&[3_u32; 100]), [3; 100]));
                assert_eq!(second, [2; 100]);
                second.as_ptr().addr()
            });
            let third = a.alloc_slice_copy(&[4_u32; 100]);
            if cfg!(not(feature = "isolated")) {
                assert_eq!(third.as_ptr().addr(), inner_at, "the inner room comes back");
            }
            assert_eq!(first, [1; 100]);
            assert_eq!(thread_stats().bytes_in_use, 2 * 448);
        });
        let stats = thread_stats();
        assert_eq!(stats.bytes_in_use, 0);
        assert_eq!(stats.high_water_bytes, 3 * 448);
        assert_eq!((stats.chunks, stats.system_allocations), (1, 1));
        assert_eq!(stats.chunk_bytes, FIRST_ROOM);
        assert_eq!(stats.detached_allocations, 0);
    });
}

#[test]
fn a_panic_rewinds_every_scope_it_passes() {
    let rounds = if cfg!(miri) { 2 } else { 100 };
    on_fresh_thread(|| {
        with_arena(|a| {
            let kept = a.alloc_slice_copy(&[9_u8; 64]);
            for _ in 0..rounds {
                let panicked = catch_unwind(|| {
                    with_arena(|b| {
                        b.alloc_slice_zeroed::<u8>(FIRST_ROOM / 4);
                        with_arena(|c| {
                            c.alloc_slice_fill_with(FIRST_ROOM / 4, |i| match i {
                                1000 => resume_unwind(Box::new("from the element")),
                                i => i as u8,
                            });
                        });
                    });
                });
                assert!(panicked.is_err());
                assert_eq!(thread_stats().bytes_in_use, 64);
            }
            a.alloc_slice_zeroed::<u8>(FIRST_ROOM - 128);
            assert_eq!(kept, [9; 64]);
        });
        assert_eq!(thread_stats().system_allocations, 1);
        assert_eq!(thread_stats().bytes_in_use, 0);
    });
}

#[test]
fn an_outer_handle_inside_an_inner_scope_is_slower_and_counted() {
    on_fresh_thread(|| {
        with_arena(|a| {
            let first = a.alloc_slice_copy(&[1_u64; 8]);
            let mut from_inside = Vec::new();
            with_arena(|b| {
                let inner = b.alloc_slice_copy(&[2_u64; 8]);
                for value in 0..100 {
                    from_inside.push(a.alloc_slice_copy(&[value; 8]));
                }
                let later = b.alloc_slice_copy(&[3_u64; 8]);
                assert_eq!((&*inner, &*later), (&[2; 8][..], &[3; 8][..]));
                if cfg!(not(feature = "isolated")) {
                    let step = later.as_ptr().addr() - inner.as_ptr().addr();
                    assert_eq!(step, 64, "the inner scope's room is its own");
                }
                assert_eq!(thread_stats().bytes_in_use, 103 * 64);
            });
            assert_eq!(thread_stats().bytes_in_use, 101 * 64);
            let last = a.alloc_slice_copy(&[5_u64; 8]);
            if cfg!(not(feature = "isolated")) {
                assert_eq!(last.as_ptr().addr() - first.as_ptr().addr(), 64);
            }
            for (value, slice) in (0..).zip(&from_inside) {
                assert_eq!(**slice, [value; 8], "survives the inner scope");
            }
            assert_eq!(first, [1; 8]);
            let stats = thread_stats();
            assert_eq!(stats.detached_allocations, 100);
            assert_eq!((stats.chunks, stats.system_allocations), (2, 2));
        });
        assert_eq!(thread_stats().chunks, 1, "settles on one block");
        assert_eq!(thread_stats().high_water_bytes, 103 * 64);
    });
}

#[test]
fn an_element_closure_may_use_the_scope_and_open_another() {
    on_fresh_thread(|| {
        with_arena(|a| {
            let outer = a.alloc_slice_fill_with(50, |i| {
                let same = a.alloc_slice_copy(&[i; 10]);
                let nested: usize = with_arena(|b| b.alloc_slice_copy(&[i; 10]).iter().sum());
                same.iter().sum::<usize>() + nested
            });
            assert!(outer.iter().enumerate().all(|(i, &x)| x == 20 * i));
        });
        assert_eq!(thread_stats().system_allocations, 1);
        assert_eq!(thread_stats().detached_allocations, 0);
    });
}

#[test]
fn blocks_double_and_one_that_fits_remains() {
    let pieces = if cfg!(miri) { 10 } else { 400 };
    on_fresh_thread(|| {
        let round = || {
            with_arena(|a| {
                for i in 0..pieces {
                    a.alloc_slice_uninit::<u8>(20_000);
                    assert_eq!(thread_stats().bytes_in_use, (i + 1) * 20_096);
                }
                thread_stats().chunks
            })
        };
        let first = round();
        assert!((2..=9).contains(&first), "{first} chunks, doubling");
        let stats = thread_stats();
        assert!(stats.chunks <= 1);
        assert_eq!(stats.high_water_bytes, pieces * 20_096);
        assert_eq!(round(), 1, "the next round has one block");
        let settled = thread_stats();
        assert!(settled.system_allocations <= stats.system_allocations + 1);
        assert!(
            settled.chunk_bytes < pieces * 20_096 + 64 * 1024,
            "and no larger than needed"
        );
        for _ in 0..10 {
            assert_eq!(round(), 1);
        }
        assert_eq!(thread_stats(), settled, "steady");
    });
}

/// Of two chunks that come back the larger one is kept, or the larger is asked for in each turn.
#[test]
fn an_inner_scope_of_two_chunks_settles_on_one_that_fits() {
    on_fresh_thread(|| {
        with_arena(|a| {
            a.alloc_slice_uninit::<u8>(FIRST_ROOM);
            let turn = || {
                with_arena(|b| {
                    b.alloc_slice_uninit::<u8>(60_000);
                    b.alloc_slice_uninit::<u8>(500_000);
                });
                thread_stats().system_allocations
            };
            let settled = [(); 3].map(|()| turn())[2];
            for _ in 0..5 {
                assert_eq!(turn(), settled);
            }
        });
    });
}

#[test]
fn an_inner_scope_in_a_loop_reuses_its_chunk() {
    let rounds = if cfg!(miri) { 3 } else { 100 };
    on_fresh_thread(|| {
        with_arena(|a| {
            a.alloc_slice_uninit::<u8>(FIRST_ROOM);
            for _ in 0..rounds {
                with_arena(|b| b.alloc_slice_uninit::<u8>(100_000).len());
            }
            assert_eq!(thread_stats().system_allocations, 2);
            // The outer scope takes the spare chunk as well, once its own room is full.
            a.alloc_slice_uninit::<u8>(100_000);
            assert_eq!(thread_stats().system_allocations, 2);
        });
    });
}

#[test]
fn a_thousand_nested_scopes_close_in_order() {
    fn nest(depth: usize) {
        with_arena(|scope| {
            let mine = scope.alloc_slice_fill_with(4, |i| depth + i);
            if depth > 0 {
                nest(depth - 1);
            }
            let last = scope.alloc_slice_fill_with(4, |i| depth - i.min(depth));
            assert!(mine.iter().enumerate().all(|(i, &x)| x == depth + i));
            assert_eq!(last[0], depth);
        });
    }
    let depth = if cfg!(miri) { 40 } else { 900 };
    on_fresh_thread(|| {
        nest(depth);
        assert_eq!(thread_stats().system_allocations, 1);
        // The innermost scope holds one slice per scope outside it, and two of its own.
        assert_eq!(thread_stats().high_water_bytes, (depth + 2) * 64);
    });
}

#[test]
fn a_scope_is_closed_when_the_catching_closure_ends() {
    on_fresh_thread(|| {
        let mut seen = 0;
        let result = catch_unwind(AssertUnwindSafe(|| {
            with_arena(|a| {
                a.alloc_slice_uninit::<u8>(1);
                seen = thread_stats().bytes_in_use;
                resume_unwind(Box::new(()));
            })
        }));
        let _: Box<dyn std::any::Any + Send> = result.expect_err("panicked");
        assert_eq!((seen, thread_stats().bytes_in_use), (64, 0));
    });
}

/// Only debug builds poison; there the pattern is what the next scope finds.
#[test]
#[cfg(all(debug_assertions, not(miri), not(feature = "isolated")))]
#[expect(
    unsafe_code,
    reason = "reads scratch that a debug build has initialised"
)]
fn debug_builds_poison_what_is_given_back() {
    use std::mem::MaybeUninit;

    fn assert_poisoned(slots: &[MaybeUninit<u8>]) {
        for (i, slot) in slots.iter().enumerate() {
            // SAFETY: the same bytes were written by the scope before, and poisoned since.
            assert_eq!(unsafe { slot.assume_init() }, 0xA5, "byte {i}");
        }
    }
    on_fresh_thread(|| {
        with_arena(|a| {
            a.alloc_slice_zeroed::<u8>(100);
            with_arena(|b| b.alloc_slice_zeroed::<u8>(1000).len());
            with_arena(|b| assert_poisoned(b.alloc_slice_uninit(1000)));
            // Now one that outgrows its block: both parts are poisoned.
            with_arena(|b| {
                b.alloc_slice_zeroed::<u8>(1000);
                b.alloc_slice_zeroed::<u8>(FIRST_ROOM);
            });
            with_arena(|b| {
                assert_poisoned(b.alloc_slice_uninit(1000));
                assert_poisoned(b.alloc_slice_uninit(FIRST_ROOM));
            });
        });
    });
}
