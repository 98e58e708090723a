//! How fast are the dense kernels? For now: the naive references, under that name.

use super::{Case, Group, Inputs, Question};
use crate::measure::{Contender, Trial};
use crate::workloads::{conv2d, matmul, max_pool2d};

const NAME: &str = "dense";
/// What a reference is called; a fast kernel will stand beside it under its crate's name.
const REFERENCE: &str = "reference";

/// The group.
pub const GROUP: Group = Group {
    name: NAME,
    about: "matmul, conv2d and max_pool2d: the naive references, as a yardstick",
    quick: "all of it",
    ops: &["matmul", "conv2d", "max_pool2d"],
    cases,
};

const MATMUL_SIDES: [usize; 4] = [32, 64, 96, 128];

fn cases(inputs: &Inputs) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = MATMUL_SIDES
        .iter()
        .map(|&side| matmul_case(inputs, side))
        .collect();
    cases.push(conv2d_case(inputs));
    cases.push(max_pool2d_case(inputs));
    cases
}

/// A question on f32 with an output of `len_out` elements.
fn question(
    op: &'static str,
    shape: &[usize],
    len_in: usize,
    len_out: usize,
    flops: u64,
) -> Question {
    let bytes = ((len_in + len_out) * size_of::<f32>()) as u64;
    Question {
        group: NAME,
        op,
        dtype: "f32",
        shape: shape.to_vec(),
        bytes,
        flops,
    }
}

fn matmul_case(inputs: &Inputs, side: usize) -> Case<'_> {
    let shape = matmul::Shape::square(side);
    let len = side * side;
    let question = question("matmul", &[side, side, side], 2 * len, len, shape.flops());
    Case::new(question, move |question, plan| {
        let a: Vec<f32> = inputs.data.crop(0, 0, side, side);
        let b: Vec<f32> = inputs.data.crop(128, 256, side, side);
        let (a, b) = (&a[..], &b[..]);
        let reference = |out: &mut Vec<f32>| matmul::matmul(shape, a, b, out);
        let trial = Trial::new(|out: &Vec<f32>, (), _| matmul::check(shape, a, b, out))
            .prepared_by(|out: &mut Vec<f32>| out.fill(f32::NAN));
        let contenders = [Contender::new(REFERENCE, 1, reference)];
        question.ask(plan, vec![f32::NAN; len], &contenders, &[trial], &[])
    })
}

fn conv2d_case(inputs: &Inputs) -> Case<'_> {
    let shape = conv2d::Shape {
        rows: 96,
        columns: 96,
        side: 5,
    };
    let len_out = shape.rows_out() * shape.columns_out();
    let question = question(
        "conv2d",
        &[96, 96, 5, 5],
        96 * 96 + 25,
        len_out,
        shape.flops(),
    );
    Case::new(question, move |question, plan| {
        let image: Vec<f32> = inputs.data.crop(80, 200, shape.rows, shape.columns);
        let (image, kernel) = (&image[..], &conv2d::gaussian_5x5::<f32>());
        let reference = |out: &mut Vec<f32>| conv2d::conv2d(shape, image, kernel, out);
        let trial = Trial::new(|out: &Vec<f32>, (), _| conv2d::check(shape, image, kernel, out))
            .prepared_by(|out: &mut Vec<f32>| out.fill(f32::NAN));
        let contenders = [Contender::new(REFERENCE, 1, reference)];
        question.ask(plan, vec![f32::NAN; len_out], &contenders, &[trial], &[])
    })
}

fn max_pool2d_case(inputs: &Inputs) -> Case<'_> {
    let shape = max_pool2d::Shape {
        rows: 128,
        columns: 128,
        stride: 4,
    };
    let len_out = shape.rows_out() * shape.columns_out();
    let question = question("max_pool2d", &[128, 128], 128 * 128, len_out, 0);
    Case::new(question, move |question, plan| {
        let image: Vec<f32> = inputs.data.crop(100, 180, shape.rows, shape.columns);
        let image = &image[..];
        let reference = |out: &mut Vec<f32>| max_pool2d::max_pool2d(shape, image, out);
        let trial = Trial::new(|out: &Vec<f32>, (), _| max_pool2d::check(shape, image, out))
            .prepared_by(|out: &mut Vec<f32>| out.fill(f32::NAN));
        let contenders = [Contender::new(REFERENCE, 1, reference)];
        question.ask(plan, vec![f32::NAN; len_out], &contenders, &[trial], &[])
    })
}
