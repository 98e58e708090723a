//! The peak is booked in the window in which it was reached.

use crate::explore;
use loom::thread;
use pool_metrics::internals::Activity;
use std::sync::Arc;

/// Threads turn busy and idle, and one of them then cuts: it was in the window before the cut, and
/// at most the other two can be active in the window after it.
#[test]
fn activity_peak_is_in_its_window() {
    explore("activity_peak_is_in_its_window", Some(3), || {
        let activity = Arc::new(Activity::new());
        let others: Vec<_> = (0..2)
            .map(|_| {
                let activity = Arc::clone(&activity);
                thread::spawn(move || {
                    activity.enter();
                    activity.leave();
                })
            })
            .collect();
        let cutter = thread::spawn(move || {
            activity.enter();
            activity.leave();
            let before = activity.cut();
            for other in others {
                other.join().unwrap();
            }
            let after = activity.cut();
            assert!((1..=3).contains(&before), "{before} before the cut");
            assert!(after <= 2, "{after} after the cut");
            assert_eq!(activity.peak(), 0, "nobody is active");
        });
        cutter.join().unwrap();
    });
}
