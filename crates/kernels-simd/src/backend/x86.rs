//! What the x86 backends share: how a row of their tables of instructions becomes operations.
//!
//! A row names intrinsics, or functions of the backend where one intrinsic is not enough. Every
//! register type is a tuple struct around the raw register that exists only where its token did.

/// Calls intrinsics that need the backend's features and nothing else.
macro_rules! with_features {
    ($call:expr) => {
        // SAFETY: the caller holds the backend's token or a register made from one: the CPU has
        // the features. What is called takes values and slices only.
        unsafe { $call }
    };
}

/// Loading and splatting. One row: register, element, lanes; instructions.
macro_rules! vectors {
    ($token:ident: $($register:ident $elem:ty, $lanes:literal;
        splat $splat:ident as $bits:ty, loadu $loadu:ident as $memory:ty
        $(, partial $partial:path)?;)*) => {$(
        impl Vector for $register {
            type Elem = $elem;
            type Token = $token;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(_: $token, value: $elem) -> Self {
                Self(with_features!($splat(value as $bits)))
            }

            #[inline(always)]
            fn load(_: $token, slice: &[$elem]) -> Self {
                let block = &slice[..$lanes];
                // SAFETY: the token proves the features; `block` is as many readable bytes as the
                // register has, which need no alignment.
                Self(unsafe { $loadu(block.as_ptr().cast::<$memory>()) })
            }

            $(
                #[inline(always)]
                fn load_partial(_: $token, slice: &[$elem], fill: $elem) -> Self {
                    Self(with_features!($partial(slice, fill)))
                }
            )?
        }
    )*};
}

/// Arithmetic. One row: register, element, the element's bits; type of a mask; instructions.
macro_rules! float_vectors {
    ($token:ident: $($register:ident $elem:ident $bits:ident, mask $mask:ty; storeu $storeu:ident,
        add $add:ident, sub $sub:ident, mul $mul:ident, sqrt $sqrt:ident, max $max:ident,
        min $min:ident, and $and:ident, splat $splat:ident, unordered $unordered:path,
        none $none:path, either $either:path, any $any:path, select $select:path;)*) => {$(
        impl FloatVector for $register {
            type Mask = $mask;

            #[inline(always)]
            fn store(self, slice: &mut [$elem]) {
                let block = &mut slice[..Self::LANES];
                // SAFETY: a register proves the features; `block` is as many writable bytes as the
                // register has, which need no alignment.
                unsafe { $storeu(block.as_mut_ptr(), self.0) };
            }

            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(with_features!($add(self.0, other.0)))
            }

            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(with_features!($sub(self.0, other.0)))
            }

            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(with_features!($mul(self.0, other.0)))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(with_features!($sqrt(self.0)))
            }

            #[inline(always)]
            fn abs(self) -> Self {
                let magnitude = with_features!($splat($elem::from_bits($bits::MAX >> 1)));
                Self(with_features!($and(self.0, magnitude)))
            }

            #[inline(always)]
            fn max_native(self, other: Self) -> Self {
                Self(with_features!($max(self.0, other.0)))
            }

            #[inline(always)]
            fn min_native(self, other: Self) -> Self {
                Self(with_features!($min(self.0, other.0)))
            }

            #[inline(always)]
            fn unordered(self, other: Self) -> $mask {
                with_features!($unordered(self.0, other.0))
            }

            #[inline(always)]
            fn no_lanes(_: $token) -> $mask {
                with_features!($none())
            }

            #[inline(always)]
            fn mask_or(left: $mask, right: $mask) -> $mask {
                with_features!($either(left, right))
            }

            #[inline(always)]
            fn mask_any(mask: $mask) -> bool {
                with_features!($any(mask))
            }

            #[inline(always)]
            fn select(mask: $mask, if_set: Self, if_clear: Self) -> Self {
                Self(with_features!($select(mask, if_set.0, if_clear.0)))
            }

            #[inline(always)]
            fn sum_halving(self) -> $elem {
                with_features!(halving::$add(self.0))
            }

            #[inline(always)]
            fn max_halving(self) -> $elem {
                with_features!(halving::$max(self.0))
            }

            #[inline(always)]
            fn min_halving(self) -> $elem {
                with_features!(halving::$min(self.0))
            }
        }
    )*};
}

/// What the dense kernels add. One row: register; registers in the CPU, whether masks are free; type
/// and maker of a choice of lanes; instructions.
macro_rules! dense_vectors {
    ($token:ident: $($register:ident $elem:ident; in_cpu $in_cpu:literal, free_masks $free:literal,
        lanes $lanes:ty: $first:path, mul_add $mul_add:ident, loadu $loadu:ident,
        storeu $storeu:ident, load_lanes $load_lanes:path, store_lanes $store_lanes:path,
        square $square:literal: $turn_square:path;)*) => {$(
        impl DenseVector for $register {
            const SQUARE: usize = $square;
            const IN_CPU: usize = $in_cpu;
            const FREE_MASKS: bool = $free;
            type Lanes = $lanes;

            #[inline(always)]
            fn first_lanes(_: $token, count: usize) -> $lanes {
                with_features!($first(count))
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                Self(with_features!($mul_add(self.0, factor.0, addend.0)))
            }

            #[inline(always)]
            unsafe fn load_at(_: $token, from: *const $elem) -> Self {
                // SAFETY: the token proves the features; the caller vouches for the elements, which
                // need no alignment.
                Self(unsafe { $loadu(from) })
            }

            #[inline(always)]
            unsafe fn load_lanes(_: $token, from: *const $elem, lanes: $lanes) -> Self {
                // SAFETY: as above, for the lanes that are chosen; the others are not touched.
                Self(unsafe { $load_lanes(from, lanes) })
            }

            #[inline(always)]
            unsafe fn store_at(self, to: *mut $elem) {
                // SAFETY: a register proves the features; the caller vouches for the elements,
                // which need no alignment.
                unsafe { $storeu(to, self.0) };
            }

            #[inline(always)]
            unsafe fn store_lanes(self, to: *mut $elem, lanes: $lanes) {
                // SAFETY: as above, for the lanes that are chosen; the others are not touched.
                unsafe { $store_lanes(to, lanes, self.0) };
            }

            #[inline(always)]
            fn turn_square(
                _: $token,
                columns: &[&[$elem]; 8],
                top: usize,
                to: &mut [$elem],
                stride: usize,
            ) {
                with_features!($turn_square(columns, top, to, stride));
            }

            #[inline(always)]
            fn prefetch(_: $token, from: *const $elem) {
                // SAFETY: a hint, which may name any address.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) };
            }
        }
    )*};
}

pub(super) use {dense_vectors, float_vectors, vectors, with_features};
