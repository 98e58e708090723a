//! How much time a question gets: in quick runs, in full ones, in tests.

use std::time::Duration;

/// How long a question may be asked.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Length of one sample, in nanoseconds; a call that is longer is a sample of its own.
    pub sample_ns: f64,
    /// Time for all rounds of a case.
    pub budget: Duration,
    /// Rounds even if they exceed the budget.
    pub rounds_min: usize,
    /// Rounds that are enough even if the budget would allow more.
    pub rounds_max: usize,
    /// How long a pool is watched at work; at least one pass of its workload.
    pub window: Duration,
    /// Whether page faults are counted.
    pub page_faults: bool,
}

/// Rounds that must do where a group has hundreds of cases.
const ROUNDS_MIN_OF_MANY: usize = 7;

impl Plan {
    /// For `--quick`: spreads of a few percent, the whole suite in well under a minute.
    pub const QUICK: Self = Self {
        sample_ns: 50_000.0,
        budget: Duration::from_millis(100),
        rounds_min: 7,
        rounds_max: 500,
        window: Duration::from_millis(500),
        page_faults: false,
    };

    /// For a full run: the whole suite in some minutes.
    pub const FULL: Self = Self {
        sample_ns: 100_000.0,
        budget: Duration::from_millis(1500),
        rounds_min: 15,
        rounds_max: 4000,
        window: Duration::from_secs(2),
        page_faults: false,
    };

    /// Exactly `rounds` rounds of short samples, for a first look and for tests.
    #[must_use]
    pub const fn rounds(rounds: usize) -> Self {
        Self {
            sample_ns: 10_000.0,
            budget: Duration::ZERO,
            rounds_min: rounds,
            rounds_max: rounds,
            window: Duration::ZERO,
            page_faults: false,
        }
    }

    /// The plan for a question about memory: page faults are counted too.
    #[must_use]
    pub fn counting_page_faults(self) -> Self {
        Self {
            page_faults: true,
            ..self
        }
    }

    /// The plan for a case of a group with very many: a share of the time. A fixed number of
    /// rounds stays as it is.
    #[must_use]
    pub fn share(self, of_budget: f64) -> Self {
        if self.budget.is_zero() {
            return self;
        }
        Self {
            budget: self.budget.mul_f64(of_budget),
            rounds_min: self.rounds_min.min(ROUNDS_MIN_OF_MANY),
            ..self
        }
    }
}
