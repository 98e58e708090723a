//! What can be wrong with a call: two lengths that differ.

use core::fmt;

/// Slices of one call differ in length.
///
/// The `try_` kernels return it; the others panic with its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthMismatch {
    /// The kernel that was called.
    pub operation: &'static str,
    /// Elements in the first slice.
    pub expected_len: usize,
    /// Elements in the slice that differs.
    pub found_len: usize,
}

impl LengthMismatch {
    /// `Ok` if both lengths are equal.
    #[inline(always)]
    pub(crate) const fn check(
        operation: &'static str,
        expected_len: usize,
        found_len: usize,
    ) -> Result<(), Self> {
        if expected_len == found_len {
            Ok(())
        } else {
            Err(Self {
                operation,
                expected_len,
                found_len,
            })
        }
    }

    /// The panic of the kernels that have no error to return, kept out of their code.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(crate) fn panic(self) -> ! {
        panic!("{self}")
    }
}

impl fmt::Display for LengthMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: slices of {} and {} elements",
            self.operation, self.expected_len, self.found_len
        )
    }
}

impl core::error::Error for LengthMismatch {}
