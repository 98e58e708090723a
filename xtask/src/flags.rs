//! What the commands' own command lines share: the error for a wrong one, "no arguments at all",
//! lists of known names, and the flags of commands that are made of steps. Flags of a single command are parsed (with lexopt) in its file.

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

/// What a command of steps was asked: its one switch, and the steps of `--only STEP[,STEP]`.
pub(crate) fn steps<'k>(
    args: Vec<OsString>,
    switch: &str,
    known: &[&'k str],
) -> anyhow::Result<(bool, Vec<&'k str>)> {
    let (mut switched, mut only) = (false, Vec::new());
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            lexopt::Arg::Long(long) if long == switch => switched = true,
            lexopt::Arg::Long("only") => {
                let value = parser.value()?.to_string_lossy().into_owned();
                only.extend(names("step", &value, known)?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((switched, only))
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
    fn steps_and_their_switch_are_read_in_any_order() {
        let known = ["native", "miri"];
        let read = |args: &[&str]| {
            let args = args.iter().map(OsString::from).collect();
            steps(args, "install", &known)
        };
        assert_eq!(
            read(&["--only", "miri", "--install", "--only=native"]).unwrap(),
            (true, vec!["miri", "native"])
        );
        assert_eq!(read(&[]).unwrap(), (false, vec![]));
        for wrong in [&["--quick"][..], &["--only"], &["--only", "x"], &["miri"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_argument_to_a_command_without_flags_is_refused() {
        assert!(none(vec![]).is_ok());
        assert!(none(vec!["--fast".into()]).is_err());
    }
}
