//! One file per instruction set, each a table: a row is a register type and the name of the
//! instruction behind each operation. No kernel logic here, and no unsafe code outside of here and
//! `dispatch`.

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod avx2;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod avx512;
mod baseline;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86;

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) use avx2::Avx2;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) use avx512::Avx512;
pub(crate) use baseline::Baseline;
