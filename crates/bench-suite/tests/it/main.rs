//! The program from outside: flags, files, exit statuses, and a report that keeps its names.

mod data;
mod flags;
mod kernels;
mod pool_view;
mod program;
mod report;
mod statistics;
