//! The committed hashes of what every kernel gives on fixed inputs: the same on every target, at
//! every level, on every machine, natively, emulated or interpreted.
//!
//! A line of `tests/golden/hashes.txt` is `<kernel> <dtype> <hash>`, or with `tiny` before the hash
//! the one over the few short inputs that an interpreter has time for. After a change of results
//! that is meant, `CROSSOVER_BLESS=1 cargo test -p kernels-simd golden` writes the file anew.

use crate::inputs::{Input, Output, TestElement, Values};
use crate::kernels::{self, Map, Nan, Reduction, Visitor};

const COMMITTED: &str = include_str!("../golden/hashes.txt");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/hashes.txt");

/// FNV-1a over words of 64 bits, not bytes, which would be most of an interpreter's time; so each
/// step also folds the high bits down.
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    fn add(&mut self, bits: u128) {
        for word in [bits as u64, (bits >> 64) as u64] {
            self.0 = (self.0 ^ word).wrapping_mul(0x0100_0000_01B3);
            self.0 ^= self.0 >> 32;
        }
    }
}

/// Writes lines.
struct Golden {
    tiny: bool,
    lines: Vec<String>,
}

impl Golden {
    /// Every line of one size.
    fn lines(tiny: bool) -> Vec<String> {
        let mut golden = Self {
            tiny,
            lines: vec![],
        };
        kernels::of_f32(&mut golden);
        kernels::of_f64(&mut golden);
        kernels::of_integers(&mut golden);
        golden.lines
    }

    fn inputs<T: TestElement>(&self, longest: usize) -> Vec<Input<T>> {
        let (vl, leaf) = (T::VL, T::LEAF);
        let lengths = if self.tiny {
            vec![3, vl + 5]
        } else {
            let short = [0, 1, 2, 3, 7, vl - 1, vl, vl + 1, 2 * vl + 9, 700];
            [&short[..], &[leaf, leaf + 1, 5 * leaf + 333]].concat()
        };
        let values = if self.tiny {
            &[Values::Specials][..]
        } else {
            &Values::ALL
        };
        let lengths = lengths.into_iter().filter(|len| *len <= longest);
        lengths
            .flat_map(|len| {
                let input = move |values: &Values| Input::new(*values, len, len as u64);
                values.iter().map(input)
            })
            .collect()
    }

    fn line(&mut self, name: &str, ty: &str, hash: Hash) {
        let tiny = if self.tiny { " tiny" } else { "" };
        self.lines
            .push(format!("{name} {ty}{tiny} {:016x}", hash.0));
    }
}

impl Visitor for Golden {
    fn reductions<T: TestElement>(&mut self, rows: Vec<Reduction<T>>) {
        let inputs = self.inputs::<T>(usize::MAX);
        for row in rows {
            let mut hash = Hash::new();
            for input in &inputs {
                hash.add((row.kernel)(&input.args(0..input.x.len())));
            }
            self.line(row.name, row.ty, hash);
        }
    }

    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>) {
        // Maps have no leaves.
        let inputs = self.inputs::<T>(1000);
        for row in rows {
            let mut hash = Hash::new();
            for input in &inputs {
                let mut out = vec![O::GUARD; input.x.len()];
                (row.kernel)(&input.args(0..out.len()), &mut out);
                for value in out {
                    hash.add(match row.nan {
                        Nan::Any => value.bits_but_nan(),
                        Nan::Kept => value.bits(),
                    });
                }
            }
            self.line(row.name, T::NAME, hash);
        }
    }
}

/// Every computed line is committed, and the other way round.
fn compare(computed: &[String], tiny: bool) {
    let committed: Vec<&str> = COMMITTED
        .lines()
        .filter(|line| line.contains(" tiny ") == tiny)
        .collect();
    let new = computed
        .iter()
        .filter(|line| !committed.contains(&line.as_str()));
    let gone = committed
        .iter()
        .filter(|line| !computed.iter().any(|c| c == *line));
    let difference: Vec<String> = gone
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect();
    assert!(
        difference.is_empty(),
        "results at level {} differ from {FILE}:\n{}",
        kernels_simd::Level::active(),
        difference.join("\n")
    );
    println!(
        "{} lines at level {}",
        computed.len(),
        kernels_simd::Level::active()
    );
}

#[test]
fn tiny_results_have_the_committed_hashes() {
    if std::env::var_os("CROSSOVER_BLESS").is_none() {
        compare(&Golden::lines(true), true);
    }
}

#[test]
#[cfg_attr(miri, ignore = "an interpreter has time for the tiny ones")]
fn results_have_the_committed_hashes() {
    if std::env::var_os("CROSSOVER_BLESS").is_none() {
        compare(&Golden::lines(false), false);
        return;
    }
    let lines = [Golden::lines(false), Golden::lines(true)].concat();
    std::fs::write(FILE, lines.join("\n") + "\n").expect("the golden file can be written");
    println!("{FILE} is written: look at its diff");
}
