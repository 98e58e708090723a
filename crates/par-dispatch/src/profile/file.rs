//! A profile as a file: JSON, with what it is valid for.
//!
//! ```text
//! { "schema": 1, "version": "0.1.0", "cpu": "…", "cpus": 2, "threads": 2,
//!   "fork_join_warm_ns": 310.0, …,
//!   "reading": [{ "bytes": 4096, "ns_per_byte": 0.0053, "speed_up": 1.9 }, …], "writing": […] }
//! ```

use super::Profile;
use super::curve::{Curve, POINTS, Point};
use super::json::{self, Quoted, Value};
use super::machine::Machine;
use std::fmt;

/// The version of the format. A file of another one is not read.
pub const SCHEMA: u32 = 1;

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
    /// The text is no JSON from this byte on.
    NoJson {
        /// Bytes before the first wrong one.
        at: usize,
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
            Self::NoJson { at } => write!(f, "no JSON from byte {at} on"),
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
        let value = json::parse(text).map_err(|at| ProfileError::NoJson { at })?;
        match value.get("schema") {
            Some(Value::Number(schema)) if *schema == f64::from(SCHEMA) => {}
            _ => return Err(ProfileError::Schema),
        }
        let found = Machine {
            cpu: match value.get("cpu") {
                Some(Value::Text(cpu)) => cpu.clone(),
                _ => return Err(ProfileError::Figure { name: "cpu" }),
            },
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
        let (cpu, cpus) = (Quoted(&machine.cpu), machine.cpus);
        let version = Quoted(env!("CARGO_PKG_VERSION"));
        let mut text = format!(
            "{{\n  \"schema\": {SCHEMA},\n  \"version\": {version},\n  \"cpu\": {cpu},\n  \
             \"cpus\": {cpus},\n  \"threads\": {}",
            self.threads
        );
        for (name, field) in FIGURES {
            text.push_str(&format!(",\n  \"{name}\": {:?}", field(&mut profile)));
        }
        for (name, field) in CURVES {
            let points = field(&mut profile).points;
            let point = |(index, point): (usize, &Point)| {
                format!(
                    "    {{ \"bytes\": {}, \"ns_per_byte\": {:?}, \"speed_up\": {:?} }}",
                    Curve::bytes_at(index),
                    point.ns_per_byte,
                    point.speed_up
                )
            };
            let points: Vec<String> = points.iter().enumerate().map(point).collect();
            text.push_str(&format!(",\n  \"{name}\": [\n{}\n  ]", points.join(",\n")));
        }
        text.push_str("\n}\n");
        text
    }
}

fn figure(object: &Value, key: &str, name: &'static str) -> Result<f64, ProfileError> {
    match object.get(key) {
        Some(Value::Number(number)) if PLAUSIBLE.contains(number) => Ok(*number),
        _ => Err(ProfileError::Figure { name }),
    }
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
    let Some(Value::List(list)) = object.get(name) else {
        return Err(wrong());
    };
    if list.len() != POINTS {
        return Err(wrong());
    }
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
