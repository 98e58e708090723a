//! The seam to Rayon: everything that asks or uses a pool. With the feature off there is none, and
//! the same functions run on the calling thread.

use std::time::Duration;

#[cfg(feature = "rayon")]
pub(crate) use with_rayon::{Pool, Site};
#[cfg(not(feature = "rayon"))]
pub(crate) use without_rayon::{Pool, Site};

/// How a call is to be shared out.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "rayon"),
    expect(dead_code, reason = "without a pool there is nobody to share with")
)]
pub(crate) struct Sharing {
    /// Threads besides the caller.
    pub(crate) helpers: usize,
    /// Whether helpers that are missing are called.
    pub(crate) wake: bool,
    /// How long helpers stay around afterwards.
    pub(crate) linger: Duration,
}

#[cfg(feature = "rayon")]
mod with_rayon {
    use super::{Duration, Sharing};
    use crate::hub::{self, Crew, Hub, Terms};
    use rayon::ThreadPool;
    use std::sync::Arc;

    /// Where chunks run.
    #[derive(Debug, Clone, Copy)]
    pub(crate) enum Pool<'a> {
        /// On the calling thread.
        None,
        /// On the pool that the calling thread belongs to, else the global one.
        Current,
        /// On this pool.
        Custom(&'a ThreadPool),
    }

    impl<'a> Pool<'a> {
        #[inline]
        pub(crate) const fn none() -> Self {
            Self::None
        }

        #[inline]
        pub(crate) const fn current() -> Self {
            Self::Current
        }

        #[inline]
        pub(crate) const fn custom(pool: &'a ThreadPool) -> Self {
            Self::Custom(pool)
        }

        pub(crate) fn workers(self) -> usize {
            match self {
                Self::None => 1,
                Self::Current => rayon::current_num_threads(),
                Self::Custom(pool) => pool.current_num_threads(),
            }
        }

        /// Where the calling thread meets the pool's helpers. `None` without a pool.
        pub(crate) fn site(self) -> Option<Site<'a>> {
            let hub = match self {
                Self::None => return None,
                Self::Current if rayon::current_thread_index().is_some() => hub::of_this_worker(),
                Self::Current => hub::of_the_global_pool(),
                Self::Custom(pool) => {
                    let hub = hub::of_pool_at(std::ptr::from_ref(pool).addr());
                    if pool.current_thread_index().is_some() {
                        hub::adopt(&hub);
                    }
                    hub
                }
            };
            Some(Site { pool: self, hub })
        }
    }

    /// A pool and its hub.
    #[derive(Debug)]
    pub(crate) struct Site<'a> {
        pool: Pool<'a>,
        hub: Arc<Hub>,
    }

    impl Site<'_> {
        /// Helpers that are not inside a call: who would join one at once, and who runs other work of
        /// the pool and will be back.
        pub(crate) fn company(&self) -> (usize, usize) {
            self.hub.company()
        }

        /// Whether a helper that has been called will be here soon.
        pub(crate) fn expects_arrival(&self) -> bool {
            self.hub.expects_arrival()
        }

        /// By how much wakes have been too dear lately.
        pub(crate) fn wake_factor(&self) -> f64 {
            self.hub.price().factor()
        }

        /// Whether no call has been without a helper, and none has gone, for half a millisecond.
        pub(crate) fn was_quiet(&self) -> bool {
            self.hub.price().was_quiet()
        }

        /// Books what a call without a helper loses; whether that pays for a wake.
        pub(crate) fn forgo(&self, loss_ns: f64, price_ns: f64) -> bool {
            self.hub.price().forgo(loss_ns, price_ns)
        }

        /// Calls `body` once with each run of so many items and its index, and the state of the
        /// thread that runs it. A panic of a body reaches the caller after all bodies that had
        /// started have ended.
        pub(crate) fn for_each_run<S, T: Send>(
            &self,
            sharing: Sharing,
            runs: (&mut [T], usize),
            init: impl Fn() -> S + Sync,
            body: impl Fn(&mut S, usize, &mut [T]) + Sync,
        ) {
            let terms = Terms {
                helpers: u16::try_from(sharing.helpers).unwrap_or(u16::MAX),
                wake: sharing.wake,
                linger: sharing.linger,
            };
            self.hub.call_with_runs(&self.pool, terms, runs, init, body);
        }
    }

    impl Crew for Pool<'_> {
        fn call_helper(&self, hub: &Arc<Hub>, linger: Duration) {
            let hub = Arc::clone(hub);
            let helper = move || {
                hub::adopt(&hub);
                // Here the pool is the one whose worker runs this.
                hub.serve(&Pool::Current, linger);
            };
            match self {
                // A dispatcher without a pool has no site to call from.
                Self::None | Self::Current => rayon::spawn(helper),
                Self::Custom(pool) => pool.spawn(helper),
            }
        }

        fn others(&self) -> usize {
            let is_one = match self {
                Self::None | Self::Current => rayon::current_thread_index(),
                Self::Custom(pool) => pool.current_thread_index(),
            };
            self.workers() - usize::from(is_one.is_some())
        }

        fn give_way(&self) {
            // Whether there was work does not matter.
            let _ = rayon::yield_now();
        }
    }
}

#[cfg(not(feature = "rayon"))]
mod without_rayon {
    use super::Sharing;
    use std::marker::PhantomData;

    /// Where chunks run: on the calling thread.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Pool<'a>(PhantomData<&'a ()>);

    impl<'a> Pool<'a> {
        #[inline]
        pub(crate) const fn none() -> Self {
            Self(PhantomData)
        }

        #[inline]
        pub(crate) const fn current() -> Self {
            Self(PhantomData)
        }

        pub(crate) const fn workers(self) -> usize {
            1
        }

        pub(crate) const fn site(self) -> Option<Site<'a>> {
            Some(Site(self))
        }
    }

    /// The calling thread: there are no helpers to meet.
    #[derive(Debug)]
    pub(crate) struct Site<'a>(Pool<'a>);

    impl Site<'_> {
        pub(crate) const fn company(&self) -> (usize, usize) {
            (0, 0)
        }

        pub(crate) const fn expects_arrival(&self) -> bool {
            false
        }

        pub(crate) const fn wake_factor(&self) -> f64 {
            1.0
        }

        pub(crate) const fn was_quiet(&self) -> bool {
            false
        }

        pub(crate) const fn forgo(&self, _loss_ns: f64, _price_ns: f64) -> bool {
            false
        }

        pub(crate) fn for_each_run<S, T: Send>(
            &self,
            _sharing: Sharing,
            (items, run_len): (&mut [T], usize),
            init: impl Fn() -> S + Sync,
            body: impl Fn(&mut S, usize, &mut [T]) + Sync,
        ) {
            let mut state = init();
            for (index, run) in items.chunks_mut(run_len).enumerate() {
                body(&mut state, index, run);
            }
        }
    }
}
