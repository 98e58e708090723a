//! The shapes of a call, each in a file: what is handed to the body, and what comes back.

mod for_each;
mod map;
mod reduce;
mod zip_map;

use std::fmt;

/// The panic of a shape whose slices differ in length: both values, and the operation.
#[cold]
#[inline(never)]
#[track_caller]
fn length_mismatch(op: impl fmt::Display, expected_len: usize, found_len: usize) -> ! {
    panic!("{op}: slices of {expected_len} and {found_len} elements")
}
