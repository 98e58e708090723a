//! The time: nanoseconds since the recorder was made, on the CPU's cycle counter where that is
//! invariant and on the system's monotonic clock elsewhere (`quanta` decides, and calibrates once
//! per process, in at most 0.2 s).
//!
//! Decided here: the unit and the origin, so that every other module computes in plain `u64`
//! nanoseconds. What becomes of a counter that disagrees between cores is decided where times are
//! subtracted (`cell`): durations saturate at zero and busy time stays within its window.

/// A clock that starts at zero when it is made.
#[derive(Debug)]
pub(crate) struct Clock {
    source: quanta::Clock,
    origin: u64,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let source = quanta::Clock::new();
        let origin = source.raw();
        Self { source, origin }
    }

    /// Nanoseconds since the start; 0 should another core's counter stand before the origin.
    #[inline]
    pub(crate) fn now_ns(&self) -> u64 {
        self.source.delta_as_nanos(self.origin, self.source.raw())
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use std::time::{Duration, Instant};

    #[test]
    fn it_agrees_with_the_systems_clock() {
        let clock = Clock::start();
        let (system, ours) = (Instant::now(), clock.now_ns());
        std::thread::sleep(Duration::from_millis(50));
        let ours = (clock.now_ns() - ours) as f64;
        let system = system.elapsed().as_nanos() as f64;
        // The two pairs of readings nest, so ours is shorter but for the calibration's error; the
        // wide lower bound allows for a thread that is descheduled between the last two readings.
        assert!(ours < system * 1.01, "{ours} ns against {system}");
        assert!(ours > 49e6, "{ours} ns of at least 50 ms");
    }
}
