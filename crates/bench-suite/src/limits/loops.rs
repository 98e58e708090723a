//! The loops behind the limits, compiled for the widest registers that the CPU has.
//!
//! Decided here: twelve independent registers, more than the four cycles of latency times two units
//! of any CPU that this ran on. Everything is safe code but the calls of functions that need an
//! instruction set, each behind the question whether it is there.
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "calls of functions compiled for an instruction set that was asked for"
    )
)]

use std::hint::black_box;

/// Independent chains.
const CHAINS: usize = 12;

/// Fused multiplications and additions of `f32`, `rounds` on each register; tells how many
/// floating-point operations that were.
pub(super) fn fused(rounds: u64) -> u64 {
    let lanes = fused_on_registers(rounds);
    2 * rounds * CHAINS as u64 * lanes
}

#[cfg(target_arch = "x86_64")]
fn fused_on_registers(rounds: u64) -> u64 {
    use std::is_x86_feature_detected as has;
    if has!("avx512f") {
        // SAFETY: the CPU has AVX-512F.
        unsafe { x86_64::fused_avx512(rounds) };
        16
    } else if has!("avx2") && has!("fma") {
        // SAFETY: the CPU has AVX2 and FMA.
        unsafe { x86_64::fused_avx2(rounds) };
        8
    } else {
        multiplied_and_added(rounds)
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn fused_on_registers(rounds: u64) -> u64 {
    multiplied_and_added(rounds)
}

/// Where there is no fused instruction to be had: four lanes, apart.
fn multiplied_and_added(rounds: u64) -> u64 {
    const LANES: usize = 4;
    let [factor, term] = black_box([0.999_f32, 0.001]);
    let mut chains = [[1.0_f32; LANES]; CHAINS];
    for _ in 0..rounds {
        for chain in &mut chains {
            *chain = chain.map(|v| v * factor + term);
        }
    }
    black_box(chains);
    LANES as u64
}

/// A way to walk over words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// The wrapping sum of `x`: every word is read, in order.
    Sum,
    /// The same, from four places at a time: memory that is far gives more to several streams.
    SumOfStreams,
    /// out = x + y.
    Add,
    /// out = out + 1, in place.
    Update,
}

/// Walks over slices of one length, at the widest registers; the answer is the sum's.
pub(super) fn walk(way: Walk, x: &[u64], y: &[u64], out: &mut [u64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F.
            return unsafe { x86_64::walk_avx512(way, x, y, out) };
        }
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2.
            return unsafe { x86_64::walk_avx2(way, x, y, out) };
        }
    }
    walk_of(way, x, y, out)
}

#[inline(always)]
fn walk_of(way: Walk, x: &[u64], y: &[u64], out: &mut [u64]) -> u64 {
    match way {
        Walk::Sum => return sum_of(x),
        Walk::SumOfStreams => return sum_of_streams(x),
        Walk::Add => {
            for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
                *out = x.wrapping_add(*y);
            }
        }
        Walk::Update => {
            for out in out {
                *out = out.wrapping_add(1);
            }
        }
    }
    0
}

#[inline(always)]
fn sum_of(x: &[u64]) -> u64 {
    // A cache line in each of eight chains, so that additions never wait for each other.
    let (blocks, rest) = x.as_chunks::<64>();
    let mut chains = [0_u64; 64];
    for block in blocks {
        add_words(&mut chains, block);
    }
    total(&chains).wrapping_add(total(rest))
}

#[inline(always)]
fn sum_of_streams(x: &[u64]) -> u64 {
    // Two cache lines of each stream, in chains of their own.
    let (blocks, rest) = x.as_chunks::<16>();
    let len = blocks.len() / 4;
    let (a, others) = blocks.split_at(len);
    let (b, others) = others.split_at(len);
    let (c, others) = others.split_at(len);
    let (d, others) = others.split_at(len);
    let mut chains = [[0_u64; 16]; 4];
    for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
        let [of_a, of_b, of_c, of_d] = &mut chains;
        add_words(of_a, a);
        add_words(of_b, b);
        add_words(of_c, c);
        add_words(of_d, d);
    }
    let left = total(others.as_flattened()).wrapping_add(total(rest));
    total(chains.as_flattened()).wrapping_add(left)
}

#[inline(always)]
fn add_words<const N: usize>(chains: &mut [u64; N], words: &[u64; N]) {
    for (chain, word) in chains.iter_mut().zip(words) {
        *chain = chain.wrapping_add(*word);
    }
}

#[inline(always)]
fn total(words: &[u64]) -> u64 {
    words.iter().fold(0, |sum, word| sum.wrapping_add(*word))
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use super::{CHAINS, Walk, black_box, walk_of};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub(super) fn fused_avx512(rounds: u64) {
        let [factor, term] = black_box([0.999_f32, 0.001]).map(|v| _mm512_set1_ps(v));
        let mut chains = [_mm512_set1_ps(1.0); CHAINS];
        for _ in 0..rounds {
            for chain in &mut chains {
                *chain = _mm512_fmadd_ps(*chain, factor, term);
            }
        }
        black_box(chains);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn fused_avx2(rounds: u64) {
        let [factor, term] = black_box([0.999_f32, 0.001]).map(|v| _mm256_set1_ps(v));
        let mut chains = [_mm256_set1_ps(1.0); CHAINS];
        for _ in 0..rounds {
            for chain in &mut chains {
                *chain = _mm256_fmadd_ps(*chain, factor, term);
            }
        }
        black_box(chains);
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn walk_avx512(way: Walk, x: &[u64], y: &[u64], out: &mut [u64]) -> u64 {
        walk_of(way, x, y, out)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn walk_avx2(way: Walk, x: &[u64], y: &[u64], out: &mut [u64]) -> u64 {
        walk_of(way, x, y, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read() {
        for len in [0, 1, 63, 64, 65, 150, 1000] {
            let x: Vec<u64> = (0..len).map(|i| i * i + (u64::MAX >> 1)).collect();
            let expected = x.iter().fold(0_u64, |sum, v| sum.wrapping_add(*v));
            let mut out = x.clone();
            for way in [Walk::Sum, Walk::SumOfStreams] {
                assert_eq!(walk(way, &x, &x, &mut out), expected);
            }
            walk(Walk::Update, &x, &x, &mut out);
            assert!(out.iter().zip(&x).all(|(o, x)| *o == x.wrapping_add(1)));
            walk(Walk::Add, &x, &x, &mut out);
            assert!(out.iter().zip(&x).all(|(o, x)| *o == x.wrapping_mul(2)));
        }
    }

    #[test]
    fn operations_are_counted() {
        let of_one = fused(1);
        assert!(of_one >= 2 * 4 * CHAINS as u64);
        assert_eq!(fused(10), 10 * of_one);
    }
}
