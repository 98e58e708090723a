//! An accumulator without rounding: what errors are measured against.

/// Bits of a limb. The rest of its 64 bits takes the carries of 2³¹ additions.
const LIMB: usize = 32;
/// The least exponent that is held: products of subnormals have twice that of `f64`.
const LEAST: i32 = -2200;
const LIMBS: usize = 4400 / LIMB;

/// A fixed-point number that holds any sum of `f64`, and of products of two.
#[derive(Clone)]
pub(crate) struct Exact([i64; LIMBS]);

impl Exact {
    pub(crate) fn zero() -> Self {
        Self([0; LIMBS])
    }

    pub(crate) fn sum(terms: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = Self::zero();
        for term in terms {
            sum.add(term);
        }
        sum
    }

    /// Adds a finite value.
    pub(crate) fn add(&mut self, value: f64) {
        let (mantissa, exponent) = parts(value);
        self.add_scaled(mantissa.into(), exponent);
    }

    /// Adds a product, unrounded.
    pub(crate) fn add_product(&mut self, x: f64, y: f64) {
        let ((m, e), (n, f)) = (parts(x), parts(y));
        self.add_scaled(i128::from(m) * i128::from(n), e + f);
    }

    /// Adds mantissa · 2^exponent.
    fn add_scaled(&mut self, mantissa: i128, exponent: i32) {
        let at = usize::try_from(exponent - LEAST).expect("no smaller exponent");
        let sign = mantissa.signum() as i64;
        let mut rest = mantissa.unsigned_abs();
        // The part below the first limb's end, then whole limbs.
        let shift = at % LIMB;
        let low = (rest << shift) & 0xFFFF_FFFF;
        self.0[at / LIMB] += sign * low as i64;
        rest >>= LIMB - shift;
        let mut limb = at / LIMB + 1;
        while rest != 0 {
            self.0[limb] += sign * (rest & 0xFFFF_FFFF) as i64;
            rest >>= LIMB;
            limb += 1;
        }
    }

    /// The value of this minus another, rounded a little: 80 bits are looked at.
    pub(crate) fn minus(&self, other: f64) -> f64 {
        let mut difference = self.clone();
        difference.add(-other);
        difference.to_f64()
    }

    /// The value, rounded a little.
    pub(crate) fn to_f64(&self) -> f64 {
        let mut limbs = self.0;
        let mut carry = 0;
        for limb in &mut limbs {
            let sum = *limb + carry;
            carry = sum >> LIMB;
            *limb = sum & 0xFFFF_FFFF;
        }
        if carry < 0 {
            // Two's complement: the size is what is missing to zero.
            return -Self(self.0.map(|limb| -limb)).to_f64();
        }
        let top = limbs.iter().rposition(|limb| *limb != 0);
        let Some(top) = top else { return 0.0 };
        let from = top.saturating_sub(3);
        let high = limbs[from..=top]
            .iter()
            .rev()
            .fold(0.0, |sum, limb| sum * 4_294_967_296.0 + *limb as f64);
        let exponent = (from * LIMB) as i32 + LEAST;
        // In two steps: the power alone may be out of range.
        high * 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2)
    }
}

/// value = mantissa · 2^exponent
fn parts(value: f64) -> (i64, i32) {
    assert!(value.is_finite());
    let bits = value.to_bits();
    let field = (bits >> 52 & 0x7FF) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let mantissa = if field == 0 {
        fraction
    } else {
        fraction | 1 << 52
    };
    let sign = if value.is_sign_negative() { -1 } else { 1 };
    (sign * mantissa, field.max(1) - 1075)
}

#[test]
fn nothing_is_rounded() {
    let mut sum = Exact::sum([1e300, 1.0, f64::from_bits(1), -1e300]);
    assert_eq!(sum.to_f64(), 1.0);
    assert_eq!(sum.minus(1.0), f64::from_bits(1));
    sum.add(-1.0);
    sum.add(f64::from_bits(1));
    assert_eq!(sum.to_f64(), f64::from_bits(2));
    sum.add(-1.5);
    assert_eq!(sum.to_f64(), -1.5);
    let mut product = Exact::zero();
    let x = 1.0 + f64::EPSILON;
    product.add_product(x, x);
    assert_eq!(
        product.minus(1.0 + 2.0 * f64::EPSILON),
        f64::EPSILON * f64::EPSILON
    );
    product.add_product(f64::MAX, -3.0);
    product.add_product(f64::MAX, 3.0);
    product.add_product(f64::from_bits(1), f64::from_bits(1));
    assert_eq!(
        product.minus(1.0 + 2.0 * f64::EPSILON),
        f64::EPSILON * f64::EPSILON
    );
}
