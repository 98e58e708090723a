//! Errors on purpose, for tools that must see them: `cargo xtask memcheck` runs each of these with
//! the feature `isolated` and fails if nothing is reported. Ignored otherwise.

#![expect(unsafe_code, reason = "errors that safe code cannot make")]

use std::hint::black_box;

use arena::with_arena;

#[test]
#[ignore = "an error on purpose, for a tool that must see it"]
fn reads_past_the_end_of_a_slice() {
    with_arena(|scope| {
        let slice = scope.alloc_slice_zeroed::<u8>(100);
        let past = slice.as_ptr().wrapping_add(slice.len());
        // SAFETY: none: one byte past the slice, in the padding of the arena's block.
        black_box(unsafe { past.read_volatile() });
    });
}

#[test]
#[ignore = "an error on purpose, for a tool that must see it"]
fn reads_a_slice_after_its_scope() {
    let kept = with_arena(|scope| {
        scope
            .alloc_slice_zeroed::<u8>(100)
            .as_ptr()
            .expose_provenance()
    });
    let kept = std::ptr::with_exposed_provenance::<u8>(kept);
    // SAFETY: none: the scope took the slice back.
    black_box(unsafe { kept.read_volatile() });
}
