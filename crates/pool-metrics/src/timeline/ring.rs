//! A bounded queue of events from one thread to the readers.
//!
//! Decided here: a full ring drops the event that comes, and counts it. Written and read without
//! waiting: the thread alone moves `written`, the readers (one at a time, under the ledger's lock)
//! alone move `read`, and each slot belongs to the one or the other by these two.

use crate::sync::{AtomicU64, Ordering, Ordering::Relaxed, RING_IS_BOUNDED, order};
use std::sync::Arc;

/// Label, start, end, depth.
type Words = [AtomicU64; 4];

/// The events of one thread on their way to a reader.
#[derive(Debug)]
pub struct Ring {
    slots: Box<[Words]>,
    written: AtomicU64,
    read: AtomicU64,
    dropped: AtomicU64,
}

/// The thread's end of a ring.
#[derive(Debug)]
pub struct Pen {
    ring: Arc<Ring>,
    /// The counts are kept here and only stored there: the writer never loads what it stores.
    written: u64,
    dropped: u64,
}

impl Ring {
    /// An empty ring of `capacity` events (at least 1), and the thread's end of it.
    #[must_use]
    pub fn new(capacity: usize) -> (Arc<Self>, Pen) {
        let words = || std::array::from_fn(|_| AtomicU64::new(0));
        let ring = Arc::new(Self {
            slots: (0..capacity.max(1)).map(|_| words()).collect(),
            written: AtomicU64::new(0),
            read: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let pen = Pen {
            ring: Arc::clone(&ring),
            written: 0,
            dropped: 0,
        };
        (ring, pen)
    }

    /// Takes the events written since the last call: label, start, end, depth.
    pub fn drain(&self, mut event: impl FnMut([u64; 4])) {
        let read = self.read.load(Relaxed);
        // Acquire pairs with the pen's store: the slots up to there are seen whole.
        let written = self.written.load(order::RING_READ);
        for index in read..written {
            event(std::array::from_fn(|word| {
                self.slot(index)[word].load(Relaxed)
            }));
        }
        // Release pairs with the pen's load: it writes a slot anew after this has read it. (No
        // mutant stands for this pair: loom runs a load where it stands, and would not show a
        // store that came too early.)
        self.read.store(written, Ordering::Release);
    }

    /// Events dropped since the ring was made.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    fn slot(&self, index: u64) -> &Words {
        &self.slots[(index % self.slots.len() as u64) as usize]
    }
}

impl Pen {
    /// Writes an event, or counts it as dropped.
    pub fn write(&mut self, label: usize, [start_ns, end_ns, depth]: [u64; 3]) {
        // Acquire pairs with the reader's store: the slot has been read.
        let read = self.ring.read.load(Ordering::Acquire);
        if RING_IS_BOUNDED && self.written - read == self.ring.slots.len() as u64 {
            self.dropped += 1;
            self.ring.dropped.store(self.dropped, Relaxed);
            return;
        }
        let words = [label as u64, start_ns, end_ns, depth];
        for (slot, word) in self.ring.slot(self.written).iter().zip(words) {
            slot.store(word, Relaxed);
        }
        self.written += 1;
        // Release pairs with the reader's load: it sees the slot whole.
        self.ring.written.store(self.written, order::RING_WRITTEN);
    }
}
