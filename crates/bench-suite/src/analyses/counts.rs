//! How many instructions does a call of a hot kernel execute? Counted by callgrind, so the same
//! code gives the same figure on a noisy machine.
//!
//! Decided here: the program runs itself under valgrind twice per kernel, with few calls and with
//! many; the difference is the calls alone. Valgrind knows no AVX-512, so the kernels choose the
//! level that they see there, which is reported.

use std::hint::black_box;
use std::process::Command;

use crate::data::Embedded;
use crate::report::schema::Count;

/// The variable that makes the program such a child: `op n calls`.
pub const CHILD: &str = "CROSSOVER_COUNT";
/// Elements: several leaves of a reduction, all in the first cache.
const LEN: usize = 4096;
/// Calls of the two runs.
const CALLS: [u32; 2] = [10, 110];

/// A kernel on two operands and an output.
type Kernel = fn(&[f32], &[f32], &mut [f32]);

/// The hot kernels.
const KERNELS: [(&str, Kernel); 8] = [
    ("sum", |x, _, _| {
        black_box(kernels_simd::sum(x));
    }),
    ("dot", |x, y, _| {
        black_box(kernels_simd::dot(x, y));
    }),
    ("max", |x, _, _| {
        black_box(kernels_simd::max(x));
    }),
    ("norm", |x, _, _| {
        black_box(kernels_simd::norm(x));
    }),
    ("add", |x, y, out| kernels_simd::add(x, y, out)),
    ("relu", |x, _, out| kernels_simd::relu(x, out)),
    ("exp", |x, _, out| kernels_simd::exp(x, out)),
    ("softmax", |x, _, out| kernels_simd::softmax(x, out)),
];

/// Counts them, a row per kernel.
///
/// # Errors
/// Why nothing was counted, in words: no valgrind, or a child that failed.
pub fn count() -> Result<Vec<Count>, String> {
    KERNELS
        .iter()
        .map(|(op, _)| {
            let [few, many] = CALLS.map(|calls| instructions(op, calls));
            let ((few, level), (many, _)) = (few?, many?);
            Ok(Count {
                op: (*op).to_owned(),
                dtype: "f32".to_owned(),
                n: LEN,
                level,
                instructions: (many - few) / f64::from(CALLS[1] - CALLS[0]),
            })
        })
        .collect()
}

/// Instructions of a whole child, and the level it ran at.
fn instructions(op: &str, calls: u32) -> Result<(f64, String), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .env(CHILD, format!("{op} {calls}"))
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "valgrind is not installed".to_owned(),
            _ => format!("valgrind: {error}"),
        })?;
    let told = String::from_utf8_lossy(&output.stderr);
    let counted = told.lines().find_map(|line| {
        let (_, figure) = line.split_once("Collected : ")?;
        figure.trim().parse().ok()
    });
    match counted {
        Some(counted) if output.status.success() => {
            let level = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Ok((counted, level))
        }
        _ => Err(format!(
            "callgrind failed on {op}: {}",
            told.lines().last().unwrap_or("no output")
        )),
    }
}

/// What the child does: prints the level, calls the kernel. `false` if it is not asked to.
#[must_use]
pub fn be_counted() -> bool {
    let Some(asked) = std::env::var(CHILD).ok() else {
        return false;
    };
    let mut words = asked.split(' ');
    let (op, calls) = (
        words.next(),
        words.next().and_then(|calls| calls.parse().ok()),
    );
    if let Some((_, kernel)) = KERNELS.iter().find(|(name, _)| Some(*name) == op) {
        let (x, y) = Embedded::load().pair::<f32>(LEN);
        let mut out = vec![0.0; LEN];
        println!("{}", kernels_simd::Level::active().name());
        for _ in 0..calls.unwrap_or(0_u32) {
            kernel(black_box(&x), black_box(&y), black_box(&mut out));
        }
    }
    true
}
