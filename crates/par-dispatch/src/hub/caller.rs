//! The caller's side: its chunks, a helper called if that was asked for, and panics.

use super::board::{Full, Job};
use super::cursor::Cursor;
use super::presence::Counts;
use super::visit::has_helper;
use super::{Crew, Hub, Terms};
use crate::sync::{self, KEEPS_PANIC, Mutex};
use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// A call: on the caller's stack, which it does not outlive. The body is held by value, and closures
/// that become part of one capture by value what they can: each reference in between would be one
/// more line that a helper must fetch from the caller's core before it can fetch the next.
#[repr(align(64))]
struct Call<F> {
    body: F,
    /// The first panic.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// The chunks that one thread runs: claimed one by one.
pub(crate) enum Claims<'a> {
    /// Of a call that is not shared.
    Alone(Range<usize>),
    /// By the caller: the first chunk, which is its own, then from the front; and what it does
    /// before each of those.
    Lead(Option<usize>, &'a Cursor, &'a dyn Fn()),
    /// By a helper: one that it has claimed, then from the back.
    Help(Option<usize>, &'a Cursor),
}

impl Iterator for Claims<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        match self {
            Self::Alone(chunks) => chunks.next(),
            Self::Lead(first, cursor, before) => first.take().or_else(|| {
                before();
                cursor.claim_front()
            }),
            Self::Help(first, cursor) => first.take().or_else(|| cursor.claim_back()),
        }
    }
}

impl<F: Fn(Claims<'_>) + Sync> Call<F> {
    /// Takes part; a panic ends the call for everybody.
    #[inline]
    fn run(&self, cursor: &Cursor, claims: Claims<'_>) {
        // The panic goes on at the caller; nobody sees what the body left in between.
        let chunks = AssertUnwindSafe(|| (self.body)(claims));
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

impl<F: Fn(Claims<'_>) + Sync> Job for Call<F> {
    fn help(&self, first: usize, cursor: &Cursor) {
        self.run(cursor, Claims::Help(Some(first), cursor));
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
        self.call_each(crew, terms, count, move |claims: Claims<'_>| {
            claims.for_each(body)
        });
    }

    /// [`call`](Self::call) where `body` is called once on each thread that takes part, with the
    /// chunks that are its own as it claims them.
    pub(super) fn call_each(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        count: usize,
        body: impl Fn(Claims<'_>) + Sync,
    ) {
        let call = Call {
            body,
            panic: Mutex::new(None),
        };
        let alone = || (call.body)(Claims::Alone(0..count));
        let (Ok(chunks), true) = (u32::try_from(count), terms.helpers > 0 && count > 1) else {
            return alone();
        };
        let lead = |cursor: &Cursor| {
            if terms.wake {
                self.call_missing(crew, terms, terms.helpers.into(), 1);
            }
            let before = || {
                if terms.wake && self.pending.is_late() {
                    self.call_missing(crew, terms, terms.helpers.into(), 1);
                }
            };
            call.run(cursor, Claims::Lead(Some(0), cursor, &before));
        };
        if self.board.open(&call, chunks, terms, lead) == Err(Full) {
            return alone();
        }
        let panic = call.panic.into_inner();
        if let Some(panic) = panic.expect("nothing panics under the lock") {
            resume_unwind(panic);
        }
    }

    /// After opening: calls at most `at_most` helpers, as far as `wanted` are neither idle nor on their
    /// way and the crew has threads without one.
    pub(super) fn call_missing(
        self: &Arc<Self>,
        crew: &impl Crew,
        terms: Terms,
        wanted: usize,
        at_most: usize,
    ) {
        sync::announced();
        for _ in 0..at_most {
            let (idle, _) = self.company();
            let wanted = wanted.saturating_sub(idle);
            if wanted == 0 {
                return;
            }
            // A caller may itself be what a helper gave way to. To call a thread's second helper is in
            // vain, be the first here or away.
            let threads = crew.others().saturating_add(has_helper().into());
            let Counts { here, away } = self.around.counts();
            let without = threads.saturating_sub(here + away);
            if !self.pending.reserve(wanted, without) {
                return;
            }
            crew.call_helper(self, terms.linger);
        }
    }
}
