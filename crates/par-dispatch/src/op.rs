//! What a piece of work costs per element: the user's description, from which the plan is made.

/// An operation on the elements of a slice, described once, as a constant.
///
/// ```
/// use par_dispatch::Op;
/// // y += a·x on f32: 8 bytes read and 4 written, a multiplication and an addition.
/// const AXPY: Op = Op::new("axpy").bytes_per_element(12).operations_per_element(2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// Name in plans, panics and recordings.
    pub name: &'static str,
    /// Bytes read and written per element, if nothing stays in a cache.
    pub bytes_per_element: u32,
    /// Arithmetic operations per element; a fused multiply-add is one.
    pub operations_per_element: u32,
    /// Whether nothing is written but a few results: a reduction.
    pub reads_only: bool,
    /// Elements in the smallest piece: chunks are a multiple of this long.
    pub leaf_len: usize,
}

impl Op {
    /// An operation of 8 bytes and 1 arithmetic operation per element, cut at multiples of 256
    /// elements: what the other methods replace.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            bytes_per_element: 8,
            operations_per_element: 1,
            reads_only: false,
            // Keeps chunks of any element type on cache lines of their own.
            leaf_len: 256,
        }
    }

    /// Sets the bytes read and written per element.
    #[must_use]
    pub const fn bytes_per_element(mut self, bytes: u32) -> Self {
        self.bytes_per_element = bytes;
        self
    }

    /// Sets the arithmetic operations per element, counted as the SIMD code executes them: a
    /// multiplication and an addition are two, a fused multiply-add is one.
    #[must_use]
    pub const fn operations_per_element(mut self, operations: u32) -> Self {
        self.operations_per_element = operations;
        self
    }

    /// Says that the operation only reads, like a reduction: cores that write need more of the
    /// memory. The reductions of a dispatcher say it themselves.
    #[must_use]
    pub const fn reads_only(mut self) -> Self {
        self.reads_only = true;
        self
    }

    /// Sets the elements in the smallest piece. Chunk borders, and for a reduction the shape of
    /// its tree and so the bits of its result, depend on it.
    ///
    /// # Panics
    /// If `len` is 0.
    #[must_use]
    pub const fn leaf_len(mut self, len: usize) -> Self {
        assert!(len > 0, "Op::leaf_len: 0 elements");
        self.leaf_len = len;
        self
    }

    /// Whether the work is shorter than any fork-join, on any machine: a test without figures, for
    /// calls that take a few nanoseconds.
    #[inline(always)]
    pub(crate) const fn is_short(&self, len: usize) -> bool {
        let bytes = len.saturating_mul(self.bytes_per_element as usize);
        let operations = len.saturating_mul(self.operations_per_element as usize);
        bytes <= SHORT_BYTES && operations <= SHORT_OPERATIONS
    }
}

/// At least 50 ns, at most half a microsecond where a thread streams 30 bytes per nanosecond.
const SHORT_BYTES: usize = 16 * 1024;

/// At least 50 ns, at most a microsecond where a thread computes 8 per nanosecond.
const SHORT_OPERATIONS: usize = 8 * 1024;
