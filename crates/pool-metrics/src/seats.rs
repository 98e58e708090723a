//! Who counts as a worker.
//!
//! Decided here: a recorder has as many seats as its pool has workers, a seat is taken once, and
//! whoever finds none is an outside caller. The number of workers seen can then never exceed the
//! pool's, whatever threads come along. How a seat is found for a thread differs by the way that
//! the recorder was made (`recorder`, `rayon`).

/// On which side a thread's time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Counts towards utilisation.
    Worker,
    /// Counts towards busy time and activity only.
    Outside,
}

/// Finds a seat, or none, for the calling thread at its first task.
pub(crate) type Usher = fn(&mut Seats) -> Role;

/// The workers' seats, by the worker's index in its pool.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    taken: Vec<bool>,
}

impl Seats {
    pub(crate) fn new(worker_threads: usize) -> Self {
        Self {
            taken: vec![false; worker_threads],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    /// Makes room for workers up to `worker_threads`.
    #[cfg(feature = "rayon")]
    pub(crate) fn extend_to(&mut self, worker_threads: usize) {
        if self.taken.len() < worker_threads {
            self.taken.resize(worker_threads, false);
        }
    }

    /// Takes the seat of the worker `index`; outside if there is none, or it is taken.
    pub(crate) fn take(&mut self, index: usize) -> Role {
        match self.taken.get_mut(index) {
            Some(taken) if !*taken => {
                *taken = true;
                Role::Worker
            }
            _ => Role::Outside,
        }
    }

    /// Takes the first free seat.
    pub(crate) fn take_first_free(&mut self) -> Role {
        match self.taken.iter().position(|taken| !taken) {
            Some(index) => self.take(index),
            None => Role::Outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Role, Seats};

    #[test]
    fn a_seat_is_taken_once() {
        let mut seats = Seats::new(2);
        assert_eq!(seats.take(1), Role::Worker);
        assert_eq!(seats.take(1), Role::Outside);
        assert_eq!(seats.take(2), Role::Outside);
        assert_eq!(seats.take_first_free(), Role::Worker);
        assert_eq!(seats.take_first_free(), Role::Outside);
        assert_eq!(seats.len(), 2);
    }
}
