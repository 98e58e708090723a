//! The values that are computed on: real ones, since constant or tidy input flatters every kernel.
//!
//! Decided here: which real data ships inside the program (so that it runs from any folder), and
//! how a few hundred thousand values become the length that a question asks for: they are repeated.
//! Reading a user's own array is [`npy`]'s; the element types are [`number`]'s and [`real`]'s.

pub mod npy;
pub mod number;
pub mod real;

use number::Number;
use real::Real;

/// Rows and columns of the photograph.
pub const PHOTOGRAPH_SIDE: usize = 512;
/// Values in one image of a digit.
pub const DIGIT_LEN: usize = 64;

static CAMERA: &[u8] = include_bytes!("../../data/camera_512x512_u8.npy");
static DIGITS: &[u8] = include_bytes!("../../data/digits_1797x64_f32.npy");

/// The data that ships with the suite; `data/README.md` names its sources and terms.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// Grey values of the photograph, scaled from 0–255 to 0–1, row by row.
    photograph: Vec<f64>,
    /// Handwritten digits, scaled from 0–16 to 0–1, [`DIGIT_LEN`] values each.
    digits: Vec<f64>,
}

impl Embedded {
    /// Decodes the data inside the program.
    ///
    /// # Panics
    /// Never in a program whose tests pass: the data is part of it.
    #[must_use]
    pub fn load() -> Self {
        let decode = |bytes| match npy::decode(bytes) {
            Ok(array) => array.values.to_f64(),
            Err(problem) => panic!("embedded data: {problem}"),
        };
        let scaled = |values: Vec<f64>, by: f64| values.into_iter().map(|v| v / by).collect();
        Self {
            photograph: scaled(decode(CAMERA), 255.0),
            digits: scaled(decode(DIGITS), 16.0),
        }
    }

    /// A rectangle of the photograph, values in 0–1, row by row.
    ///
    /// ```
    /// let crop = bench_suite::data::Embedded::load().crop::<f32>(100, 200, 3, 5);
    /// assert_eq!(crop.len(), 15);
    /// assert!(crop.iter().all(|v| (0.0..=1.0).contains(v)));
    /// ```
    ///
    /// # Panics
    /// If the rectangle leaves the photograph.
    #[must_use]
    pub fn crop<T: Real>(&self, top: usize, left: usize, rows: usize, columns: usize) -> Vec<T> {
        assert!(
            top + rows <= PHOTOGRAPH_SIDE && left + columns <= PHOTOGRAPH_SIDE,
            "crop: {rows}x{columns} at ({top}, {left}) leaves the photograph"
        );
        let lines = self
            .photograph
            .chunks_exact(PHOTOGRAPH_SIDE)
            .skip(top)
            .take(rows);
        lines
            .flat_map(|line| &line[left..left + columns])
            .map(|&v| T::from_f64(v))
            .collect()
    }

    /// `count` digits from the first one on, values in 0–1, one after another.
    ///
    /// # Panics
    /// If there are fewer digits.
    #[must_use]
    pub fn digits<T: Real>(&self, count: usize) -> Vec<T> {
        self.digits[..count * DIGIT_LEN]
            .iter()
            .map(|&v| T::from_f64(v))
            .collect()
    }

    /// Two arrays of `len` values: the photograph and the digits, each repeated as needed, in the
    /// range that [`Number::from_unit`] names (−1–1 for floats).
    ///
    /// Both signs occur where the type has them, so that `relu` has something to decide.
    #[must_use]
    pub fn pair<T: Number>(&self, len: usize) -> (Vec<T>, Vec<T>) {
        let tiled = |values: &[f64]| {
            let values = values.iter().cycle().take(len);
            values.map(|&v| T::from_unit(v)).collect()
        };
        (tiled(&self.photograph), tiled(&self.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_data_is_what_its_table_says() {
        let data = Embedded::load();
        assert_eq!(data.photograph.len(), PHOTOGRAPH_SIDE * PHOTOGRAPH_SIDE);
        assert_eq!(data.digits.len(), 1797 * DIGIT_LEN);
        // The first row of scikit-learn's digits: 0 0 5 13 9 1 0 0.
        let first: Vec<f64> = data.digits[..8].iter().map(|v| v * 16.0).collect();
        assert_eq!(first, [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        for values in [&data.photograph, &data.digits] {
            assert!(values.iter().all(|v| (0.0..=1.0).contains(v)));
        }
    }

    #[test]
    fn a_crop_is_cut_where_it_is_asked_for() {
        let data = Embedded::load();
        let crop: Vec<f64> = data.crop(7, 11, 2, 3);
        for (index, &value) in crop.iter().enumerate() {
            let (row, column) = (7 + index / 3, 11 + index % 3);
            assert_eq!(value, data.photograph[row * PHOTOGRAPH_SIDE + column]);
        }
    }

    #[test]
    fn pairs_repeat_and_have_both_signs() {
        let data = Embedded::load();
        let photograph = PHOTOGRAPH_SIDE * PHOTOGRAPH_SIDE;
        let (x, y) = data.pair::<f32>(photograph + 3);
        assert_eq!(x[..3], x[photograph..]);
        assert_eq!(x.len(), y.len());
        for values in [&x, &y] {
            assert!(values.iter().any(|&v| v < 0.0) && values.iter().any(|&v| v > 0.0));
        }
        assert_eq!(data.pair::<f64>(0), (vec![], vec![]));
    }
}
