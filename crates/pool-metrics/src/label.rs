//! What a task is called.
//!
//! Decided here: a label is its text, so that equal texts are one label wherever they are written.
//! How a thread finds its counts of a label without comparing texts is `place`'s.

use std::fmt;

/// The name under which tasks are counted together.
///
/// Two labels of equal text are the same label. A text can be given wherever a label is asked for.
///
/// ```
/// use pool_metrics::{Label, Recorder};
///
/// static MATMUL: Label = Label::new("matmul");
///
/// let recorder = Recorder::new(1);
/// drop(recorder.track(MATMUL));
/// drop(recorder.track("matmul"));
/// assert_eq!(recorder.snapshot().tasks, 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label(&'static str);

impl Label {
    /// The label of [`Recorder::task`](crate::Recorder::task): `"task"`.
    pub const TASK: Self = Self::new("task");

    /// A label with this text.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its text.
    ///
    /// ```
    /// assert_eq!(pool_metrics::Label::new("matmul").name(), "matmul");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl From<&'static str> for Label {
    fn from(name: &'static str) -> Self {
        Self(name)
    }
}

impl From<&Self> for Label {
    fn from(label: &Self) -> Self {
        *label
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({:?})", self.0)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
