//! From the active level to code: one generic function compiled once per level.
//!
//! A kernel is a value that holds its arguments and a generic body over the backend. The body is
//! inlined into a function that carries the level's target features, so everything it calls through
//! `#[inline(always)]` is compiled with them.
#![cfg_attr(
    any(target_arch = "x86", target_arch = "x86_64"),
    expect(
        unsafe_code,
        reason = "calls functions that carry target features, after detection"
    )
)]

use crate::backend::baseline;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use crate::backend::{avx2, avx512};
use crate::level::Level;
use crate::vector::Backend;

/// A kernel with its arguments.
pub trait Kernel {
    /// What it computes.
    type Output;

    /// The body. Implementations are `#[inline(always)]`, as is all they call.
    fn run<B: Backend>(&mut self, token: B) -> Self::Output;
}

/// A kernel somewhere else: its place goes to the level's function, in a register.
impl<K: Kernel> Kernel for &mut K {
    type Output = K::Output;

    #[inline(always)]
    fn run<B: Backend>(&mut self, token: B) -> K::Output {
        (**self).run(token)
    }
}

/// Runs the kernel at the active level.
#[inline(always)]
pub(crate) fn dispatch<K: Kernel>(mut kernel: K) -> K::Output {
    // Up to two words travel in registers. More would be copied to the stack for the call, in
    // larger pieces than they were just written in, for which the CPU waits: 15 ns.
    // A constant, so that only the way taken is compiled.
    if const { size_of::<K>() <= 2 * size_of::<usize>() } {
        at_active_level(kernel)
    } else {
        at_active_level(&mut kernel)
    }
}

#[inline(always)]
fn at_active_level<K: Kernel>(kernel: K) -> K::Output {
    match Level::active() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        // SAFETY: `Level::active` returns a level only if this CPU has its features.
        Level::Avx2 => unsafe { avx2::run(kernel) },
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        // SAFETY: as above.
        Level::Avx512 => unsafe { avx512::run(kernel) },
        _ => baseline::run(kernel),
    }
}
