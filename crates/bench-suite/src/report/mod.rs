//! How a run is told: to programs as JSON, to people as tables.

mod kernels;
pub mod schema;
pub mod table;
pub mod write;
