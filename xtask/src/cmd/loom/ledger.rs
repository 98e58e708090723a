//! The ledgers of a crate's models (floors and mutants): their format, and what a run's printed
//! lines must be to agree with them. Running anything is elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The fewest executions a model may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Floor {
    pub(super) model: String,
    pub(super) executions: u64,
}

/// A seeded bug and the model that must find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) name: String,
    pub(super) model: String,
}

/// What is to be said about one model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) model: String,
    pub(super) executions: String,
    pub(super) outcome: Result<String, String>,
}

impl Floor {
    pub(super) fn parse(words: [&str; 2]) -> Result<Self> {
        let [model, floor] = words;
        let executions = floor
            .parse()
            .with_context(|| format!("the floor of {model} is no number: '{floor}'"))?;
        if executions < 2 {
            bail!("a floor of {floor} for {model}: one execution explores nothing");
        }
        Ok(Self {
            model: model.to_owned(),
            executions,
        })
    }
}

impl Mutant {
    pub(super) fn parse(words: [&str; 2]) -> Result<Self> {
        let [name, model] = words;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.chars().all(plain) {
            bail!("a mutant's name has letters, digits, - and _ only, not '{name}'");
        }
        Ok(Self {
            name: name.to_owned(),
            model: model.to_owned(),
        })
    }
}

/// Reads a ledger: two words a line; empty lines and lines that start with `#` are skipped.
pub(super) fn read<T>(path: &Path, parse: fn([&str; 2]) -> Result<T>) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} (every crate with models has one)", super::shown(path)))?;
    lines(&text, parse).with_context(|| super::shown(path))
}

fn lines<T>(text: &str, parse: fn([&str; 2]) -> Result<T>) -> Result<Vec<T>> {
    let mut entries = Vec::new();
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = <[&str; 2]>::try_from(words)
            .map_err(|words| anyhow::anyhow!("line {number}: {} words, not 2", words.len()))?;
        entries.push(parse(words).with_context(|| format!("line {number}"))?);
    }
    Ok(entries)
}

/// The `loom: <model> <executions>` lines of a run. With one test thread, libtest has already
/// begun the line (`test name ... `), so what stands before is ignored.
pub(super) fn printed(output: &str) -> Vec<Floor> {
    output
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.rsplit_once("loom: ")?;
            let mut words = rest.split_whitespace();
            let model = words.next()?.to_owned();
            let executions = words.next()?.parse().ok()?;
            words
                .next()
                .is_none()
                .then_some(Floor { model, executions })
        })
        .collect()
}

/// The full name of a model's test, from libtest's list (`module::model: test`).
pub(super) fn test_of<'l>(model: &str, listed: &'l str) -> Option<&'l str> {
    listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .find(|test| test.rsplit("::").next() == Some(model))
}

/// The mutants that the seam (`src/sync.rs`) knows and the ledger does not.
pub(super) fn unlisted<'s>(seam: &'s str, mutants: &[Mutant]) -> Vec<&'s str> {
    let code = seam.lines().filter(|l| !l.trim_start().starts_with("//"));
    let mut names: Vec<&str> = code
        .flat_map(|line| line.split("mutant = \"").skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !mutants.iter().any(|m| m.name == *name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Compares a run with the ledgers: one verdict per model that any of the three names.
pub(super) fn compare(printed: &[Floor], floors: &[Floor], mutants: &[Mutant]) -> Vec<Verdict> {
    let mut models: BTreeMap<&str, (Vec<u64>, Option<u64>, bool)> = BTreeMap::new();
    for run in printed {
        models.entry(&run.model).or_default().0.push(run.executions);
    }
    for floor in floors {
        models.entry(&floor.model).or_default().1 = Some(floor.executions);
    }
    for mutant in mutants {
        models.entry(&mutant.model).or_default().2 = true;
    }
    models
        .into_iter()
        .map(|(model, (runs, floor, hunted))| {
            // A model that prints twice is judged by its smaller search.
            let outcome = match (runs.iter().min(), floor) {
                (None, _) => Err("did not run, or did not print its executions".to_owned()),
                (Some(_), None) => Err("has no floor in floors.txt".to_owned()),
                (Some(&ran), Some(floor)) if ran < floor => Err("below its floor".to_owned()),
                _ if !hunted => Err("has no mutant in mutants.txt".to_owned()),
                _ => Ok("passed".to_owned()),
            };
            let ran = runs.iter().min().map_or("-".to_owned(), u64::to_string);
            let floor = floor.map_or("-".to_owned(), |f| f.to_string());
            Verdict {
                model: model.to_owned(),
                executions: format!("{ran} (floor {floor})"),
                outcome,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(model: &str, executions: u64) -> Floor {
        Floor {
            model: model.to_owned(),
            executions,
        }
    }

    fn mutant(name: &str, model: &str) -> Mutant {
        Mutant {
            name: name.to_owned(),
            model: model.to_owned(),
        }
    }

    #[test]
    fn ledgers_are_two_words_a_line() {
        let floors = lines("# models\n\ncell 100\n  ring 3293\n", Floor::parse).unwrap();
        assert_eq!(floors, [floor("cell", 100), floor("ring", 3293)]);
        let mutants = lines("relaxed_done cell\n", Mutant::parse).unwrap();
        assert_eq!(mutants, [mutant("relaxed_done", "cell")]);
        for bad in ["cell", "cell 1", "cell many", "cell 10 20"] {
            assert!(lines(bad, Floor::parse).is_err(), "{bad}");
        }
        assert!(lines("a/b cell", Mutant::parse).is_err());
    }

    #[test]
    fn executions_are_read_wherever_the_line_begins() {
        let output = "test cell::exact ... loom: cell 291232\nloom: ring 7\nloom: x y z\n";
        assert_eq!(printed(output), [floor("cell", 291_232), floor("ring", 7)]);
    }

    #[test]
    fn a_test_is_found_by_its_last_name() {
        let listed = "cell::cell_exact: test\nring: test\n\n2 tests, 0 benchmarks\n";
        assert_eq!(test_of("cell_exact", listed), Some("cell::cell_exact"));
        assert_eq!(test_of("ring", listed), Some("ring"));
        assert_eq!(test_of("exact", listed), None);
    }

    #[test]
    fn a_mutant_of_the_seam_must_be_listed() {
        let seam = "// cfg(mutant = \"name\")\ncfg!(mutant = \"a\")\ncfg!(mutant = \"b\")";
        assert_eq!(unlisted(seam, &[mutant("a", "cell")]), ["b"]);
    }

    #[track_caller]
    fn outcome(ran: &[Floor], floors: &[Floor], mutants: &[Mutant]) -> Result<String, String> {
        let verdicts = compare(ran, floors, mutants);
        assert_eq!(verdicts.len(), 1);
        verdicts.into_iter().next().unwrap().outcome
    }

    #[test]
    fn a_model_passes_only_with_its_floor_reached_and_a_mutant() {
        let (f, m) = ([floor("cell", 100)], [mutant("bug", "cell")]);
        assert!(outcome(&[floor("cell", 100)], &f, &m).is_ok());
        for (ran, floors, mutants, why) in [
            (&[][..], &f[..], &m[..], "did not run"),
            (&[floor("cell", 99)], &f, &m, "below its floor"),
            (&[floor("cell", 100), floor("cell", 1)], &f, &m, "below"),
            (&[floor("cell", 100)], &[], &m, "no floor"),
            (&[floor("cell", 100)], &f, &[], "no mutant"),
        ] {
            let error = outcome(ran, floors, mutants).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
