//! Counts of tests, read from what test runners print: libtest's `test result:` lines and
//! nextest's `Summary` line. Which runners run, and on what, is decided in `cmd::test`.

use std::ops::AddAssign;

/// Tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Tally {
    /// The sum over every summary line in a runner's output.
    pub(crate) fn of(output: &str) -> Self {
        let mut sum = Self::default();
        for line in output.lines().filter_map(summary) {
            // `3 passed`, `1 failed`, `1 timed out`, `2 exec failed`, `0 skipped`; nextest
            // writes details in brackets: `3 passed (1 slow)`.
            for part in line.split([',', ';', '.']) {
                let mut words = part.split_whitespace();
                let Some(count) = words.next().and_then(|w| w.parse::<u64>().ok()) else {
                    continue;
                };
                let what: Vec<&str> = words.take_while(|w| !w.starts_with('(')).collect();
                match what.join(" ").as_str() {
                    "passed" => sum.passed += count,
                    "failed" | "exec failed" | "timed out" => sum.failed += count,
                    _ => {}
                }
            }
        }
        sum
    }
}

/// The counts of a summary line, if it is one.
fn summary(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("test result: ") {
        return rest.split_once(". ").map(|(_, counts)| counts);
    }
    line.strip_prefix("Summary [")?
        .split_once(" run: ")
        .map(|(_, counts)| counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, passed: u64, failed: u64) {
        assert_eq!(Tally::of(output), Tally { passed, failed });
    }

    #[test]
    fn libtest_lines_are_summed() {
        check(
            "running 2 tests\n\
             test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s\n\
             test result: FAILED. 5 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s\n",
            7,
            4,
        );
    }

    #[test]
    fn nextest_summaries_are_read() {
        check(
            "     Summary [   0.015s] 3 tests run: 3 passed, 0 skipped",
            3,
            0,
        );
        check(
            "     Summary [  61.200s] 9/12 tests run: 4 passed (1 slow), 3 failed, 1 timed out, 1 exec failed, 2 skipped",
            4,
            5,
        );
    }

    #[test]
    fn other_text_counts_nothing() {
        check("3 passed, 0 failed\ntest it::sums ... ok\n", 0, 0);
    }
}
