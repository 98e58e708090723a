//! A chunk panics, on whichever thread it runs: the caller gets it when the helper has left.

use crate::{Cells, Nobody, call_once, explore, join, terms};
use loom::thread;
use par_dispatch::internals::Hub;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

#[test]
fn panic_reaches_the_caller() {
    explore("panic_reaches_the_caller", Some(3), || {
        let hub = Arc::new(Hub::new(0));
        let called = Arc::clone(&hub);
        let caller = thread::spawn(move || {
            let cells = Cells::new(2);
            let chunks = cells.clone();
            let call = AssertUnwindSafe(|| {
                called.call(&Nobody, terms(1), 2, &|index| {
                    chunks.write(index);
                    if index == 1 {
                        resume_unwind(Box::new("chunk 1"));
                    }
                });
            });
            let panic = catch_unwind(call).expect_err("chunk 1 panics");
            assert_eq!(panic.downcast_ref(), Some(&"chunk 1"));
            cells.take();
            // The helper is not lost for the next call.
            call_once(&called, &Nobody, terms(1), 2);
        });
        let helper = thread::spawn(move || {
            hub.help_once(&Nobody);
            hub.help_once(&Nobody);
        });
        join([caller, helper]);
    });
}
