//! A polynomial of degree 15, by Horner's rule: 15 fused multiply-adds per element, which keep the
//! arithmetic units busy where a sum waits for the caches.
//!
//! One body, compiled once per instruction set. Without fused instructions a multiplication and an
//! addition stand in, and the answers are compared with their own rounding.
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "calls code of an instruction set, after detection"
    )
)]

/// Coefficients of the series of eˣ, from the highest: well-behaved within −1–1.
const COEFFICIENTS: [f32; 16] = {
    let mut coefficients = [1.0; 16];
    let mut factorial = 1.0_f64;
    let mut k = 1;
    while k < 16 {
        factorial *= k as f64;
        coefficients[15 - k] = (1.0 / factorial) as f32;
        k += 1;
    }
    coefficients
};

#[inline(always)]
fn horner(x: &[f32], out: &mut [f32], step: impl Fn(f32, f32, f32) -> f32) {
    for (out, &x) in out.iter_mut().zip(x) {
        let mut value = COEFFICIENTS[0];
        for &coefficient in &COEFFICIENTS[1..] {
            value = step(value, x, coefficient);
        }
        *out = value;
    }
}

/// out = P(x), at the best instruction set of this CPU.
///
/// # Panics
/// If the lengths differ.
pub fn polynomial(x: &[f32], out: &mut [f32]) {
    assert_eq!(x.len(), out.len(), "polynomial: lengths");
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, as just asked.
            return unsafe { avx512(x, out) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the CPU has AVX2 and FMA, as just asked.
            return unsafe { avx2(x, out) };
        }
    }
    if cfg!(target_arch = "aarch64") {
        horner(x, out, |value, x, c| value.mul_add(x, c));
    } else {
        horner(x, out, |value, x, c| value * x + c);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn avx512(x: &[f32], out: &mut [f32]) {
    horner(x, out, |value, x, c| value.mul_add(x, c));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(x: &[f32], out: &mut [f32]) {
    horner(x, out, |value, x, c| value.mul_add(x, c));
}

/// Compares answers with the polynomial in f64.
///
/// # Errors
/// The first element that is further away than 32 roundings.
pub fn check_polynomial(x: &[f32], out: &[f32]) -> Result<(), String> {
    for (index, (&x, &got)) in x.iter().zip(out).enumerate() {
        let value = COEFFICIENTS
            .iter()
            .fold(0.0_f64, |value, &c| value * f64::from(x) + f64::from(c));
        let bound = 32.0 * f64::from(f32::EPSILON) * value.abs().max(1.0);
        let off = (f64::from(got) - value).abs();
        if off.is_nan() || off > bound {
            return Err(format!("element {index}: {got}, expected {value}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_series_of_exp() {
        let x: Vec<f32> = (-100..=100).map(|i| i as f32 / 100.0).collect();
        let mut out = vec![f32::NAN; x.len()];
        polynomial(&x, &mut out);
        for (x, got) in x.iter().zip(&out) {
            assert!((got - x.exp()).abs() < 1e-6, "{x}: {got}");
        }
        assert_eq!(check_polynomial(&x, &out), Ok(()));
        out[7] = f32::NAN;
        assert!(check_polynomial(&x, &out).is_err());
    }
}
