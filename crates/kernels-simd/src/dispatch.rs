//! From the active level to code: one generic function compiled once per level.
//!
//! A kernel is a value that holds its arguments and a generic body over the backend. The body is
//! inlined into a function that carries the level's target features, so everything it calls through
//! `#[inline(always)]` is compiled with them.
#![expect(
    unsafe_code,
    reason = "calls functions that carry target features, after detection"
)]

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use crate::backend::Avx2;
use crate::backend::Baseline;
use crate::level::Level;
use crate::vector::Backend;

/// A kernel with its arguments.
pub(crate) trait Kernel {
    /// What it computes.
    type Output;

    /// The body. Implementations are `#[inline(always)]`, as is all they call.
    fn run<B: Backend>(self, token: B) -> Self::Output;
}

/// Runs the kernel at the active level.
#[inline(always)]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match Level::active() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        // SAFETY: `Level::active` returns a level only if this CPU has its features.
        Level::Avx2 => unsafe { avx2(kernel) },
        _ => kernel.run(Baseline),
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2::here())
}
