//! The kernels of this module, compiled in this crate for each element type. Generic as the bodies
//! are, every crate that calls them would compile them again, for every level: minutes each.

use super::blocks::Blocks;
use super::convolution::Convolution;
use super::dots::Dots;
use super::narrow::{Combination, FewTerms};
use super::pack::Repack;
use super::packed::PackedProduct;
use super::pooling::{Greatest, Mean, Windows};
use super::tile::{Single, Sweep};
use crate::dispatch::dispatch;

/// What a type has for the dense kernels: each of them, at the active level.
pub trait Instances: Sized {
    fn single(single: &mut Single<'_, Self>);
    fn repack(repack: &mut Repack<'_, Self>);
    /// By tiles that are `width` registers wide.
    fn sweep(sweep: &mut Sweep<'_, Self>, width: usize, fused: bool);
    fn blocks(product: &mut Blocks<'_, '_, Self>);
    fn packed_product(product: &mut PackedProduct<'_, '_, Self>);
    fn combination(product: &mut Combination<'_, Self>);
    fn few_terms(few: &mut FewTerms<'_, Self>);
    fn dots(product: &mut Dots<'_, Self>);
    fn convolution(convolution: &mut Convolution<'_, Self>);
    fn maxima_of_windows(windows: &mut Windows<'_, Self, Greatest>);
    fn means_of_windows(windows: &mut Windows<'_, Self, Mean>);
}

/// One row: an element type.
macro_rules! instances {
    ($($element:ty;)*) => {$(
        impl Instances for $element {
            fn single(single: &mut Single<'_, Self>) {
                dispatch(single);
            }

            fn repack(repack: &mut Repack<'_, Self>) {
                dispatch(repack);
            }

            fn sweep(sweep: &mut Sweep<'_, Self>, width: usize, fused: bool) {
                sweep.dispatch(width, fused);
            }

            fn blocks(product: &mut Blocks<'_, '_, Self>) {
                dispatch(product);
            }

            fn packed_product(product: &mut PackedProduct<'_, '_, Self>) {
                dispatch(product);
            }

            fn combination(product: &mut Combination<'_, Self>) {
                dispatch(product);
            }

            fn few_terms(few: &mut FewTerms<'_, Self>) {
                dispatch(few);
            }

            fn dots(product: &mut Dots<'_, Self>) {
                dispatch(product);
            }

            fn convolution(convolution: &mut Convolution<'_, Self>) {
                dispatch(convolution);
            }

            fn maxima_of_windows(windows: &mut Windows<'_, Self, Greatest>) {
                dispatch(windows);
            }

            fn means_of_windows(windows: &mut Windows<'_, Self, Mean>) {
                dispatch(windows);
            }
        }
    )*};
}

instances! {
    f32;
    f64;
}
