//! What the commands' own command lines share: the error for a wrong one, "no arguments at all",
//! and lists of known names. Flags of a single command are parsed (with lexopt) in its file.

use std::ffi::OsString;
use std::fmt;

/// A command line that cannot be understood: exit status 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// For commands without flags: anything given is an error.
pub(crate) fn none(args: Vec<OsString>) -> Result<(), Usage> {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(Usage(format!(
            "takes no arguments, but got '{}'",
            arg.to_string_lossy()
        ))),
    }
}

/// Reads `a,b,c`, where each must be one of `known`. An unknown one names the known.
pub(crate) fn names<'k>(what: &str, value: &str, known: &[&'k str]) -> Result<Vec<&'k str>, Usage> {
    value
        .split(',')
        .map(|name| {
            known.iter().copied().find(|k| *k == name).ok_or_else(|| {
                Usage(format!(
                    "unknown {what} '{name}' (known: {})",
                    known.join(", ")
                ))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_commas_and_an_unknown_one_names_the_known() {
        let known = ["fmt", "test"];
        assert_eq!(names("step", "test,fmt", &known).unwrap(), ["test", "fmt"]);
        let error = names("step", "fmt,tset", &known).unwrap_err().to_string();
        assert_eq!(error, "unknown step 'tset' (known: fmt, test)");
    }

    #[test]
    fn an_argument_to_a_command_without_flags_is_refused() {
        assert!(none(vec![]).is_ok());
        assert!(none(vec!["--fast".into()]).is_err());
    }
}
