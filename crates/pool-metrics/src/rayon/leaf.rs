//! The part of a parallel iteration that runs in one piece.
//!
//! Decided here: what a piece counts. It knows how often it was divided and who divided it off;
//! when it runs it becomes a leaf, which is a task and adds this to the label's counts at its end.

use crate::cell::Parallel;
use crate::guard::TaskGuard;
use crate::label::Label;
use crate::recorder::Recorder;
use std::thread::{self, ThreadId};

/// A part of an iteration that has not run and may be divided.
#[derive(Debug, Clone)]
pub(super) struct Piece<'r> {
    recorder: &'r Recorder,
    label: Label,
    /// Divisions that no leaf has counted.
    splits: u64,
    /// Who divided it off; nobody the whole.
    divided_by: Option<ThreadId>,
}

impl<'r> Piece<'r> {
    pub(super) fn whole(recorder: &'r Recorder, label: Label) -> Self {
        Self {
            recorder,
            label,
            splits: 0,
            divided_by: None,
        }
    }

    /// Divides it in two, on the thread that calls; the first counts the division.
    pub(super) fn divide(self) -> (Self, Self) {
        let second = self.divided_off(0);
        (self.divided_off(self.splits + 1), second)
    }

    /// Divides off a part, which counts the division.
    pub(super) fn divide_off(&self) -> Self {
        self.divided_off(1)
    }

    fn divided_off(&self, splits: u64) -> Self {
        Self {
            splits,
            divided_by: Some(thread::current().id()),
            ..*self
        }
    }

    /// Runs it, on the thread that calls.
    pub(super) fn begin(self) -> Leaf<'r> {
        let here = thread::current().id();
        let parallel = Parallel {
            items: 0,
            splits: self.splits,
            migrated: self.divided_by.is_some_and(|divider| divider != here),
            stolen_after_ns: None,
        };
        Leaf::new(self.recorder.track(self.label), parallel)
    }
}

/// A task that knows of the parallel work that it is a part of; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Leaf<'r> {
    /// `Some` until the drop.
    guard: Option<TaskGuard<'r>>,
    parallel: Parallel,
}

impl<'r> Leaf<'r> {
    pub(super) fn new(guard: TaskGuard<'r>, parallel: Parallel) -> Self {
        Self {
            guard: Some(guard),
            parallel,
        }
    }

    #[inline]
    pub(super) fn add_items(&mut self, items: u64) {
        self.parallel.items += items;
    }
}

impl Drop for Leaf<'_> {
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.end_with(&self.parallel);
        }
    }
}
