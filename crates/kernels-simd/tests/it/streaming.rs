//! Outputs beyond the last-level cache go another way: streamed in blocks, with a head and a tail.

use crate::inputs::{Input, Output, TestElement, Values};
use crate::kernels::{self, Map, Reduction, Visitor};
use crate::levels;
use crate::sweep::Sweep;

/// One kernel of each shape and size of element: the rest differ in the formula alone.
const KERNELS: &[&str] = &["add", "relu", "mul_scalar", "cast_to_f64", "cast_to_u8"];

/// Beyond it, the test would ask too much memory of the machine.
const MOST_BYTES: usize = 256 << 20;

/// Bytes of the last-level cache as Linux knows it, else what the crate assumes.
fn last_level_bytes() -> usize {
    let dir = "/sys/devices/system/cpu/cpu0/cache";
    let sizes = (0..8).filter_map(|i| {
        let text = std::fs::read_to_string(format!("{dir}/index{i}/size")).ok()?;
        let kib: usize = text.trim().strip_suffix('K')?.parse().ok()?;
        Some(kib << 10)
    });
    sizes.max().unwrap_or(0).max(32 << 20)
}

struct Streaming<'a> {
    sweep: Sweep<'a>,
    footprint_bytes: usize,
    /// Elements before the output.
    offset: usize,
}

impl Visitor for Streaming<'_> {
    fn reductions<T: TestElement>(&mut self, _: Vec<Reduction<T>>) {}

    fn maps<T: TestElement, O: Output>(&mut self, rows: Vec<Map<T, O>>) {
        for row in rows.iter().filter(|row| KERNELS.contains(&row.name)) {
            // The second operand counts only where there is one.
            let operands = if row.name == "add" { 2 } else { 1 };
            let bytes = operands * size_of::<T>() + size_of::<O>();
            let len = self.footprint_bytes / bytes + 13;
            let input = Input::<T>::new(Values::Sprinkled, len, 5);
            self.sweep
                .map(row, &input.args(0..len), self.offset, &"beyond the cache");
            self.offset += 5;
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "tens of megabytes")]
fn outputs_beyond_the_cache_equal_the_model() {
    let footprint_bytes = last_level_bytes() / 8 * 9;
    if footprint_bytes > MOST_BYTES {
        println!("not run: the last-level cache needs {footprint_bytes} bytes");
        return;
    }
    levels::forcing(|levels| {
        let mut streaming = Streaming {
            sweep: Sweep { levels },
            footprint_bytes,
            offset: 1,
        };
        kernels::of_f32(&mut streaming);
        kernels::of_f64(&mut streaming);
    });
}
