//! From the decision to the tasks of a call, and running them: one after the other, or shared.

use crate::cut::Cut;
use crate::decide::Way;
use crate::dispatcher::Dispatcher;
use crate::online::Timing;
use crate::op::Op;
use crate::plan::{MAX_CHUNKS, unit_len};
use crate::pool::{Sharing, Site};
use crate::watch::Watchers;

/// Sequential time of a unit that somebody watches: cancellation is seen after about so long, and
/// progress told so often.
const WATCHED_UNIT_NS: f64 = 8_000.0;

/// The tasks of a call and who runs them.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    pub(crate) cut: Cut,
    company: Option<(Site<'a>, Sharing)>,
}

impl<'a> Dispatcher<'a> {
    /// Whether the body is to be called once for all, without a route. Inlined, so that a short call
    /// is a comparison and the body; what comes after it should be out of line.
    #[inline(always)]
    pub(crate) fn runs_at_once(&self, op: &Op, len: usize, watchers: &Watchers<'_>) -> bool {
        self.is_whole(watchers) && (self.is_short(op, len) || self.is_surely_alone(op, len))
    }

    /// Whether a call that runs alone need not be cut.
    #[inline(always)]
    const fn is_whole(&self, watchers: &Watchers<'_>) -> bool {
        watchers.is_empty() && self.chunk_len.is_none()
    }

    /// The route of a call of `len` elements, not 0. `None`: the body is called once for all, and
    /// nobody watches.
    ///
    /// The call is over when the timing is dropped.
    #[inline]
    pub(crate) fn route(
        &self,
        op: &Op,
        len: usize,
        watchers: &Watchers<'_>,
    ) -> (Option<Route<'a>>, Timing) {
        if self.runs_at_once(op, len, watchers) {
            return (None, Timing::NONE);
        }
        self.route_of_long(op, len, watchers)
    }

    /// The same for a call that does not run at once.
    #[inline(never)]
    pub(crate) fn route_of_long(
        &self,
        op: &Op,
        len: usize,
        watchers: &Watchers<'_>,
    ) -> (Option<Route<'a>>, Timing) {
        let whole = self.is_whole(watchers);
        // One that runs whole has been asked already.
        let (way, timing) = match !whole && self.is_surely_alone(op, len) {
            true => (Way::Sequential, Timing::NONE),
            false => self.way(op, len),
        };
        let route = match way {
            Way::Sequential if whole => None,
            Way::Sequential => Some(Route {
                cut: self.cut_alone(op, len),
                company: None,
            }),
            Way::Chunks {
                chunk_len,
                site,
                sharing,
            } => Some(self.route_shared(op, len, chunk_len, site, sharing)),
        };
        (route, timing)
    }

    fn route_shared(
        &self,
        op: &Op,
        len: usize,
        chunk_len: usize,
        site: Site<'a>,
        sharing: Sharing,
    ) -> Route<'a> {
        let cut = match self.chunk_len {
            None => Cut::planned(len, unit_len(op, len), chunk_len),
            Some(requested) => Cut::at_least(len, op.leaf_len, requested.get()),
        };
        let helpers = sharing.helpers.min(cut.tasks() - 1);
        Route {
            cut,
            company: (helpers > 0).then_some((site, Sharing { helpers, ..sharing })),
        }
    }

    #[cold]
    fn cut_alone(&self, op: &Op, len: usize) -> Cut {
        let unit_len = self.chunk_len.map_or_else(
            || {
                let units = self.figures().sequential_ns(op, len) / WATCHED_UNIT_NS;
                len.div_ceil((units as usize).clamp(1, MAX_CHUNKS))
            },
            |requested| requested.get(),
        );
        Cut::at_least(len, op.leaf_len, unit_len)
    }
}

impl Route<'_> {
    /// Calls `body` once with each run of so many items (one run per task, the last perhaps of
    /// fewer), its index, and the state of the thread that runs it: made by `init` when the thread
    /// takes its first task.
    #[inline]
    pub(crate) fn for_each_run<S, T: Send>(
        &self,
        (items, run_len): (&mut [T], usize),
        init: impl Fn() -> S + Sync,
        body: impl Fn(&mut S, usize, &mut [T]) + Sync,
    ) {
        match &self.company {
            Some((site, sharing)) => site.for_each_run(*sharing, (items, run_len), init, body),
            None => {
                let mut state = init();
                for (index, run) in items.chunks_mut(run_len).enumerate() {
                    body(&mut state, index, run);
                }
            }
        }
    }
}
