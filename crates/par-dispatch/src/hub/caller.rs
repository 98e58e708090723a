//! The caller's side: its chunks, a helper called if that was asked for, and panics.

use super::board::{Full, Job};
use super::cursor::Cursor;
use super::{Crew, Hub, Terms};
use crate::sync::{self, KEEPS_PANIC, Mutex};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A call: on the caller's stack, which it does not outlive.
struct Call<'a, F> {
    body: &'a F,
    /// The first panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl<F: Fn(usize) + Sync> Call<'_, F> {
    /// Runs chunks until `next` has none; a panic ends the call for everybody.
    #[inline]
    fn run(&self, cursor: &Cursor, next: impl FnMut() -> Option<usize>) {
        // The panic goes on at the caller; nobody sees what the body left in between.
        let chunks = AssertUnwindSafe(|| std::iter::from_fn(next).for_each(self.body));
        if let Err(panic) = catch_unwind(chunks) {
            cursor.exhaust();
            let mut first = self.panic.lock().expect("nothing panics under the lock");
            match &mut *first {
                // Rust forgets the second panic of a thread too; dropping it could panic.
                Some(_) => std::mem::forget(panic),
                none => *none = KEEPS_PANIC.then_some(panic),
            }
        }
    }
}

impl<F: Fn(usize) + Sync> Job for Call<'_, F> {
    fn help(&self, cursor: &Cursor) {
        self.run(cursor, || cursor.claim_back());
    }
}

impl Hub {
    /// Calls `body` once with each index below `count`, on this thread and on helpers that come
    /// in time. With `call_helper`, one helper is called if too few are around.
    ///
    /// # Panics
    /// If a body does, with the first panic, after all bodies that had started have ended; the
    /// others are then not run.
    pub fn call(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        count: usize,
        body: &(impl Fn(usize) + Sync),
    ) {
        let alone = || (0..count).for_each(body);
        let (Ok(chunks), true) = (u32::try_from(count), terms.helpers > 0 && count > 1) else {
            return alone();
        };
        let call = Call {
            body,
            panic: Mutex::new(None),
        };
        let lead = |cursor: &Cursor| {
            if terms.wake {
                self.call_missing(crew, terms, terms.helpers.into(), 1);
            }
            let mut first = Some(0);
            call.run(cursor, || first.take().or_else(|| cursor.claim_front()));
        };
        if self.board.open(&call, chunks, terms, lead) == Err(Full) {
            return alone();
        }
        let panic = call.panic.into_inner();
        if let Some(panic) = panic.expect("nothing panics under the lock") {
            resume_unwind(panic);
        }
    }

    /// After opening: calls at most `at_most` helpers, as far as `wanted` are neither idle nor on their way.
    pub(super) fn call_missing(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        wanted: usize,
        at_most: usize,
    ) {
        sync::announced();
        for _ in 0..at_most {
            let limit = wanted.saturating_sub(self.idle());
            if !self.reserve(limit) {
                return;
            }
            crew.call_helper(self, terms.linger);
        }
    }
}
