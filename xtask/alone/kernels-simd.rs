//! A user's program that takes kernels-simd and nothing else.

fn main() {
    let x: Vec<f32> = (1..=1000).map(|i| i as f32).collect();
    println!("{}", kernels_simd::sum(&x));
}
