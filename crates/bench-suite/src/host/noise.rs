//! What else the machine did while we measured: other processes, and a clock that drifts.
//!
//! Decided here: a probe is a chain of dependent multiplications in a register, which nothing but
//! the clock of the CPU can make slower; it runs between cases, at most every `EVERY`. Other load
//! is what `/proc/stat` says of all CPUs less what `/proc/self` says of us and of peers that have
//! ended.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::report::schema::{Noise, Probe};

const EVERY: Duration = Duration::from_secs(2);
/// Links of the chain, and chains of which the fastest counts: an interrupt spoils one of them.
const STEPS: u32 = 20_000;
const CHAINS: usize = 5;
/// CPUs of others above which figures are not to be trusted.
const OTHERS_MAX: f64 = 0.1;
/// Drift above which only ratios are.
const DRIFT_MAX: f64 = 0.05;
/// The kernel's unit of time in /proc: a hundredth of a second on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// A watch over one run.
#[derive(Debug)]
pub struct Watch {
    begun: Instant,
    /// Ticks of all processes and of ours, when the run began.
    ticks: Option<[f64; 2]>,
    probes: Vec<Probe>,
}

impl Watch {
    /// Begins, with a probe.
    #[must_use]
    pub fn begin() -> Self {
        let mut watch = Self {
            begun: Instant::now(),
            ticks: ticks(),
            probes: Vec::new(),
        };
        watch.look();
        watch
    }

    /// Probes the clock, if the last look is long enough ago.
    pub fn look_again(&mut self) {
        let last = self.probes.last().map_or(0.0, |probe| probe.at_s);
        if self.begun.elapsed().as_secs_f64() - last >= EVERY.as_secs_f64() {
            self.look();
        }
    }

    fn look(&mut self) {
        let probe = |()| {
            let start = Instant::now();
            let mut value = black_box(0x9e37_79b9_u64);
            for _ in 0..STEPS {
                value = value.wrapping_mul(black_box(0xbf58_476d_1ce4_e5b9));
            }
            black_box(value);
            start.elapsed().as_nanos() as f64 / f64::from(STEPS)
        };
        let ns = [(); CHAINS].map(probe).into_iter().fold(f64::MAX, f64::min);
        self.probes.push(Probe {
            at_s: self.begun.elapsed().as_secs_f64(),
            ns,
        });
    }

    /// What there is to say.
    #[must_use]
    pub fn end(mut self) -> Noise {
        self.look();
        let elapsed = self.begun.elapsed().as_secs_f64();
        let other_cpus = self.ticks.zip(ticks()).map(|(before, after)| {
            let [all, ours] = [0, 1].map(|index| after[index] - before[index]);
            ((all - ours) / TICKS_PER_S / elapsed.max(0.01)).max(0.0)
        });
        let ns = self.probes.iter().map(|probe| probe.ns);
        let (fastest, slowest) = (ns.clone().fold(f64::MAX, f64::min), ns.fold(0.0, f64::max));
        let drift = slowest / fastest - 1.0;
        Noise {
            verdict: verdict(other_cpus, drift),
            other_cpus,
            probes: self.probes,
            drift,
        }
    }
}

fn verdict(other_cpus: Option<f64>, drift: f64) -> String {
    let mut faults = Vec::new();
    match other_cpus {
        None => faults.push("the load of other processes is unknown".to_owned()),
        Some(others) if others > OTHERS_MAX => {
            faults.push(format!("other processes kept {others:.2} CPUs busy"));
        }
        Some(_) => {}
    }
    if drift > DRIFT_MAX {
        faults.push(format!("the clock drifted by {:.0} %", 100.0 * drift));
    }
    if faults.is_empty() {
        "quiet: no other load, a steady clock".into()
    } else {
        format!("noisy: {}; trust ratios before times", faults.join(", "))
    }
}

/// Ticks that all CPUs were busy, and that we were.
fn ticks() -> Option<[f64; 2]> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let own = fs::read_to_string("/proc/self/stat").ok()?;
    Some([busy_of(&stat)?, own_of(&own)?])
}

/// user, nice, system, irq, softirq of the line of all CPUs; neither idle time nor the guests'.
fn busy_of(stat: &str) -> Option<f64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<f64> = line
        .split_whitespace()
        .filter_map(|f| f.parse().ok())
        .collect();
    [0, 1, 2, 5, 6].iter().map(|&index| fields.get(index)).sum()
}

/// utime, stime, and those of children that have ended: fields 14 to 17, behind a name that may
/// contain anything.
fn own_of(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = fields
        .get(11..15)?
        .iter()
        .map(|field| field.parse::<f64>().ok());
    ticks.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_as_the_kernel_writes_it() {
        let stat = "cpu  100 5 30 9000 40 2 3 0 0 0\ncpu0 1 1 1 1 1 1 1 0 0 0\n";
        assert_eq!(busy_of(stat), Some(140.0));
        let own = "42 (a b) c) S 1 1 1 0 -1 4194560 100 0 0 0 7 2 1 3 20 0 1 0";
        assert_eq!(own_of(own), Some(13.0));
        assert_eq!(busy_of(""), None);
        assert_eq!(own_of("42 (x) S"), None);
    }

    #[test]
    fn noise_is_told() {
        assert!(verdict(Some(0.01), 0.01).starts_with("quiet"));
        assert!(verdict(Some(1.3), 0.01).contains("1.30 CPUs"));
        assert!(verdict(Some(0.0), 0.4).contains("40 %"));
        assert!(verdict(None, 0.0).contains("unknown"));
        let noise = Watch::begin().end();
        assert_eq!(noise.probes.len(), 2);
        assert!(noise.drift >= 0.0 && !noise.verdict.is_empty());
    }
}
