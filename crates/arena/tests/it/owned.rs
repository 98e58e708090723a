//! Owned arenas: checkpoints in any order, rewinding, resets, limits, retention, and moving from
//! thread to thread. Chunk counts are asserted throughout, as for scopes.

use arena::{AllocError, Arena, Settings, Stats};

/// Room of the first block: 64 KiB without the header.
const FIRST_ROOM: usize = 64 * 1024 - 64;

fn in_use(arena: &Arena) -> usize {
    arena.stats().bytes_in_use
}

#[test]
fn a_checkpoint_rewinds_what_was_taken_through_it_and_nothing_else() {
    let arena = Arena::new();
    let kept = arena.scratch().alloc_slice_copy(&[7_u32; 100]);
    let mut checkpoint = arena.checkpoint();
    let mut addresses = Vec::new();
    for round in 0..50_u32 {
        let a = checkpoint.scratch().alloc_slice_copy(&[round; 500]);
        {
            let inner = checkpoint.checkpoint();
            let b = inner.scratch().alloc_slice_copy(&[round + 1; 500]);
            assert_eq!(inner.stats().bytes_in_use, 448 + 2 * 2048);
            assert_eq!((a[499], b[0]), (round, round + 1));
        }
        addresses.push(a.as_ptr().addr());
        assert_eq!(checkpoint.stats().bytes_in_use, 448 + 2048);
        checkpoint.rewind();
        assert_eq!(in_use(&arena), 448);
    }
    if cfg!(not(feature = "isolated")) {
        addresses.dedup();
        assert_eq!(addresses.len(), 1, "each round begins at the checkpoint");
    }
    drop(checkpoint);
    let more = arena.scratch().alloc_slice_copy(&[8_u32; 100]);
    assert_eq!((&*kept, &*more), (&[7; 100][..], &[8; 100][..]));
    let stats = arena.stats();
    assert_eq!((stats.chunks, stats.system_allocations), (1, 1));
    assert_eq!(stats.detached_allocations, 0);
}

#[test]
fn checkpoints_may_close_in_any_order_or_be_forgotten() {
    // Forgetting loses what was taken; isolated, that is a leak which tools report.
    for forget in [false, cfg!(not(feature = "isolated"))] {
        let mut arena = Arena::new();
        for _ in 0..3 {
            let first = arena.checkpoint();
            let a = first.scratch().alloc_slice_copy(&[1_u8; 5000]);
            let second = arena.checkpoint();
            let b = second.scratch().alloc_slice_copy(&[2_u8; 5000]);
            let c = arena.scratch().alloc_slice_copy(&[3_u8; 5000]);
            assert_eq!((a[4999], b[0], b[4999], c[0]), (1, 2, 2, 3));
            drop(first);
            let third = arena.checkpoint();
            let d = third.scratch().alloc_slice_copy(&[4_u8; 5000]);
            assert_eq!((b[0], b[4999], c[0], d[0]), (2, 2, 3, 4));
            match forget {
                true => std::mem::forget(third),
                false => drop(third),
            }
            let e = arena.scratch().alloc_slice_copy(&[5_u8; 5000]);
            drop(second);
            let f = arena.scratch().alloc_slice_copy(&[6_u8; 5000]);
            assert_eq!((c[4999], e[0], e[4999], f[0]), (3, 5, 5, 6));
            arena.reset();
            assert_eq!(in_use(&arena), 0);
        }
        assert!(arena.stats().chunks <= 1, "{:?}", arena.stats());
    }
}

#[test]
fn a_reset_keeps_one_block_that_fits() {
    let mut arena = Arena::new();
    let round = |arena: &mut Arena| {
        for _ in 0..20 {
            arena.scratch().alloc_slice_uninit::<u8>(20_000);
        }
        let chunks = arena.stats().chunks;
        arena.reset();
        chunks
    };
    assert!(round(&mut arena) > 1);
    assert_eq!(round(&mut arena), 1);
    let settled = arena.stats();
    for _ in 0..10 {
        assert_eq!(round(&mut arena), 1);
    }
    assert_eq!(arena.stats(), settled);
    assert!(arena.trim() > 20 * 20_000);
    assert_eq!((arena.stats().chunks, arena.stats().chunk_bytes), (0, 0));
    assert_eq!(round(&mut arena), 4, "as from the beginning");
}

#[test]
fn a_limit_is_an_error_with_its_figures_and_the_arena_goes_on() {
    let mut arena = Arena::with_settings(Settings::default().limit_bytes(1 << 20));
    let kept = arena.scratch().alloc_slice_copy(&[9_u8; 1000]);
    let refused = arena.scratch().try_alloc_slice_uninit::<u8>(1 << 20);
    let Err(AllocError::Limit {
        needed_bytes,
        held_bytes,
        limit_bytes,
        ..
    }) = refused.map(|_| ())
    else {
        unreachable!("beyond the limit");
    };
    assert_eq!(needed_bytes, (1 << 20) + 64);
    assert_eq!((held_bytes, limit_bytes), (64 << 10, 1 << 20));
    // All that is allowed can be had: the generous block is beyond it, the exact one is not.
    let rest = (1 << 20) - (64 << 10) - 64 - 64;
    arena.scratch().alloc_slice_uninit::<u8>(rest);
    assert!(
        arena
            .scratch()
            .try_alloc_slice_uninit::<u8>(64 << 10)
            .is_err()
    );
    assert_eq!(kept, [9; 1000]);
    arena.reset();
    // The retained block gives way to one that the limit allows.
    arena.scratch().alloc_slice_uninit::<u8>((1 << 20) - 128);
    assert_eq!(arena.stats().chunks, 1);
}

#[test]
fn what_is_retained_has_a_maximum() {
    for (most, kept) in [(0, 0), (100_000, 0), (FIRST_ROOM, 1), (1 << 30, 1)] {
        let mut arena = Arena::with_settings(Settings::default().retain_bytes(most));
        let len = if kept == 1 { 60_000 } else { 200_000 };
        for _ in 0..3 {
            arena.scratch().alloc_slice_uninit::<u8>(len);
            arena.reset();
            // An untidy round settles; a tidy one has nothing to settle.
            assert!(arena.stats().chunks <= 1);
        }
        let stats = arena.stats();
        assert_eq!(stats.chunks, kept, "at most {most}: {stats:?}");
        assert!(stats.chunk_bytes <= most.next_multiple_of(65_536));
    }
}

#[test]
fn what_is_not_needed_for_long_shrinks_by_half_until_it_fits() {
    let scopes = if cfg!(miri) { return } else { 4097 * 9 };
    let mut arena = Arena::new();
    arena.scratch().alloc_slice_uninit::<u8>(1 << 20);
    arena.reset();
    let large = arena.stats().chunk_bytes;
    assert!(large >= 1 << 20);
    for _ in 0..scopes {
        arena.scope(|scope| scope.alloc_slice_uninit::<u8>(40_000).len());
    }
    let stats = arena.stats();
    assert_eq!(stats.chunks, 1);
    assert!(
        (100_000..=4 * 64 * 1024).contains(&stats.chunk_bytes),
        "{stats:?}"
    );
    assert!(stats.system_allocations <= 6, "one per halving: {stats:?}");
    // What uses a quarter stays.
    let settled = arena.stats();
    for _ in 0..scopes {
        arena.scope(|scope| {
            scope
                .alloc_slice_uninit::<u8>(settled.chunk_bytes / 3)
                .len()
        });
    }
    assert_eq!(arena.stats().system_allocations, settled.system_allocations);
}

#[test]
fn huge_pages_or_not_large_blocks_hold() {
    let len = if cfg!(miri) { 10_000 } else { 9 << 20 };
    for huge_pages in [true, false] {
        let mut arena = Arena::with_settings(Settings::default().huge_pages(huge_pages));
        for round in 0..3_u8 {
            let slice = arena.scratch().alloc_slice_fill_with(len, |_| round);
            assert!(slice.iter().all(|&x| x == round));
            arena.reset();
        }
        assert_eq!(arena.stats().system_allocations, 1);
    }
}

#[test]
fn an_arena_moves_with_its_block_and_counts_in_the_sum() {
    let mut arena = Arena::new();
    arena.scratch().alloc_slice_copy(&[1_u8; 1000]);
    arena.reset();
    let arena = std::thread::spawn(move || {
        let copy = arena.scratch().alloc_slice_copy(&[2_u8; 1000]);
        assert_eq!(copy, [2; 1000]);
        assert_eq!(in_use(&arena), 1024);
        assert!(arena::process_stats().bytes_in_use >= 1024);
        arena
    });
    let arena = arena.join().expect("no panic");
    assert_eq!(arena.stats().system_allocations, 1);
    assert_eq!(in_use(&arena), 1024);
    let twice: Stats = [arena.stats(), arena.stats()].into_iter().sum();
    assert_eq!((twice.chunks, twice.bytes_in_use), (2, 2048));
}

#[test]
fn large_slices_of_one_size_begin_on_different_lines_of_the_cache() {
    let mut arena = Arena::new();
    let len = 16 << 10;
    // The first pass goes from block to block, and where the system puts those is its affair.
    for _ in 0..12 {
        let _ = arena.scratch().alloc_slice_uninit::<u8>(len);
    }
    arena.reset();
    let sets: std::collections::BTreeSet<usize> = (0..12)
        .map(|_| {
            let slice = arena.scratch().alloc_slice_uninit::<u8>(len);
            slice.as_ptr().addr() % len
        })
        .collect();
    if cfg!(not(feature = "isolated")) {
        assert_eq!(sets.len(), 12, "{sets:?}");
    }
}
