//! Convolution and pooling against naive ones in f64, over extents, windows, steps and padding.

use super::layouts::{Real, noise};
use crate::levels;
use kernels_simd::dense::{
    Conv2d, DenseError, MatMut, Padding, Pool2d, avg_pool2d, avg_pool2d_rows, conv2d, max_pool2d,
    max_pool2d_rows, try_avg_pool2d, try_conv2d, try_max_pool2d,
};
use proptest::prelude::*;

/// What slides over an image.
#[derive(Debug, Clone, Copy)]
struct Slide {
    extents: (usize, usize),
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
}

impl Slide {
    /// Padding above and left, worked out anew.
    fn before(&self) -> (usize, usize) {
        let same = |extent: usize, window: usize, stride: usize| {
            let places = extent.div_ceil(stride);
            let needed = if places == 0 {
                0
            } else {
                (places - 1) * stride + window
            };
            needed.saturating_sub(extent) / 2
        };
        match self.padding {
            Padding::Same => (
                same(self.extents.0, self.window.0, self.stride.0),
                same(self.extents.1, self.window.1, self.stride.1),
            ),
            Padding::Each { top, left, .. } => (top, left),
            _ => (0, 0),
        }
    }

    /// The places in the image under the window at a place of the result, with those in the window.
    fn seen(
        &self,
        place: (usize, usize),
    ) -> impl Iterator<Item = ((usize, usize), (usize, usize))> {
        let (before, extents, stride, window) =
            (self.before(), self.extents, self.stride, self.window);
        (0..window.0).flat_map(move |down| {
            (0..window.1).filter_map(move |right| {
                let row = (place.0 * stride.0 + down).checked_sub(before.0)?;
                let col = (place.1 * stride.1 + right).checked_sub(before.1)?;
                (row < extents.0 && col < extents.1).then_some(((row, col), (down, right)))
            })
        })
    }
}

fn slides() -> impl Strategy<Value = Slide> {
    let padding = prop_oneof![
        Just(Padding::Valid),
        Just(Padding::Same),
        [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize].prop_map(|[top, bottom, left, right]| {
            Padding::Each {
                top,
                bottom,
                left,
                right,
            }
        }),
    ];
    (
        (1..14_usize, 1..60_usize),
        (1..6_usize, 1..6_usize),
        (1..4_usize, 1..5_usize),
        padding,
    )
        .prop_map(|(extents, window, stride, padding)| Slide {
            extents,
            window,
            stride,
            padding,
        })
}

fn values<T: Real>(len: usize, seed: u64) -> Vec<T> {
    let mut random = noise(seed);
    (0..len).map(|i| random(i, 3)).collect()
}

fn check_conv<T: Real>(slide: Slide, batch: usize, channels: usize, results: usize, relu: bool) {
    let conv = Conv2d::new(slide.extents, slide.window)
        .batch(batch)
        .channels(channels, results)
        .stride(slide.stride)
        .padding(slide.padding);
    let (rows, cols) = conv.out_extents().unwrap();
    let (height, width) = slide.extents;
    let image: Vec<T> = values(batch * channels * height * width, 1);
    let kernel: Vec<T> = values(results * channels * slide.window.0 * slide.window.1, 2);
    let bias: Vec<T> = values(results, 3);
    let conv = if relu { conv.bias(&bias).relu() } else { conv };
    let mut out = vec![T::NAN; batch * results * rows * cols];
    conv2d(&conv, &image, &kernel, &mut out);
    check_bands(&conv, batch, &image, &kernel, &out);
    for (index, got) in out.iter().enumerate() {
        let place = (index / cols % rows, index % cols);
        let (image_index, result) = (
            index / (rows * cols) / results,
            index / (rows * cols) % results,
        );
        let (mut exact, mut magnitude) = (0.0, 0.0);
        for channel in 0..channels {
            for ((row, col), (down, right)) in slide.seen(place) {
                let pixel =
                    image[((image_index * channels + channel) * height + row) * width + col];
                let weight = ((result * channels + channel) * slide.window.0 + down)
                    * slide.window.1
                    + right;
                let term = pixel.to_f64() * kernel[weight].to_f64();
                exact += term;
                magnitude += term.abs();
            }
        }
        if relu {
            exact += bias[result].to_f64();
            magnitude += bias[result].to_f64().abs();
            exact = exact.max(0.0);
        }
        let terms = channels * slide.window.0 * slide.window.1;
        let bound = (terms + 5) as f64 * T::UNIT_ROUNDOFF * magnitude;
        let got = got.to_f64();
        assert!(
            (got - exact).abs() <= bound,
            "out[{index}] is {got}, expected {exact}: {slide:?}"
        );
    }
}

/// The same rows, whether they are computed together or in bands.
fn check_bands<T: Real>(
    conv: &Conv2d<'_, T>,
    batch: usize,
    image: &[T],
    kernel: &[T],
    whole: &[T],
) {
    let (rows, cols) = conv.out_extents().unwrap();
    let results = conv.results();
    if whole.is_empty() {
        return;
    }
    let mut out = vec![T::NAN; whole.len()];
    let image = &image[..image.len() / batch];
    let (mut rest, mut from) = (
        MatMut::new(&mut out[..results * rows * cols], results, rows * cols),
        0,
    );
    for len in [1, 3, 2, 100] {
        let band = from..(from + len).min(rows);
        let (part, behind) = rest.split_at_col(band.len() * cols);
        let mut scratch = vec![T::NAN; conv.scratch_len(band.len()).unwrap()];
        from = band.end;
        conv.run_rows_with_scratch(&mut scratch, band, image, kernel, part);
        rest = behind;
    }
    for (index, (got, expected)) in out
        .iter()
        .zip(whole)
        .take(results * rows * cols)
        .enumerate()
    {
        assert_eq!(got.bits(), expected.bits(), "element {index}");
    }
}

fn check_pools<T: Real>(slide: Slide, planes: usize, nan_at: Option<usize>) {
    let pool = Pool2d::new(slide.extents, slide.window)
        .planes(planes)
        .stride(slide.stride)
        .padding(slide.padding);
    let Ok((rows, cols)) = pool.out_extents() else {
        // As much padding as window; the error has a test of its own.
        return;
    };
    let (height, width) = slide.extents;
    let mut image: Vec<T> = values(planes * height * width, 4);
    if let Some(index) = nan_at {
        let len = image.len();
        image[index % len] = T::NAN;
    }
    let mut greatest = vec![T::ZERO; planes * rows * cols];
    let mut mean = greatest.clone();
    max_pool2d(&pool, &image, &mut greatest);
    avg_pool2d(&pool, &image, &mut mean);
    if !mean.is_empty() {
        let (first, mut some) = (planes * rows / 2, mean.clone());
        max_pool2d_rows(&pool, first, &image, &mut some[first * cols..]);
        let same = |a: &T, b: &T| a.bits() == b.bits();
        assert!(
            some.iter()
                .zip(&greatest)
                .skip(first * cols)
                .all(|(a, b)| same(a, b))
        );
        avg_pool2d_rows(&pool, first, &image, &mut some[first * cols..]);
        assert!(some.iter().zip(&mean).all(|(a, b)| same(a, b)));
    }
    for index in 0..greatest.len() {
        let place = (index / cols % rows, index % cols);
        let plane = index / (rows * cols);
        let seen: Vec<f64> = slide
            .seen(place)
            .map(|((row, col), _)| image[(plane * height + row) * width + col].to_f64())
            .collect();
        let (max, avg) = (greatest[index].to_f64(), mean[index].to_f64());
        if seen.iter().any(|x| x.is_nan()) {
            assert!(
                max.is_nan() && avg.is_nan(),
                "window {index} of {slide:?} lost a NaN"
            );
            continue;
        }
        assert_eq!(
            max,
            seen.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            "window {index}"
        );
        let exact = seen.iter().sum::<f64>() / seen.len() as f64;
        let bound =
            (seen.len() + 2) as f64 * T::UNIT_ROUNDOFF * seen.iter().map(|x| x.abs()).sum::<f64>();
        assert!(
            (avg - exact).abs() <= bound,
            "mean {index} is {avg}, expected {exact}: {slide:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn convolutions_are_within_their_bound(
        slide in slides(), batch in 1..3_usize, channels in 1..4_usize, results in 1..6_usize, relu: bool,
    ) {
        levels::each(|_| {
            check_conv::<f32>(slide, batch, channels, results, relu);
            check_conv::<f64>(slide, batch, channels, results, relu);
        });
    }

    #[test]
    fn pools_are_right(slide in slides(), planes in 1..3_usize, nan_at in prop::option::of(0..10_000_usize)) {
        levels::each(|_| {
            check_pools::<f32>(slide, planes, nan_at);
            check_pools::<f64>(slide, planes, nan_at);
        });
    }
}

#[test]
fn more_terms_than_a_block() {
    let slide = Slide {
        extents: (7, 40),
        window: (3, 3),
        stride: (1, 1),
        padding: Padding::Same,
    };
    levels::each(|_| {
        check_conv::<f32>(slide, 1, 60, 17, true);
        check_conv::<f32>(slide, 1, 60, 1, true);
    });
}

#[test]
fn what_does_not_fit_is_named() {
    let image = [0.0_f32; 12];
    let wrong = try_conv2d(
        &Conv2d::new((3, 4), (2, 2)),
        &image,
        &[0.0; 3],
        &mut [0.0; 6],
    );
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "conv2d: the kernel of 1×1×2×2 needs 4 elements, the slice has 3"
    );
    let wrong = try_conv2d(
        &Conv2d::new((3, 4), (2, 2)).stride((0, 1)),
        &image,
        &[0.0; 4],
        &mut [0.0; 6],
    );
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "conv2d: a stride is 1 at least, found 0×1"
    );
    let pool = Pool2d::new((3, 4), (2, 2));
    let wrong = try_max_pool2d(&pool, &image, &mut [0.0; 3]);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "max_pool2d: out of 1×1×1×2 needs 2 elements, the slice has 3"
    );
    let padding = Padding::Each {
        top: 2,
        bottom: 0,
        left: 0,
        right: 0,
    };
    let wrong = try_avg_pool2d(&pool.padding(padding), &image, &mut [0.0; 3]);
    assert!(matches!(wrong, Err(DenseError::Parameter { .. })));
    let huge = Pool2d::new((usize::MAX, 2), (1, 1));
    assert!(matches!(
        try_max_pool2d(&huge, &image, &mut [0.0; 3]),
        Err(DenseError::SizeOverflow { .. })
    ));
}

#[test]
fn a_kernel_that_does_not_fit_gives_nothing() {
    let conv = Conv2d::<f32>::new((2, 2), (3, 3));
    assert_eq!(conv.out_extents(), Ok((0, 0)));
    conv2d(&conv, &[1.0; 4], &[1.0; 9], &mut []);
    max_pool2d(&Pool2d::new((3, 3), (4, 4)), &[1.0_f32; 9], &mut []);
}
