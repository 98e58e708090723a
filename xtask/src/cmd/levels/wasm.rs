//! A WebAssembly program under Node.js, whose WASI needs a few lines of script around it.

use std::path::Path;

use anyhow::Result;

use crate::run::{Program, Told};

/// Runs `argv[1]` with the arguments after it, and ends with its status.
const RUNNER: &str = "\
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';
const [program, ...args] = process.argv.slice(1);
const wasi = new WASI({ version: 'preview1', args: [program, ...args], env: {} });
const module = await WebAssembly.compile(readFileSync(program));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
";

/// Runs a program of the target `wasm32-wasip1`, without files and variables.
pub(super) fn run(program: &Path, args: &[&str]) -> Result<Told> {
    Program::new("node")
        .args([
            "--no-warnings",
            "--input-type=module",
            "--eval",
            RUNNER,
            "--",
        ])
        .arg(program)
        .args(args)
        .tee()
}
