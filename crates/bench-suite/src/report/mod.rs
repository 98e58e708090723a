//! How a run is told: to programs as JSON, to people as tables and as a page with charts.

pub mod dispatch;
pub mod html;
mod kernels;
pub mod schema;
pub mod table;
pub mod write;
