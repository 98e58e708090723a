//! Where the sequential kernels take memory for packing: from the caller, or from a buffer that
//! each thread keeps.

use crate::element::Float;
use core::cell::Cell;
use std::thread::LocalKey;
use std::vec::Vec;

/// Lines of the caches are this long, and packed rows begin with one.
const LINE_BYTES: usize = 64;

/// Elements that `len` of them need, however they come to lie.
pub(super) const fn with_room_to_align<T>(len: usize) -> usize {
    len + LINE_BYTES / size_of::<T>()
}

/// The part of a slice that begins with a line.
pub(super) fn aligned<T>(scratch: &mut [T]) -> &mut [T] {
    let skipped = scratch.as_ptr().align_offset(LINE_BYTES).min(scratch.len());
    &mut scratch[skipped..]
}

/// The same of a slice that is read.
pub(super) fn aligned_ref<T>(scratch: &[T]) -> &[T] {
    let skipped = scratch.as_ptr().align_offset(LINE_BYTES).min(scratch.len());
    &scratch[skipped..]
}

/// Which memory a call packs into.
#[derive(Debug)]
pub(super) enum Memory<'s, T> {
    /// That of this module.
    Kept,
    /// The caller's, if it is long enough.
    Given(&'s mut [T]),
}

impl<T: Float> Memory<'_, T> {
    /// Runs `body` with `len` elements of any values.
    pub(super) fn with<R>(self, len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
        if let Self::Given(given) = self {
            let given = aligned(given);
            if len <= given.len() {
                return body(&mut given[..len]);
            }
        }
        with(len, body)
    }
}

/// Runs `body` with `len` elements of any values.
pub(super) fn with<T: Float, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    std::thread_local! {
        static KEPT: Kept = const { Kept::new(Vec::new()) };
    }
    lend(&KEPT, len, body)
}

/// The same, of other memory: it lives through calls of kernels on this thread, which take theirs.
/// For who packs for several threads.
#[doc(hidden)]
pub fn with_kept_scratch<T: Float, R>(len: usize, body: impl FnOnce(&mut [T]) -> R) -> R {
    std::thread_local! {
        static KEPT: Kept = const { Kept::new(Vec::new()) };
    }
    lend(&KEPT, len, body)
}

/// As `f64`, of which any element of the kernels is made; zero when it is new.
type Kept = Cell<Vec<f64>>;

/// Taken out while it is lent: a call within a call finds none, and takes memory of its own.
fn lend<T: Float, R>(
    kept: &'static LocalKey<Kept>,
    len: usize,
    body: impl FnOnce(&mut [T]) -> R,
) -> R {
    if len == 0 {
        return body(&mut []);
    }
    let words = (with_room_to_align::<T>(len) * size_of::<T>()).div_ceil(size_of::<f64>());
    // A thread that ends has none to lend any more.
    let mut memory = kept.try_with(Cell::take).unwrap_or_default();
    if memory.len() < words {
        memory = std::vec![0.0; words];
    }
    let result = body(&mut aligned(bytemuck::cast_slice_mut(&mut memory))[..len]);
    let _kept = kept.try_with(|kept| kept.set(memory));
    result
}
