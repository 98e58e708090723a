//! Every pointer of the dense kernels on matrices and images so small that an interpreter gets
//! through them: each kernel, each tail, each packing, at strides that leave no room behind.

use super::layouts::{Order, Stored, noise};
use crate::levels;
use kernels_simd::dense::{
    Conv2d, Matmul, PackedB, Padding, Pool2d, avg_pool2d, conv2d, matvec, max_pool2d,
};

const ORDERS: [Order; 4] = [
    Order::Rows,
    Order::Columns,
    Order::GappedRows(3),
    Order::Scattered(1),
];

#[test]
fn products_touch_their_own_elements() {
    levels::each(|_| {
        for (index, [m, k, n]) in [
            [3, 2, 19],
            [15, 1, 33],
            [1, 65, 3],
            [2, 66, 1],
            [5, 3, 7],
            [2, 1, 65],
            [3, 4, 257],
        ]
        .into_iter()
        .enumerate()
        {
            for turn in 0..ORDERS.len() {
                let order = |offset: usize| ORDERS[(turn + offset * index) % ORDERS.len()];
                let a = Stored::<f32>::new(order(0), m, k, noise(1));
                let b = Stored::new(order(1), k, n, noise(2));
                let mut c = Stored::new(order(2), m, n, noise(3));
                let bias = vec![0.5; n];
                Matmul::new().run(a.view(), b.view(), c.view_mut());
                let product = Matmul::new().beta(1.0);
                product.run(a.view(), b.view(), c.view_mut());
                let product = product.bias_of_columns(&bias).relu();
                product.run(a.view(), b.view(), c.view_mut());
                product.reproducible().run(a.view(), b.view(), c.view_mut());
                let b = PackedB::new(b.view());
                product.run_packed(a.view(), b.view(), c.view_mut());
                c.check_gaps();
            }
        }
    });
}

#[test]
fn vectors_and_images_touch_their_own_elements() {
    levels::each(|_| {
        for order in ORDERS {
            let a = Stored::<f64>::new(order, 5, 70, noise(4));
            let (mut y, mut z) = (vec![1.0; 5], vec![1.0; 70]);
            matvec(1.0, a.view(), &z, 0.5, &mut y);
            matvec(1.0, a.view().t(), &y, 0.0, &mut z);
        }
        let image: Vec<f32> = (0..2 * 6 * 19).map(|i| i as f32).collect();
        for (channels, results, stride, padding) in [
            (1, 1, 1, Padding::Valid),
            (2, 3, 1, Padding::Same),
            (2, 1, 2, Padding::Same),
        ] {
            let conv = Conv2d::new((6, 19), (3, 2))
                .channels(channels, results)
                .stride((stride, stride))
                .padding(padding);
            let (rows, cols) = conv.out_extents().unwrap();
            let mut out = vec![f32::NAN; results * rows * cols];
            let kernel = vec![1.0; results * channels * 6];
            conv2d(&conv, &image[..channels * 6 * 19], &kernel, &mut out);
            assert!(out.iter().all(|x| x.is_finite()));
        }
        for (window, stride, padding) in [(2, 2, Padding::Valid), (3, 1, Padding::Same)] {
            let pool = Pool2d::new((6, 19), (window, window))
                .planes(2)
                .stride((stride, stride))
                .padding(padding);
            let (rows, cols) = pool.out_extents().unwrap();
            let mut out = vec![f32::NAN; 2 * rows * cols];
            max_pool2d(&pool, &image, &mut out);
            avg_pool2d(&pool, &image, &mut out);
            assert!(out.iter().all(|x| x.is_finite()));
        }
    });
}
