//! Which instruction set the kernels use: detected once, forceable, never guessed.
//!
//! Turning a level into code is the business of `dispatch`; what a level can do, of `backend`.

use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, Ordering};

/// An instruction-set level, from the one that every CPU has to the widest.
///
/// Results have the same bits at each of them; only the time differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// What the build's target guarantees: SSE2 on x86-64, NEON on AArch64, simd128 on
    /// WebAssembly where it is enabled, scalar code elsewhere.
    Baseline = 1,
    /// x86 with AVX2 and FMA: Intel since Haswell (2013), AMD since Excavator and Zen.
    Avx2 = 2,
    /// x86 with AVX-512 F, BW, DQ and VL, of the Ice Lake class or newer: Intel since 2019, AMD since
    /// Zen 4. Older CPUs with AVX-512 slow down when they use it, and stay at [`Level::Avx2`].
    Avx512 = 3,
}

/// The active level as a number, 0 before the first use.
///
/// Relaxed throughout: the byte is the whole message, no other memory hangs on it. Two threads
/// that detect at the same time store the same value.
static ACTIVE: AtomicU8 = AtomicU8::new(UNKNOWN);
const UNKNOWN: u8 = 0;

impl Level {
    /// Every level that this version knows, ascending.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The level that kernels use now, in this process.
    ///
    /// The first call detects it, and reads the environment variable `CROSSOVER_LEVEL`; a value
    /// that is unknown, or that this CPU lacks, is reported on standard error and ignored.
    ///
    /// ```
    /// let level = kernels_simd::Level::active();
    /// assert!(level.is_available());
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn active() -> Self {
        match ACTIVE.load(Ordering::Relaxed) {
            1 => Self::Baseline,
            2 => Self::Avx2,
            3 => Self::Avx512,
            _ => Self::first_use(),
        }
    }

    /// The widest level that this CPU has.
    #[must_use]
    pub fn detected() -> Self {
        let mut widest = Self::Baseline;
        for level in Self::available() {
            widest = level;
        }
        widest
    }

    /// The levels that this CPU has, ascending; the first is always [`Level::Baseline`].
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// Whether this CPU has the level. Without the feature `std`: whether the build enables it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Baseline => true,
            Self::Avx2 => has_avx2(),
            Self::Avx512 => has_avx512(),
        }
    }

    /// Makes every kernel of this process use the level from now on.
    ///
    /// For tests and measurements: results do not change. Undo it with
    /// `Level::detected().force()`.
    ///
    /// # Errors
    /// [`LevelError::Unavailable`] if this CPU lacks the level; nothing changes then.
    pub fn force(self) -> Result<(), LevelError> {
        if !self.is_available() {
            return Err(LevelError::Unavailable { level: self });
        }
        ACTIVE.store(self as u8, Ordering::Relaxed);
        Ok(())
    }

    /// The name that `CROSSOVER_LEVEL` and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    #[cold]
    #[inline(never)]
    fn first_use() -> Self {
        let level = from_environment().unwrap_or_else(Self::detected);
        ACTIVE.store(level as u8, Ordering::Relaxed);
        level
    }
}

#[cfg(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
fn has_avx2() -> bool {
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
}

/// The last feature is none that the kernels use, but one that marks the class of the CPU.
#[cfg(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
fn has_avx512() -> bool {
    has_avx2()
        && std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("avx512vbmi2")
}

#[cfg(not(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64"))))]
const fn has_avx512() -> bool {
    has_avx2()
        && cfg!(all(
            target_feature = "avx512f",
            target_feature = "avx512bw",
            target_feature = "avx512dq",
            target_feature = "avx512vl",
            target_feature = "avx512vbmi2"
        ))
}

#[cfg(not(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64"))))]
const fn has_avx2() -> bool {
    cfg!(all(target_feature = "avx2", target_feature = "fma"))
}

#[cfg(feature = "std")]
fn from_environment() -> Option<Level> {
    let wanted = std::env::var_os("CROSSOVER_LEVEL")?;
    let wanted = wanted.to_string_lossy();
    if wanted.is_empty() {
        return None;
    }
    let problem = match wanted.parse::<Level>() {
        Ok(level) if level.is_available() => return Some(level),
        Ok(level) => LevelError::Unavailable { level }.to_string(),
        Err(error) => error.to_string(),
    };
    let used = Level::detected().name();
    std::eprintln!("kernels-simd: CROSSOVER_LEVEL={wanted} ignored: {problem}; using {used}");
    None
}

#[cfg(not(feature = "std"))]
const fn from_environment() -> Option<Level> {
    None
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = LevelError;

    /// Reads a [`name`](Level::name), in any case.
    fn from_str(name: &str) -> Result<Self, LevelError> {
        Self::ALL
            .into_iter()
            .find(|level| level.name().eq_ignore_ascii_case(name))
            .ok_or(LevelError::Unknown)
    }
}

/// Why a level cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelError {
    /// No level has this name.
    Unknown,
    /// This CPU, or without the feature `std` this build, lacks the level.
    Unavailable {
        /// The level that was asked for.
        level: Level,
    },
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                f.write_str("level: unknown name, known are")?;
                for (i, level) in Level::ALL.into_iter().enumerate() {
                    write!(f, "{} {level}", if i == 0 { "" } else { "," })?;
                }
                Ok(())
            }
            Self::Unavailable { level } => write!(f, "level: this CPU lacks {level}"),
        }
    }
}

impl core::error::Error for LevelError {}
