//! The limit: loops in AVX2 and in AVX-512 intrinsics with eight accumulators, as one writes them by
//! hand for one CPU, one type and one kernel.
//!
//! Decided here: what counts as the limit. Nothing is dispatched, promised or shared: sums are in
//! whatever order is fastest, tails run one by one. `max` propagates NaN as the kernel does (the
//! native maximum beside an unordered compare); `max_native` does not, and shows what that costs.
//! `add_streamed` writes past the caches. What the CPU has is asked once, by [`Avx2`] and [`Avx512`].
//! The loops are in `floats` and `exact`, a row per instruction set and type.

#[cfg(not(target_arch = "x86_64"))]
mod elsewhere;
#[cfg(target_arch = "x86_64")]
mod exact;
#[cfg(target_arch = "x86_64")]
mod floats;

/// A float type with hand-written loops for an instruction set.
pub trait Limit<Set>: Sized {
    /// Σ x.
    #[must_use]
    fn sum(set: Set, x: &[Self]) -> Self;
    /// Σ x·y, multiplied and added apart.
    #[must_use]
    fn dot(set: Set, x: &[Self], y: &[Self]) -> Self;
    /// out = x + y.
    fn add(set: Set, x: &[Self], y: &[Self], out: &mut [Self]);
    /// out = x + y, by non-temporal stores.
    fn add_streamed(set: Set, x: &[Self], y: &[Self], out: &mut [Self]);
    /// The largest element; NaN wins; `None` for an empty slice.
    #[must_use]
    fn max(set: Set, x: &[Self]) -> Option<Self>;
    /// The largest element of a slice without NaN; `None` for an empty slice.
    #[must_use]
    fn max_native(set: Set, x: &[Self]) -> Option<Self>;
}

/// Proof that this CPU has AVX2.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(Proof);

/// Proof that this CPU has AVX-512 F, BW and DQ.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(Proof);

/// A type with loops for every instruction set.
pub trait Limits: Limit<Avx2> + Limit<Avx512> {}
impl<T: Limit<Avx2> + Limit<Avx512>> Limits for T {}

/// Integers and truth values with hand-written loops.
pub trait Exact: Copy {
    /// Σ x, exact.
    #[must_use]
    fn sum_exact(self, x: &[i32]) -> i64;
    /// Σ x, wrapping around.
    #[must_use]
    fn sum_wrapping(self, x: &[i32]) -> i32;
    /// Whether some element is true.
    #[must_use]
    fn any(self, x: &[bool]) -> bool;
}

#[cfg(target_arch = "x86_64")]
type Proof = ();

/// There is no value of it on another architecture, and so nothing to run.
#[cfg(not(target_arch = "x86_64"))]
type Proof = std::convert::Infallible;

#[cfg(not(target_arch = "x86_64"))]
pub use elsewhere::sum_of_16;
#[cfg(target_arch = "x86_64")]
pub use floats::sum_of_16;

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    /// The proof, or `None` if this CPU lacks it.
    #[must_use]
    pub fn detected() -> Option<Self> {
        std::is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    /// The proof, or `None` if this CPU lacks it.
    #[must_use]
    pub fn detected() -> Option<Self> {
        let there = std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq");
        there.then_some(Self(()))
    }
}
