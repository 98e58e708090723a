//! Two revisions of kernels-simd in one process, on the same buffers: `base` and `new`.
//!
//! Blocks of about 100 µs run in the order A B B A, and B A A B in every second turn; a process
//! keeps the median of the turns' ratios. The program starts itself again and again, each time with
//! an environment of another size, which moves the stack and with it what happens to be aligned.
//! The verdict is the 99 % interval of the processes' medians, which must clear a margin. A change
//! must be seen by a second set of processes too before it is told.

mod interval;
mod rows;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use interval::median_interval;

/// A figure with the interval that it is believed to lie in.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Length of a block.
const BLOCK_NS: f64 = 100_000.0;
/// What a row gets in a process: fifteen of them make 0.4 s.
const ROW: Duration = Duration::from_millis(27);
/// Elements: in the first cache, in the second, in the last.
const SIZES: [usize; 4] = [1 << 10, 1 << 12, 1 << 16, 1 << 20];
const CONFIDENCE: f64 = 0.99;
/// A ratio this close to 1 is not a change, however certain.
const MARGIN: f64 = 0.002;
/// The variable through which a process learns which rows it measures.
const CHILD: &str = "CROSSOVER_AGAINST_ROWS";
const PADDING: &str = "CROSSOVER_AGAINST_PADDING";
const PADDING_MAX: u64 = 8192;

/// What the operations read and write.
pub struct Operands<T> {
    x: Vec<T>,
    y: Vec<T>,
    out: Vec<T>,
}

/// Calls one revision's kernel so many times, and tells the nanoseconds per call.
type Repeat<T> = fn(&mut Operands<T>, u64) -> f64;

/// An operation of both revisions.
pub struct Row<T> {
    name: &'static str,
    base: Repeat<T>,
    new: Repeat<T>,
    /// Whether both have the same answer, to the bit.
    same: fn(&mut Operands<T>) -> bool,
}

/// A row of a kind: `reduce1!(sum f32)`.
macro_rules! row {
    ($name:ident, $t:ty, |$krate:ident, $o:ident| $call:expr) => {{
        fn base(o: &mut crate::Operands<$t>, calls: u64) -> f64 {
            use base as $krate;
            crate::per_call(calls, || {
                let $o = std::hint::black_box(&mut *o);
                std::hint::black_box($call);
            })
        }
        fn new(o: &mut crate::Operands<$t>, calls: u64) -> f64 {
            use new as $krate;
            crate::per_call(calls, || {
                let $o = std::hint::black_box(&mut *o);
                std::hint::black_box($call);
            })
        }
        fn same(o: &mut crate::Operands<$t>) -> bool {
            let of_base = {
                use base as $krate;
                let $o = &mut *o;
                format!("{:?}", $call)
            };
            let out = std::mem::replace(&mut o.out, vec![0 as $t; o.x.len()]);
            let of_new = {
                use new as $krate;
                let $o = &mut *o;
                format!("{:?}", $call)
            };
            of_base == of_new
                && out
                    .iter()
                    .zip(&o.out)
                    .all(|(a, b)| a.to_bits() == b.to_bits())
        }
        crate::Row::<$t> {
            name: stringify!($name),
            base,
            new,
            same,
        }
    }};
}
macro_rules! reduce1 {
    ($name:ident $t:ty) => {
        crate::row!($name, $t, |k, o| k::$name(&o.x))
    };
}
macro_rules! reduce2 {
    ($name:ident $t:ty) => {
        crate::row!($name, $t, |k, o| k::$name(&o.x, &o.y))
    };
}
macro_rules! map1 {
    ($name:ident $t:ty) => {
        crate::row!($name, $t, |k, o| k::$name(&o.x, &mut o.out))
    };
}
macro_rules! map2 {
    ($name:ident $t:ty) => {
        crate::row!($name, $t, |k, o| k::$name(&o.x, &o.y, &mut o.out))
    };
}
pub(crate) use {map1, map2, reduce1, reduce2, row};

#[inline(always)]
fn per_call(calls: u64, mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        call();
    }
    (start.elapsed().as_nanos() as f64).max(1.0) / calls as f64
}

/// A row at a size, whatever its element type.
struct Case {
    name: String,
    measure: Box<dyn Fn() -> (f64, f64)>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(of(rows::f32s(), "f32", |v| v));
    cases.extend(of(rows::f64s(), "f64", f64::from));
    cases
}

fn of<T: Copy + 'static>(rows: Vec<Row<T>>, dtype: &str, from: fn(f32) -> T) -> Vec<Case> {
    let case = |(row, len): (Row<T>, usize)| Case {
        name: format!("{} {dtype} {len}", row.name),
        measure: Box::new(move || measure(&row, len, from)),
    };
    let sized = rows.into_iter().flat_map(|row| {
        let Row {
            name,
            base,
            new,
            same,
        } = row;
        SIZES.map(|len| {
            (
                Row {
                    name,
                    base,
                    new,
                    same,
                },
                len,
            )
        })
    });
    sized.map(case).collect()
}

/// The median of new/base, negative where the answers differ, and the base's time.
fn measure<T: Copy>(row: &Row<T>, len: usize, from: fn(f32) -> T) -> (f64, f64) {
    // Between 0.5 and 1.5, without a pattern that a kernel could profit from.
    let value = |i: usize| 0.5 + (i.wrapping_mul(2_654_435_761) % 65_536) as f32 / 65_536.0;
    let mut operands = Operands {
        x: (0..len).map(|i| from(value(i))).collect(),
        y: (0..len).map(|i| from(value(i + len))).collect(),
        out: vec![from(0.0); len],
    };
    let same = (row.same)(&mut operands);
    let mut calls = 1;
    let call_ns = loop {
        let call_ns = (row.base)(&mut operands, calls);
        if call_ns * calls as f64 * 4.0 >= BLOCK_NS {
            break call_ns;
        }
        calls *= 2;
    };
    let calls = ((BLOCK_NS / call_ns) as u64).max(1);
    (row.new)(&mut operands, calls);
    let (mut ratios, mut times) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while start.elapsed() < ROW || ratios.len() < 5 {
        let [a, b] = if ratios.len() % 2 == 0 {
            [row.base, row.new]
        } else {
            [row.new, row.base]
        };
        let [a1, b1, b2, a2] = [a, b, b, a].map(|revision| revision(&mut operands, calls));
        let (base, new) = if ratios.len() % 2 == 0 {
            (a1 + a2, b1 + b2)
        } else {
            (b1 + b2, a1 + a2)
        };
        ratios.push(new / base);
        times.push(base / 2.0);
    }
    let median = |samples: &[f64]| median_interval(samples, 0.0).map_or(f64::NAN, |m| m.value);
    (
        if same {
            median(&ratios)
        } else {
            -median(&ratios)
        },
        median(&times),
    )
}

/// What the processes said of one row.
struct Verdict {
    name: String,
    ratio: Estimate,
    base_ns: f64,
    same: bool,
}

impl Verdict {
    fn word(&self) -> &'static str {
        if self.ratio.low > 1.0 + MARGIN {
            "slower"
        } else if self.ratio.high < 1.0 - MARGIN {
            "faster"
        } else {
            ""
        }
    }
}

fn main() -> ExitCode {
    let cases = cases();
    if let Ok(wanted) = std::env::var(CHILD) {
        for index in wanted
            .split(',')
            .filter_map(|index| index.parse::<usize>().ok())
        {
            let (ratio, base_ns) = (cases[index].measure)();
            println!("{index} {ratio} {base_ns}");
        }
        return ExitCode::SUCCESS;
    }
    let processes = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(15);
    let all: Vec<usize> = (0..cases.len()).collect();
    let verdicts = match judged(&cases, &all, processes) {
        Ok(verdicts) => verdicts,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    println!(
        "{:<28} {:>12} {:>9}   99 % interval",
        "kernel", "base", "new/base"
    );
    for verdict in &verdicts {
        let Verdict {
            name,
            ratio,
            base_ns,
            same,
        } = verdict;
        let Estimate { value, low, high } = ratio;
        let word = verdict.word();
        let answers = if *same { "" } else { "  other bits" };
        println!(
            "{name:<28} {base_ns:>9.1} ns {value:>9.4}   {low:.4} to {high:.4}  {word}{answers}"
        );
    }
    let count = |word: &str| verdicts.iter().filter(|v| v.word() == word).count();
    let (slower, faster) = (count("slower"), count("faster"));
    let differ = verdicts.iter().filter(|v| !v.same).count();
    println!(
        "{} rows: {slower} slower, {faster} faster, {differ} with other bits",
        verdicts.len()
    );
    if slower > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The verdicts on these rows; a change that a second set of processes does not see is none.
fn judged(cases: &[Case], rows: &[usize], processes: usize) -> Result<Vec<Verdict>, String> {
    let mut verdicts = asked(cases, rows, processes)?;
    let changed: Vec<usize> = (0..rows.len())
        .filter(|&i| !verdicts[i].word().is_empty())
        .collect();
    let again: Vec<usize> = changed.iter().map(|&i| rows[i]).collect();
    if !again.is_empty() {
        eprintln!("changed: {} rows; a second look", again.len());
        for (&i, second) in changed.iter().zip(asked(cases, &again, processes)?) {
            let agreed = second.word() == verdicts[i].word();
            verdicts[i].ratio = if agreed {
                second.ratio
            } else {
                // Both looks together: the interval holds 1 again.
                Estimate {
                    value: second.ratio.value,
                    low: second.ratio.low.min(verdicts[i].ratio.low),
                    high: second.ratio.high.max(verdicts[i].ratio.high),
                }
            };
        }
    }
    Ok(verdicts)
}

fn asked(cases: &[Case], rows: &[usize], processes: usize) -> Result<Vec<Verdict>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let wanted: Vec<String> = rows.iter().map(usize::to_string).collect();
    let mut found = vec![Vec::new(); rows.len()];
    for process in 0..processes {
        eprint!("\rprocess {} of {processes} ", process + 1);
        let padding = RandomState::new().build_hasher().finish() % PADDING_MAX;
        let output = Command::new(&program)
            .env(CHILD, wanted.join(","))
            .env(PADDING, "x".repeat(padding as usize))
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!(
                "a process failed: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        for (line, found) in String::from_utf8_lossy(&output.stdout)
            .lines()
            .zip(&mut found)
        {
            let figures: Vec<f64> = line
                .split(' ')
                .skip(1)
                .filter_map(|f| f.parse().ok())
                .collect();
            if let [ratio, base_ns] = figures[..] {
                found.push((ratio, base_ns));
            }
        }
    }
    eprintln!();
    let verdict = |(&row, figures): (&usize, &Vec<(f64, f64)>)| {
        let column = |of: &dyn Fn(&(f64, f64)) -> f64| {
            let column: Vec<f64> = figures.iter().map(of).collect();
            median_interval(&column, CONFIDENCE).ok_or_else(|| "a process said nothing".to_owned())
        };
        Ok(Verdict {
            name: cases[row].name.clone(),
            ratio: column(&|(ratio, _)| ratio.abs())?,
            base_ns: column(&|(_, base)| *base)?.value,
            same: figures.iter().all(|(ratio, _)| *ratio > 0.0),
        })
    };
    rows.iter().zip(&found).map(verdict).collect()
}
