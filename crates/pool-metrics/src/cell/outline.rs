//! When a thread was busy, in a bounded number of spans: what the readers find the peak by.
//!
//! Decided here: what happens when the spans run out. Those with short gaps between them are
//! joined, and from then on gaps shorter than this resolution are not kept. So a thread may seem
//! busy in a short gap, and never idle while it is busy: a peak found from outlines is exact at
//! resolution 0 and never too low at any. No word is shared for it: one that every thread wrote at
//! each change cost 40 ns more at two threads.

use super::bank::replace;
use crate::sync::{AtomicU64, OUTLINE_SPANS, Ordering::Relaxed};

/// The edges of a bank: begin and end of each span, in turn; the last span may be open.
///
/// A thread that was busy when the bank's interval began ends a span that the bank has not seen
/// beginning; 0 stands for that time.
#[derive(Debug)]
pub(super) struct Outline {
    /// Edges held.
    len: AtomicU64,
    /// Gaps shorter than this, in nanoseconds, are not kept.
    resolution_ns: AtomicU64,
    edges: Box<[AtomicU64]>,
}

impl Outline {
    pub(super) fn new() -> Self {
        Self {
            len: AtomicU64::new(0),
            resolution_ns: AtomicU64::new(0),
            edges: (0..2 * OUTLINE_SPANS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    #[inline]
    pub(super) fn turn_busy(&self, at: u64) {
        let mut len = self.len.load(Relaxed) as usize;
        if len == self.edges.len() {
            len = self.join_short_gaps();
        }
        // An outline that begins with an end has a 0 before it, so ends stand at odd places.
        let joins =
            len > 0 && at.saturating_sub(self.edge(len - 1)) < self.resolution_ns.load(Relaxed);
        if joins {
            self.len.store(len as u64 - 1, Relaxed);
        } else {
            self.push(len, at);
        }
    }

    #[inline]
    pub(super) fn turn_idle(&self, at: u64) {
        let mut len = self.len.load(Relaxed) as usize;
        if len == 0 {
            self.push(len, 0);
            len = 1;
        }
        self.push(len, at);
    }

    #[inline]
    fn push(&self, len: usize, at: u64) {
        self.edges[len].store(at, Relaxed);
        self.len.store(len as u64 + 1, Relaxed);
    }

    fn edge(&self, index: usize) -> u64 {
        self.edges[index].load(Relaxed)
    }

    /// Halves the spans at least, and returns the number of edges left: at most half of the gaps
    /// are longer than twice the mean.
    #[cold]
    fn join_short_gaps(&self) -> usize {
        let spans = self.edges.len() / 2;
        let gap = |span: usize| self.edge(2 * span).saturating_sub(self.edge(2 * span - 1));
        let gaps_ns: u64 = (1..spans).map(gap).sum();
        let mean_ns = gaps_ns / (spans as u64 - 1).max(1);
        let resolution_ns = (2 * mean_ns + 1).max(2 * self.resolution_ns.load(Relaxed));
        self.resolution_ns.store(resolution_ns, Relaxed);
        let mut len = 2;
        for span in 1..spans {
            let (begin, end) = (self.edge(2 * span), self.edge(2 * span + 1));
            if begin.saturating_sub(self.edge(len - 1)) < resolution_ns {
                len -= 1;
            } else {
                self.edges[len].store(begin, Relaxed);
                len += 1;
            }
            self.edges[len].store(end, Relaxed);
            len += 1;
        }
        len
    }

    /// Adds the spans to `spans`, between `from` and `to`, and leaves the outline empty; returns
    /// its resolution. `busy` tells whether the thread was busy at `from`.
    pub(super) fn drain(&self, from: u64, to: u64, busy: bool, spans: &mut Vec<Span>) -> u64 {
        let len = replace(&self.len, 0) as usize;
        let resolution_ns = replace(&self.resolution_ns, 0);
        let mut push = |begin: u64, end: u64| {
            let begin = begin.clamp(from, to);
            spans.push(Span {
                begin,
                end: end.clamp(begin, to),
            });
        };
        for begin in (0..len).step_by(2) {
            let end = if begin + 1 < len {
                self.edge(begin + 1)
            } else {
                to
            };
            push(self.edge(begin), end);
        }
        if len == 0 && busy {
            push(from, to);
        }
        resolution_ns
    }
}

/// A time during which a thread was busy, in nanoseconds of the recorder's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it turned busy.
    pub begin: u64,
    /// When it turned idle.
    pub end: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drained(outline: &Outline) -> (Vec<Span>, u64) {
        let mut spans = Vec::new();
        let resolution_ns = outline.drain(0, u64::MAX >> 1, false, &mut spans);
        (spans, resolution_ns)
    }

    proptest! {
        #[test]
        fn spans_cover_what_was_busy_and_no_gap_as_long_as_the_resolution(
            lengths in prop::collection::vec((1u64..1000, 1u64..100_000), 1..1000),
        ) {
            let outline = Outline::new();
            let (mut at, mut exact) = (1, Vec::new());
            for (gap, busy) in lengths {
                let begin = at + gap;
                outline.turn_busy(begin);
                at = begin + busy;
                outline.turn_idle(at);
                exact.push(Span { begin, end: at });
            }
            let (spans, resolution_ns) = drained(&outline);
            prop_assert!(spans.len() <= OUTLINE_SPANS);
            if exact.len() <= OUTLINE_SPANS {
                prop_assert_eq!((&spans, resolution_ns), (&exact, 0));
            }
            // What it ought to be: each span joined to the one before where the gap is short, or
            // was already joined when the resolution was lower.
            let mut held = exact.iter().peekable();
            for span in &spans {
                let mut end = 0;
                while let Some(inside) = held.next_if(|inside| inside.end <= span.end) {
                    prop_assert!(inside.begin >= span.begin);
                    prop_assert!(end == 0 || inside.begin - end < resolution_ns);
                    end = inside.end;
                }
                prop_assert_eq!(end, span.end);
            }
            prop_assert_eq!(held.next(), None);
            prop_assert_eq!(drained(&outline), (vec![], 0));
        }
    }

    #[test]
    fn a_span_that_began_before_is_clipped() {
        let outline = Outline::new();
        outline.turn_idle(50);
        outline.turn_busy(70);
        let mut spans = Vec::new();
        outline.drain(40, 90, true, &mut spans);
        assert_eq!(
            spans,
            [Span { begin: 40, end: 50 }, Span { begin: 70, end: 90 }]
        );
    }
}
