//! Memory that the kernels pack into: the arena of the thread, or what the kernels keep themselves.

use kernels_simd::Float;

/// Runs `body` with `len` elements of scratch; with none where the kernels have their own.
#[inline]
pub(super) fn with<T: Float, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    if len == 0 {
        return body(&mut []);
    }
    #[cfg(feature = "arena")]
    return in_arena(len, body);
    #[cfg(not(feature = "arena"))]
    body(&mut [])
}

/// Runs `body` with `len` elements that all threads of a call will read.
pub(super) fn for_all<T: Float, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    #[cfg(feature = "arena")]
    return in_arena(len, body);
    #[cfg(not(feature = "arena"))]
    kernels_simd::dense::with_kept_scratch(len, body)
}

#[cfg(feature = "arena")]
fn in_arena<T: Float, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    arena::with_arena(|scope| body(scope.alloc_slice_fill_with(len, |_| T::ZERO)))
}
