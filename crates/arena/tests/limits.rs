//! The settings of the whole process, in a binary of its own: one test, as all threads see them.

use arena::{AllocError, Settings, configure, process_limit, set_process_limit, thread_stats};

fn take(bytes: usize) -> Result<(), AllocError> {
    arena::with_arena(|scope| scope.try_alloc_slice_uninit::<u8>(bytes).map(|_| ()))
}

#[test]
fn limits_and_retention_hold_for_every_thread() {
    // A limit per thread.
    configure(Settings::default().limit_bytes(1 << 20));
    for _ in 0..2 {
        let refused = std::thread::spawn(|| {
            assert_eq!(take(500_000), Ok(()));
            take(1 << 20)
        });
        let refused = refused.join().expect("no panic");
        assert!(
            matches!(refused, Err(AllocError::Limit { .. })),
            "{refused:?}"
        );
    }

    // Nothing retained.
    configure(Settings::default().retain_bytes(0));
    assert_eq!(take(500_000), Ok(()));
    assert_eq!(thread_stats().chunks, 0);
    configure(Settings::default());
    assert_eq!(take(500_000), Ok(()));
    assert_eq!(thread_stats().chunks, 1);

    // A limit of the process: what this thread keeps is missing to the other, until it is given
    // back. Owned arenas count as well.
    set_process_limit(600_000);
    let other = || {
        std::thread::spawn(|| take(400_000))
            .join()
            .expect("no panic")
    };
    let refused = other();
    let Err(AllocError::ProcessLimit {
        held_bytes,
        limit_bytes,
        ..
    }) = refused
    else {
        unreachable!("beyond the limit: {refused:?}");
    };
    assert!((500_000..600_000).contains(&held_bytes));
    assert_eq!(limit_bytes, process_limit());
    assert!(refused.expect_err("is one").to_string().contains("600000"));
    assert!(arena::trim() >= 500_000);
    assert_eq!(other(), Ok(()));
    let owned = arena::Arena::new();
    assert!(
        owned
            .scratch()
            .try_alloc_slice_uninit::<u8>(700_000)
            .is_err()
    );
    assert!(
        owned
            .scratch()
            .try_alloc_slice_uninit::<u8>(300_000)
            .is_ok()
    );
    assert!(other().is_err());
    drop(owned);
    assert_eq!(other(), Ok(()));

    // The threads are gone and this one was trimmed: nothing is held, and no figure remains.
    let sum = arena::process_stats();
    assert_eq!((sum.chunks, sum.chunk_bytes, sum.bytes_in_use), (0, 0, 0));
    assert!(sum.system_allocations >= 6);
}
