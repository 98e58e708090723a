//! A thread writes events while a reader takes them.

use crate::explore;
use loom::thread;
use pool_metrics::internals::Ring;

/// Every event arrives whole and once, in order, or is counted as dropped.
#[test]
fn ring_events_arrive_or_are_counted() {
    explore("ring_events_arrive_or_are_counted", None, || {
        const EVENTS: u64 = 4;
        let (ring, mut pen) = Ring::new(2);
        let writer = thread::spawn(move || {
            for event in 1..=EVENTS {
                pen.write(event as usize, [event, event, event]);
            }
        });
        let reader = thread::spawn(move || {
            let mut seen = Vec::new();
            let mut drain = || {
                ring.drain(|words| {
                    assert_eq!(words, [words[0]; 4], "a torn event");
                    seen.push(words[0]);
                })
            };
            drain();
            drain();
            writer.join().unwrap();
            drain();
            assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
            assert_eq!(seen.len() as u64 + ring.dropped(), EVENTS, "{seen:?}");
        });
        reader.join().unwrap();
    });
}
