//! A thread's place in a recorder: its cell, its running tasks, and its counts by label.
//!
//! Decided here: how a thread finds its cell (a thread-local list, so that the cell has one
//! writer), which tasks are a thread's outermost, and how the time of nested tasks is taken off
//! those around them. What is then written is `cell`'s.

use crate::cell::{Cell, Parallel, Record, Slot};
use crate::label::Label;
use crate::recorder::Shared;
use crate::timeline::Pen;
use crossbeam_utils::CachePadded;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};

thread_local! {
    /// This thread's places, one per recorder that it has recorded into and that still exists
    /// (others are dropped when the thread next registers).
    static PLACES: RefCell<Vec<Rc<Place>>> = const { RefCell::new(Vec::new()) };
}

/// Tasks inside each other that a thread has room for from the start.
const DEPTH: usize = 64;
/// Labels that a thread finds at once, if their addresses differ in the bits that are looked at.
const HINTS: usize = 32;

/// A thread's place in one recorder.
#[derive(Debug)]
pub(crate) struct Place {
    /// Tells whose place this is; holds the recorder's address, but not the recorder.
    owner: Weak<Shared>,
    seat: Seat,
    tasks: RefCell<Tasks>,
}

/// What the ledger gives a thread that registers.
#[derive(Debug)]
pub(crate) struct Seat {
    /// The thread's number in the ledger.
    pub(crate) thread: usize,
    pub(crate) cell: Arc<CachePadded<Cell>>,
    /// Noted when the thread exits.
    pub(crate) exit: crate::cpu::ExitNote,
}

#[derive(Debug)]
struct Tasks {
    /// From the outermost to the innermost. A task that ended before one inside it stays until
    /// that has ended.
    frames: Vec<Frame>,
    /// Frames that have not ended.
    running: u64,
    slots: Vec<LabelSlot>,
    /// Where a label was found last, by some bits of its address.
    hints: [usize; HINTS],
    pen: Option<Pen>,
}

#[derive(Debug)]
struct Frame {
    /// Index into the slots.
    slot: usize,
    start_ns: u64,
    /// From here on the task's time is nested time of the one around it.
    credit_from_ns: u64,
    /// Time in tasks directly inside.
    nested_ns: u64,
    ended: bool,
}

/// A label that this thread has used, by the address of its text.
#[derive(Debug)]
struct LabelSlot {
    name: &'static str,
    /// The label's number in the ledger.
    label: usize,
    slot: Arc<Slot>,
}

impl Place {
    /// The calling thread's place in the recorder, made by `register` if it has none.
    ///
    /// `None` while the thread is being torn down and its locals are gone.
    #[inline]
    pub(crate) fn find(shared: &Arc<Shared>, register: impl FnOnce() -> Seat) -> Option<Rc<Self>> {
        PLACES
            .try_with(|places| {
                let address = Arc::as_ptr(shared);
                if let Some(place) = places
                    .borrow()
                    .iter()
                    .find(|place| Weak::as_ptr(&place.owner) == address)
                {
                    return Rc::clone(place);
                }
                Self::make(places, shared, register())
            })
            .ok()
    }

    #[cold]
    fn make(places: &RefCell<Vec<Rc<Self>>>, shared: &Arc<Shared>, seat: Seat) -> Rc<Self> {
        let place = Rc::new(Self {
            owner: Arc::downgrade(shared),
            seat,
            tasks: RefCell::new(Tasks {
                frames: Vec::with_capacity(DEPTH),
                running: 0,
                slots: Vec::new(),
                hints: [0; HINTS],
                pen: None,
            }),
        });
        let mut places = places.borrow_mut();
        places.retain(|place| place.owner.strong_count() > 0);
        places.push(Rc::clone(&place));
        place
    }

    /// Begins a task; returns its frame.
    #[inline]
    pub(crate) fn begin(&self, shared: &Shared, label: Label) -> usize {
        let mut tasks = self.tasks.borrow_mut();
        let slot = match tasks.slot_of(label) {
            Some(slot) => slot,
            None => self.add_slot(&mut tasks, shared, label),
        };
        let now = || shared.clock.now_ns();
        let start_ns = if tasks.running == 0 {
            self.seat.cell.enter(now)
        } else {
            now()
        };
        tasks.running += 1;
        tasks.frames.push(Frame {
            slot,
            start_ns,
            credit_from_ns: start_ns,
            nested_ns: 0,
            ended: false,
        });
        tasks.frames.len() - 1
    }

    /// Ends the task of a frame that [`Place::begin`] returned.
    #[inline]
    pub(crate) fn end(&self, shared: &Shared, index: usize, parallel: Option<&Parallel>) {
        let mut tasks = self.tasks.borrow_mut();
        let tasks = &mut *tasks;
        let Frame { slot, start_ns, .. } = tasks.frames[index];
        let (depth, frames) = (tasks.running, &mut tasks.frames);
        let end_ns = self.seat.cell.end(&tasks.slots[slot].slot, || {
            let end_ns = shared.clock.now_ns();
            Record {
                start_ns,
                end_ns,
                nested_ns: settle(frames, index, end_ns),
                depth,
                parallel,
            }
        });
        tasks.running -= 1;
        if shared.records_timeline() {
            self.write_event(tasks, shared, slot, [start_ns, end_ns, depth]);
        }
    }

    /// The slot of a label that this thread uses for the first time, or under another address.
    #[cold]
    fn add_slot(&self, tasks: &mut Tasks, shared: &Shared, label: Label) -> usize {
        let (label_index, slot) = shared.ledger().slot(self.seat.thread, label);
        tasks.slots.push(LabelSlot {
            name: label.name(),
            label: label_index,
            slot,
        });
        tasks.slots.len() - 1
    }

    #[cold]
    fn write_event(&self, tasks: &mut Tasks, shared: &Shared, slot: usize, times: [u64; 3]) {
        let pen = tasks
            .pen
            .get_or_insert_with(|| shared.ledger().pen(self.seat.thread));
        pen.write(tasks.slots[slot].label, times);
    }
}

impl Drop for Place {
    /// The thread exits, or its recorder is gone.
    fn drop(&mut self) {
        self.seat.exit.note();
    }
}

impl Tasks {
    /// By address: a comparison of texts is for the ledger, once per text and thread.
    #[inline]
    fn slot_of(&mut self, label: Label) -> Option<usize> {
        let is = |held: &LabelSlot| std::ptr::eq(held.name, label.name());
        // Texts are packed, so that neighbours differ from the fourth bit on.
        let hint = &mut self.hints[(label.name().as_ptr().addr() >> 3) % HINTS];
        if !self.slots.get(*hint).is_some_and(is) {
            *hint = self.slots.iter().position(is)?;
        }
        Some(*hint)
    }
}

/// Takes a task off the running ones at its end, credits its time to the one around it, and
/// returns the time nested in it.
///
/// Tasks usually end in the reverse order of their beginning. If one inside goes on, its time so
/// far is nested in the one that ends, and the rest in the one around that: at any moment the
/// time of a thread belongs to one task, so exclusive times add up to busy time.
#[inline]
fn settle(frames: &mut Vec<Frame>, index: usize, end_ns: u64) -> u64 {
    if index + 1 < frames.len() {
        return settle_around(frames, index, end_ns);
    }
    let Some(frame) = frames.pop() else { return 0 };
    while frames.last().is_some_and(|around| around.ended) {
        frames.pop();
    }
    if let Some(around) = frames.last_mut() {
        around.nested_ns += end_ns.saturating_sub(frame.credit_from_ns);
    }
    frame.nested_ns
}

/// [`settle`] for a task that ends before one inside it.
#[cold]
fn settle_around(frames: &mut [Frame], index: usize, end_ns: u64) -> u64 {
    let (outer, rest) = frames.split_at_mut(index);
    let Some((frame, inner)) = rest.split_first_mut() else {
        return 0;
    };
    frame.ended = true;
    if let Some(inside) = inner.iter_mut().find(|inside| !inside.ended) {
        frame.nested_ns += end_ns.saturating_sub(inside.credit_from_ns);
        inside.credit_from_ns = end_ns;
    }
    if let Some(around) = outer.iter_mut().rev().find(|around| !around.ended) {
        around.nested_ns += end_ns.saturating_sub(frame.credit_from_ns);
    }
    frame.nested_ns
}
