//! Helpers that are called: at most as many as wanted are on their way, and none is lost.

use crate::{call_once, explore, join};
use loom::sync::Notify;
use loom::thread;
use par_dispatch::internals::{Crew, Hub, Terms};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CALLING: Terms = Terms {
    helpers: 1,
    wake: true,
    linger: Duration::ZERO,
};

/// Starts a thread for each helper that is called. Std's lock and vector: no steps of the model.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<thread::JoinHandle<()>>>>);

impl Crew for Threads {
    fn call_helper(&self, hub: &Arc<Hub>, linger: Duration) {
        let (hub, crew) = (Arc::clone(hub), self.clone());
        let helper = thread::spawn(move || hub.serve(&crew, linger));
        self.0.lock().unwrap().push(helper);
    }

    fn others(&self) -> usize {
        usize::MAX
    }

    fn give_way(&self) {}
}

/// The helper comes at any time: before, during, between or after two calls.
#[test]
fn called_helper_arrives() {
    explore("called_helper_arrives", Some(3), || {
        let hub = Arc::new(Hub::new(0));
        let caller = thread::spawn(move || {
            let crew = Threads::default();
            for _ in 0..2 {
                call_once(&hub, &crew, CALLING, 2);
                assert!(hub.pending() <= 1);
            }
            let helpers = std::mem::take(&mut *crew.0.lock().unwrap());
            join(helpers);
            assert_eq!(hub.pending(), 0);
            assert!(hub.is_free(), "a slot or a helper is lost");
        });
        caller.join().unwrap();
    });
}

/// Whoever finds a helper on its way can count on it: two chunks that wait for each other end.
#[test]
fn expected_helper_looks_again() {
    explore("expected_helper_looks_again", Some(3), || {
        let hub = Arc::new(Hub::new(0));
        let caller = thread::spawn(move || {
            let crew = Threads::default();
            call_once(&hub, &crew, CALLING, 2);
            let met = Notify::new();
            hub.call(&crew, CALLING, 2, &|index| match index {
                0 => met.wait(),
                _ => met.notify(),
            });
            let helpers = std::mem::take(&mut *crew.0.lock().unwrap());
            join(helpers);
        });
        caller.join().unwrap();
    });
}

/// A pool that is full: helpers are called and do not come.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicUsize>);

impl Crew for Busy {
    fn call_helper(&self, _hub: &Arc<Hub>, _linger: Duration) {
        self.0.fetch_add(1, Relaxed);
    }

    fn others(&self) -> usize {
        usize::MAX
    }

    fn give_way(&self) {}
}

/// Callers wait for nobody who has not come, and leave one job in the pool's queue between them.
#[test]
fn full_pool_gets_one_job() {
    explore("full_pool_gets_one_job", None, || {
        let hub = Arc::new(Hub::new(0));
        let crew = Busy::default();
        let callers = [(); 2].map(|()| {
            let (hub, crew) = (Arc::clone(&hub), crew.clone());
            thread::spawn(move || call_once(&hub, &crew, CALLING, 2))
        });
        join(callers);
        assert_eq!(crew.0.load(Relaxed), 1, "jobs in the queue");
    });
}
