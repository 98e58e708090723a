//! Products of matrices by other crates: `gemm`, `matrixmultiply` and `faer`, all row by row.
//!
//! Each is called as its documentation shows, with slices whose lengths were compared with the
//! shape before.
#![expect(unsafe_code, reason = "two of the crates take pointers")]

use std::num::NonZero;

use faer::linalg::matmul::matmul as faer_matmul;
use faer::{Accum, MatMut, MatRef, Par};
use gemm::Parallelism;

use crate::data::real::Real;
use crate::workloads::matmul::Shape;

/// A crate that multiplies matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// `gemm`.
    Gemm,
    /// `matrixmultiply`, which is given one thread: its own threads are not Rayon's.
    MatrixMultiply,
    /// `faer`.
    Faer,
}

impl Peer {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::MatrixMultiply => "matrixmultiply",
            Self::Faer => "faer",
        }
    }
}

/// An element type that all of them know.
pub trait Multiplied: Real {
    /// Writes A·B to `out`, with `threads` threads of Rayon's current pool.
    ///
    /// # Panics
    /// If a slice has another length than its shape.
    fn product(peer: Peer, threads: usize, shape: Shape, a: &[Self], b: &[Self], out: &mut [Self]);
}

/// One row: a type, and its function in `matrixmultiply`.
macro_rules! multiplied {
    ($($ty:ident $gemm:ident;)*) => {$(
        impl Multiplied for $ty {
            fn product(
                peer: Peer,
                threads: usize,
                shape: Shape,
                a: &[Self],
                b: &[Self],
                out: &mut [Self],
            ) {
                let Shape { m, k, n } = shape;
                assert!(
                    (a.len(), b.len(), out.len()) == (m * k, k * n, m * n),
                    "a slice has another length than {shape:?}"
                );
                let (rows_a, rows_b) = (k as isize, n as isize);
                match peer {
                    Peer::Gemm => {
                        let parallelism = match threads {
                            1 => Parallelism::None,
                            _ => Parallelism::Rayon(threads),
                        };
                        // SAFETY: the matrices are the slices, row by row, as long as was compared.
                        unsafe {
                            gemm::gemm::<$ty>(
                                m, n, k,
                                out.as_mut_ptr(), 1, rows_b, false,
                                a.as_ptr(), 1, rows_a,
                                b.as_ptr(), 1, rows_b,
                                0.0, 1.0, false, false, false, parallelism,
                            );
                        }
                    }
                    // SAFETY: as above.
                    Peer::MatrixMultiply => unsafe {
                        matrixmultiply::$gemm(
                            m, k, n, 1.0,
                            a.as_ptr(), rows_a, 1,
                            b.as_ptr(), rows_b, 1,
                            0.0, out.as_mut_ptr(), rows_b, 1,
                        );
                    },
                    Peer::Faer => {
                        let par = match NonZero::new(threads) {
                            Some(threads) if threads.get() > 1 => Par::Rayon(threads),
                            _ => Par::Seq,
                        };
                        faer_matmul(
                            MatMut::from_row_major_slice_mut(out, m, n),
                            Accum::Replace,
                            MatRef::from_row_major_slice(a, m, k),
                            MatRef::from_row_major_slice(b, k, n),
                            1.0,
                            par,
                        );
                    }
                }
            }
        }
    )*};
}

multiplied! {
    f32 sgemm;
    f64 dgemm;
}
