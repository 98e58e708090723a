//! The user's own array: a .npy file of any shape in C order.
//!
//! Decided here: what is accepted (f32, f64, i32, u8; either byte order), what is refused and with
//! which words, and which floats stand for integers where only floats are measured: i32 becomes f64
//! and u8 becomes f32, both without rounding. Bytes behind the array are
//! refused: a second array in the file would silently not be measured. The format itself is
//! `npyz`'s; the checks before it exist because a header is input from outside, and a parser of
//! Python literals recurses and multiplies.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use npyz::{DType, NpyFile, NpyHeader, Order, TypeChar};

use super::number::Sent as _;

/// NumPy, too, refuses longer headers by default.
const HEADER_LEN_MAX: usize = 10_000;
/// A header of a plain array nests two deep.
const HEADER_NESTING_MAX: usize = 16;

/// Values as they lie in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// From f32.
    F32(Vec<f32>),
    /// From f64.
    F64(Vec<f64>),
    /// From i32.
    I32(Vec<i32>),
    /// From u8.
    U8(Vec<u8>),
}

impl Values {
    /// The type's name in reports.
    #[must_use]
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::DTYPE,
            Self::F64(_) => f64::DTYPE,
            Self::I32(_) => i32::DTYPE,
            Self::U8(_) => u8::DTYPE,
        }
    }

    /// The same values as f64.
    #[must_use]
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Self::F32(values) => converted(values),
            Self::F64(values) => values.clone(),
            Self::I32(values) => converted(values),
            Self::U8(values) => converted(values),
        }
    }

    /// The floats that hold the same values exactly; `None` if they are floats.
    fn widened(&self) -> Option<Floats> {
        match self {
            Self::F32(_) | Self::F64(_) => None,
            Self::I32(values) => Some(Floats::F64(converted(values))),
            Self::U8(values) => Some(Floats::F32(converted(values))),
        }
    }
}

/// Values of integers as floats.
#[derive(Debug, Clone, PartialEq)]
enum Floats {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Values as kernels of floats take them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FloatSlice<'a> {
    /// From f32 or u8.
    F32(&'a [f32]),
    /// From f64 or i32.
    F64(&'a [f64]),
}

impl FloatSlice<'_> {
    /// The type's name in reports.
    #[must_use]
    pub fn dtype(&self) -> &'static str {
        match self {
            Self::F32(_) => f32::DTYPE,
            Self::F64(_) => f64::DTYPE,
        }
    }
}

/// An array and how it lay in its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Extents, slowest first; none for a single number.
    pub shape: Vec<usize>,
    /// The values in C order, at least one.
    pub values: Values,
    widened: Option<Floats>,
}

impl Array {
    /// The values as floats, without rounding.
    #[must_use]
    pub fn floats(&self) -> FloatSlice<'_> {
        match (&self.values, &self.widened) {
            (Values::F32(values), _) | (_, Some(Floats::F32(values))) => FloatSlice::F32(values),
            (Values::F64(values), _) | (_, Some(Floats::F64(values))) => FloatSlice::F64(values),
            (Values::I32(_) | Values::U8(_), None) => {
                unreachable!("integers are widened when they are read")
            }
        }
    }
}

/// Why a file cannot be used: one line that names the file and the problem.
#[derive(Debug)]
pub struct DataError {
    path: PathBuf,
    problem: Problem,
}

impl DataError {
    /// What is wrong with the file.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The system could not open or read it.
    Read(io::Error),
    /// It has no bytes.
    EmptyFile,
    /// It does not begin as a .npy file does.
    NotNpy,
    /// Its header ends early, or says something that cannot be.
    Header(String),
    /// Its type is none of those that are measured.
    DType(String),
    /// Its values lie column by column.
    FortranOrder(Vec<usize>),
    /// Its shape holds no elements.
    NoElements(Vec<usize>),
    /// It ends before its values do; lengths in bytes.
    Truncated {
        /// Bytes that the shape asks for.
        expected: u64,
        /// Bytes behind the header.
        found: u64,
    },
    /// Something follows the values, which take this many bytes.
    TrailingBytes(u64),
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = one_line(&self.path.display().to_string());
        write!(f, "cannot use {path}: {}", self.problem)
    }
}

impl std::error::Error for DataError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(f, "{}", one_line(&error.to_string())),
            Self::EmptyFile => write!(f, "the file is empty (0 bytes)"),
            Self::NotNpy => write!(f, "not a .npy file (it does not begin with \\x93NUMPY)"),
            Self::Header(what) => write!(f, "bad .npy header: {what}"),
            Self::DType(dtype) => {
                write!(
                    f,
                    "its dtype is {dtype}; supported are f32, f64, i32 and u8"
                )
            }
            Self::FortranOrder(shape) => write!(
                f,
                "the array of shape {shape:?} is in Fortran order; save it in C order \
                 (numpy.ascontiguousarray)"
            ),
            Self::NoElements(shape) => write!(f, "the array of shape {shape:?} has no elements"),
            Self::Truncated { expected, found } => {
                write!(
                    f,
                    "truncated: its shape needs {expected} bytes of values, it has {found}"
                )
            }
            Self::TrailingBytes(expected) => {
                write!(
                    f,
                    "more bytes follow the {expected} bytes of values that its shape needs"
                )
            }
        }
    }
}

/// Reads the array in the file at `path`.
///
/// # Errors
/// If the file is missing, unreadable, empty, not a .npy file, of another type than f32, f64, i32
/// or u8, in Fortran order (unless both orders are the same), without elements, truncated, or
/// longer than its array.
pub fn load(path: &Path) -> Result<Array, DataError> {
    let failed = |problem| DataError {
        path: path.to_owned(),
        problem,
    };
    let file = File::open(path).map_err(|error| failed(Problem::Read(error)))?;
    decode(BufReader::new(file)).map_err(failed)
}

/// Reads an array from the bytes of a .npy file.
///
/// # Errors
/// As [`load`].
pub fn decode(mut source: impl Read) -> Result<Array, Problem> {
    let header = header(&mut source)?;
    let shape = header.shape().iter().map(|&extent| usize::try_from(extent));
    let shape: Vec<usize> = shape.collect::<Result<_, _>>().map_err(|_| too_large())?;
    let stored = stored_type(&header.dtype())?;
    // An order is a choice only where two extents exceed 1.
    let orders_differ = shape.iter().filter(|&&extent| extent > 1).count() > 1;
    if header.order() == Order::Fortran && orders_differ {
        return Err(Problem::FortranOrder(shape));
    }
    let len = shape
        .iter()
        .try_fold(1_u64, |len, &extent| len.checked_mul(extent as u64));
    let element_bytes = header.dtype().num_bytes().unwrap_or(1) as u64;
    let expected = len
        .and_then(|len| len.checked_mul(element_bytes))
        .ok_or_else(too_large)?;
    if expected == 0 {
        return Err(Problem::NoElements(shape));
    }

    // One byte more than expected tells a file that is too long, whatever its source.
    let mut bytes = Vec::new();
    let limit = expected.saturating_add(1);
    source
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(Problem::Read)?;
    let found = bytes.len() as u64;
    if found < expected {
        return Err(Problem::Truncated { expected, found });
    }
    if found > expected {
        return Err(Problem::TrailingBytes(expected));
    }

    let file = NpyFile::with_header(header, &bytes[..]);
    let values = match stored {
        Stored::F32 => file.into_vec().map(Values::F32),
        Stored::F64 => file.into_vec().map(Values::F64),
        Stored::I32 => file.into_vec().map(Values::I32),
        Stored::U8 => file.into_vec().map(Values::U8),
    };
    let values = values.map_err(Problem::Read)?;
    Ok(Array {
        shape,
        widened: values.widened(),
        values,
    })
}

fn converted<S: Copy, T: From<S>>(values: &[S]) -> Vec<T> {
    values.iter().map(|&v| T::from(v)).collect()
}

/// The types that are read.
enum Stored {
    F32,
    F64,
    I32,
    U8,
}

fn stored_type(dtype: &DType) -> Result<Stored, Problem> {
    let plain = match dtype {
        DType::Plain(plain) => (plain.type_char(), plain.size_field()),
        _ => return Err(Problem::DType("structured".into())),
    };
    match plain {
        (TypeChar::Float, 4) => Ok(Stored::F32),
        (TypeChar::Float, 8) => Ok(Stored::F64),
        (TypeChar::Int, 4) => Ok(Stored::I32),
        (TypeChar::Uint, 1) => Ok(Stored::U8),
        _ => Err(Problem::DType(one_line(&dtype.descr()))),
    }
}

/// Reads magic, version and header; what `npyz` is given has been bounded before.
fn header(source: &mut impl Read) -> Result<NpyHeader, Problem> {
    let mut bytes = Vec::new();
    let mut more = |bytes: &mut Vec<u8>, len: usize| {
        let before = bytes.len();
        source
            .by_ref()
            .take(len as u64)
            .read_to_end(bytes)
            .map_err(Problem::Read)?;
        Ok(bytes.len() - before == len)
    };
    let ended = || Problem::Header("the file ends inside it".into());

    let whole = more(&mut bytes, 8)?;
    if bytes.is_empty() {
        return Err(Problem::EmptyFile);
    }
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(Problem::NotNpy);
    }
    if !whole {
        return Err(ended());
    }
    // Version 1 has a length of two bytes, the later ones of four.
    let length_bytes = if bytes[6] == 1 { 2 } else { 4 };
    if !more(&mut bytes, length_bytes)? {
        return Err(ended());
    }
    let length = bytes[8..]
        .iter()
        .rev()
        .fold(0_usize, |length, &byte| length << 8 | byte as usize);
    if length > HEADER_LEN_MAX {
        let text = format!("it claims {length} bytes, more than {HEADER_LEN_MAX}");
        return Err(Problem::Header(text));
    }
    let text_start = bytes.len();
    if !more(&mut bytes, length)? {
        return Err(ended());
    }
    bounded(&bytes[text_start..])?;
    NpyHeader::from_reader(&bytes[..])
        .map_err(|error| Problem::Header(one_line(&error.to_string())))
}

/// Refuses what would exhaust the parser's stack, or overflow the product of the extents in it.
fn bounded(text: &[u8]) -> Result<(), Problem> {
    let mut depth = 0_usize;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > HEADER_NESTING_MAX {
            return Err(Problem::Header("its brackets nest too deeply".into()));
        }
    }
    // The extents are the numbers behind the word, up to the bracket that ends them.
    let text = String::from_utf8_lossy(text);
    let Some((_, behind)) = text.split_once("shape") else {
        return Ok(());
    };
    let extents = behind.split([')', ']', '}']).next().unwrap_or_default();
    let numbers = extents
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    let product = numbers
        .map(str::parse::<u64>)
        .try_fold(1_u64, |product, extent| product.checked_mul(extent.ok()?));
    product.map(|_| ()).ok_or_else(too_large)
}

fn too_large() -> Problem {
    Problem::Header("its shape has more elements than can be counted".into())
}

/// An error is one line, whatever a library or a file name puts into it.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_control())
        .map(str::trim)
        .collect();
    words.join(" ").trim().to_owned()
}

#[cfg(test)]
impl From<Values> for Array {
    /// A line of values.
    fn from(values: Values) -> Self {
        let widened = values.widened();
        let len = values.to_f64().len();
        Self {
            shape: vec![len],
            values,
            widened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values);
        bytes
    }

    fn problem(bytes: &[u8]) -> String {
        decode(bytes)
            .expect_err("a bad file was accepted")
            .to_string()
    }

    #[test]
    fn hostile_headers_are_refused_before_the_parser() {
        let deep = file(&"(".repeat(9000), &[]);
        assert!(problem(&deep).contains("nest"));
        for shape in [
            "(4294967296, 4294967296)",
            "[4294967296, 4294967296, 0]",
            "(99999999999999999999,)",
        ] {
            let huge = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
            assert!(
                problem(&file(&huge, &[])).contains("more elements"),
                "{shape}"
            );
        }
        let bytes_overflow =
            "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,), }\n";
        assert!(problem(&file(bytes_overflow, &[])).contains("more elements"));
        let mut long = b"\x93NUMPY\x02\x00".to_vec();
        long.extend(u32::MAX.to_le_bytes());
        assert!(problem(&long).contains("4294967295 bytes"));
    }

    #[test]
    fn every_prefix_of_a_file_is_refused_without_a_panic() {
        let whole = file(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
            &[0, 0, 128, 63, 0, 0, 0, 64],
        );
        assert_eq!(
            decode(&whole[..]).unwrap().values,
            Values::F32(vec![1.0, 2.0])
        );
        for len in 0..whole.len() {
            let text = problem(&whole[..len]);
            assert!(!text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn messages_have_one_line() {
        assert!(!problem(&file("{'descr': \n\n<f4'", &[])).contains('\n'));
        let error = load(Path::new("no\nsuch")).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot use no such: ") && !error.contains('\n'),
            "{error}"
        );
    }
}
