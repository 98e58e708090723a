//! What a backend must provide: registers, and few operations on them that are exact under IEEE 754.
//!
//! Kernels are written once over these traits. Everything here has one possible result for given
//! inputs on every CPU, or says what is left open and how kernels live with it. There is no
//! approximate reciprocal and no horizontal operation of unspecified order, and a fused multiply-add
//! for the dense kernels alone ([`DenseVector`]), which do not promise the same bits.
//!
//! Kernels over these traits are plain `#[inline(always)]` functions without closures or iterator
//! adaptors around vector operations: a closure that is not inlined loses the target features of
//! its caller, and each operation becomes a call (measured at 60 times the time).

#![expect(
    unsafe_code,
    reason = "declares accesses through pointers, for which callers vouch"
)]

use crate::dispatch::Kernel;
use crate::tree::VIRTUAL_LANES_BYTES;

/// An instruction set. A value of the type is the proof that this CPU has it: only `dispatch`
/// makes one, inside a function that carries the target features.
pub trait Backend: Copy {
    /// Register of `f32`.
    type F32: SingleVector<Token = Self> + DenseVector;
    /// Register of `f64`.
    type F64: DoubleVector<Token = Self> + DenseVector;
    /// Register of bytes.
    type U8: ByteVector<Token = Self>;

    /// Copies 64 bytes past the caches. Panics if either slice has another length, or `to` does
    /// not start at a multiple of 64.
    fn stream_line(self, from: &[u8], to: &mut [u8]);
    /// Makes streamed stores visible before what follows.
    fn stream_fence(self);
    /// Runs a kernel out of line, in a function that carries the features of the token: what keeps
    /// a kernel of many variants from becoming one function.
    fn out_of_line<K: Kernel>(self, kernel: &mut K) -> K::Output;
}

/// One register.
pub trait Vector: Copy {
    /// Type of a lane.
    type Elem: Copy;
    /// The proof that the instruction set is there; needed to make a value from nothing.
    type Token: Backend;
    /// Number of lanes.
    const LANES: usize;
    /// Registers that make up the virtual lanes of the tree.
    const REGISTERS: usize = VIRTUAL_LANES_BYTES / (Self::LANES * size_of::<Self::Elem>());
    /// How many times a kernel had better read a leaf, for some of the registers each time, so that
    /// they stay in the CPU's registers.
    const PASSES: usize = 1;

    /// The value in each lane.
    fn splat(token: Self::Token, value: Self::Elem) -> Self;
    /// The first `LANES` elements of the slice. Panics if there are fewer.
    fn load(token: Self::Token, slice: &[Self::Elem]) -> Self;
    /// The elements of a slice of fewer than `LANES`; the other lanes hold `fill`.
    #[inline(always)]
    fn load_partial(token: Self::Token, slice: &[Self::Elem], fill: Self::Elem) -> Self {
        // Room for the widest register there is: 64 bytes of bytes.
        let mut padded = [fill; 64];
        padded[..slice.len()].copy_from_slice(slice);
        Self::load(token, &padded)
    }
}

/// A register of `f32` or `f64`.
pub trait FloatVector: Vector {
    /// One truth value per lane.
    type Mask: Copy;

    /// Writes the lanes to the first `LANES` elements of the slice. Panics if there are fewer.
    fn store(self, slice: &mut [Self::Elem]);
    /// Lane by lane `self + other`, rounded to nearest even.
    #[must_use]
    fn add(self, other: Self) -> Self;
    /// Lane by lane `self - other`, rounded to nearest even.
    #[must_use]
    fn sub(self, other: Self) -> Self;
    /// Lane by lane `self * other`, rounded to nearest even.
    #[must_use]
    fn mul(self, other: Self) -> Self;
    /// Lane by lane the square root, rounded to nearest even.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Lane by lane the absolute value: the sign bit cleared, of a NaN too.
    #[must_use]
    fn abs(self) -> Self;
    /// Lane by lane the greater one. For a NaN among the two, and for zeros of different sign,
    /// it is open which operand comes out: kernels must look for both cases themselves.
    #[must_use]
    fn max_native(self, other: Self) -> Self;
    /// Lane by lane the lesser one, under the terms of [`max_native`](Self::max_native).
    #[must_use]
    fn min_native(self, other: Self) -> Self;
    /// Lanes where `self` or `other` is NaN.
    fn unordered(self, other: Self) -> Self::Mask;
    /// The mask with no lane set.
    fn no_lanes(token: Self::Token) -> Self::Mask;
    /// Lanes set in either mask.
    fn mask_or(left: Self::Mask, right: Self::Mask) -> Self::Mask;
    /// Whether any lane is set.
    fn mask_any(mask: Self::Mask) -> bool;
    /// `if_set` where the mask is set, `if_clear` elsewhere.
    #[must_use]
    fn select(mask: Self::Mask, if_set: Self, if_clear: Self) -> Self;
    /// The sum of all lanes by halving: lane i + lane i + LANES/2, and so on down to one.
    fn sum_halving(self) -> Self::Elem;
    /// The greatest lane, under the terms of [`max_native`](Self::max_native).
    fn max_halving(self) -> Self::Elem;
    /// The least lane, under the terms of [`max_native`](Self::max_native).
    fn min_halving(self) -> Self::Elem;
}

/// A register of floats as the dense kernels use it: through pointers that they have checked once
/// for many accesses, partly filled, and in fused arithmetic, whose bits depend on the level.
pub trait DenseVector: FloatVector {
    /// How many registers of this type the CPU holds at once.
    const IN_CPU: usize;
    /// Whether a load or store of some lanes costs what one of all lanes does.
    const FREE_MASKS: bool;
    /// A choice of lanes, from the first one on.
    type Lanes: Copy;

    /// The first `count` lanes, at most all of them.
    fn first_lanes(token: Self::Token, count: usize) -> Self::Lanes;
    /// Lane by lane `self · factor + addend`: rounded once where the level has the instruction,
    /// twice where it has not.
    #[must_use]
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// `LANES` elements from an address of any alignment.
    ///
    /// # Safety
    /// They must be readable.
    unsafe fn load_at(token: Self::Token, from: *const Self::Elem) -> Self;
    /// As many elements as lanes are chosen; the other lanes hold zero.
    ///
    /// # Safety
    /// The elements of the chosen lanes must be readable.
    unsafe fn load_lanes(token: Self::Token, from: *const Self::Elem, lanes: Self::Lanes) -> Self;
    /// Writes `LANES` elements to an address of any alignment.
    ///
    /// # Safety
    /// They must be writable.
    unsafe fn store_at(self, to: *mut Self::Elem);
    /// Writes the chosen lanes.
    ///
    /// # Safety
    /// Their elements must be writable.
    unsafe fn store_lanes(self, to: *mut Self::Elem, lanes: Self::Lanes);
    /// Side of the squares of [`turn_square`](Self::turn_square): at most 8.
    const SQUARE: usize;
    /// Elements from `top` on of the first [`SQUARE`](Self::SQUARE) columns become rows that begin
    /// `stride` elements apart. Panics if they leave a slice.
    fn turn_square(
        token: Self::Token,
        columns: &[&[Self::Elem]; 8],
        top: usize,
        to: &mut [Self::Elem],
        stride: usize,
    );
    /// Asks for the line at an address, which need not be one, to be brought to the first cache.
    #[inline(always)]
    fn prefetch(_: Self::Token, _: *const Self::Elem) {}
}

/// A register of `f32`.
pub trait SingleVector: FloatVector<Elem = f32> {
    /// Writes each lane as an integer, towards zero, saturating, NaN as 0, to the first `LANES`
    /// elements of the slice. Panics if there are fewer.
    fn store_i32(self, slice: &mut [i32]);
}

/// A register of `f64`.
pub trait DoubleVector: FloatVector<Elem = f64> {
    /// The first `LANES` elements of a slice of `f32`, widened. Panics if there are fewer.
    fn load_f32(token: Self::Token, slice: &[f32]) -> Self;
}

/// A register of bytes, for masks of `bool` and sums of `u8`.
pub trait ByteVector: Vector<Elem = u8> {
    /// Running sums of bytes, some lanes of `u64`.
    type Sums: Copy;

    /// Sums of nothing.
    fn no_sums(token: Self::Token) -> Self::Sums;
    /// `sums`, with every lane added to one of them.
    fn add_bytes(self, sums: Self::Sums) -> Self::Sums;
    /// The sum of the sums.
    fn total(sums: Self::Sums) -> u64;
    /// Bitwise and.
    #[must_use]
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    #[must_use]
    fn or(self, other: Self) -> Self;
    /// Whether every bit of every lane is 0.
    fn is_zero(self) -> bool;
    /// Whether every lane is 1.
    fn is_one(self) -> bool;
}
