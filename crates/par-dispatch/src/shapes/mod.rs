//! The shapes of a call, each in a file: what is handed to the body, and what comes back.

mod for_each;
mod launch;
mod map;
mod reduce;
mod tiles;
mod zip_map;

pub use launch::{Block, Grid};
