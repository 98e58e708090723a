//! What one request gives: alignment, contents, empty slices, sizes that cannot be.

use std::mem::MaybeUninit;

use arena::{AllocError, Scope, thread_stats, with_arena};

use crate::on_fresh_thread;

#[derive(Clone, Copy)]
#[repr(align(1024))]
struct Wide(#[expect(dead_code, reason = "gives the type a size")] u8);

#[derive(Clone, Copy)]
#[repr(align(256))]
struct WideNothing;

fn assert_aligned<'s, T: Copy + 's>(scope: &Scope<'s>, len: usize) {
    let slice: &mut [MaybeUninit<T>] = scope.alloc_slice_uninit(len);
    assert_eq!(slice.len(), len);
    let align = if len == 0 || size_of::<T>() == 0 {
        align_of::<T>()
    } else {
        align_of::<T>().max(64)
    };
    assert_eq!(slice.as_ptr().addr() % align, 0, "len {len}");
}

#[test]
fn slices_are_aligned_to_64_bytes_or_to_their_type() {
    with_arena(|scope| {
        for len in [0, 1, 3, 16, 17, 1000] {
            assert_aligned::<u8>(scope, len);
            assert_aligned::<f32>(scope, len);
            assert_aligned::<[f64; 3]>(scope, len);
            assert_aligned::<()>(scope, len);
            assert_aligned::<WideNothing>(scope, len);
        }
        for len in [0, 1, 2, 9] {
            assert_aligned::<Wide>(scope, len);
        }
    });
}

#[test]
fn any_power_of_two_can_be_asked_for_and_nothing_else() {
    with_arena(|scope| {
        for power in 0..=16 {
            let aligned = scope.align_to(1 << power);
            for len in [0, 1, 100, 5000] {
                let slice = aligned.alloc_slice_zeroed::<f32>(len);
                assert_eq!(slice.as_ptr().addr() % (1 << power).max(64), 0);
                let copy = aligned.alloc_slice_copy(slice);
                assert_eq!(copy.as_ptr().addr() % (1 << power).max(64), 0);
            }
        }
        for nonsense in [0, 3, 63, 65, 4095, usize::MAX] {
            let error = scope.try_align_to(nonsense).map(|_| ());
            assert!(
                matches!(error, Err(AllocError::Alignment { align, .. }) if align == nonsense),
                "{error:?}"
            );
        }
        let top = scope
            .try_align_to(1 << (usize::BITS - 1))
            .expect("a power of two");
        assert!(
            top.try_alloc_slice_uninit::<u8>(0)
                .expect("nothing")
                .is_empty()
        );
        let refused = top.try_alloc_slice_uninit::<u8>(1).map(|_| ());
        assert!(
            matches!(refused, Err(AllocError::TooLarge { .. })),
            "{refused:?}"
        );
        // The type's own alignment wins where it is larger.
        let wide = scope.align_to(128).alloc_slice_fill_with(2, |_| Wide(1));
        assert_eq!(wide.as_ptr().addr() % 1024, 0);
    });
}

#[test]
#[should_panic(expected = "an alignment of 48 is no power of two")]
fn an_alignment_that_is_none_panics() {
    let _ = with_arena(|scope| scope.align_to(48).alloc_slice_zeroed::<u8>(1).len());
}

#[test]
fn contents_are_as_asked() {
    with_arena(|scope| {
        // Dirty the block first, so that zeroes have to be written.
        with_arena(|inner| inner.alloc_slice_fill_with(4096, |_| 0xFF_u8).len());
        let zeroed = scope.alloc_slice_zeroed::<u64>(100);
        let copied = scope.alloc_slice_copy(&[1_i16, -2, 3]);
        let filled = scope.alloc_slice_fill_with(100, |i| 3 * i);
        assert!(zeroed.iter().all(|&x| x == 0));
        assert_eq!(copied, [1, -2, 3]);
        assert!(filled.iter().enumerate().all(|(i, &x)| x == 3 * i));
    });
}

#[test]
fn empty_requests_take_no_memory() {
    on_fresh_thread(|| {
        with_arena(|scope| {
            assert!(scope.alloc_slice_uninit::<f32>(0).is_empty());
            assert!(scope.alloc_slice_zeroed::<u64>(0).is_empty());
            assert!(scope.alloc_slice_copy::<u8>(&[]).is_empty());
            assert!(scope.alloc_slice_fill_with(0, |i| i).is_empty());
            assert_eq!(scope.alloc_slice_uninit::<()>(usize::MAX).len(), usize::MAX);
            assert_eq!(scope.alloc_slice_fill_with(7, |_| WideNothing).len(), 7);
        });
        assert_eq!(thread_stats().system_allocations, 0);
    });
}

#[test]
fn sizes_beyond_any_object_are_errors_and_leave_the_scope_usable() {
    on_fresh_thread(|| {
        with_arena(|scope| {
            let kept = scope.alloc_slice_copy(&[7_u8; 100]);
            let most = isize::MAX as usize;
            for len in [
                usize::MAX,
                usize::MAX / 4,
                usize::MAX / 4 + 1,
                most,
                most / 4,
            ] {
                let error = scope.try_alloc_slice_uninit::<f32>(len).map(|_| ());
                assert!(
                    matches!(
                        error,
                        Err(AllocError::TooLarge { len: l, element_bytes: 4, .. }) if l == len
                    ),
                    "{len}: {error:?}"
                );
            }
            assert!(scope.try_alloc_slice_zeroed::<u8>(usize::MAX).is_err());
            let never = |_| -> u64 { unreachable!("the request is refused before") };
            assert!(scope.try_alloc_slice_fill_with(most, never).is_err());
            assert_eq!(thread_stats().bytes_in_use, 128);
            assert_eq!(scope.alloc_slice_copy(&[1, 2]), [1, 2]);
            assert_eq!(kept, [7; 100]);
        });
        assert_eq!(thread_stats().system_allocations, 1);
    });
}

#[test]
#[should_panic(expected = "a slice of 4611686018427387904 elements of 8 bytes is larger than any")]
#[cfg(target_pointer_width = "64")]
fn the_panic_names_the_request() {
    with_arena(|scope| scope.alloc_slice_zeroed::<f64>(1 << 62).len());
}
