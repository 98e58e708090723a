//! Squares of elements whose columns become rows, by shuffles in registers of 32 bytes, which AVX2
//! and AVX-512 have.
#![expect(unsafe_code, reason = "loads and stores of whole registers")]

#[cfg(target_arch = "x86")]
use core::arch::x86::*;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::*;

// No closures and no iterators in this file: they do not carry the features of the function that they
// stand in, and each register would go through memory.

/// An instruction on pairs of registers.
macro_rules! each {
    ($instruction:expr; $(($left:expr, $right:expr)),*) => {
        [$($instruction($left, $right)),*]
    };
}

/// Eight elements from `top` on of eight columns, to eight rows `stride` apart. Panics if a slice is too
/// short.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn of_f32(columns: &[&[f32]; 8], top: usize, to: &mut [f32], stride: usize) {
    let mut c = [_mm256_setzero_ps(); 8];
    let mut j = 0;
    while j < 8 {
        let column = &columns[j][top..][..8];
        // SAFETY: eight readable elements, which need no alignment.
        c[j] = unsafe { _mm256_loadu_ps(column.as_ptr()) };
        j += 1;
    }
    // Elements of two columns in turn, then of four, in each half of the registers; then the halves.
    let l = each!(_mm256_unpacklo_ps; (c[0], c[1]), (c[2], c[3]), (c[4], c[5]), (c[6], c[7]));
    let h = each!(_mm256_unpackhi_ps; (c[0], c[1]), (c[2], c[3]), (c[4], c[5]), (c[6], c[7]));
    let even = each!(_mm256_shuffle_ps::<0x44>;
        (l[0], l[1]), (h[0], h[1]), (l[2], l[3]), (h[2], h[3]));
    let odd = each!(_mm256_shuffle_ps::<0xEE>;
        (l[0], l[1]), (h[0], h[1]), (l[2], l[3]), (h[2], h[3]));
    let upper = each!(_mm256_permute2f128_ps::<0x20>;
        (even[0], even[2]), (odd[0], odd[2]), (even[1], even[3]), (odd[1], odd[3]));
    let lower = each!(_mm256_permute2f128_ps::<0x31>;
        (even[0], even[2]), (odd[0], odd[2]), (even[1], even[3]), (odd[1], odd[3]));
    let mut i = 0;
    while i < 4 {
        let to_upper = &mut to[i * stride..][..8];
        // SAFETY: eight writable elements, which need no alignment.
        unsafe { _mm256_storeu_ps(to_upper.as_mut_ptr(), upper[i]) };
        let to_lower = &mut to[(i + 4) * stride..][..8];
        // SAFETY: as above.
        unsafe { _mm256_storeu_ps(to_lower.as_mut_ptr(), lower[i]) };
        i += 1;
    }
}

/// The same, of four elements of the first four columns.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn of_f64(columns: &[&[f64]; 8], top: usize, to: &mut [f64], stride: usize) {
    let mut c = [_mm256_setzero_pd(); 4];
    let mut j = 0;
    while j < 4 {
        let column = &columns[j][top..][..4];
        // SAFETY: four readable elements, which need no alignment.
        c[j] = unsafe { _mm256_loadu_pd(column.as_ptr()) };
        j += 1;
    }
    let l = each!(_mm256_unpacklo_pd; (c[0], c[1]), (c[2], c[3]));
    let h = each!(_mm256_unpackhi_pd; (c[0], c[1]), (c[2], c[3]));
    let upper = each!(_mm256_permute2f128_pd::<0x20>; (l[0], l[1]), (h[0], h[1]));
    let lower = each!(_mm256_permute2f128_pd::<0x31>; (l[0], l[1]), (h[0], h[1]));
    let mut i = 0;
    while i < 2 {
        let to_upper = &mut to[i * stride..][..4];
        // SAFETY: four writable elements, which need no alignment.
        unsafe { _mm256_storeu_pd(to_upper.as_mut_ptr(), upper[i]) };
        let to_lower = &mut to[(i + 2) * stride..][..4];
        // SAFETY: as above.
        unsafe { _mm256_storeu_pd(to_lower.as_mut_ptr(), lower[i]) };
        i += 1;
    }
}
