//! The seam to Rayon: everything that asks or uses a pool. With the feature off there is none, and
//! the same functions run on the calling thread.

use crate::plan::Caller;

#[cfg(feature = "rayon")]
pub(crate) use with_rayon::Pool;
#[cfg(not(feature = "rayon"))]
pub(crate) use without_rayon::Pool;

#[cfg(feature = "rayon")]
mod with_rayon {
    use super::Caller;
    use rayon::ThreadPool;
    use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

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
        pub(crate) const fn none() -> Self {
            Self::None
        }

        pub(crate) const fn current() -> Self {
            Self::Current
        }

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

        pub(crate) fn caller(self) -> Caller {
            let index = match self {
                Self::None => None,
                Self::Current => rayon::current_thread_index(),
                Self::Custom(pool) => pool.current_thread_index(),
            };
            if index.is_some() {
                Caller::Worker
            } else {
                Caller::Outside
            }
        }

        /// Calls `body` once with each item and its index, on the pool, each as a task of its own.
        /// A panic of a body reaches the caller after all bodies have ended.
        pub(crate) fn for_each<T: Send>(
            self,
            items: &mut [T],
            body: impl Fn(usize, &mut T) + Sync,
        ) {
            let run = |items: &mut [T]| {
                items
                    .par_iter_mut()
                    .with_max_len(1)
                    .enumerate()
                    .for_each(|(index, item)| body(index, item));
            };
            match self {
                Self::None => items
                    .iter_mut()
                    .enumerate()
                    .for_each(|(index, item)| body(index, item)),
                Self::Current => run(items),
                Self::Custom(pool) => pool.install(|| run(items)),
            }
        }
    }
}

#[cfg(not(feature = "rayon"))]
mod without_rayon {
    use super::Caller;
    use std::marker::PhantomData;

    /// Where chunks run: on the calling thread.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Pool<'a>(PhantomData<&'a ()>);

    impl Pool<'_> {
        pub(crate) const fn none() -> Self {
            Self(PhantomData)
        }

        pub(crate) const fn current() -> Self {
            Self(PhantomData)
        }

        pub(crate) const fn workers(self) -> usize {
            1
        }

        pub(crate) const fn caller(self) -> Caller {
            Caller::Outside
        }

        pub(crate) fn for_each<T: Send>(
            self,
            items: &mut [T],
            body: impl Fn(usize, &mut T) + Sync,
        ) {
            for (index, item) in items.iter_mut().enumerate() {
                body(index, item);
            }
        }
    }
}
