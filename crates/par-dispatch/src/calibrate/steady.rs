//! Whether the machine is the same as a moment ago: how far apart two cores are, and whether they
//! really are two. On a virtual machine both change within seconds.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{fmt, thread};

/// A change of the round trip that is none: cores are moved by factors.
const ROUND_TRIP_CHANGE_MAX: f64 = 1.4;

/// A change of the cores that two threads have that is none.
const CORES_CHANGE_MAX: f64 = 0.15;

/// Round trips of one sample.
const ROUNDS: u32 = 2_000;

/// What tells one moment of a machine from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steadiness {
    /// From one core to another and back, through one cache line.
    pub line_round_trip_ns: f64,
    /// How much faster two threads are than one, on arithmetic in registers and the first cache:
    /// 2 on two cores, about 1 where both are threads of one.
    pub scaling: f64,
}

impl Steadiness {
    /// Measures both, in some 30 ms.
    #[must_use]
    pub fn measure() -> Self {
        Self {
            line_round_trip_ns: line_round_trip_ns(),
            scaling: scaling(),
        }
    }

    /// Whether nothing has moved between the two.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        let round_trip = self.line_round_trip_ns / other.line_round_trip_ns;
        round_trip.max(1.0 / round_trip) < ROUND_TRIP_CHANGE_MAX
            && (self.cores() - other.cores()).abs() < CORES_CHANGE_MAX
    }

    /// Cores that two threads have. More is a clock that rose meanwhile.
    pub(super) fn cores(self) -> f64 {
        self.scaling.min(2.0)
    }
}

impl fmt::Display for Steadiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cache line round trip {:.0} ns, two-thread scaling {:.2}",
            self.line_round_trip_ns, self.scaling
        )
    }
}

/// Two threads answer each other through one word; the best of a few samples.
fn line_round_trip_ns() -> f64 {
    (0..5).map(|_| ping_pong()).fold(f64::INFINITY, f64::min)
}

fn ping_pong() -> f64 {
    let ball = AtomicU32::new(0);
    // Relaxed: the ball is all that is passed. Where both share a core, the other needs it.
    let wait_for = |turn| {
        let mut looks = 0_u32;
        while ball.load(Relaxed) != turn {
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(10_000) {
                thread::yield_now();
            }
            std::hint::spin_loop();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in (1..2 * ROUNDS).step_by(2) {
                wait_for(turn);
                ball.store(turn + 1, Relaxed);
            }
        });
        let mut begun = Instant::now();
        for turn in (1..2 * ROUNDS).step_by(2) {
            ball.store(turn, Relaxed);
            wait_for(turn + 1);
            if turn == 1 {
                // The first round waits for the thread to start.
                begun = Instant::now();
            }
        }
        begun.elapsed().as_nanos() as f64 / f64::from(ROUNDS - 1)
    })
}

const WINDOW: Duration = Duration::from_millis(3);

/// Work done by two threads in a window, against one thread's; the best of a few.
fn scaling() -> f64 {
    let one = |until: Instant| {
        let (x, mut out) = ([0.5_f32; 1024], [0.0_f32; 1024]);
        let mut done = 0_u64;
        while Instant::now() < until {
            for _ in 0..8 {
                kernels_simd::exp(black_box(&x), &mut out);
                black_box(&out);
            }
            done += 8;
        }
        done as f64
    };
    let sample = |_| {
        let alone = one(Instant::now() + WINDOW);
        // A thread may take milliseconds to start, which says nothing of how fast it is.
        let started = AtomicU32::new(0);
        let both: f64 = thread::scope(|scope| {
            let work = || {
                // Relaxed: only that both are here.
                started.fetch_add(1, Relaxed);
                while started.load(Relaxed) < 2 {
                    thread::yield_now();
                }
                one(Instant::now() + WINDOW)
            };
            let other = scope.spawn(work);
            work() + other.join().unwrap_or(0.0)
        });
        both / alone
    };
    let mut samples: Vec<f64> = (0..3).map(sample).collect();
    samples.sort_by(f64::total_cmp);
    samples[1]
}
