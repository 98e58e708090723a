//! The public view of par-dispatch: whichever way a call goes, its result is the same.

#[cfg(all(feature = "kernels", feature = "rayon"))]
mod dense;
mod dispatchers;
mod launch;
#[cfg(feature = "kernels")]
mod ops;
mod plan;
mod profile;
#[cfg(all(feature = "pool-metrics", feature = "rayon"))]
mod recorder;
mod shapes;
#[cfg(feature = "rayon")]
mod stress;
mod tiles;
mod watch;
