//! Another architecture: no token is ever made, so that nothing here is ever called.

use super::{Avx2, Avx512, Exact, Limit};

impl Avx2 {
    /// `None`: another architecture.
    #[must_use]
    pub fn detected() -> Option<Self> {
        None
    }
}

impl Avx512 {
    /// `None`: another architecture.
    #[must_use]
    pub fn detected() -> Option<Self> {
        None
    }
}

/// Never called: there is no [`Avx2`] here.
#[must_use]
pub fn sum_of_16(avx2: Avx2, _: &[f32; 16]) -> f32 {
    match avx2.0 {}
}

/// One row: an instruction set that is not there.
macro_rules! never {
    ($($set:ident)*) => {$(
        impl Exact for $set {
            fn sum_exact(self, _: &[i32]) -> i64 {
                match self.0 {}
            }

            fn sum_wrapping(self, _: &[i32]) -> i32 {
                match self.0 {}
            }

            fn any(self, _: &[bool]) -> bool {
                match self.0 {}
            }
        }

        impl<T: crate::data::real::Real> Limit<$set> for T {
            fn sum(set: $set, _: &[Self]) -> Self {
                match set.0 {}
            }

            fn dot(set: $set, _: &[Self], _: &[Self]) -> Self {
                match set.0 {}
            }

            fn add(set: $set, _: &[Self], _: &[Self], _: &mut [Self]) {
                match set.0 {}
            }

            fn add_streamed(set: $set, _: &[Self], _: &[Self], _: &mut [Self]) {
                match set.0 {}
            }

            fn max(set: $set, _: &[Self]) -> Option<Self> {
                match set.0 {}
            }

            fn max_native(set: $set, _: &[Self]) -> Option<Self> {
                match set.0 {}
            }
        }
    )*};
}

never! { Avx2 Avx512 }
