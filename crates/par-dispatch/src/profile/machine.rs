//! Which machine this is: what a profile is valid for.

use std::thread;

/// What tells machines apart whose profiles differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The CPU's own name, with family and model where it has them.
    pub cpu: String,
    /// CPUs that this process may run on.
    pub cpus: usize,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        Self {
            cpu: cpu().unwrap_or_else(|| format!("unknown {}", std::env::consts::ARCH)),
            cpus: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// Virtual machines tell a bare "AMD EPYC" of very different CPUs, so the numbers are added.
#[cfg(target_arch = "x86_64")]
fn cpu() -> Option<String> {
    use std::arch::x86_64::__cpuid;
    if __cpuid(0x8000_0000).eax < 0x8000_0004 {
        return None;
    }
    let bytes: Vec<u8> = (0x8000_0002..=0x8000_0004)
        .map(__cpuid)
        .flat_map(|part| [part.eax, part.ebx, part.ecx, part.edx])
        .flat_map(u32::to_le_bytes)
        .take_while(|&byte| byte != 0)
        .collect();
    let signature = __cpuid(1).eax;
    let family = (signature >> 8 & 0xF) + (signature >> 20 & 0xFF);
    let model = (signature >> 4 & 0xF) | (signature >> 12 & 0xF0);
    let name = String::from_utf8_lossy(&bytes);
    Some(format!("{} (family {family} model {model})", name.trim()))
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    // "CPU part" is what ARM cores tell.
    let line = |key| text.lines().find(|line| line.starts_with(key));
    let line = line("model name").or_else(|| line("CPU part"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
