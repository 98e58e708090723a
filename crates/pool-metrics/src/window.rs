//! A reader's own window.
//!
//! Decided here: that it closes with its owner. What it holds is `ledger`'s.

use crate::ledger::WindowEnd;
use crate::recorder::Recorder;
use crate::snapshot::Snapshot;

/// What is recorded between the takes of one reader.
///
/// Made by [`Recorder::window`], where an example is. Any number of windows may be open: every
/// task that ends is in exactly one take of each, with exact minimum and maximum. A window that
/// is not dropped costs every reader some microseconds per take.
#[derive(Debug)]
pub struct Window {
    recorder: Recorder,
    number: usize,
}

impl Window {
    pub(crate) fn open(recorder: &Recorder) -> Self {
        let number = recorder
            .ledger()
            .open_window(|| recorder.shared().clock.now_ns());
        Self {
            recorder: recorder.clone(),
            number,
        }
    }

    /// Ends the window and begins the next; returns the figures of the one that ended.
    pub fn take(&mut self) -> Snapshot {
        self.read(WindowEnd::Reset)
    }

    /// The figures of the window so far.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// let mut window = recorder.window();
    /// drop(recorder.task());
    /// assert_eq!((window.peek().tasks, window.take().tasks), (1, 1));
    /// ```
    #[must_use]
    pub fn peek(&self) -> Snapshot {
        self.read(WindowEnd::Open)
    }

    fn read(&self, end: WindowEnd) -> Snapshot {
        let now = || self.recorder.shared().clock.now_ns();
        let figures = self.recorder.ledger().read(self.number, now, end);
        Snapshot::new(&figures)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.recorder.ledger().close_window(self.number);
    }
}
