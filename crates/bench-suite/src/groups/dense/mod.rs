//! How fast are the dense kernels, beside the libraries that people take for them?
//!
//! Decided here: the shapes. Squares from tiny to large, among them sizes just above and below those
//! that kernels are made for; then what networks ask for: few rows, few terms, one row, an image
//! unrolled; and shapes that no kernel was made for. What is asked of them is in `products` and
//! `images`. One thread and all threads are asked in the same rounds.

mod images;
mod products;

use super::{Case, Group, Inputs, Question};
use crate::data::number::Sent;
use crate::measure::Plan;

const NAME: &str = "dense";
/// The kernels on one thread.
const OURS: &str = "kernels-simd";
/// The kernels on a dispatcher's threads.
const PARALLEL: &str = "par-dispatch";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "matmul, matvec, conv2d and pooling against the libraries that are taken for them",
    quick: "matmul of 16, 65, 256 and 32×1024×1024; conv2d on 96×96; max_pool2d",
    ops: &["matmul", "matvec", "conv2d", "max_pool2d", "avg_pool2d"],
    cases,
};

const SQUARES: [usize; 22] = [
    4, 5, 8, 16, 17, 31, 32, 33, 48, 64, 65, 96, 100, 127, 128, 129, 192, 256, 384, 512, 1000, 1024,
];

/// Rows of A, terms, columns of B.
const RECTANGLES: [[usize; 3]; 10] = [
    [1024, 1024, 8],
    [8, 1024, 1024],
    [32, 1024, 1024],
    [1, 1024, 1024],
    // An image unrolled for a convolution.
    [256, 25, 9216],
    // Rows of B and C far apart; A long and narrow.
    [40, 64, 9200],
    [1000, 64, 64],
    [37, 53, 71],
    [3, 1000, 2],
    [200, 3, 200],
];

const OF_F64: [[usize; 3]; 4] = [[17, 17, 17], [64, 64, 64], [129, 129, 129], [512, 512, 512]];

const QUICK: [[usize; 3]; 4] = [
    [16, 16, 16],
    [65, 65, 65],
    [256, 256, 256],
    [32, 1024, 1024],
];

/// Rows and columns of a matrix that is multiplied with a vector: in no cache but the last, if at
/// all.
const MATVEC: [usize; 2] = [4096, 4096];

/// Shares of a case's usual time, quick and full: there are dozens of cases.
const SHARES: (f64, f64) = (0.75, 0.5);

fn share(inputs: &Inputs, plan: &Plan) -> Plan {
    plan.share(if inputs.quick { SHARES.0 } else { SHARES.1 })
}

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    if inputs.quick {
        let mut cases: Vec<_> = QUICK
            .iter()
            .map(|&shape| products::matmul::<f32>(inputs, shape))
            .collect();
        cases.push(images::conv2d(inputs, images::CONVOLUTIONS[0]));
        cases.push(images::max_pool2d(inputs));
        return cases;
    }
    let squares = SQUARES.iter().map(|&n| [n; 3]);
    let shapes = squares.chain(RECTANGLES);
    let mut cases: Vec<_> = shapes
        .map(|shape| products::matmul::<f32>(inputs, shape))
        .collect();
    cases.extend(OF_F64.map(|shape| products::matmul::<f64>(inputs, shape)));
    cases.push(products::matvec(inputs, MATVEC));
    cases.extend(images::CONVOLUTIONS.map(|convolution| images::conv2d(inputs, convolution)));
    cases.push(images::max_pool2d(inputs));
    cases.push(images::avg_pool2d(inputs));
    cases
}

/// A question whose operands and result have so many elements.
fn question<T: Sent>(op: &'static str, shape: &[usize], elements: usize, flops: u64) -> Question {
    Question {
        group: NAME,
        op,
        dtype: T::DTYPE,
        shape: shape.to_vec(),
        bytes: (elements * size_of::<T>()) as u64,
        flops,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::ANSWER_OK;

    #[test]
    fn every_contender_is_right() {
        let inputs = Inputs::new(false, 3, None).unwrap();
        let small = |case: &Case<'_>| case.question.flops < 4_000_000;
        for case in cases(&inputs).into_iter().filter(small) {
            for row in case.run(&Plan::rounds(1)).rows {
                assert_eq!(row.answer, ANSWER_OK, "{row:?}");
            }
        }
    }
}
