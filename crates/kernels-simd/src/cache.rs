//! The size of the last-level cache: what decides on streaming stores.

use core::sync::atomic::{AtomicUsize, Ordering};

/// Used where the CPU does not tell: the last-level cache of a desktop.
const UNKNOWN_BYTES: usize = 32 << 20;

/// The size, 0 before the first use. Relaxed: the number is the whole message, and threads that
/// ask at the same time store the same one.
static LAST_LEVEL_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Bytes of the last-level data cache of this CPU.
#[inline]
pub(crate) fn last_level_bytes() -> usize {
    match LAST_LEVEL_BYTES.load(Ordering::Relaxed) {
        0 => first_use(),
        bytes => bytes,
    }
}

#[cold]
#[inline(never)]
fn first_use() -> usize {
    let bytes = detect().unwrap_or(UNKNOWN_BYTES);
    LAST_LEVEL_BYTES.store(bytes, Ordering::Relaxed);
    bytes
}

/// The widest level that the CPU describes: leaf 4 of CPUID on Intel, 0x8000_001D, in the same
/// format, on AMD.
#[cfg(target_arch = "x86_64")]
fn detect() -> Option<usize> {
    use core::arch::x86_64::{__cpuid, __cpuid_count};

    const EXTENDED_TOPOLOGY: u32 = 1 << 22;
    let amd = __cpuid(0x8000_0000).eax >= 0x8000_001D
        && __cpuid(0x8000_0001).ecx & EXTENDED_TOPOLOGY != 0;
    let leaf = if amd { 0x8000_001D } else { 4 };
    if !amd && __cpuid(0).eax < 4 {
        return None;
    }
    let mut widest = None;
    for index in 0..8 {
        let cache = __cpuid_count(leaf, index);
        match cache.eax & 0x1F {
            // No more caches.
            0 => break,
            // An instruction cache.
            2 => {}
            _ => {
                let ways = (cache.ebx >> 22) + 1;
                let partitions = (cache.ebx >> 12 & 0x3FF) + 1;
                let line = (cache.ebx & 0xFFF) + 1;
                let bytes = [ways, partitions, line, cache.ecx + 1]
                    .map(|factor| factor as usize)
                    .iter()
                    .product();
                widest = widest.max(Some(bytes));
            }
        }
    }
    widest
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Option<usize> {
    None
}
