//! The shapes with the user's own bodies: each element once, offsets right, trees fixed, panics
//! delivered, lengths checked. Without the feature `rayon` the same tests run sequentially.

use crate::dispatchers::each_dispatcher;
use par_dispatch::{Dispatcher, Op};
use std::panic::{AssertUnwindSafe, catch_unwind};

const OP: Op = Op::new("test").leaf_len(10);

#[test]
fn every_element_is_handed_out_once_with_its_offset() {
    each_dispatcher(|dispatcher| {
        for len in [0, 1, 9, 10, 11, 100, 1_234] {
            let mut out = vec![0; len];
            dispatcher.for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
                assert!(!chunk.is_empty());
                for (i, value) in chunk.iter_mut().enumerate() {
                    *value += offset + i + 1;
                }
            });
            assert!(
                out.iter().enumerate().all(|(i, &value)| value == i + 1),
                "{dispatcher:?} {len}"
            );
        }
    });
}

#[test]
fn maps_see_matching_chunks() {
    each_dispatcher(|dispatcher| {
        for len in [0, 1, 10, 999] {
            let x: Vec<i64> = (0..len).collect();
            let y: Vec<i64> = (0..len).rev().collect();
            let mut out = vec![0; x.len()];
            dispatcher.map(&OP, &x, &mut out, |x, out| out.copy_from_slice(x));
            assert_eq!(out, x);
            dispatcher.zip_map(&OP, &x, &y, &mut out, |x, y, out| {
                for i in 0..out.len() {
                    out[i] = x[i] + y[i];
                }
            });
            assert!(
                out.iter().all(|&value| value == len - 1),
                "{dispatcher:?} {len}"
            );
        }
    });
}

#[test]
fn a_reduction_has_one_shape_whoever_runs_it() {
    // Leaves of 10 elements, as text: the result shows the tree.
    let expected = "(((0..10+10..20)+(20..30+30..40))+(40..50+50..55))";
    each_dispatcher(|dispatcher| {
        let tree = dispatcher.reduce(
            &OP,
            55,
            |range| format!("{range:?}"),
            |left, right| format!("({left}+{right})"),
        );
        assert_eq!(tree.as_deref(), Some(expected), "{dispatcher:?}");
        assert_eq!(dispatcher.reduce(&OP, 0, |_| 1, |l, r| l + r), None);
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_dispatcher_lives_on() {
    each_dispatcher(|dispatcher| {
        let mut out = vec![0; 500];
        let panic = catch_unwind(AssertUnwindSafe(|| {
            dispatcher.for_each_chunk_mut(&OP, &mut out, |offset, chunk| {
                if (offset..offset + chunk.len()).contains(&321) {
                    panic!("element 321");
                }
            });
        }))
        .expect_err("the body panics");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"element 321"));
        let sum = dispatcher.reduce(&OP, 500, |range| range.sum::<usize>(), |l, r| l + r);
        assert_eq!(sum, Some(499 * 500 / 2));
    });
}

#[test]
fn lengths_that_differ_name_the_operation_and_both_values() {
    let message = |call: &mut dyn FnMut()| {
        let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("lengths differ");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let dispatcher = Dispatcher::global();
    let map = message(&mut || dispatcher.map(&OP, &[1; 3], &mut [0; 4], |_, _| {}));
    assert_eq!(map, "test: slices of 3 and 4 elements");
    let zip = message(&mut || dispatcher.zip_map(&OP, &[1; 3], &[1; 2], &mut [0; 3], |_, _, _| {}));
    assert_eq!(zip, "test: slices of 3 and 2 elements");
}

#[cfg(feature = "arena")]
#[test]
fn scratch_is_fresh_in_every_chunk() {
    each_dispatcher(|dispatcher| {
        let mut out: Vec<u32> = (0..700).collect();
        dispatcher.for_each_chunk_mut_with_scratch(&OP, &mut out, |scope, _, chunk| {
            let copy = scope.alloc_slice_copy(chunk);
            let zeros = scope.alloc_slice_zeroed::<u32>(chunk.len());
            for i in 0..chunk.len() {
                chunk[i] = 2 * copy[i] + zeros[i];
            }
        });
        assert!(out.iter().zip(0..).all(|(&value, i)| value == 2 * i));
    });
}
