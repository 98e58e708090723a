//! The pool workload: a mix of dense kernels on real images, as one pass of tasks over a pool.
//!
//! ```text
//! one pass     4 matmuls 128×128            photograph × photograph, digits × photograph
//!              4 additions, 4 Hadamard      of the operands of each matmul
//!              1 convolution 5×5            over a 96×96 crop of the photograph
//!              1 max pooling, stride 4      over a 128×128 crop of the photograph
//!
//! tasks        matmul ──┬─ band of 16 rows        an outer task per kernel call,
//!                       ├─ band of 16 rows        inner tasks stolen by whoever is free
//!                       ⋮
//! ```
//!
//! Decided here: the operands, the tasks and their nesting. The kernels are those of kernels-simd;
//! results are compared with f64 references, never one path with the other alone. Timing is the
//! groups'.

use kernels_simd::dense::{self, Conv2d, MatMut, MatRef, Pool2d};
use pool_metrics::{Label, Recorder};
use rayon::prelude::*;

use super::{conv2d, matmul, max_pool2d};
use crate::data::Embedded;
use crate::reference::check_each;

/// Rows and columns of each matrix, and of the image that is pooled.
pub const SIDE: usize = 128;
/// Rows and columns of the image that is convolved.
pub const CONV_SIDE: usize = 96;
/// Calls of each kernel in one pass, in the words of the report.
pub const PASS: &str = "4 matmul 128, 4 add, 4 mul, conv2d 5x5 on 96, max_pool2d stride 4 on 128";

const MATMUL: matmul::Shape = matmul::Shape::square(SIDE);
const CONV: conv2d::Shape = conv2d::Shape {
    rows: CONV_SIDE,
    columns: CONV_SIDE,
    side: 5,
};
const POOL: max_pool2d::Shape = max_pool2d::Shape {
    rows: SIDE,
    columns: SIDE,
    stride: 4,
};

/// Rows of a matmul, or of an image's result, in one inner task: 8 bands per matmul, so that two
/// to four workers can share one that was started last.
const BAND_ROWS: usize = 16;

/// What the tasks are called: one label per kernel call, one per band of it.
mod labels {
    use super::Label;

    pub(super) const MATMUL: Label = Label::new("matmul");
    pub(super) const MATMUL_BAND: Label = Label::new("matmul band");
    pub(super) const ADD: Label = Label::new("add");
    pub(super) const MUL: Label = Label::new("mul");
    pub(super) const CONV2D: Label = Label::new("conv2d");
    pub(super) const CONV2D_BAND: Label = Label::new("conv2d band");
    pub(super) const MAX_POOL2D: Label = Label::new("max_pool2d");
}

/// The operands.
#[derive(Debug, Clone)]
pub struct PoolWorkload {
    operands: [(Vec<f32>, Vec<f32>); 4],
    image: Vec<f32>,
    kernel: [f32; 25],
    pooled_image: Vec<f32>,
}

/// The results of a pass; poisoned with NaN until one has run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    products: [Vec<f32>; 4],
    sums: [Vec<f32>; 4],
    hadamards: [Vec<f32>; 4],
    convolved: Vec<f32>,
    pooled: Vec<f32>,
}

impl Outputs {
    /// Buffers of the right lengths, filled with NaN.
    #[must_use]
    pub fn poisoned() -> Self {
        let matrices = || std::array::from_fn(|_| vec![f32::NAN; SIDE * SIDE]);
        Self {
            products: matrices(),
            sums: matrices(),
            hadamards: matrices(),
            convolved: vec![f32::NAN; CONV.rows_out() * CONV.columns_out()],
            pooled: vec![f32::NAN; POOL.rows_out() * POOL.columns_out()],
        }
    }

    /// Fills all buffers with NaN again.
    pub fn poison(&mut self) {
        let matrices = self
            .products
            .iter_mut()
            .chain(&mut self.sums)
            .chain(&mut self.hadamards);
        for buffer in matrices.chain([&mut self.convolved, &mut self.pooled]) {
            buffer.fill(f32::NAN);
        }
    }
}

impl PoolWorkload {
    /// Operands cut from the photograph and the digits, values in 0–1.
    #[must_use]
    pub fn new(data: &Embedded) -> Self {
        let crop = |top, left| data.crop(top, left, SIDE, SIDE);
        // 256 digits, two to a row.
        let digits = data.digits(SIDE * SIDE / crate::data::DIGIT_LEN);
        Self {
            operands: [
                (crop(0, 0), crop(0, 128)),
                (crop(128, 128), crop(128, 256)),
                (crop(256, 64), crop(384, 384)),
                (digits, crop(192, 192)),
            ],
            image: data.crop(80, 200, CONV_SIDE, CONV_SIDE),
            kernel: conv2d::gaussian_5x5(),
            pooled_image: crop(100, 180),
        }
    }

    /// Floating-point operations of one pass; comparisons are not counted.
    #[must_use]
    pub const fn flops() -> u64 {
        4 * MATMUL.flops() + 8 * (SIDE * SIDE) as u64 + CONV.flops()
    }

    /// Bytes of the operands read and the results written in one pass, each once per kernel call.
    #[must_use]
    pub const fn bytes() -> u64 {
        let matrices = 12 * 3 * SIDE * SIDE;
        let convolution = CONV_SIDE * CONV_SIDE + 25 + CONV.rows_out() * CONV.columns_out();
        let pooling = SIDE * SIDE + POOL.rows_out() * POOL.columns_out();
        ((matrices + convolution + pooling) * size_of::<f32>()) as u64
    }

    /// One pass on the calling thread, nothing recorded.
    pub fn run_sequential(&self, out: &mut Outputs) {
        for (index, (a, b)) in self.operands.iter().enumerate() {
            product(a, b, &mut out.products[index]);
            kernels_simd::add(a, b, &mut out.sums[index]);
            kernels_simd::mul(a, b, &mut out.hadamards[index]);
        }
        convolve(&self.image, &self.kernel, &mut out.convolved);
        self.pool(&mut out.pooled);
    }

    fn pool(&self, out: &mut [f32]) {
        let pool = Pool2d::new((POOL.rows, POOL.columns), (POOL.stride, POOL.stride));
        dense::max_pool2d(&pool, &self.pooled_image, out);
    }

    /// One pass over the Rayon pool of the calling thread, each task recorded by `recorder`.
    ///
    /// Call it inside `ThreadPool::install`, so that the waiting thread is a worker.
    pub fn run_parallel(&self, recorder: &Recorder, out: &mut Outputs) {
        let Outputs {
            products,
            sums,
            hadamards,
            convolved,
            pooled,
        } = out;
        rayon::scope(|scope| {
            let operands = || self.operands.iter();
            for ((a, b), product) in operands().zip(products) {
                scope.spawn(move |_| {
                    let _task = recorder.track(labels::MATMUL);
                    matmul_in_bands(recorder, a, b, product);
                });
            }
            for ((a, b), sum) in operands().zip(sums) {
                scope.spawn(move |_| {
                    let _task = recorder.track(labels::ADD);
                    kernels_simd::add(a, b, sum);
                });
            }
            for ((a, b), hadamard) in operands().zip(hadamards) {
                scope.spawn(move |_| {
                    let _task = recorder.track(labels::MUL);
                    kernels_simd::mul(a, b, hadamard);
                });
            }
            scope.spawn(move |_| {
                let _task = recorder.track(labels::CONV2D);
                self.convolve_in_bands(recorder, convolved);
            });
            scope.spawn(move |_| {
                let _task = recorder.track(labels::MAX_POOL2D);
                self.pool(pooled);
            });
        });
    }

    fn convolve_in_bands(&self, recorder: &Recorder, out: &mut [f32]) {
        let bands = out.par_chunks_mut(BAND_ROWS * CONV.columns_out());
        bands.enumerate().for_each(|(band, out)| {
            let _task = recorder.track(labels::CONV2D_BAND);
            let rows = out.len() / CONV.columns_out() + CONV.side - 1;
            let image = &self.image[band * BAND_ROWS * CONV.columns..][..rows * CONV.columns];
            convolve(image, &self.kernel, out);
        });
    }

    /// Compares all results of a pass with references in f64.
    ///
    /// # Errors
    /// With the kernel, the place and both values of the first that is wrong.
    pub fn check(&self, out: &Outputs) -> Result<(), String> {
        let named = |kernel: &str, answer: Result<(), String>| {
            answer.map_err(|wrong| format!("{kernel}: {wrong}"))
        };
        for (index, (a, b)) in self.operands.iter().enumerate() {
            named("matmul", matmul::check(MATMUL, a, b, &out.products[index]))?;
            named("add", check_each(&out.sums[index], |i| a[i] + b[i]))?;
            named("mul", check_each(&out.hadamards[index], |i| a[i] * b[i]))?;
        }
        named(
            "conv2d",
            conv2d::check(CONV, &self.image, &self.kernel, &out.convolved),
        )?;
        named(
            "max_pool2d",
            max_pool2d::check(POOL, &self.pooled_image, &out.pooled),
        )
    }
}

/// So many rows of a product as A has.
fn product(a: &[f32], b: &[f32], out: &mut [f32]) {
    let matmul::Shape { k, n, .. } = MATMUL;
    let m = a.len() / k;
    let (a, b) = (MatRef::new(a, m, k), MatRef::new(b, k, n));
    dense::matmul(1.0, a, b, 0.0, MatMut::new(out, m, n));
}

/// The rows of a convolution that these rows of the image give.
fn convolve(image: &[f32], kernel: &[f32], out: &mut [f32]) {
    let conv2d::Shape { columns, side, .. } = CONV;
    let conv = Conv2d::new((image.len() / columns, columns), (side, side));
    dense::conv2d(&conv, image, kernel, out);
}

fn matmul_in_bands(recorder: &Recorder, a: &[f32], b: &[f32], out: &mut [f32]) {
    let bands = out
        .par_chunks_mut(BAND_ROWS * MATMUL.n)
        .zip(a.par_chunks(BAND_ROWS * MATMUL.k));
    bands.for_each(|(out, a)| {
        let _task = recorder.track(labels::MATMUL_BAND);
        product(a, b, out);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree_bit_by_bit_and_with_the_reference() {
        let workload = PoolWorkload::new(&Embedded::load());
        let mut sequential = Outputs::poisoned();
        assert!(
            workload.check(&sequential).is_err(),
            "poison passed as an answer"
        );
        workload.run_sequential(&mut sequential);
        assert_eq!(workload.check(&sequential), Ok(()));

        let builder = rayon::ThreadPoolBuilder::new().num_threads(3);
        let (pool, recorder) = Recorder::build_pool(builder).unwrap();
        let mut parallel = Outputs::poisoned();
        pool.install(|| workload.run_parallel(&recorder, &mut parallel));
        assert_eq!(parallel, sequential);

        // 14 kernel calls, 8 bands in each matmul and 6 in the convolution.
        let snapshot = recorder.snapshot();
        assert_eq!(snapshot.tasks, 14 + 4 * 8 + 6);
        assert!(snapshot.peak_active <= 3);
        let bands = snapshot.label("matmul band").map(|label| label.tasks);
        assert_eq!(bands, Some(4 * 8));
    }

    #[test]
    fn operands_are_not_constant() {
        let workload = PoolWorkload::new(&Embedded::load());
        let operands = workload.operands.iter().flat_map(|(a, b)| [a, b]);
        for values in operands.chain([&workload.image, &workload.pooled_image]) {
            let (min, max) = values
                .iter()
                .fold((1.0_f32, 0.0_f32), |(l, h), &v| (l.min(v), h.max(v)));
            assert!(max - min > 0.3, "flat crop: {min} to {max}");
        }
    }
}
