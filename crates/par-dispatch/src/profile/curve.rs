//! Throughput over the size of what is worked on: the caches and the memory, as measured points.

/// Points of a curve: working sets of 2^12 to 2^27 bytes.
pub const POINTS: usize = 16;

/// log2 of the first point's bytes.
pub(super) const FIRST_LOG2: usize = 12;

/// Throughput at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Time of one thread per byte.
    pub ns_per_byte: f64,
    /// How much faster all threads are.
    pub speed_up: f64,
}

/// Throughput by size, in octaves from 4 KiB to 128 MiB: between two points in proportion, outside
/// as at the nearest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// In order of size.
    pub points: [Point; POINTS],
}

impl Curve {
    /// Bytes of the working set at a point.
    ///
    /// ```
    /// assert_eq!(par_dispatch::profile::Curve::bytes_at(0), 4096);
    /// ```
    #[must_use]
    pub const fn bytes_at(point: usize) -> usize {
        1 << (FIRST_LOG2 + point)
    }

    /// A curve of steps (log2 of the bytes up to which, bytes per nanosecond).
    pub(super) fn through(steps: &[(usize, f64)], speed_up: f64) -> Self {
        let point = |index| {
            let log2 = FIRST_LOG2 + index;
            let step = steps.iter().find(|(until, _)| log2 <= *until);
            let (_, bytes_per_ns) = step.or(steps.last()).copied().unwrap_or((0, 1.0));
            Point {
                ns_per_byte: 1.0 / bytes_per_ns,
                speed_up,
            }
        };
        Self {
            points: std::array::from_fn(point),
        }
    }

    /// With the middle one of three neighbouring speed-ups in place of each: a moment in which both
    /// threads shared a core spoils one point in all passes, and whole lengths would stay alone.
    #[cfg(any(all(feature = "kernels", feature = "rayon"), test))]
    pub(crate) fn without_outliers(mut self) -> Self {
        let measured = self.points.map(|point| point.speed_up);
        for (point, around) in self.points[1..].iter_mut().zip(measured.windows(3)) {
            let mut around = [around[0], around[1], around[2]];
            around.sort_by(f64::total_cmp);
            point.speed_up = around[1];
        }
        self
    }

    /// The figures for a working set.
    #[inline]
    pub(super) fn at(&self, bytes: f64) -> Point {
        // Saturating, like every cast of a float: an absurd length is the last point.
        let whole = (bytes as u64).max(1);
        let log2 = whole.ilog2() as usize;
        if log2 < FIRST_LOG2 {
            return self.points[0];
        }
        let index = log2 - FIRST_LOG2;
        let Some(&above) = self.points.get(index + 1) else {
            return self.points[POINTS - 1];
        };
        let below = self.points[index];
        // Times 2^-log2: a division would take as long as all the rest.
        let share = bytes * f64::from_bits((1023 - log2 as u64) << 52) - 1.0;
        let between = |a: f64, b: f64| a + share * (b - a);
        Point {
            ns_per_byte: between(below.ns_per_byte, above.ns_per_byte),
            speed_up: between(below.speed_up, above.speed_up),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_speed_up_that_differs_from_its_neighbours_is_not_believed() {
        let mut curve = Curve::through(&[], 2.0);
        curve.points[0].speed_up = 1.5;
        curve.points[5].speed_up = 1.0;
        curve.points[9].speed_up = 3.9;
        for point in &mut curve.points[12..] {
            point.speed_up = 1.2;
        }
        let speed_ups = curve.without_outliers().points.map(|point| point.speed_up);
        let mut expected = [2.0; POINTS];
        expected[0] = 1.5;
        expected[12..].fill(1.2);
        assert_eq!(speed_ups, expected);
    }

    #[test]
    fn a_curve_passes_through_its_points_and_ends_flat() {
        let mut curve = Curve::through(&[(12, 1.0)], 1.0);
        for (index, point) in curve.points.iter_mut().enumerate() {
            point.ns_per_byte = (index + 1) as f64;
        }
        for (bytes, expected) in [
            (0.0, 1.0),
            (4096.0, 1.0),
            (6144.0, 1.5),
            (8192.0, 2.0),
            (134_217_728.0, 16.0),
            (1e300, 16.0),
        ] {
            assert_eq!(curve.at(bytes).ns_per_byte, expected, "{bytes}");
        }
    }
}
