//! Sums by `chili`: joins that run in order until a heartbeat shares the oldest.
//!
//! Its pool lives as long as a [`Chili`] does, since its threads wake at each heartbeat.

use std::fmt;
use std::num::NonZero;

use chili::{Config, Scope, ThreadPool};

/// The contender's name.
pub const NAME: &str = "chili";

/// Elements that are summed without a join: as many as the chunks of `par_chunks` beside it.
const LEAF_LEN: usize = 4096;

/// A pool of its own.
pub struct Chili(ThreadPool);

impl Chili {
    /// Of so many threads, the caller's included.
    #[must_use]
    pub fn start(threads: usize) -> Self {
        Self(ThreadPool::with_config(Config {
            thread_count: NonZero::new(threads),
            ..Config::default()
        }))
    }

    /// Σ x, halved down to leaves that are summed by our kernel.
    #[must_use]
    pub fn sum(&self, x: &[f32]) -> f32 {
        sum(&mut self.0.scope(), x)
    }
}

fn sum(scope: &mut Scope<'_>, x: &[f32]) -> f32 {
    if x.len() <= LEAF_LEN {
        return kernels_simd::sum(x);
    }
    let (left, right) = x.split_at(x.len() / 2);
    let (left, right) = scope.join(|scope| sum(scope, left), |scope| sum(scope, right));
    left + right
}

impl fmt::Debug for Chili {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chili").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_of_leaves_and_of_less() {
        let chili = Chili::start(2);
        for len in [0, 1, LEAF_LEN, LEAF_LEN + 1, 100_003] {
            let x = vec![1.0; len];
            assert_eq!(chili.sum(&x), len as f32);
        }
    }
}
