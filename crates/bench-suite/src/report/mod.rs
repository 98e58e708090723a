//! How a run is told: to programs as JSON, to people as tables.

pub mod schema;
pub mod table;
pub mod write;
