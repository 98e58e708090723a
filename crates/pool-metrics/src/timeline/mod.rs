//! The timeline: each task with its beginning and end, as far as there was room.
//!
//! Decided here: what readers get. How events come from a thread is `ring`'s, how they are written
//! for a viewer `chrome`'s.

mod chrome;
mod ring;

pub use ring::{Pen, Ring};

/// Tasks one by one, by thread.
///
/// Returned by [`Recorder::take_timeline`](crate::Recorder::take_timeline), where an example is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeline {
    /// The threads that have recorded, in the order in which they first did.
    pub threads: Vec<ThreadTimeline>,
}

/// The tasks of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadTimeline {
    /// The thread's name.
    pub name: String,
    /// In the order in which they ended.
    pub events: Vec<Event>,
    /// Tasks that ended while the ring was full, since the last time: they are in no timeline.
    pub dropped: u64,
}

/// One task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its label.
    pub label: &'static str,
    /// When it began, in nanoseconds since the recorder was made.
    pub start_ns: u64,
    /// How long it took.
    pub duration_ns: u64,
    /// 1 for a thread's outermost task, 2 for one inside that, and so on.
    pub depth: u64,
}

impl Timeline {
    /// Tasks in all threads' events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.threads.iter().map(|thread| thread.events.len()).sum()
    }

    /// Tasks that found no room, of all threads.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.threads.iter().map(|thread| thread.dropped).sum()
    }
}
