//! The CPU time of a recording thread, read by readers; and its last word when it exits.
//!
//! Decided here: how a thread's clock is named and read on Linux (feature `cpu-time`; elsewhere
//! nothing is known), and that a thread which exits leaves its final time. A reader asks for that
//! note after it has read the clock: by the time the system gives the name to another thread, the
//! note is there, so the other's time is never taken for this one's.

use crate::sync::{AtomicU64, EXIT_READ_LAST, Ordering};
use std::sync::Arc;

/// The thread has not exited.
const RUNNING: u64 = u64::MAX;
/// It has, and its time is not known.
const UNKNOWN: u64 = u64::MAX - 1;

/// One thread's clock, for others to read.
#[derive(Debug)]
pub struct ThreadClock {
    id: Option<system::ClockId>,
    /// [`RUNNING`], [`UNKNOWN`], or the CPU time at the thread's exit.
    exit_ns: AtomicU64,
}

/// What a thread's clock tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuTime {
    /// CPU time since the thread began, if it is known.
    pub ns: Option<u64>,
    /// The thread has exited.
    pub exited: bool,
}

impl ThreadClock {
    /// The clock of the calling thread.
    #[must_use]
    pub fn of_this_thread() -> Self {
        Self {
            id: system::id(),
            exit_ns: AtomicU64::new(RUNNING),
        }
    }

    /// The thread's CPU time.
    pub(crate) fn read(&self) -> CpuTime {
        self.read_by(|| self.id.and_then(system::read))
    }

    /// The thread's CPU time, where `live` reads it for a thread that runs.
    pub fn read_by(&self, live: impl FnOnce() -> Option<u64>) -> CpuTime {
        // Acquire pairs with `note`. The order of the two readings is what counts.
        let exit = || self.exit_ns.load(Ordering::Acquire);
        let (ns, exit) = if EXIT_READ_LAST {
            let ns = live();
            (ns, exit())
        } else {
            let exit = exit();
            (live(), exit)
        };
        CpuTime {
            ns: match exit {
                RUNNING => ns,
                UNKNOWN => None,
                noted => Some(noted),
            },
            exited: exit != RUNNING,
        }
    }

    /// The thread exits, having used `cpu_ns`.
    pub fn note(&self, cpu_ns: Option<u64>) {
        // Release pairs with `read_by`.
        self.exit_ns
            .store(cpu_ns.unwrap_or(UNKNOWN), Ordering::Release);
    }
}

/// Notes the exit of the thread that holds it.
#[derive(Debug)]
pub(crate) struct ExitNote(pub(crate) Arc<ThreadClock>);

impl ExitNote {
    pub(crate) fn note(&self) {
        self.0.note(self.0.id.and_then(system::read));
    }
}

#[cfg(all(feature = "cpu-time", target_os = "linux"))]
mod system {
    pub(super) use nix::time::ClockId;

    /// A thread's clock as Linux numbers it, and as `pthread_getcpuclockid` computes it: the
    /// complement of the thread's id, above "scheduler time" (2) "of a thread" (4).
    pub(super) fn id() -> Option<ClockId> {
        let id = ClockId::from_raw(!nix::unistd::gettid().as_raw() << 3 | 2 | 4);
        // A system that numbers them otherwise does not know this one.
        read(id).map(|_| id)
    }

    pub(super) fn read(id: ClockId) -> Option<u64> {
        let time = std::time::Duration::from(id.now().ok()?);
        u64::try_from(time.as_nanos()).ok()
    }
}

#[cfg(not(all(feature = "cpu-time", target_os = "linux")))]
mod system {
    #[derive(Debug, Clone, Copy)]
    pub(super) enum ClockId {}

    pub(super) fn id() -> Option<ClockId> {
        None
    }

    pub(super) fn read(id: ClockId) -> Option<u64> {
        match id {}
    }
}
