//! Where windows lie that slide over an image: extents, steps, padding. Pure arithmetic, shared by
//! convolution and pooling.

use super::error::DenseError;
use core::ops::Range;

/// Rows or columns that are added around an image, on each of its four sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Padding {
    /// None: windows lie in the image.
    #[default]
    Valid,
    /// As much as makes the output `ceil(extent / stride)`; what is odd goes below and right.
    Same,
    /// So many rows above and below, and columns left and right.
    Each {
        /// Rows above the image.
        top: usize,
        /// Rows below it.
        bottom: usize,
        /// Columns left of it.
        left: usize,
        /// Columns right of it.
        right: usize,
    },
}

/// One direction: an extent, and the windows along it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) extent: usize,
    pub(super) window: usize,
    pub(super) stride: usize,
    pub(super) before: usize,
    pub(super) after: usize,
}

impl Axis {
    /// Both directions of an image.
    pub(super) fn both(
        operation: &'static str,
        extents: (usize, usize),
        window: (usize, usize),
        stride: (usize, usize),
        padding: Padding,
    ) -> Result<(Self, Self), DenseError> {
        let parameter = |reason, found| DenseError::Parameter {
            operation,
            reason,
            found,
        };
        if window.0 == 0 || window.1 == 0 {
            return Err(parameter(
                "a window has a row and a column at least",
                window,
            ));
        }
        if stride.0 == 0 || stride.1 == 0 {
            return Err(parameter("a stride is 1 at least", stride));
        }
        let (rows, cols) = match padding {
            Padding::Valid => ((0, 0), (0, 0)),
            Padding::Same => (
                same(extents.0, window.0, stride.0),
                same(extents.1, window.1, stride.1),
            ),
            Padding::Each {
                top,
                bottom,
                left,
                right,
            } => ((top, bottom), (left, right)),
        };
        let padded = |extent: usize, (before, after): (usize, usize)| {
            let padded = extent.checked_add(before)?.checked_add(after)?;
            isize::try_from(padded).ok()
        };
        if padded(extents.0, rows).is_none() || padded(extents.1, cols).is_none() {
            return Err(DenseError::SizeOverflow {
                operation,
                shape: extents,
            });
        }
        let axis = |extent, window, stride, (before, after)| Self {
            extent,
            window,
            stride,
            before,
            after,
        };
        Ok((
            axis(extents.0, window.0, stride.0, rows),
            axis(extents.1, window.1, stride.1, cols),
        ))
    }

    /// Extent with the padding.
    pub(super) const fn padded(self) -> usize {
        self.extent + self.before + self.after
    }

    /// Places of the window; none if it is larger than the padded extent.
    pub(super) const fn places(self) -> usize {
        if self.window > self.padded() {
            0
        } else {
            (self.padded() - self.window) / self.stride + 1
        }
    }

    /// The part of the axis that the windows at some places see, not none, with the padding that they
    /// see; and the first place in the image that belongs to it.
    pub(super) fn part(self, places: Range<usize>) -> (Self, usize) {
        let start = places.start * self.stride;
        let end = start + places.len().saturating_sub(1) * self.stride + self.window;
        let first = start.saturating_sub(self.before).min(self.extent);
        let last = end.saturating_sub(self.before).clamp(first, self.extent);
        let extent = last - first;
        let before = self.before.saturating_sub(start).min(end - start);
        let part = Self {
            extent,
            before,
            after: end - start - before - extent,
            ..self
        };
        (part, first)
    }

    /// The part of the window at a place that lies in the image.
    #[inline(always)]
    pub(super) fn inside(self, place: usize) -> Range<usize> {
        let start = place * self.stride;
        let from = start.saturating_sub(self.before);
        let to = (start + self.window)
            .saturating_sub(self.before)
            .min(self.extent);
        from.min(to)..to
    }

    /// Whether every window has a part in the image.
    pub(super) const fn reaches_the_image(self) -> bool {
        self.before < self.window && self.after < self.window
    }
}

const fn same(extent: usize, window: usize, stride: usize) -> (usize, usize) {
    let places = extent.div_ceil(stride);
    let needed = if places == 0 {
        0
    } else {
        (places - 1).saturating_mul(stride).saturating_add(window)
    };
    let total = needed.saturating_sub(extent);
    (total / 2, total - total / 2)
}

/// A product of extents.
pub(super) fn len(operation: &'static str, extents: [usize; 4]) -> Result<usize, DenseError> {
    let overflow = DenseError::SizeOverflow {
        operation,
        shape: (extents[2], extents[3]),
    };
    let mut len = 1_usize;
    for extent in extents {
        len = len.checked_mul(extent).ok_or(overflow)?;
    }
    Ok(len)
}

/// Compares a slice with planes of rows and columns.
pub(super) fn check_len(
    operation: &'static str,
    what: &'static str,
    extents: [usize; 4],
    found_len: usize,
) -> Result<(), DenseError> {
    let needed_len = len(operation, extents)?;
    if needed_len == found_len {
        Ok(())
    } else {
        Err(DenseError::OperandLength {
            operation,
            what,
            extents,
            needed_len,
            found_len,
        })
    }
}
