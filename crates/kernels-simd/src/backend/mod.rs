//! One file per instruction set, each a table: a row is a register type and the name of the
//! instruction behind each operation. No kernel logic here, and no unsafe code outside of here and
//! `dispatch`. `x86` and `squares` are what those of x86 share.

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) mod avx2;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) mod avx512;
pub(crate) mod baseline;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod squares;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86;
