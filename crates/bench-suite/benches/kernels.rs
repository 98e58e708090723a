//! The familiar door: `cargo bench -p bench-suite` times the kernels with criterion.
//!
//! Good for a look at one kernel while working on it. Its saved baselines compare samples of
//! different minutes, and on a machine that drifts they raise false alarms; claims are judged by
//! the interleaved ratios of `cargo xtask bench`.

use std::hint::black_box;
use std::time::Duration;

use bench_suite::data::Embedded;
use bench_suite::reference::{check_dot, check_sum};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// In the first cache, in the second, in the last.
const SIZES: [usize; 3] = [1 << 10, 1 << 16, 1 << 20];

fn kernels(criterion: &mut Criterion) {
    let data = Embedded::load();
    let mut group = criterion.benchmark_group("kernels-simd/f32");
    group.warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_millis(600));
    group.sample_size(30);
    for len in SIZES {
        let (x, y) = data.pair::<f32>(len);
        let mut out = vec![0.0_f32; len];
        // A benchmark of a wrong answer measures nothing.
        check_sum(&x, kernels_simd::sum(&x), len).unwrap();
        check_dot(&x, &y, kernels_simd::dot(&x, &y), len).unwrap();

        let id = |op: &str| BenchmarkId::new(op, len);
        group.throughput(Throughput::Bytes(4 * len as u64));
        group.bench_function(id("sum"), |b| b.iter(|| kernels_simd::sum(black_box(&x))));
        group.bench_function(id("max"), |b| b.iter(|| kernels_simd::max(black_box(&x))));
        group.throughput(Throughput::Bytes(8 * len as u64));
        group.bench_function(id("dot"), |b| {
            b.iter(|| kernels_simd::dot(black_box(&x), black_box(&y)));
        });
        group.throughput(Throughput::Bytes(12 * len as u64));
        group.bench_function(id("add"), |b| {
            b.iter(|| kernels_simd::add(black_box(&x), black_box(&y), black_box(&mut out)));
        });
    }
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);
