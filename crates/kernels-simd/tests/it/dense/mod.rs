//! The dense kernels, at every level, against naive ones in f64.

mod images;
mod layouts;
mod products;
mod tiny;
mod views;
