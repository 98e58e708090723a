//! A profile as a file: JSON, with what it is valid for.
//!
//! ```text
//! { "schema": 2, "version": "0.1.0", "cpu": "…", "cpus": 2, "threads": 2,
//!   "fork_join_warm_ns": 310.0, …,
//!   "reading": [{ "bytes": 4096, "ns_per_byte": 0.0053, "speed_up": 1.9 }, …], "writing": […] }
//! ```

use super::Profile;
use super::curve::{Curve, POINTS, Point};
use super::machine::Machine;
use serde_json::{Map, Value, json};
use std::fmt;

/// The version of the format. A file of another one is not read.
pub const SCHEMA: u32 = 2;

/// Figures outside are no measurement: between a femtosecond and a second per anything.
const PLAUSIBLE: std::ops::Range<f64> = 1e-6..1e9;

/// A part of a profile, and its name in the file.
type Named<T> = (&'static str, fn(&mut Profile) -> &mut T);

/// The figures of a profile.
const FIGURES: &[Named<f64>] = &[
    ("fork_join_warm_ns", |p| &mut p.fork_join_warm_ns),
    ("line_round_trip_ns", |p| &mut p.line_round_trip_ns),
    ("wake_ns", |p| &mut p.wake_ns),
    ("arrival_ns", |p| &mut p.arrival_ns),
    ("cold_ns_per_byte", |p| &mut p.cold_ns_per_byte),
    ("operations_per_ns", |p| &mut p.operations_per_ns),
    ("operations_speed_up", |p| &mut p.operations_speed_up),
];

/// The curves of a profile.
const CURVES: &[Named<Curve>] = &[
    ("reading", |p| &mut p.reading),
    ("writing", |p| &mut p.writing),
];

/// Why the text of a file is no profile of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text is no JSON from this place on.
    NoJson {
        /// The line, counted from 1.
        line: usize,
        /// Bytes of the line up to the wrong one and with it: 0 if there are none.
        column: usize,
    },
    /// The file has another schema, or none.
    Schema,
    /// A figure is missing, of the wrong type or impossible.
    Figure {
        /// Its name.
        name: &'static str,
    },
    /// It was measured on another machine.
    OtherMachine {
        /// The machine that it says.
        found: Machine,
        /// The machine that was asked for.
        expected: Machine,
    },
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson { line, column } => {
                write!(f, "no JSON from line {line}, column {column} on")
            }
            Self::Schema => write!(f, "not of schema {SCHEMA}"),
            Self::Figure { name } => write!(f, "{name} is missing or impossible"),
            Self::OtherMachine { found, expected } => write!(
                f,
                "measured on {} with {} CPUs, this is {} with {}",
                found.cpu, found.cpus, expected.cpu, expected.cpus
            ),
        }
    }
}

impl std::error::Error for ProfileError {}

impl Profile {
    /// Reads a profile that was measured on `machine`.
    ///
    /// ```
    /// use par_dispatch::Profile;
    /// use par_dispatch::profile::machine::Machine;
    /// let (profile, machine) = (Profile::default(), Machine::this());
    /// assert_eq!(Profile::from_json(&profile.to_json(&machine), &machine), Ok(profile));
    /// ```
    ///
    /// # Errors
    /// If the text is damaged, of another schema or of another machine.
    pub fn from_json(text: &str, machine: &Machine) -> Result<Self, ProfileError> {
        let value: Value = serde_json::from_str(text).map_err(|error| ProfileError::NoJson {
            line: error.line(),
            column: error.column(),
        })?;
        if value["schema"] != json!(SCHEMA) {
            return Err(ProfileError::Schema);
        }
        let cpu = value["cpu"].as_str();
        let found = Machine {
            cpu: cpu.ok_or(ProfileError::Figure { name: "cpu" })?.to_owned(),
            cpus: count(&value, "cpus")?,
        };
        if found != *machine {
            let expected = machine.clone();
            return Err(ProfileError::OtherMachine { found, expected });
        }
        let mut profile = Self {
            threads: count(&value, "threads")?,
            ..Self::default()
        };
        for (name, field) in FIGURES {
            *field(&mut profile) = figure(&value, name, name)?;
        }
        for (name, field) in CURVES {
            *field(&mut profile) = curve(&value, name)?;
        }
        Ok(profile)
    }

    /// The text of a file that [`from_json`](Self::from_json) reads.
    #[must_use]
    pub fn to_json(&self, machine: &Machine) -> String {
        let mut profile = *self;
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("schema", json!(SCHEMA));
        put("version", json!(env!("CARGO_PKG_VERSION")));
        put("cpu", json!(machine.cpu));
        put("cpus", json!(machine.cpus));
        put("threads", json!(self.threads));
        for (name, field) in FIGURES {
            put(name, json!(field(&mut profile)));
        }
        for (name, field) in CURVES {
            let points = field(&mut profile).points.iter().enumerate();
            let point = |(index, point): (usize, &Point)| {
                json!({
                    "bytes": Curve::bytes_at(index),
                    "ns_per_byte": point.ns_per_byte,
                    "speed_up": point.speed_up,
                })
            };
            put(name, points.map(point).collect());
        }
        format!("{:#}\n", Value::Object(object))
    }
}

fn figure(object: &Value, key: &str, name: &'static str) -> Result<f64, ProfileError> {
    let number = object[key].as_f64();
    number
        .filter(|number| PLAUSIBLE.contains(number))
        .ok_or(ProfileError::Figure { name })
}

fn count(object: &Value, name: &'static str) -> Result<usize, ProfileError> {
    let number = figure(object, name, name)?;
    if number.fract() == 0.0 && number >= 1.0 {
        Ok(number as usize)
    } else {
        Err(ProfileError::Figure { name })
    }
}

fn curve(object: &Value, name: &'static str) -> Result<Curve, ProfileError> {
    let wrong = || ProfileError::Figure { name };
    let list = object[name].as_array();
    let list = list.filter(|list| list.len() == POINTS).ok_or_else(wrong)?;
    let mut points = Vec::with_capacity(POINTS);
    for (index, point) in list.iter().enumerate() {
        if figure(point, "bytes", name)? != Curve::bytes_at(index) as f64 {
            return Err(wrong());
        }
        points.push(Point {
            ns_per_byte: figure(point, "ns_per_byte", name)?,
            speed_up: figure(point, "speed_up", name)?,
        });
    }
    let points = points.try_into().map_err(|_| wrong())?;
    Ok(Curve { points })
}
