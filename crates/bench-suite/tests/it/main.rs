//! The program from outside: flags, files, exit statuses, and a report that keeps its names.

mod data;
mod flags;
mod interrupt;
mod kernels;
mod page;
mod pool_view;
mod program;
mod report;
mod schema;
mod statistics;
