//! How many threads were busy at once: from the spans in which each was.
//!
//! Decided here: a span that ends where another begins does not overlap it, and an empty one is a
//! moment of activity. The peak of a window is the highest of its intervals between takes; a span
//! that ends after the cut of its interval is compared with the next interval too, where its
//! neighbour may be, so a level reached while the boundary is drawn counts in both.

use crate::cell::Span;
use crate::seats::Role;
use crate::sync::KEEPS_SEAM;

/// The most threads that were busy at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Peak {
    /// Workers.
    pub workers: usize,
    /// Workers and other threads.
    pub all: usize,
    /// Idle gaps shorter than this, in nanoseconds, may have been counted as busy: 0 is exact.
    pub resolution_ns: u64,
}

impl Peak {
    /// The peak of two intervals together.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.workers = self.workers.max(other.workers);
        self.all = self.all.max(other.all);
        self.resolution_ns = self.resolution_ns.max(other.resolution_ns);
    }
}

/// The spans of all threads between two takes.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    held: Vec<Held>,
    resolution_ns: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    thread: usize,
    role: Role,
    span: Span,
}

impl Spans {
    pub(crate) fn add(&mut self, thread: usize, role: Role, spans: &[Span], resolution_ns: u64) {
        self.held
            .extend(spans.iter().map(|&Span { begin, end }| Held {
                thread,
                role,
                span: Span {
                    begin,
                    end: end.max(begin + 1),
                },
            }));
        self.resolution_ns = self.resolution_ns.max(resolution_ns);
    }

    /// The peak of the interval that ends at `cut_ns`; leaves what reaches into the next.
    pub(crate) fn close(&mut self, cut_ns: u64) -> Peak {
        self.join();
        let peak = Peak {
            workers: self.most_at_once(|role| role == Role::Worker),
            all: self.most_at_once(|_| true),
            resolution_ns: std::mem::take(&mut self.resolution_ns),
        };
        self.held
            .retain(|held| KEEPS_SEAM && held.span.end > cut_ns);
        peak
    }

    /// Makes one span of those of a thread that touch, so that no thread is counted twice: an
    /// empty one has been given a length, and one from before the cut may touch its continuation.
    fn join(&mut self) {
        self.held
            .sort_unstable_by_key(|held| (held.thread, held.span.begin));
        self.held.dedup_by(|next, held| {
            let touch = next.thread == held.thread && next.span.begin <= held.span.end;
            if touch {
                held.span.end = held.span.end.max(next.span.end);
            }
            touch
        });
    }

    fn most_at_once(&self, counts: impl Fn(Role) -> bool) -> usize {
        let mut edges: Vec<(u64, i8)> = Vec::with_capacity(2 * self.held.len());
        for Held { span, .. } in self.held.iter().filter(|held| counts(held.role)) {
            edges.push((span.begin, 1));
            edges.push((span.end, -1));
        }
        // At the same time, ends come before beginnings.
        edges.sort_unstable();
        let mut active = 0;
        let levels = edges.iter().map(|&(_, change)| {
            active += isize::from(change);
            active
        });
        levels.max().unwrap_or(0).cast_unsigned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peak(spans: &[(u64, u64, Role)]) -> Peak {
        let mut all = Spans::default();
        for (thread, &(begin, end, role)) in spans.iter().enumerate() {
            all.add(thread, role, &[Span { begin, end }], 0);
        }
        all.close(u64::MAX)
    }

    #[test]
    fn a_handover_is_no_overlap_and_a_moment_is_activity() {
        use Role::{Outside, Worker};
        let handover = peak(&[(0, 5, Worker), (5, 9, Worker)]);
        assert_eq!((handover.workers, handover.all), (1, 1));
        let moment = peak(&[(0, 9, Worker), (5, 5, Outside)]);
        assert_eq!((moment.workers, moment.all), (1, 2));
        assert_eq!(peak(&[]), Peak::default());
    }

    #[test]
    fn what_ends_after_the_cut_meets_the_next_interval() {
        let mut spans = Spans::default();
        let span = |begin, end| [Span { begin, end }];
        spans.add(0, Role::Worker, &span(0, 110), 0);
        assert_eq!(spans.close(100).all, 1);
        spans.add(0, Role::Worker, &span(110, 130), 0);
        spans.add(1, Role::Worker, &span(105, 110), 0);
        assert_eq!(spans.close(200).all, 2);
        assert_eq!(spans.close(300).all, 0);
    }

    #[test]
    fn a_thread_is_counted_once() {
        let mut spans = Spans::default();
        let empty = Span { begin: 5, end: 5 };
        let next = Span { begin: 5, end: 9 };
        spans.add(0, Role::Worker, &[empty, next, next], 0);
        assert_eq!(spans.close(100).all, 1);
    }

    proptest! {
        #[test]
        fn it_is_the_highest_level_at_any_moment(
            spans in prop::collection::vec((0u64..50, 1u64..20), 0..20),
        ) {
            let spans: Vec<_> = spans.iter().map(|&(b, n)| (b, b + n, Role::Worker)).collect();
            let at = |t: u64| spans.iter().filter(|(b, e, _)| (*b..*e).contains(&t)).count();
            prop_assert_eq!(peak(&spans).all, (0..70).map(at).max().unwrap());
        }
    }
}
