//! Dispatchers of every kind, for tests that must not depend on which it is.

use par_dispatch::{Dispatcher, Force};

/// Calls `test` with dispatchers of every kind.
pub(crate) fn each_dispatcher(test: impl Fn(&Dispatcher<'_>) + Sync) {
    test(&Dispatcher::sequential());
    for force in [Force::Auto, Force::Sequential, Force::Parallel] {
        test(&Dispatcher::global().force(force));
        test(&Dispatcher::global().force(force).max_workers(1));
        #[cfg(feature = "rayon")]
        for threads in [1, 2, 3, 4, 8] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .expect("threads");
            test(&Dispatcher::with_pool(&pool).force(force));
            // And from inside of it.
            pool.install(|| test(&Dispatcher::with_pool(&pool).force(force)));
            pool.install(|| test(&Dispatcher::global().force(force)));
        }
    }
}
