//! Two revisions of kernels-simd in one process, on the same buffers: `base` and `new`.
//!
//! Blocks of about 100 µs run in the order A B B A, and B A A B in every second turn; a process
//! keeps the median of the turns' ratios. Process follows process, each with an environment of
//! another size, which moves the stack, and with the code of both revisions in another order in
//! memory: what a short call takes depends on where it lies, and one layout would pass for a change.
//! A change is what a first set of processes sees with a confidence of 95 %, and a second one, in
//! layouts of its own, with 99 %, beyond a margin, and in the same direction.

mod interval;
mod judge;
mod placed;
mod rows;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use interval::median_interval;
use judge::{Restarts, Verdict, judged};
use placed::Placed;

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
/// The variable through which a process learns which rows it measures.
const CHILD: &str = "CROSSOVER_AGAINST_ROWS";

/// What the operations read and write.
pub struct Operands<T> {
    x: Placed<T>,
    y: Placed<T>,
    out: Placed<T>,
}

/// Lines behind a page's beginning: the operands' and the output's.
const PLACES: [usize; 3] = [0, 21, 42];

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
            let zeros = crate::placed_out(&vec![0 as $t; o.x.len()]);
            let out = std::mem::replace(&mut o.out, zeros);
            let of_new = {
                use new as $krate;
                let $o = &mut *o;
                format!("{:?}", $call)
            };
            of_base == of_new
                && out
                    .iter()
                    .zip(&o.out[..])
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

fn placed_out<T: Copy>(values: &[T]) -> Placed<T> {
    Placed::new(values, PLACES[2])
}

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
    let values = |behind: usize| -> Vec<T> { (0..len).map(|i| from(value(i + behind))).collect() };
    let mut operands = Operands {
        x: Placed::new(&values(0), PLACES[0]),
        y: Placed::new(&values(len), PLACES[1]),
        out: placed_out(&vec![from(0.0); len]),
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
    let all: Vec<usize> = (0..cases.len()).collect();
    let verdicts = match Restarts::of_arguments().and_then(|r| judged(&cases, &all, &r)) {
        Ok(verdicts) => verdicts,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    println!(
        "{:<28} {:>12} {:>9}   interval",
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
