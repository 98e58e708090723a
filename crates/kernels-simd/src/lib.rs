//! SIMD kernels dispatched at run time, with the same bits on every instruction set.
