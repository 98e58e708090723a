//! From uninitialised to initialised: the loops that write every element of a slice and then
//! say so.
//!
//! Decided here: nothing but that step, so that the typed front ([`slice`](crate::slice)) stays
//! free of unsafe code. One of the crate's three rooms with unsafe code.

#![expect(
    unsafe_code,
    reason = "only an unsafe call can say that a slice is initialised"
)]

use std::mem::MaybeUninit;

use bytemuck::Zeroable;

/// Writes zero bytes over the whole slice.
#[inline]
pub(crate) fn zeroed<T: Zeroable + Copy>(slots: &mut [MaybeUninit<T>]) -> &mut [T] {
    let (start, len) = (slots.as_mut_ptr(), slots.len());
    // SAFETY: the slice is borrowed mutably, so its `len` elements are valid for writes.
    unsafe { start.write_bytes(0, len) };
    // SAFETY: every byte was just set to zero, which `Zeroable` promises is a value of `T`.
    unsafe { slots.assume_init_mut() }
}

/// Writes `value(i)` into element `i`, in order. If `value` panics, the elements written so far
/// are forgotten, which `Copy` makes harmless.
#[inline]
pub(crate) fn fill_with<T: Copy>(
    slots: &mut [MaybeUninit<T>],
    mut value: impl FnMut(usize) -> T,
) -> &mut [T] {
    for (index, slot) in slots.iter_mut().enumerate() {
        slot.write(value(index));
    }
    // SAFETY: the loop ended, so it wrote every element.
    unsafe { slots.assume_init_mut() }
}
