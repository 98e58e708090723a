//! A user's program that takes par-dispatch and nothing else.

use par_dispatch::{Dispatcher, Op};

const SCALE: Op = Op::new("scale").bytes_per_element(8).operations_per_element(2);

fn main() {
    let x: Vec<f32> = (0..100_000).map(|i| i as f32).collect();
    let mut out = vec![0.0_f32; x.len()];
    Dispatcher::global().map(&SCALE, &x, &mut out, |x, out| {
        for (out, x) in out.iter_mut().zip(x) {
            *out = 2.0 * x + 1.0;
        }
    });
    println!("{} {} {}", out[0], out[1], out[99_999]);
}
