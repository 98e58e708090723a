//! Every kernel at every level against its model: lengths, offsets, kinds of values.

use crate::inputs::{Args, Input, Output, TestElement, Values, lengths};
use crate::kernels::{self, Map, Nan, Reduction, Visitor};
use crate::levels;
use kernels_simd::{Element, Level};

pub(crate) struct Sweep<'a> {
    pub(crate) levels: &'a [Level],
}

/// Elements of 8 bytes or less around each aligned one: offsets up to a cache line.
fn offsets<T>() -> std::ops::Range<usize> {
    0..64 / size_of::<T>()
}

impl Sweep<'_> {
    /// One reduction on one input.
    pub(crate) fn reduce<T: TestElement>(
        &self,
        row: &Reduction<T>,
        args: &Args<'_, T>,
        context: &dyn std::fmt::Debug,
    ) {
        let want = (row.model)(args);
        for &level in self.levels {
            level.force().expect("an available level");
            let got = (row.kernel)(args);
            let (name, ty, len) = (row.name, row.ty, args.x.len());
            assert!(
                got == want,
                "{name} {ty} at {level}: {got:#x}, not {want:#x}, of {len} elements, {context:?}"
            );
        }
    }

    /// One map on one input; the output starts at an offset of its own.
    pub(crate) fn map<T: TestElement, O: Output>(
        &self,
        row: &Map<T, O>,
        args: &Args<'_, T>,
        offset: usize,
        context: &dyn std::fmt::Debug,
    ) {
        let len = args.x.len();
        let mut want = vec![O::GUARD; len];
        (row.model)(args, &mut want);
        let mut buffer = vec![O::GUARD; offset + len + 1];
        for &level in self.levels {
            level.force().expect("an available level");
            let (name, ty) = (row.name, T::NAME);
            buffer.fill(O::GUARD);
            (row.kernel)(args, &mut buffer[offset..offset + len]);
            let (before, rest) = buffer.split_at(offset);
            let (out, behind) = rest.split_at(len);
            assert!(
                before.iter().chain(behind).all(|guard| *guard == O::GUARD),
                "{name} {ty} at {level} wrote outside of {len} elements, {context:?}"
            );
            for i in 0..len {
                let (got, want) = match row.nan {
                    Nan::Kept => (out[i].bits(), want[i].bits()),
                    Nan::Any => (out[i].bits_but_nan(), want[i].bits_but_nan()),
                };
                assert!(
                    got == want,
                    "{name} {ty} at {level}: {got:#x}, not {want:#x}, at {i} of {len}, {context:?}"
                );
            }
        }
    }
}

impl Visitor for Sweep<'_> {
    fn reductions<T: TestElement>(&mut self, rows: Vec<Reduction<T>>) {
        let all_offsets = [T::VL / 2 + 3, T::VL + 1, 2 * T::VL, T::LEAF + 5];
        for values in Values::ALL {
            for len in lengths::<T>() {
                let input = Input::<T>::new(values, len + 1, len as u64);
                for offset in [0, 1] {
                    let args = input.args(offset..offset + len);
                    for row in &rows {
                        self.reduce(row, &args, &(values, offset));
                    }
                }
            }
            for len in all_offsets {
                let input = Input::<T>::new(values, len + 64, len as u64);
                for offset in offsets::<T>() {
                    for row in &rows {
                        self.reduce(row, &input.args(offset..offset + len), &(values, offset));
                    }
                }
            }
        }
    }

    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>) {
        for (i, len) in lengths::<T>().enumerate() {
            // The longest ones prove nothing more: maps have no leaves.
            if len > T::LEAF + T::VL {
                break;
            }
            for values in [Values::AnyExponent, Values::Specials, Values::Sprinkled] {
                let input = Input::<T>::new(values, len + 64, len as u64);
                for (j, row) in rows.iter().enumerate() {
                    let (from, to) = (i % offsets::<T>().end, (i / 3 + j) % 9);
                    let args = input.args(from..from + len);
                    self.map(row, &args, to, &(values, from, to));
                }
            }
        }
    }
}

#[test]
fn f32_kernels_equal_the_model() {
    levels::forcing(|levels| kernels::of_f32(&mut Sweep { levels }));
}

#[test]
fn f64_kernels_equal_the_model() {
    levels::forcing(|levels| kernels::of_f64(&mut Sweep { levels }));
}

#[test]
fn integer_and_bool_kernels_equal_the_model() {
    levels::forcing(|levels| kernels::of_integers(&mut Sweep { levels }));
}

#[test]
fn a_nan_anywhere_is_the_extremum() {
    levels::each(|level| {
        let mut x = vec![1.0_f32; 2 * f32::LEAF + 70];
        for at in 0..x.len() {
            x[at] = -f32::NAN;
            for extremum in [kernels_simd::max(&x), kernels_simd::min(&x)] {
                let bits = extremum.map(f32::to_bits);
                assert_eq!(bits, Some(f32::NAN.to_bits()), "{level}, NaN at {at}");
            }
            assert_eq!(kernels_simd::argmax(&x), Some(at), "{level}");
            x[at] = 1.0;
        }
    });
}

#[test]
fn one_deciding_bool_is_found_anywhere() {
    levels::each(|level| {
        for len in (0..800_usize).chain([8191, 8192, 8193]) {
            let places = [0, 1, len / 2, len.saturating_sub(2), len.saturating_sub(1)];
            for decides in [true, false] {
                let mut x = vec![!decides; len];
                let decided = |x: &[bool]| {
                    if decides {
                        kernels_simd::any(x)
                    } else {
                        !kernels_simd::all(x)
                    }
                };
                assert!(!decided(&x), "{level} {len}");
                for at in places.into_iter().filter(|at| *at < len) {
                    x[at] = decides;
                    assert!(decided(&x), "{level}, {decides} at {at} of {len}");
                    x[at] = !decides;
                }
            }
        }
    });
}

#[test]
fn what_an_empty_slice_gives() {
    levels::each(|_| {
        assert_eq!(kernels_simd::sum::<f32>(&[]).to_bits(), 0);
        assert_eq!(kernels_simd::dot::<f64>(&[], &[]).to_bits(), 0);
        assert_eq!(kernels_simd::max::<f64>(&[]), None);
        assert_eq!(kernels_simd::sum_exact::<u8>(&[]), 0);
        assert!(kernels_simd::mean::<f32>(&[]).is_nan());
        assert!(kernels_simd::variance::<f32>(&[], 0).is_nan());
        assert!(!kernels_simd::any(&[]));
        assert!(kernels_simd::all(&[]));
        kernels_simd::softmax::<f32>(&[], &mut []);
        kernels_simd::cumulative_sum::<f32>(&[], &mut []);
    });
}

/// The sums of bytes and of 64-bit integers are taken in pieces, which overflow one by one if they
/// are too long.
#[test]
fn exact_sums_of_extremes_are_exact() {
    levels::each(|level| {
        for len in [255, 1024, 8 * 1024, 8 * 1024 + 77, (1 << 20) + 9] {
            assert_eq!(
                kernels_simd::sum_exact(&vec![u8::MAX; len]),
                255 * len as u64,
                "{level}"
            );
        }
        for extreme in [i64::MIN, i64::MAX, -1] {
            let len = (1 << 20) + 9;
            let want = i128::from(extreme) * len as i128;
            assert_eq!(
                kernels_simd::sum_exact(&vec![extreme; len]),
                want,
                "{level}"
            );
        }
        let x = vec![i32::MIN; 1 << 20];
        assert_eq!(
            kernels_simd::sum_exact(&x),
            i64::from(i32::MIN) << 20,
            "{level}"
        );
    });
}
