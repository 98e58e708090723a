//! The evidence of the workspace: workloads, contenders, statistics and reports.
//!
//! `cargo xtask bench` builds this package's binary in release and runs it. The library holds
//! everything but the flags, one room per question:
//!
//! | room | question |
//! |---|---|
//! | [`groups`] | what is measured, and what does each row ask? |
//! | [`contenders`] | who runs beside our crates? |
//! | [`workloads`] | which whole jobs are timed? |
//! | [`data`] | on which values? |
//! | [`reference`](mod@reference) | what is the right answer, and how far may a rounded one be from it? |
//! | [`measure`] | how is time taken? |
//! | [`stats`] | what do many samples say? |
//! | [`scaling`] | what do more threads gain? |
//! | [`limits`] | what can this machine do at most? |
//! | [`analyses`] | what do the rows add up to? |
//! | [`host`] | on which machine, compiler and commit? |
//! | [`report`] | how is it told, to programs and to people? |
//! | [`progress`] | what does one see meanwhile? |
//! | [`run`](mod@run) | in which order does it all happen? |
//!
//! What our measurements favour is written in `BIAS.md`.
//!
//! ```
//! use bench_suite::measure::{Contender, Plan, Trial, measure};
//!
//! let mut numbers: Vec<u64> = (0..1000).collect();
//! let contenders = [
//!     Contender::new("loop", 1, |x: &mut Vec<u64>| {
//!         let mut total = 0;
//!         for v in x.iter() {
//!             total += v;
//!         }
//!         total
//!     }),
//!     Contender::new("iterator", 1, |x: &mut Vec<u64>| x.iter().sum::<u64>()),
//! ];
//! let trial = Trial::new(|_, total, _| match *total {
//!     499_500 => Ok(()),
//!     other => Err(format!("{other}, expected 499500")),
//! });
//! let measured = measure(&Plan::rounds(5), &mut numbers, &contenders, &[trial], &[(0, 1)]);
//! assert_eq!(measured.contenders[0].answer, Ok(()));
//! assert_eq!(measured.ratios[0].len(), 5);
//! ```

pub mod analyses;
pub mod contenders;
pub mod data;
pub mod groups;
pub mod host;
pub mod limits;
pub mod measure;
pub mod progress;
pub mod reference;
pub mod report;
pub mod run;
pub mod scaling;
pub mod stats;
pub mod workloads;

pub use scaling::{Scaling, scalability};

/// The examples of the README, so that they compile and hold.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub mod readme {}
