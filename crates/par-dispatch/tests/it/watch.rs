//! Calls that end early or are watched: the first error, cancellation, progress, chunk lengths.

use crate::dispatchers::each_dispatcher;
use par_dispatch::{CancelToken, Dispatcher, Error, Force, Op, RowMajor};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// Costly enough that a plan would split it, or cut it for a watcher.
const OP: Op = Op::new("test").leaf_len(10).operations_per_element(100_000);

#[test]
fn the_error_is_the_one_that_a_loop_would_meet_first() {
    const LEN: usize = 3_000;
    let bad = |element: usize| element % 1_000 == 777;
    each_dispatcher(|dispatcher| {
        for chunk_len in [1, 20, 500] {
            let dispatcher = dispatcher.chunk_len(chunk_len);
            let mut out = vec![0_u8; LEN];
            let result = dispatcher.try_for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
                // The higher the chunk, the earlier it fails.
                thread::sleep(Duration::from_micros((LEN - offset) as u64 / 100));
                for (element, out) in (offset..).zip(chunk) {
                    if bad(element) {
                        return Err(element);
                    }
                    *out += 1;
                }
                Ok(())
            });
            assert_eq!(result, Err(Error::Body(777)), "{dispatcher:?}");
            assert_eq!(out[..777], [1; 777]);
            assert!(out.iter().all(|&runs| runs <= 1));
        }
        let leaf = |range: std::ops::Range<usize>| {
            let mut range = range;
            range.find(|&element| bad(element)).map_or(Ok(1), Err)
        };
        let result = dispatcher.try_reduce(&OP, LEN, leaf, |l, r| l + r);
        assert_eq!(result, Err(Error::Body(777)), "{dispatcher:?}");
        assert_eq!(
            dispatcher.try_reduce(&OP, 777, leaf, |l, r| l + r),
            Ok(Some(78))
        );

        let x: Vec<usize> = (0..LEN).collect();
        let mut out = vec![0; LEN];
        let fallible = |x: &[usize], out: &mut [usize]| match x.iter().find(|&&x| bad(x)) {
            Some(&x) => Err(x),
            None => {
                out.copy_from_slice(x);
                Ok(())
            }
        };
        let result = dispatcher.try_map(&OP, &x, &mut out, fallible);
        assert_eq!(result, Err(Error::Body(777)));
        let result = dispatcher.try_zip_map(&OP, &x, &x, &mut out, |x, _, out| fallible(x, out));
        assert_eq!(result, Err(Error::Body(777)));
        let tile = RowMajor::new(30, 100);
        let result = dispatcher.try_tiles_mut(&OP, &mut out, tile, (1, 10), |tile| {
            let index = tile.row_start() * 10 + tile.column_start() / 10;
            if index % 100 == 77 {
                Err(index)
            } else {
                Ok(())
            }
        });
        assert_eq!(result, Err(Error::Body(77)));
    });
}

#[test]
fn a_panic_goes_before_an_error() {
    each_dispatcher(|dispatcher| {
        let call = std::panic::AssertUnwindSafe(|| {
            dispatcher.try_for_each_chunk_mut(&OP, &mut [0; 100], |offset, chunk| {
                if (offset..offset + chunk.len()).contains(&5) {
                    std::panic::resume_unwind(Box::new("5"));
                }
                Err("later")
            })
        });
        let panic = std::panic::catch_unwind(call).expect_err("element 5 is below every error");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"5"));
    });
}

#[test]
fn a_cancelled_call_names_the_operation_and_what_was_done() {
    each_dispatcher(|dispatcher| {
        const LEN: usize = 10_000;
        let (token, run) = (CancelToken::new(), AtomicUsize::new(0));
        let dispatcher = dispatcher.cancellation(&token);
        let mut out = vec![0; LEN];
        let body = |_: usize, chunk: &mut [i32]| {
            chunk.fill(1);
            if run.fetch_add(chunk.len(), Relaxed) + chunk.len() >= LEN / 2 {
                token.cancel();
            }
            Ok::<(), Error>(())
        };
        let result = dispatcher.try_for_each_chunk_mut(&OP, &mut out, body);
        let marked = out.iter().filter(|&&value| value == 1).count();
        let expected = Error::Cancelled {
            operation: "test",
            done: marked,
            total: LEN,
        };
        assert!((LEN / 2..LEN).contains(&marked), "{dispatcher:?} {marked}");
        assert_eq!(result, Err(expected));
        assert_eq!(run.into_inner(), marked);

        // Cancelled for good.
        let none = dispatcher.try_reduce(&OP, LEN, |_| Ok::<_, ()>(1), |l, r| l + r);
        assert!(matches!(none, Err(Error::Cancelled { done: 0, .. })));
        let one = dispatcher.try_for_each_chunk_mut(&OP, &mut [0; 1], |_, _| Err(()));
        assert!(matches!(one, Err(Error::Cancelled { total: 1, .. })));
        // What cannot say so runs to its end.
        assert_eq!(
            dispatcher.reduce(&OP, LEN, |range| range.len(), |l, r| l + r),
            Some(LEN)
        );
    });
}

#[test]
fn an_error_below_all_that_was_cancelled_is_an_error() {
    let token = CancelToken::new();
    let dispatcher = Dispatcher::sequential().cancellation(&token).chunk_len(10);
    let body = |offset: usize, _: &mut [u8]| {
        if offset == 20 {
            token.cancel();
            return Err("20");
        }
        Ok(())
    };
    let result = dispatcher.try_for_each_chunk_mut(&OP, &mut [0; 100], body);
    assert_eq!(result, Err(Error::Body("20")));
}

#[test]
fn progress_grows_to_the_total() {
    each_dispatcher(|dispatcher| {
        const LEN: usize = 5_000;
        let told = Mutex::new(Vec::new());
        let progress = |done: usize, total: usize| {
            assert_eq!(total, LEN);
            told.try_lock().expect("never twice at once").push(done);
        };
        let dispatcher = dispatcher.progress(&progress);
        let check = || {
            let told = std::mem::take(&mut *told.lock().expect("no panic"));
            assert!(told.is_sorted_by(|a, b| a < b), "{dispatcher:?} {told:?}");
            assert_eq!(told.last(), Some(&LEN), "{dispatcher:?}");
            told.len()
        };
        dispatcher.for_each_chunk_mut(&OP, &mut vec![0; LEN], |_, chunk| chunk.fill(1));
        check();
        dispatcher.reduce(&OP, LEN, |range| range.len(), |l, r| l + r);
        check();
        let layout = RowMajor::new(50, 100).row_stride(101);
        dispatcher.tiles_mut(&OP, &mut vec![0; 51 * 101], layout, (3, 7), |_| {});
        check();
        dispatcher
            .force(Force::Sequential)
            .chunk_len(640)
            .for_each_chunk_mut(&OP, &mut vec![0; LEN], |_, _| {});
        assert_eq!(check(), LEN.div_ceil(640));
    });
}

#[test]
fn chunks_are_as_long_as_asked() {
    each_dispatcher(|dispatcher| {
        for (asked, given) in [(1, 10), (10, 10), (11, 20), (300, 320), (1_000_000, 4_321)] {
            let dispatcher = dispatcher.chunk_len(asked);
            let mut out = vec![0; 4_321];
            dispatcher.for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
                assert_eq!(offset % given, 0);
                let len = chunk.len();
                chunk.fill(len);
            });
            let tail = out.len() - out.len() % given;
            assert!(
                out[..tail].iter().all(|&len| len == given),
                "{dispatcher:?} {asked}"
            );
            assert!(out[tail..].iter().all(|&len| len == 4_321 - tail));
            // The tree stays.
            let text = |d: &Dispatcher<'_>| {
                d.reduce(
                    &OP,
                    135,
                    |range| format!("{range:?}"),
                    |l, r| format!("({l} {r})"),
                )
            };
            assert_eq!(text(&dispatcher), text(&Dispatcher::sequential()));
        }
    });
}
