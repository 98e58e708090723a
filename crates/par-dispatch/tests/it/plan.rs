//! The plan: a pure function, so its promises are properties.

use par_dispatch::plan::MAX_CHUNKS;
use par_dispatch::{Op, Plan, Profile};
use proptest::prelude::*;

const SUM: Op = Op::new("sum").bytes_per_element(4).leaf_len(2048);

fn choose(op: &Op, len: usize, workers: usize) -> Plan {
    Plan::choose(op, len, workers, false, &Profile::default())
}

#[test]
fn short_work_and_lone_workers_stay_sequential() {
    for len in [0, 1, 2048, 100_000] {
        assert_eq!(choose(&SUM, len, 8), Plan::Sequential, "{len}");
    }
    assert_eq!(choose(&SUM, usize::MAX, 1), Plan::Sequential);
    assert_eq!(Plan::force_parallel(&SUM, usize::MAX, 1), Plan::Sequential);
}

#[test]
fn a_costly_operation_goes_parallel_where_a_cheap_one_does_not() {
    let costly = SUM.operations_per_element(2_000);
    assert_eq!(choose(&SUM, 50_000, 4), Plan::Sequential);
    assert_ne!(choose(&costly, 50_000, 4), Plan::Sequential);
}

#[test]
fn a_worker_that_waits_lowers_the_break_even() {
    let from = |warm| {
        (0..40)
            .map(|exponent| 1_usize << exponent)
            .find(|&len| Plan::choose(&SUM, len, 2, warm, &Profile::default()) != Plan::Sequential)
    };
    assert!(from(true) < from(false));
    assert!(from(false).is_some());
}

proptest! {
    #[test]
    fn chunks_cover_the_work_in_nodes_of_the_tree(
        len in prop_oneof![0_usize..100_000, any::<usize>()],
        workers in 0_usize..300,
        leaf_len in 1_usize..5_000,
        operations in 0_u32..1_000,
        forced in any::<bool>(),
    ) {
        let op = SUM.leaf_len(leaf_len).operations_per_element(operations);
        let plan = if forced {
            Plan::force_parallel(&op, len, workers)
        } else {
            choose(&op, len, workers)
        };
        if let Plan::Chunks { chunk_len, count } = plan {
            prop_assert!(workers >= 2);
            prop_assert!((2..=MAX_CHUNKS).contains(&count));
            prop_assert!(chunk_len % leaf_len == 0 && (chunk_len / leaf_len).is_power_of_two());
            prop_assert_eq!(len.div_ceil(chunk_len), count);
        }
    }
}
