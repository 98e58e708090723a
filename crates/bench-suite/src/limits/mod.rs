//! What this machine can do at most, measured in the run that is held against it: arithmetic in
//! registers, and memory at each level, on one thread and on all.
//!
//! Decided here: a limit is the best of several short looks, since it bounds. Reading is a wrapping
//! sum of integers at the widest registers there are, in one stream or four; adding has two operands
//! and an output, updating is in place; copying is the system's own. A level is walked over at half
//! its size, memory at four times the last cache. The time that the limits allow a row is that of its
//! bytes at the fastest of these, or of its operations, whichever is longer: a roofline. Rows that
//! walk over the same bytes again and again (`REPEATED`) have no such limit. The loops are in
//! `loops.rs`.

mod loops;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use loops::Walk;

use crate::report::schema::{ANSWER_OK, Bandwidth, Host, Limits, Peak, Row};

/// Length of one look, and how many there are.
const LOOK: Duration = Duration::from_millis(3);
const LOOKS: usize = 4;
/// Bytes, or operations, between two looks at the clock: some microseconds.
const UNITS_PER_CLOCK: u64 = 1 << 20;
/// Bytes for memory: four times the last cache, within these.
const MEMORY_BYTES: (u64, u64) = (64 << 20, 256 << 20);
/// The name of what is behind the caches.
const MEMORY: &str = "memory";
/// Groups whose bytes are more than what they touch.
const REPEATED: [&str; 2] = ["arena", "pool"];
/// Caches that each thread has of its own.
const PRIVATE: [&str; 2] = ["l1d", "l2"];

/// Measures them on one thread and on all threads of `pool`.
#[must_use]
pub fn measure(host: &Host, pool: &ThreadPool) -> Limits {
    let mut counts = vec![1, pool.current_num_threads()];
    counts.dedup();
    let arithmetic = counts.iter().map(|&threads| Peak {
        threads,
        gflops_f32: best(pool, threads, |_| (), |()| loops::fused(4096)),
    });
    let last = host.cache_bytes.values().copied().max().unwrap_or(0);
    let memory = (4 * last).clamp(MEMORY_BYTES.0, MEMORY_BYTES.1);
    let mut bandwidth = Vec::new();
    for &threads in &counts {
        let share = |level: &str| {
            if PRIVATE.contains(&level) {
                threads as u64
            } else {
                1
            }
        };
        let caches = host.cache_bytes.iter();
        let levels = caches.map(|(level, &bytes)| {
            let capacity = bytes * share(level);
            (level.as_str(), Some(capacity), capacity / 2)
        });
        for (level, capacity_bytes, footprint_bytes) in levels.chain([(MEMORY, None, memory)]) {
            // A thread's share, which is walked over as a whole or in thirds of whole lines.
            let words = (footprint_bytes as usize / threads / 24).max(64) / 8 * 8;
            let buffer = |_| Aligned::new(3 * words);
            // Bytes of so many thirds that are read or written in a walk.
            let walked = |thirds: usize| (8 * thirds * words) as u64;
            let read = |way| {
                move |all: &mut Aligned| {
                    black_box(loops::walk(way, black_box(all.words()), &[], &mut []));
                    walked(3)
                }
            };
            let copy = |all: &mut Aligned| {
                let [x, _, z] = all.thirds();
                black_box(z).copy_from_slice(black_box(x));
                walked(2)
            };
            let add = |all: &mut Aligned| {
                let [x, y, z] = all.thirds();
                loops::walk(Walk::Add, black_box(x), black_box(y), black_box(z));
                walked(3)
            };
            let update = |all: &mut Aligned| {
                let [.., z] = all.thirds();
                loops::walk(Walk::Update, &[], &[], black_box(z));
                walked(2)
            };
            let reads = [Walk::Sum, Walk::SumOfStreams];
            let reads = reads.map(|way| best(pool, threads, buffer, read(way)));
            bandwidth.push(Bandwidth {
                level: level.to_owned(),
                capacity_bytes,
                footprint_bytes,
                threads,
                read_gb_per_s: reads.into_iter().fold(0.0, f64::max),
                copy_gb_per_s: best(pool, threads, buffer, copy),
                add_gb_per_s: best(pool, threads, buffer, add),
                update_gb_per_s: best(pool, threads, buffer, update),
            });
        }
    }
    Limits {
        arithmetic: arithmetic.collect(),
        bandwidth,
    }
}

/// Words from the beginning of a cache line on: a register that lies in two takes two reads.
struct Aligned {
    memory: Vec<u64>,
    skipped: usize,
    len: usize,
}

impl Aligned {
    /// Of so many words, a multiple of three.
    fn new(len: usize) -> Self {
        const LINE_BYTES: usize = 64;
        let memory = vec![1_u64; len + LINE_BYTES / 8];
        let skipped = memory.as_ptr().align_offset(LINE_BYTES);
        Self {
            memory,
            skipped,
            len,
        }
    }

    fn words(&mut self) -> &mut [u64] {
        &mut self.memory[self.skipped..][..self.len]
    }

    fn thirds(&mut self) -> [&mut [u64]; 3] {
        let third = self.len / 3;
        let (x, others) = self.words().split_at_mut(third);
        let (y, z) = others.split_at_mut(third);
        [x, y, z]
    }
}

/// The best rate, in units per nanosecond, of `threads` threads that do `work` at the same time;
/// each call tells how many units it did.
fn best<C>(
    pool: &ThreadPool,
    threads: usize,
    context: impl Fn(usize) -> C + Sync,
    work: impl Fn(&mut C) -> u64 + Sync,
) -> f64 {
    let barrier = Barrier::new(threads);
    let rates = pool.broadcast(|worker| {
        if worker.index() >= threads {
            return [0.0; LOOKS];
        }
        let mut context = context(worker.index());
        // Several calls per look at the clock, which takes longer than the shortest.
        let calls = UNITS_PER_CLOCK.div_ceil(work(&mut context));
        [(); LOOKS].map(|()| {
            barrier.wait();
            let start = Instant::now();
            let mut units = 0;
            while start.elapsed() < LOOK {
                units += (0..calls).map(|_| work(&mut context)).sum::<u64>();
            }
            units as f64 / start.elapsed().as_nanos() as f64
        })
    });
    let looks = (0..LOOKS).map(|look| rates.iter().map(|rates| rates[look]).sum::<f64>());
    looks.fold(0.0, f64::max)
}

impl Limits {
    /// The least nanoseconds in which this machine could do what a row did.
    ///
    /// `None` where neither bytes nor operations are counted, or the thread count was not measured.
    #[must_use]
    pub fn least_ns(&self, row: &Row) -> Option<f64> {
        if REPEATED.contains(&&*row.group) {
            return None;
        }
        let of_bytes = match row.bytes {
            0 => 0.0,
            bytes => bytes as f64 / self.at(bytes, row.threads)?.best(),
        };
        let of_flops = match row.flops {
            0 => 0.0,
            flops => flops as f64 / self.gflops(row.threads, &row.dtype)?,
        };
        let least = f64::max(of_bytes, of_flops);
        (least > 0.0).then_some(least)
    }

    /// The level that holds so many bytes.
    #[must_use]
    pub fn at(&self, bytes: u64, threads: usize) -> Option<&Bandwidth> {
        let of_threads = self.bandwidth.iter().filter(|b| b.threads == threads);
        of_threads.min_by_key(|b| match b.capacity_bytes {
            Some(capacity) if bytes <= capacity => capacity,
            Some(_) => u64::MAX,
            None => u64::MAX - 1,
        })
    }

    /// Peak arithmetic on this element type.
    fn gflops(&self, threads: usize, dtype: &str) -> Option<f64> {
        let peak = self
            .arithmetic
            .iter()
            .find(|peak| peak.threads == threads)?;
        let wide = matches!(dtype, "f64" | "i64");
        Some(peak.gflops_f32 / if wide { 2.0 } else { 1.0 })
    }

    /// Arithmetic of the most threads over one: the machine's ceiling for any speed-up.
    #[must_use]
    pub fn ceiling(&self, threads: usize) -> Option<f64> {
        Some(self.gflops(threads, "f32")? / self.gflops(1, "f32")?)
    }

    /// Fills in each row's fraction of its limit.
    pub fn hold_against(&self, rows: &mut [Row]) {
        for row in rows.iter_mut().filter(|row| row.answer == ANSWER_OK) {
            row.of_limit = self.least_ns(row).map(|least| least / row.ns_median);
        }
    }
}

impl Bandwidth {
    /// The fastest of the walks, in bytes per nanosecond.
    #[must_use]
    pub fn best(&self) -> f64 {
        let walks = [self.copy_gb_per_s, self.add_gb_per_s, self.update_gb_per_s];
        walks.into_iter().fold(self.read_gb_per_s, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host;

    #[test]
    fn limits_are_measured_at_each_level() {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap();
        let host = host::host();
        let limits = measure(&host, &pool);
        assert_eq!(limits.arithmetic.len(), 2);
        assert_eq!(limits.bandwidth.len(), 2 * (host.cache_bytes.len() + 1));
        for peak in &limits.arithmetic {
            assert!(peak.gflops_f32 > 0.1, "{peak:?}");
        }
        for level in &limits.bandwidth {
            assert!(level.best() > 0.1 && level.add_gb_per_s > 0.1, "{level:?}");
        }
    }

    #[test]
    fn a_row_is_held_against_the_level_that_its_bytes_fit() {
        let level = |level: &str, capacity_bytes, read_gb_per_s| Bandwidth {
            level: level.into(),
            capacity_bytes,
            footprint_bytes: 1,
            threads: 1,
            read_gb_per_s,
            copy_gb_per_s: 1.0,
            add_gb_per_s: 1.0,
            update_gb_per_s: 1.0,
        };
        let limits = Limits {
            arithmetic: vec![Peak {
                threads: 1,
                gflops_f32: 100.0,
            }],
            bandwidth: vec![
                level("l1d", Some(1 << 15), 200.0),
                level("l2", Some(1 << 20), 100.0),
                level(MEMORY, None, 20.0),
            ],
        };
        for (bytes, name) in [
            (100, "l1d"),
            (1 << 15, "l1d"),
            (1 << 16, "l2"),
            (1 << 21, MEMORY),
        ] {
            assert_eq!(limits.at(bytes, 1).unwrap().level, name);
            assert_eq!(limits.at(bytes, 2), None);
        }
        assert_eq!(limits.gflops(1, "f64"), Some(50.0));
    }
}
