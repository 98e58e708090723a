//! Dense linear algebra: products of matrices, convolution and pooling of images.
//!
//! ```
//! use kernels_simd::dense::{MatMut, MatRef, matmul};
//! let a = MatRef::new(&[1.0_f32, 2.0, 3.0, 4.0], 2, 2);
//! let b = MatRef::new(&[5.0, 6.0, 7.0, 8.0], 2, 2);
//! let mut c = [0.0; 4];
//! matmul(1.0, a, b, 0.0, MatMut::new(&mut c, 2, 2));
//! assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
//! ```
//!
//! # Arithmetic
//! Unlike the rest of the crate these kernels fuse multiplications with additions where the level
//! can, and block sums as the shape suggests: results are within the textbook error bound of a
//! dot product, but their bits depend on the level. [`Matmul::reproducible`] asks for the same bits
//! on every level and any number of threads.
//!
//! # Map
//! `view` checks where matrices lie, once, by the arithmetic of `layout`. `tile`, `narrow`, `dots` and
//! `taps` walk over them by pointers, each behind one check of all that it will touch; no other
//! file does, besides `view`. Above them everything is safe code: `split` decides on tiles and
//! blocks, `pack` copies for the caches, `finish` is what follows a sum, `scratch` lends memory,
//! `matmul` is the call, `product` chooses its way and `blocks` is the one through groups and
//! panels, `packed` the one of a B that is packed before, `matvec` a product of one column.
//! `conv2d` is a call and `convolution` its kernel, `pool2d` and `pooling` likewise; `window` is
//! where windows lie. `instances` compiles the kernels for each element type; `interop` converts
//! views.

mod blocks;
mod conv2d;
mod convolution;
mod dots;
mod error;
mod finish;
mod instances;
#[cfg(feature = "ndarray")]
mod interop;
mod layout;
mod matmul;
mod matvec;
mod narrow;
mod pack;
mod packed;
mod pool2d;
mod pooling;
mod product;
mod rows;
mod scratch;
mod split;
mod taps;
mod tile;
mod view;
mod window;

pub use conv2d::{Conv2d, conv2d, try_conv2d};
pub use error::DenseError;
pub(crate) use instances::Instances;
pub use matmul::{Matmul, matmul, try_matmul};
pub use matvec::{matvec, try_matvec};
pub use packed::{PackedB, PackedRef, Packing};
pub use pool2d::{
    Pool2d, avg_pool2d, avg_pool2d_rows, max_pool2d, max_pool2d_rows, try_avg_pool2d,
    try_max_pool2d,
};
#[doc(hidden)]
pub use scratch::with_kept_scratch;
pub use view::{MatMut, MatRef};
pub use window::Padding;
