//! `levels`: the proof that kernels-simd gives the same bits on every instruction set, as far as
//! this machine can give it: natively at each level, emulated, interpreted; and that each level is
//! as fast as it should be. What is compared is decided in the crate's tests (the golden file, the
//! sweeps, the speed floor); where they run, here; how missing tools come in, in `install`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::Command;
use crate::flags;
use crate::run::{Program, Told};
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(super) mod install;
mod wasm;

use install::Tool;

pub(crate) const COMMAND: Command = Command {
    name: "levels",
    about: "Proves the same bits at every SIMD level: natively, under qemu and Miri, on WebAssembly",
    usage: "\
Usage: cargo xtask levels [--install] [--only STEP,…]

Runs the tests of kernels-simd, in release, in target/levels:
  native    all of tests/it, with each level forced that this CPU has
  speed     the speed floor of every kernel, which a lost target feature does not reach
  qemu      the golden file on an x86-64 without AVX2, and at the levels that this CPU lacks
  aarch64   the golden file on an emulated AArch64
  wasm      the golden file on WebAssembly with simd128, under Node.js
  miri      the tiny lines of the golden file, interpreted, at each level
What cannot run is shown as `not run: why` and fails nothing.

  --install   first installs what is missing (rustup targets and components, qemu by apt-get),
              and shows each command
  --only      only these steps, separated by commas",
    forwards_all: false,
    run,
};

/// The levels of kernels-simd by name, and the target features that a build needs to have them
/// where none are detected.
const LEVELS: &[(&str, &str)] = &[
    ("baseline", ""),
    ("avx2", "+avx2,+fma"),
    (
        "avx512",
        "+avx2,+fma,+avx512f,+avx512bw,+avx512dq,+avx512vl,+avx512vbmi2",
    ),
];

/// A processor that qemu knows, with SSE4.2 and without AVX.
const WITHOUT_AVX2: &str = "Nehalem";

const AARCH64: &str = "aarch64-unknown-linux-musl";
const WASM: &str = "wasm32-wasip1";

/// Adds its rows to the proof.
type Step = fn(&mut Proof) -> Result<()>;

/// The steps, in their order.
const STEPS: &[(&str, Step)] = &[
    ("native", Proof::native),
    ("speed", Proof::speed),
    ("qemu", Proof::qemu),
    ("aarch64", Proof::aarch64),
    ("wasm", Proof::wasm),
    ("miri", Proof::miri),
];

fn run(args: Vec<OsString>) -> Result<ExitCode> {
    let known: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
    let (install, only) = flags::steps(args, "install", &known)?;
    let mut proof = Proof {
        install,
        target: Workspace::load()?.target.join("levels"),
        native: None,
        rows: Vec::new(),
    };
    for (name, step) in STEPS {
        if only.is_empty() || only.contains(name) {
            step(&mut proof)?;
        }
    }
    proof.report()
}

/// How one run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed(String),
    NotRun(String),
    Failed(String),
}

/// One line of the final table.
#[derive(Debug)]
struct Row {
    what: String,
    outcome: Outcome,
    seconds: f64,
}

#[derive(Debug)]
struct Proof {
    install: bool,
    target: PathBuf,
    /// The native test binary, once it is built.
    native: Option<PathBuf>,
    rows: Vec<Row>,
}

impl Proof {
    fn native(&mut self) -> Result<()> {
        let binary = self.binary()?;
        for (level, _) in LEVELS {
            self.row(format!("native {level}"), |_| {
                let program = || Program::new(&binary).env("CROSSOVER_LEVEL", level);
                if active(program())? != *level {
                    return Ok(Outcome::NotRun(format!("this CPU lacks {level}")));
                }
                // The golden tests apart: others of the process would change the level.
                let golden = golden(program().tee_args(&["golden::", "--nocapture"])?);
                let Outcome::Passed(said) = golden else {
                    return Ok(golden);
                };
                let told = program().tee_args(&["--skip", "golden::"])?;
                let Tally { passed, failed } = Tally::of(&told.text);
                Ok(match (told.success, failed) {
                    (true, 0) => Outcome::Passed(format!("{said}; {passed} other tests")),
                    _ => Outcome::Failed(format!("{failed} tests failed")),
                })
            })?;
        }
        Ok(())
    }

    fn speed(&mut self) -> Result<()> {
        let binary = self.binary()?;
        self.row("native speed".to_owned(), |_| {
            let told = Program::new(&binary)
                .without_env("CROSSOVER_LEVEL")
                .tee_args(&["speed::", "--ignored", "--nocapture"])?;
            let slow = told.text.lines().filter(|l| l.contains("<- too slow"));
            Ok(match (told.success, Tally::of(&told.text).passed) {
                (true, 1) => Outcome::Passed("every kernel above its floor".to_owned()),
                _ => Outcome::Failed(format!("{} kernels are too slow", slow.count())),
            })
        })
    }

    fn qemu(&mut self) -> Result<()> {
        let binary = self.binary()?;
        let on = |emulator: &str, cpu: &str| {
            Program::new(emulator)
                .args(["-cpu", cpu])
                .arg(&binary)
                .without_env("CROSSOVER_LEVEL")
        };
        self.row(format!("qemu x86-64 {WITHOUT_AVX2}"), |proof| {
            if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
                return Ok(Outcome::NotRun("not Linux on x86-64".to_owned()));
            }
            let emulator = match proof.tool(Tool::Qemu("x86_64"))? {
                Ok(emulator) => emulator,
                Err(why) => return Ok(Outcome::NotRun(why)),
            };
            let level = active(on(&emulator, WITHOUT_AVX2))?;
            if level != "baseline" {
                return Ok(Outcome::Failed(format!("level {level} on {WITHOUT_AVX2}")));
            }
            let told = on(&emulator, WITHOUT_AVX2).tee_args(&["golden::", "--nocapture"])?;
            Ok(golden(told))
        })?;
        for (level, _) in &LEVELS[1..] {
            if active(Program::new(&binary).env("CROSSOVER_LEVEL", level))? == *level {
                continue;
            }
            self.row(format!("qemu x86-64 max, {level}"), |proof| {
                let emulator = match proof.tool(Tool::Qemu("x86_64"))? {
                    Ok(emulator) => emulator,
                    Err(why) => return Ok(Outcome::NotRun(why)),
                };
                let program = || on(&emulator, "max").env("CROSSOVER_LEVEL", level);
                if active(program())? != *level {
                    return Ok(Outcome::NotRun(format!(
                        "this qemu does not emulate {level}"
                    )));
                }
                Ok(golden(program().tee_args(&["golden::", "--nocapture"])?))
            })?;
        }
        Ok(())
    }

    fn aarch64(&mut self) -> Result<()> {
        self.row("qemu aarch64".to_owned(), |proof| {
            for tool in [Tool::Target(AARCH64), Tool::Qemu("aarch64")] {
                if let Err(why) = proof.tool(tool)? {
                    return Ok(Outcome::NotRun(why));
                }
            }
            // The target's own C library comes with it, and Rust's linker knows every target.
            let cargo = proof
                .build(Some(AARCH64))
                .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld");
            let binary = executable(&cargo.stdout()?)?;
            let emulator = proof.tool(Tool::Qemu("aarch64"))?.unwrap_or_default();
            let program = Program::new(&emulator)
                .arg(&binary)
                .without_env("CROSSOVER_LEVEL");
            Ok(golden(program.tee_args(&["golden::", "--nocapture"])?))
        })
    }

    fn wasm(&mut self) -> Result<()> {
        self.row("wasm32 simd128".to_owned(), |proof| {
            for tool in [Tool::Target(WASM), Tool::Node] {
                if let Err(why) = proof.tool(tool)? {
                    return Ok(Outcome::NotRun(why));
                }
            }
            let cargo = proof.build(Some(WASM)).env(
                "CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS",
                "-Ctarget-feature=+simd128",
            );
            let binary = executable(&cargo.stdout()?)?;
            Ok(golden(wasm::run(&binary, &["golden::", "--nocapture"])?))
        })
    }

    fn miri(&mut self) -> Result<()> {
        for (level, features) in LEVELS {
            if !features.is_empty() && cfg!(not(target_arch = "x86_64")) {
                continue;
            }
            self.row(format!("miri {level}"), |proof| {
                if let Err(why) = proof.tool(Tool::Miri)? {
                    return Ok(Outcome::NotRun(why));
                }
                let told = nightly(&["cargo", "miri", "test", "-p", "kernels-simd"])
                    .args(["--test", "it", "--target-dir"])
                    .arg(proof.target.join("miri"))
                    .without_env("CARGO_ENCODED_RUSTFLAGS")
                    .without_env("CROSSOVER_LEVEL")
                    .env("RUSTFLAGS", rustflags(features))
                    .tee_args(&["--", "golden::", "--nocapture"])?;
                let unsupported = told
                    .text
                    .lines()
                    .find(|l| l.contains("unsupported operation"));
                if let Some(line) = unsupported {
                    return Ok(Outcome::NotRun(line.trim().to_owned()));
                }
                let outcome = golden(told);
                Ok(match &outcome {
                    Outcome::Passed(said) if !said.contains(level) => {
                        Outcome::Failed(format!("{said}, not {level}"))
                    }
                    _ => outcome,
                })
            })?;
        }
        Ok(())
    }

    /// Runs one proof and keeps its row.
    fn row(&mut self, what: String, prove: impl FnOnce(&Self) -> Result<Outcome>) -> Result<()> {
        eprintln!("levels: {what}");
        let start = Instant::now();
        // What does not compile or does not start fails its row, and the others still run.
        let outcome = prove(self).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        self.rows.push(Row {
            what,
            outcome,
            seconds: start.elapsed().as_secs_f64(),
        });
        Ok(())
    }

    /// How a tool is called, or why it is not there.
    fn tool(&self, tool: Tool) -> Result<std::result::Result<String, String>> {
        install::find(tool, self.install)
    }

    /// The native test binary.
    fn binary(&mut self) -> Result<PathBuf> {
        if let Some(binary) = &self.native {
            return Ok(binary.clone());
        }
        let binary = executable(&self.build(None).stdout()?)?;
        self.native = Some(binary.clone());
        Ok(binary)
    }

    /// Builds the tests of kernels-simd, and says on stdout where they are.
    fn build(&self, target: Option<&str>) -> Program {
        Program::cargo()
            .args(["test", "--release", "-p", "kernels-simd", "--test", "it"])
            .args(["--no-run", "--message-format=json-render-diagnostics"])
            .args(target.into_iter().flat_map(|target| ["--target", target]))
            .arg("--target-dir")
            .arg(&self.target)
    }

    fn report(self) -> Result<ExitCode> {
        println!("\n{:<26} {:>7}  outcome", "where", "seconds");
        let mut failed = 0;
        for Row {
            what,
            outcome,
            seconds,
        } in &self.rows
        {
            let said = match outcome {
                Outcome::Passed(said) => said.clone(),
                Outcome::NotRun(why) => format!("not run: {why}"),
                Outcome::Failed(why) => {
                    failed += 1;
                    format!("FAILED: {why}")
                }
            };
            println!("{what:<26} {seconds:>7.1}  {said}");
        }
        if failed > 0 {
            bail!("{failed} of {} failed", self.rows.len());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A program of the nightly toolchain.
pub(super) fn nightly(args: &[&str]) -> Program {
    // `rustup run` puts that toolchain's rustc first; ours must not win through RUSTC.
    Program::new("rustup")
        .args(["run", "nightly"])
        .args(args)
        .without_env("RUSTC")
        .without_env("RUSTUP_TOOLCHAIN")
}

/// The compiler flags that switch features on.
fn rustflags(features: &str) -> String {
    if features.is_empty() {
        String::new()
    } else {
        format!("-Ctarget-feature={features}")
    }
}

/// The level that a test binary uses.
fn active(program: Program) -> Result<String> {
    let said = program
        .args(["levels::print_active_level", "--exact", "--nocapture"])
        .stdout()?;
    let (_, rest) = said.split_once("active=").context("the active level")?;
    Ok(rest.lines().next().unwrap_or_default().to_owned())
}

/// What a run of the golden tests says: each prints how many lines it compared, at which level.
fn golden(told: Told) -> Outcome {
    let compared: Vec<&str> = told
        .text
        .lines()
        .filter_map(|line| {
            // libtest writes `test … ... ` before it, on one thread.
            let at = line.find(" lines at level ")?;
            let start = line[..at].rfind(' ').map_or(0, |space| space + 1);
            Some(&line[start..])
        })
        .collect();
    let Tally { passed, failed } = Tally::of(&told.text);
    match (told.success, passed, failed) {
        (true, 1.., 0) if !compared.is_empty() => Outcome::Passed(compared.join(", ")),
        (true, ..) => Outcome::Failed("nothing was compared".to_owned()),
        (false, _, 1..) => Outcome::Failed("results differ from the golden file".to_owned()),
        (false, ..) => Outcome::Failed("the test binary ended without a result".to_owned()),
    }
}

/// The test binary, from cargo's messages.
fn executable(messages: &str) -> Result<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
        .context("cargo names no test binary")
}

impl Program {
    /// Runs it with these arguments, as `tee`.
    fn tee_args(self, args: &[&str]) -> Result<Told> {
        self.args(args).tee()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(success: bool, text: &str) -> Told {
        Told {
            success,
            text: text.to_owned(),
        }
    }

    #[test]
    fn golden_tests_count_only_if_they_compared_something() {
        let good = "test golden::tiny ... 270 lines at level avx2\nok\n\
                    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        let want = Outcome::Passed("270 lines at level avx2".to_owned());
        assert_eq!(golden(told(true, good)), want);
        let none = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert!(matches!(golden(told(true, none)), Outcome::Failed(_)));
        assert!(matches!(golden(told(false, "killed")), Outcome::Failed(_)));
    }

    #[test]
    fn the_binary_is_read_from_cargos_messages() {
        let messages =
            "{\"reason\":\"x\",\"executable\":null}\nnoise\n{\"executable\":\"/t/it-1\"}";
        assert_eq!(executable(messages).unwrap(), PathBuf::from("/t/it-1"));
        assert!(executable("").is_err());
    }
}
