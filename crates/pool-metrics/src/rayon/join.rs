//! A join whose steals are seen.
//!
//! Decided here: the second half is stolen if another thread runs it than the one that joins, and
//! has waited since the join began. Rayon tells the one; the other is a clock read.

use super::leaf::Leaf;
use crate::cell::Parallel;
use crate::label::Label;
use crate::recorder::Recorder;

impl Recorder {
    /// [`rayon::join`], with both halves recorded as tasks of the label; steals of the second half
    /// are counted there too, with the time until they happened.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::for_global_pool();
    /// let (a, b) = recorder.join("halves", || 1, || 2);
    /// assert_eq!(a + b, 3);
    /// let snapshot = recorder.snapshot();
    /// let halves = snapshot.label("halves").unwrap();
    /// assert_eq!(halves.tasks, 2);
    /// assert!(halves.steals <= 1);
    /// ```
    pub fn join<A, B, RA, RB>(&self, label: impl Into<Label>, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let label = label.into();
        if rayon::current_thread_index().is_none() {
            // A join from outside is sent to the pool, which Rayon calls a migration of both
            // halves; from inside, only a steal is one.
            return rayon::scope(|_| self.join_inside(label, a, b));
        }
        self.join_inside(label, a, b)
    }

    fn join_inside<A, B, RA, RB>(&self, label: Label, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce() -> RA + Send,
        B: FnOnce() -> RB + Send,
        RA: Send,
        RB: Send,
    {
        let now = || self.shared().clock.now_ns();
        let begun_ns = now();
        rayon::join_context(
            |_| {
                let _task = self.track(label);
                a()
            },
            |context| {
                let waited = || now().saturating_sub(begun_ns);
                let parallel = Parallel {
                    stolen_after_ns: context.migrated().then(waited),
                    ..Parallel::default()
                };
                let _task = Leaf::new(self.track(label), parallel);
                b()
            },
        )
    }
}
