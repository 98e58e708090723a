//! The hub on plain threads, without Rayon: small enough for Miri, which sees every access.

use super::{Crew, Hub, Terms};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A thread for each helper.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Crew for Threads {
    fn call_helper(&self, hub: &Arc<Hub>, linger: Duration) {
        let (hub, crew) = (Arc::clone(hub), self.clone());
        let helper = thread::spawn(move || hub.serve(&crew, linger));
        self.0.lock().unwrap().push(helper);
    }

    fn others(&self) -> usize {
        usize::MAX
    }

    fn give_way(&self) {
        thread::yield_now();
    }
}

impl Threads {
    /// Waits until all helpers have gone, and none is lost.
    fn go(&self, hub: &Hub) {
        loop {
            let helper = self.0.lock().unwrap().pop();
            match helper {
                Some(helper) => helper.join().unwrap(),
                None => break,
            }
        }
        assert!(hub.is_free() && hub.company() == (0, 0) && !hub.expects_arrival());
    }
}

fn terms(helpers: u16) -> Terms {
    Terms {
        helpers,
        wake: true,
        linger: Duration::from_micros(30),
    }
}

/// Chunks that write what they are given, borrowed from this stack: pairs, and one by itself.
fn write(hub: &Arc<Hub>, crew: &Threads, helpers: u16, count: usize) {
    let mut items = vec![String::from("x"); 2 * count - 1];
    let chunk = |seen: &mut Vec<usize>, index: usize, run: &mut [String]| {
        assert!(!seen.contains(&index));
        seen.push(index);
        for item in run {
            item.push_str(&index.to_string());
        }
    };
    hub.call_with_runs(crew, terms(helpers), (&mut items, 2), Vec::new, chunk);
    for (index, item) in items.iter().enumerate() {
        assert_eq!(*item, format!("x{}", index / 2));
    }
}

#[test]
fn chunks_write_to_the_stack_of_their_caller() {
    let (hub, crew) = (Arc::new(Hub::new(0)), Threads::default());
    for round in 0..6 {
        write(&hub, &crew, 1 + round % 3, 1 + usize::from(round));
    }
    crew.go(&hub);
}

#[test]
fn callers_share_slots_and_helpers() {
    let (hub, crew) = (Arc::new(Hub::new(0)), Threads::default());
    thread::scope(|scope| {
        for caller in 1..4 {
            let (hub, crew) = (&hub, &crew);
            scope.spawn(move || (0..3).for_each(|round| write(hub, crew, 2, caller + round)));
        }
    });
    crew.go(&hub);
}

#[test]
fn panics_and_calls_in_chunks() {
    let (hub, crew) = (Arc::new(Hub::new(0)), Threads::default());
    for at in 0..4 {
        let call = AssertUnwindSafe(|| {
            hub.call(&crew, terms(2), 4, &|index| {
                write(&hub, &crew, 1, 2);
                if index == at {
                    resume_unwind(Box::new(index));
                }
            });
        });
        let panic = catch_unwind(call).expect_err("a chunk panics");
        assert_eq!(panic.downcast_ref(), Some(&at));
    }
    crew.go(&hub);
}
