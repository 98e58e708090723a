//! PyTorch and ONNX Runtime, in a child process that lives as long as the run, for convolution and
//! pooling.
//!
//! The protocol is described in `peers/torch_peer.py`; who speaks it is `super::python`'s. ONNX
//! Runtime is timed with inputs and output that exist before, PyTorch as its users call it.

use std::cell::RefCell;

use super::python::Session;
use crate::groups::slices::Operands;
use crate::measure::Contender;

/// The name of the child in notes.
pub const NAME: &str = "torch";

/// Who answers, by their names in reports.
const PEERS: [&str; 2] = ["torch", "onnxruntime"];

const SCRIPT: &str = include_str!("../../peers/torch_peer.py");

/// A running child.
#[derive(Debug)]
pub struct Torch {
    threads: usize,
    found: Vec<&'static str>,
    session: RefCell<Session>,
}

/// What it is asked for, without padding.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// conv2d, max_pool2d or avg_pool2d.
    pub op: &'static str,
    /// Channels, rows and columns.
    pub image: [usize; 3],
    /// Output channels, channels, rows and columns; not for pools.
    pub kernel: Option<[usize; 4]>,
    /// Rows and columns from one place to the next; of a pool also its window.
    pub stride: usize,
}

impl Torch {
    /// Starts `python3` from the search path, each library on `threads` threads, and names those that
    /// are missing.
    ///
    /// # Errors
    /// Why neither is to be had, in a line.
    pub fn start(threads: usize) -> Result<(Self, Vec<&'static str>), String> {
        let (session, words) = Session::start(SCRIPT, threads)?;
        let is_there = |peer: &str| {
            let mut names = words.iter().filter_map(|word| word.split_once(':'));
            names.any(|(name, _)| name == peer)
        };
        let (found, missing) = PEERS.iter().partition(|peer| is_there(peer));
        let torch = Self {
            threads,
            found,
            session: session.into(),
        };
        Ok((torch, missing))
    }

    /// A contender for each library that is there; the operands' x is the image, y the kernel.
    pub fn contenders(
        &self,
        asked: Asked,
    ) -> impl Iterator<Item = Contender<'_, Operands<f32>, ()>> {
        let found = self.found.iter();
        found.map(move |&peer| {
            let call = move |operands: &mut Operands<f32>| {
                let session = &mut *self.session.borrow_mut();
                load(session, peer, asked, operands)?;
                session.call(
                    &format!("call {peer}"),
                    bytemuck::cast_slice_mut(&mut operands.out),
                )
            };
            let repeat = move |_: &mut Operands<f32>, times: u64| {
                let request = format!("time {peer} {times}");
                self.session.borrow_mut().time(&request)
            };
            Contender::elsewhere(peer, self.threads, call, repeat)
        })
    }
}

/// Sends the operands and says who is asked: they take turns in one process.
fn load(
    session: &mut Session,
    peer: &str,
    asked: Asked,
    operands: &Operands<f32>,
) -> Result<(), String> {
    let Asked {
        op,
        image: [channels, rows, columns],
        kernel,
        stride,
    } = asked;
    session.tell_to(
        &format!("image {channels} {rows} {columns}"),
        &[bytemuck::cast_slice(&operands.x)],
    )?;
    if let Some([results, channels, rows, columns]) = kernel {
        session.tell_to(
            &format!("kernel {results} {channels} {rows} {columns}"),
            &[bytemuck::cast_slice(&operands.y)],
        )?;
    }
    session.tell_to(&format!("use {peer} {op} {stride}"), &[])
}
