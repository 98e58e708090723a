//! Where the sequential kernels take memory for packing: from the caller, or from a buffer that
//! each thread keeps.

use crate::element::Float;

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
    use std::cell::RefCell;
    use std::vec::Vec;

    thread_local! {
        /// As `f64`, of which any element of the kernels is made; zero when it is new.
        static KEPT: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    }

    KEPT.with_borrow_mut(|kept| {
        let words = (with_room_to_align::<T>(len) * size_of::<T>()).div_ceil(size_of::<f64>());
        if kept.len() < words {
            *kept = std::vec![0.0; words];
        }
        body(&mut aligned(bytemuck::cast_slice_mut(kept))[..len])
    })
}
