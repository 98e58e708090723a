//! The plan: a pure function, so its promises are properties.

use par_dispatch::plan::{MAX_CHUNKS, unit_len};
use par_dispatch::profile::{Curve, Point};
use par_dispatch::{Op, Plan, Profile};
use proptest::prelude::*;

const SUM: Op = Op::new("sum")
    .bytes_per_element(4)
    .reads_only()
    .leaf_len(2048);

fn choose(op: &Op, len: usize, workers: usize, idle: usize) -> Plan {
    Plan::choose(op, len, workers, idle, &Profile::default())
}

#[test]
fn short_work_and_lone_workers_stay_sequential() {
    for len in [0, 1, 2048, 100_000] {
        assert_eq!(choose(&SUM, len, 8, 0), Plan::Sequential, "{len}");
    }
    assert_eq!(choose(&SUM, usize::MAX, 1, 7), Plan::Sequential);
    let forced = Plan::force_parallel(&SUM, usize::MAX, 1, &Profile::default());
    assert_eq!(forced, Plan::Sequential);
}

#[test]
fn a_costly_operation_goes_parallel_where_a_cheap_one_does_not() {
    let costly = SUM.operations_per_element(2_000);
    assert_eq!(choose(&SUM, 50_000, 4, 0), Plan::Sequential);
    assert_ne!(choose(&costly, 50_000, 4, 0), Plan::Sequential);
}

/// The shortest power of two that goes parallel.
fn break_even(workers: usize, idle: usize, profile: &Profile) -> Option<usize> {
    (0..40)
        .map(|exponent| 1_usize << exponent)
        .find(|&len| Plan::choose(&SUM, len, workers, idle, profile) != Plan::Sequential)
}

#[test]
fn a_worker_that_waits_lowers_the_break_even() {
    let profile = Profile::default();
    let of = |idle| break_even(2, idle, &profile).expect("some length pays");
    assert!(of(1) < of(0));
}

#[test]
fn dear_wakes_and_dear_rendezvous_raise_the_break_even() {
    let profile = Profile::default();
    let dear = Profile {
        arrival_ns: profile.arrival_ns * 10.0,
        ..profile
    };
    assert!(break_even(2, 0, &dear) > break_even(2, 0, &profile));
    let dear = Profile {
        fork_join_warm_ns: profile.fork_join_warm_ns * 10.0,
        ..profile
    };
    assert!(break_even(2, 1, &dear) > break_even(2, 1, &profile));
}

#[test]
fn two_chunks_at_any_length_are_equal_within_a_unit() {
    for len in (20..80).map(|leaves| leaves * 2048 + 17) {
        let plan = choose(&SUM, len, 2, 1);
        if let Plan::Chunks { chunk_len, count } = plan {
            let shortest = len - (count - 1) * chunk_len;
            let unit = unit_len(&SUM, len);
            assert!(chunk_len - shortest <= count * unit, "{len}: {plan:?}");
            assert!(unit * 32 < len || unit == 2048, "{len}: {unit}");
        }
    }
}

fn profiles() -> impl Strategy<Value = Profile> {
    let curve = || {
        proptest::array::uniform16((1e-3..1.0, 0.2..40.0_f64)).prop_map(|points| Curve {
            points: points.map(|(ns_per_byte, speed_up)| Point {
                ns_per_byte,
                speed_up,
            }),
        })
    };
    let figures = (
        2_usize..65,
        1e1..1e5,
        1e1..1e4,
        1e2..1e6,
        1e2..1e6,
        1e-1..1e3,
        0.5..64.0,
    );
    (figures, curve(), curve()).prop_map(|(figures, reading, writing)| {
        let (threads, join, line, wake, arrival, operations, speed_up) = figures;
        Profile {
            threads,
            fork_join_warm_ns: join,
            line_round_trip_ns: line,
            wake_ns: wake,
            arrival_ns: arrival,
            cold_ns_per_byte: reading.points[15].ns_per_byte,
            operations_per_ns: operations,
            operations_speed_up: speed_up,
            reading,
            writing,
        }
    })
}

proptest! {
    #[test]
    fn chunks_cover_the_work_in_runs_of_units(
        profile in profiles(),
        len in prop_oneof![0_usize..100_000, any::<usize>()],
        workers in 0_usize..65,
        idle in 0_usize..70,
        leaf_len in 1_usize..5_000,
        operations in 0_u32..1_000,
        forced in any::<bool>(),
    ) {
        let op = SUM.leaf_len(leaf_len).operations_per_element(operations);
        let plan = if forced {
            Plan::force_parallel(&op, len, workers, &profile)
        } else {
            Plan::choose(&op, len, workers, idle, &profile)
        };
        if let Plan::Chunks { chunk_len, count } = plan {
            prop_assert!(workers >= 2);
            prop_assert!((2..=MAX_CHUNKS).contains(&count));
            let unit = unit_len(&op, len);
            prop_assert!(chunk_len.is_multiple_of(unit) && unit.is_multiple_of(leaf_len));
            prop_assert!((unit / leaf_len).is_power_of_two() && len.div_ceil(unit) <= 64);
            prop_assert_eq!(len.div_ceil(chunk_len), count);
        }
    }

    /// The estimates that a choice rests on: what is chosen is the least, within the margin.
    #[test]
    fn a_choice_is_no_worse_than_the_other_by_its_own_estimates(
        profile in profiles(),
        len in 1_usize..1 << 30,
        workers in 2_usize..65,
    ) {
        let alone = profile.sequential_ns(&SUM, len);
        let idle = workers - 1;
        let best = (2..=workers.min(len.div_ceil(2048)))
            .map(|workers| profile.warm_ns(&SUM, len, workers))
            .fold(f64::INFINITY, f64::min);
        match Plan::choose(&SUM, len, workers, idle, &profile) {
            Plan::Sequential => prop_assert!(alone * 0.9 <= best),
            Plan::Chunks { .. } => prop_assert!(best < alone),
        }
    }

    /// More helpers awake never make a call stay alone that went parallel with fewer.
    #[test]
    fn more_idle_helpers_never_hinder(
        profile in profiles(),
        len in 1_usize..1 << 30,
        workers in 2_usize..65,
        idle in 0_usize..63,
    ) {
        if Plan::choose(&SUM, len, workers, idle, &profile) != Plan::Sequential {
            prop_assert_ne!(
                Plan::choose(&SUM, len, workers, idle + 1, &profile),
                Plan::Sequential
            );
        }
    }
}
