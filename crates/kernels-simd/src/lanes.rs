//! The virtual lanes of the tree, made of a backend's registers: 256 bytes, whatever their width.
//!
//! ```text
//! AVX2, f32      register 0         1        …        7
//!             lanes 0 … 7      8 … 15    …       56 … 63
//! ```
//! Combining by halving adds register r + half to register r until one is left, then halves that
//! one: the order that `tree` prescribes.

use crate::tree::VIRTUAL_LANES_BYTES;
use crate::vector::{ByteVector, FloatVector, Vector};

/// Registers in the virtual lanes of the narrowest backend, 32 bytes each.
pub(crate) const MAX_REGISTERS: usize = 8;

/// One value per virtual lane.
///
/// Registers beyond `V::REGISTERS` are never read, and vanish in optimisation.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<V>(pub(crate) [V; MAX_REGISTERS]);

impl<V: Vector> Lanes<V> {
    /// Number of virtual lanes.
    pub(crate) const VL: usize = {
        assert!(V::REGISTERS <= MAX_REGISTERS && V::REGISTERS.is_power_of_two());
        assert!(V::REGISTERS * V::LANES * size_of::<V::Elem>() == VIRTUAL_LANES_BYTES);
        V::REGISTERS * V::LANES
    };

    #[inline(always)]
    pub(crate) fn splat(token: V::Token, value: V::Elem) -> Self {
        Self([V::splat(token, value); MAX_REGISTERS])
    }

    /// Loads the first `VL` elements of a block.
    #[inline(always)]
    pub(crate) fn load(token: V::Token, block: &[V::Elem]) -> Self {
        let block = &block[..Self::VL];
        let mut lanes = Self([V::load(token, block); MAX_REGISTERS]);
        let mut r = 1;
        while r < V::REGISTERS {
            lanes.0[r] = V::load(token, &block[r * V::LANES..]);
            r += 1;
        }
        lanes
    }

    /// Loads a tail of fewer than `VL` elements; the other lanes hold `fill`.
    #[inline(always)]
    pub(crate) fn load_tail(token: V::Token, tail: &[V::Elem], fill: V::Elem) -> Self {
        let mut lanes = Self::splat(token, fill);
        let mut r = 0;
        while r < V::REGISTERS {
            let start = r * V::LANES;
            if start + V::LANES <= tail.len() {
                lanes.0[r] = V::load(token, &tail[start..]);
            } else if start < tail.len() {
                lanes.0[r] = V::load_partial(token, &tail[start..], fill);
            }
            r += 1;
        }
        lanes
    }
}

impl<V: FloatVector> Lanes<V> {
    /// The sum over all virtual lanes, by halving.
    #[inline(always)]
    pub(crate) fn sum(mut self) -> V::Elem {
        let mut half = V::REGISTERS / 2;
        while half > 0 {
            let mut r = 0;
            while r < half {
                self.0[r] = self.0[r].add(self.0[r + half]);
                r += 1;
            }
            half /= 2;
        }
        self.0[0].sum_halving()
    }
}

impl<V: ByteVector> Lanes<V> {
    /// `sums`, with every byte added to one of them.
    #[inline(always)]
    pub(crate) fn add_bytes(self, mut sums: V::Sums) -> V::Sums {
        let mut r = 0;
        while r < V::REGISTERS {
            sums = self.0[r].add_bytes(sums);
            r += 1;
        }
        sums
    }

    /// Bitwise or over all registers.
    #[inline(always)]
    pub(crate) fn or_registers(self) -> V {
        let mut bits = self.0[0];
        let mut r = 1;
        while r < V::REGISTERS {
            bits = bits.or(self.0[r]);
            r += 1;
        }
        bits
    }

    /// Bitwise and over all registers.
    #[inline(always)]
    pub(crate) fn and_registers(self) -> V {
        let mut bits = self.0[0];
        let mut r = 1;
        while r < V::REGISTERS {
            bits = bits.and(self.0[r]);
            r += 1;
        }
        bits
    }
}
