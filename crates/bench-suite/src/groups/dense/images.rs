//! Convolution and pooling of crops of the photograph, on one thread and on all.

use kernels_simd::dense::{Conv2d, Pool2d};
use par_dispatch::Dispatcher;

use super::{OURS, PARALLEL, question, share};
use crate::contenders::torch::Asked;
use crate::data::{Embedded, PHOTOGRAPH_SIDE};
use crate::groups::slices::Operands;
use crate::groups::{Case, Inputs, Outcome, Question};
use crate::measure::{Contender, Plan, Trial};
use crate::reference::check_terms;
use crate::workloads::{conv2d, max_pool2d};

/// What a naive reference is called.
const REFERENCE: &str = "reference";

/// A convolution without padding, in steps of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Convolution {
    side: usize,
    kernel: usize,
    channels: [usize; 2],
}

/// The crop of the pool workload, the whole photograph, and a layer of a network.
pub(super) const CONVOLUTIONS: [Convolution; 3] = [
    Convolution {
        side: 96,
        kernel: 5,
        channels: [1, 1],
    },
    Convolution {
        side: PHOTOGRAPH_SIDE,
        kernel: 5,
        channels: [1, 1],
    },
    Convolution {
        side: 96,
        kernel: 3,
        channels: [16, 16],
    },
];

impl Convolution {
    fn out_side(self) -> usize {
        self.side - self.kernel + 1
    }

    /// The image and the kernel; each channel is another crop.
    fn operands(self, data: &Embedded) -> Operands<f32> {
        let Self {
            side,
            kernel,
            channels: [channels, results],
        } = self;
        let room = PHOTOGRAPH_SIDE - side;
        let crop =
            |index: usize| data.crop::<f32>(80.min(room) + 3 * index, 200.min(room), side, side);
        let y = match channels * results {
            1 => conv2d::gaussian_5x5().to_vec(),
            _ => data.pair(results * channels * kernel * kernel).1,
        };
        let x: Vec<f32> = (0..channels).flat_map(crop).collect();
        Operands::new(&x, &y, &vec![f32::NAN; results * self.out_side().pow(2)])
    }

    /// Compares each element of a result with its terms in f64.
    fn check(self, o: &Operands<f32>) -> Result<(), String> {
        let Self {
            side,
            kernel,
            channels: [channels, _],
        } = self;
        let out_side = self.out_side();
        for (index, &got) in o.out.iter().enumerate() {
            let (result, place) = (index / out_side.pow(2), index % out_side.pow(2));
            let (row, column) = (place / out_side, place % out_side);
            let terms = (0..channels * kernel * kernel).map(|term| {
                let (channel, at) = (term / (kernel * kernel), term % (kernel * kernel));
                let pixel = (channel * side + row + at / kernel) * side + column + at % kernel;
                let weight = result * channels * kernel * kernel + term;
                f64::from(o.x[pixel]) * f64::from(o.y[weight])
            });
            check_terms(terms, got, channels * kernel * kernel + 1)
                .map_err(|wrong| format!("out[{result}, {row}, {column}]: {wrong}"))?;
        }
        Ok(())
    }
}

/// A kernel of `kernel`×`kernel` over an image.
pub(super) fn conv2d(inputs: &Inputs, convolution: Convolution) -> Case<'_> {
    let Convolution {
        side,
        kernel,
        channels: [channels, results],
    } = convolution;
    let shape = [channels, side, side, results, kernel, kernel];
    let out_len = results * convolution.out_side().pow(2);
    let terms = channels * kernel * kernel;
    let elements = channels * side * side + results * terms + out_len;
    let question = question::<f32>("conv2d", &shape, elements, 2 * (out_len * terms) as u64);
    let asked = Asked {
        op: "conv2d",
        image: [channels, side, side],
        kernel: Some([results, channels, kernel, kernel]),
        stride: 1,
    };
    Case::new(question, move |question, plan| {
        let conv = Conv2d::new((side, side), (kernel, kernel)).channels(channels, results);
        let dispatcher = Dispatcher::with_pool(&inputs.pool);
        let mut contenders = vec![
            Contender::new(OURS, 1, |o: &mut Operands<f32>| {
                kernels_simd::dense::conv2d(&conv, &o.x, &o.y, &mut o.out);
            }),
            Contender::new(PARALLEL, inputs.threads(), |o: &mut Operands<f32>| {
                dispatcher.conv2d(&conv, &o.x, &o.y, &mut o.out);
            }),
        ];
        if channels * results == 1 {
            let naive = conv2d::Shape {
                rows: side,
                columns: side,
                side: kernel,
            };
            contenders.push(Contender::new(
                REFERENCE,
                1,
                move |o: &mut Operands<f32>| {
                    conv2d::conv2d(naive, &o.x, &o.y, &mut o.out);
                },
            ));
        }
        let operands = convolution.operands(&inputs.data);
        let check = |o: &Operands<f32>| convolution.check(o);
        ask(inputs, (question, plan), asked, contenders, operands, check)
    })
}

/// Windows of 4×4 that tile an image, as in the pool workload.
const POOL: max_pool2d::Shape = max_pool2d::Shape {
    rows: 128,
    columns: 128,
    stride: 4,
};

/// The greatest value of each window.
pub(super) fn max_pool2d(inputs: &Inputs) -> Case<'_> {
    pool2d(
        inputs,
        "max_pool2d",
        |pool, o| kernels_simd::dense::max_pool2d(pool, &o.x, &mut o.out),
        |dispatcher, pool, o| dispatcher.max_pool2d(pool, &o.x, &mut o.out),
        |o| max_pool2d::check(POOL, &o.x, &o.out),
    )
}

/// The mean of each window.
pub(super) fn avg_pool2d(inputs: &Inputs) -> Case<'_> {
    pool2d(
        inputs,
        "avg_pool2d",
        |pool, o| kernels_simd::dense::avg_pool2d(pool, &o.x, &mut o.out),
        |dispatcher, pool, o| dispatcher.avg_pool2d(pool, &o.x, &mut o.out),
        |o| {
            let max_pool2d::Shape {
                columns, stride, ..
            } = POOL;
            for (index, &got) in o.out.iter().enumerate() {
                let (row, column) = (index / POOL.columns_out(), index % POOL.columns_out());
                let terms = (0..stride * stride).map(|at| {
                    let (row, column) = (row * stride + at / stride, column * stride + at % stride);
                    f64::from(o.x[row * columns + column]) / (stride * stride) as f64
                });
                check_terms(terms, got, stride * stride)
                    .map_err(|wrong| format!("out[{row}, {column}]: {wrong}"))?;
            }
            Ok(())
        },
    )
}

fn pool2d<'a>(
    inputs: &'a Inputs,
    op: &'static str,
    ours: impl Fn(&Pool2d, &mut Operands<f32>) + Copy + 'a,
    shared: impl Fn(&Dispatcher<'_>, &Pool2d, &mut Operands<f32>) + Copy + 'a,
    check: impl Fn(&Operands<f32>) -> Result<(), String> + 'a,
) -> Case<'a> {
    let max_pool2d::Shape {
        rows,
        columns,
        stride,
    } = POOL;
    let out_len = POOL.rows_out() * POOL.columns_out();
    let question = question::<f32>(op, &[rows, columns], rows * columns + out_len, 0);
    let asked = Asked {
        op,
        image: [1, rows, columns],
        kernel: None,
        stride,
    };
    Case::new(question, move |question, plan| {
        let pool = Pool2d::new((rows, columns), (stride, stride));
        let dispatcher = Dispatcher::with_pool(&inputs.pool);
        let contenders = vec![
            Contender::new(OURS, 1, |o: &mut Operands<f32>| ours(&pool, o)),
            Contender::new(PARALLEL, inputs.threads(), |o: &mut Operands<f32>| {
                shared(&dispatcher, &pool, o);
            }),
        ];
        let image = inputs.data.crop(100, 180, rows, columns);
        let operands = Operands::new(&image, &[], &vec![f32::NAN; out_len]);
        ask(inputs, (question, plan), asked, contenders, operands, check)
    })
}

/// Asks the kernels, first on one thread and then on all, and who else is there.
fn ask<'a>(
    inputs: &'a Inputs,
    (question, plan): (&Question, &Plan),
    asked: Asked,
    mut contenders: Vec<Contender<'a, Operands<f32>, ()>>,
    operands: Operands<f32>,
    check: impl Fn(&Operands<f32>) -> Result<(), String>,
) -> Outcome {
    contenders.extend(
        inputs
            .torch
            .iter()
            .flat_map(|torch| torch.contenders(asked)),
    );
    let others = (2..contenders.len()).map(|other| (0, other));
    let pairs: Vec<_> = std::iter::once((1, 0)).chain(others).collect();
    let trial = Trial::new(|o: &Operands<f32>, (), _| check(o)).prepared_by(Operands::poison);
    question.ask(
        &share(inputs, plan),
        operands,
        &contenders,
        &[trial],
        &pairs,
    )
}
