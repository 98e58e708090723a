//! Calls and helpers that look by themselves: each chunk once, none after the caller has gone on,
//! the caller woken, slots used again.

use crate::{Nobody, call_once, explore, join, terms};
use loom::thread::{self, JoinHandle};
use par_dispatch::internals::Hub;
use std::sync::Arc;

fn helper(hub: &Arc<Hub>, looks: usize) -> JoinHandle<()> {
    let hub = Arc::clone(hub);
    thread::spawn(move || {
        for _ in 0..looks {
            hub.help_once(&Nobody);
        }
    })
}

fn caller(hub: &Arc<Hub>, helpers: u16, chunks: usize, calls: usize) -> JoinHandle<()> {
    let hub = Arc::clone(hub);
    thread::spawn(move || {
        for _ in 0..calls {
            call_once(&hub, &Nobody, terms(helpers), chunks);
        }
    })
}

/// Two calls, one after the other, on one slot.
#[test]
fn late_helper_finds_the_door_closed() {
    explore("late_helper_finds_the_door_closed", Some(3), || {
        let hub = Arc::new(Hub::new(0));
        let threads = [caller(&hub, 1, 2, 2), helper(&hub, 2)];
        let last = thread::spawn(move || {
            join(threads);
            assert!(hub.is_free(), "a slot or a helper is lost");
        });
        last.join().unwrap();
    });
}

/// The caller and two helpers claim from both ends; the last helper out wakes the caller.
#[test]
fn chunks_run_once() {
    explore("chunks_run_once", Some(3), || {
        let hub = Arc::new(Hub::new(0));
        let threads = [caller(&hub, 2, 3, 1), helper(&hub, 1), helper(&hub, 1)];
        join(threads);
    });
}

/// Two callers, a slot that one of them may leave to the other, and a helper for either.
#[test]
fn two_callers_share_a_helper() {
    explore("two_callers_share_a_helper", Some(2), || {
        let hub = Arc::new(Hub::new(0));
        let threads = [
            caller(&hub, 1, 2, 1),
            caller(&hub, 1, 2, 1),
            helper(&hub, 1),
        ];
        join(threads);
    });
}

/// A chunk calls again, on whichever thread it runs.
#[test]
fn nested_calls_end() {
    explore("nested_calls_end", Some(2), || {
        let hub = Arc::new(Hub::new(0));
        let outer = Arc::clone(&hub);
        let caller = thread::spawn(move || {
            let inner = Arc::clone(&outer);
            outer.call(&Nobody, terms(1), 2, &|_| {
                call_once(&inner, &Nobody, terms(1), 2);
            });
        });
        join([caller, helper(&hub, 2)]);
    });
}
