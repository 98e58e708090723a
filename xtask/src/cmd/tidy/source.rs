//! Rules over Rust files: which rooms may say `unsafe`, where the loom seam is, how a file opens,
//! and that nothing is left undone. What compiles, clippy judges.

use super::Violation;
use super::lexer::{self, Split};

/// The rooms for unsafe code. A path that ends in `/` is a folder. A new room is a row here, with
/// the reason why safe code cannot do its work.
const UNSAFE_ROOMS: &[(&str, &str)] = &[
    (
        "crates/kernels-simd/src/backend/",
        "instruction sets beyond the build's",
    ),
    (
        "crates/kernels-simd/src/dispatch.rs",
        "calls into them after detection",
    ),
    (
        "crates/kernels-simd/src/vector.rs",
        "declares the accesses of the dense kernels",
    ),
    (
        "crates/kernels-simd/src/dense/view.rs",
        "views of matrices, whose elements lie between those of others",
    ),
    (
        "crates/kernels-simd/src/dense/interop.rs",
        "views from and to those of another crate",
    ),
    (
        "crates/kernels-simd/src/dense/tile.rs",
        "the checked door of products: one check for many accesses",
    ),
    (
        "crates/kernels-simd/src/dense/narrow.rs",
        "the same for products of one row or few terms",
    ),
    (
        "crates/kernels-simd/src/dense/dots.rs",
        "the same for products of few columns",
    ),
    (
        "crates/kernels-simd/src/dense/taps.rs",
        "the same for convolutions to one channel",
    ),
    ("crates/arena/src/chunk.rs", "raw memory"),
    (
        "crates/arena/src/room.rs",
        "a pointer that moves through it",
    ),
    ("crates/arena/src/bump.rs", "slices of raw memory"),
    (
        "crates/arena/src/nest.rs",
        "scopes on the stack that find each other",
    ),
    (
        "crates/arena/src/owned.rs",
        "the borrow checker's word that nobody uses what is rewound",
    ),
    (
        "crates/arena/src/init.rs",
        "slices of raw memory become values",
    ),
    (
        "crates/arena/src/collections.rs",
        "an allocator is an unsafe trait",
    ),
    (
        "crates/arena/src/isolated.rs",
        "raw memory, a block per allocation",
    ),
    (
        "crates/arena/tests/it/nesting.rs",
        "reads scratch that was given back",
    ),
    (
        "crates/arena/tests/misuse.rs",
        "errors on purpose, for tools that must see them",
    ),
    (
        "crates/arena/tests/steady.rs",
        "a global allocator that counts",
    ),
    (
        "crates/pool-metrics/tests/allocations.rs",
        "a global allocator that counts",
    ),
    (
        "crates/par-dispatch/src/hub/",
        "work that borrows from the caller's stack",
    ),
    (
        "crates/par-dispatch/src/tile.rs",
        "tiles whose rows alternate in memory",
    ),
    (
        "crates/par-dispatch/tests/steady.rs",
        "a global allocator that counts",
    ),
    (
        "crates/bench-suite/src/contenders/allocators.rs",
        "a global allocator called without being one; scratch that is filled",
    ),
    (
        "crates/bench-suite/src/analyses/allocations/counted.rs",
        "a global allocator that counts",
    ),
    (
        "crates/bench-suite/src/contenders/products.rs",
        "crates that take matrices as pointers",
    ),
    (
        "crates/bench-suite/src/contenders/raw/",
        "hand-written intrinsics: the limit that kernels are compared with",
    ),
    (
        "crates/bench-suite/src/limits/loops.rs",
        "calls of loops compiled for the widest registers: the limits of the machine",
    ),
    (
        "crates/bench-suite/src/contenders/polynomial.rs",
        "code of an instruction set, called after detection",
    ),
];

/// The loom seam: the file of a crate that may ask for `cfg(loom)` and `cfg(mutant)`.
const SEAM: &str = "sync.rs";

/// Notes of unfinished work, in comments.
const UNDONE_NOTES: &[&str] = &["TODO", "FIXME", "XXX"];

/// Macros of unfinished work, in code.
const UNDONE_MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

pub(super) fn check(file: &str, text: &str) -> Vec<Violation> {
    let split = lexer::split(text);
    let mut found = unsafe_rooms(file, &split);
    found.extend(seam(file, &split));
    found.extend(undone(file, &split));
    found.extend(head(file, text));
    found
}

fn unsafe_rooms(file: &str, split: &Split) -> Vec<Violation> {
    let room = |(path, _): &(&str, &str)| match path.strip_suffix('/') {
        Some(_) => file.starts_with(path),
        None => file == *path,
    };
    if UNSAFE_ROOMS.iter().any(room) {
        return Vec::new();
    }
    numbered(&split.code)
        .filter(|(_, line)| lexer::has_word(line, "unsafe"))
        .map(|(number, _)| Violation::new(file, number, "unsafe code outside its rooms"))
        .collect()
}

/// `cfg(loom)` and `cfg(mutant = …)`, also inside `any`, `all`, `not`, `cfg!` and `cfg_attr`, stay
/// in the seam. The models themselves (`tests/loom/`) exist under it only.
fn seam(file: &str, split: &Split) -> Vec<Violation> {
    if file.contains("/tests/loom/") || (file.contains("/src/") && ends_in(file, SEAM)) {
        return Vec::new();
    }
    let code = &split.code;
    let mut found = Vec::new();
    for (keyword, condition) in ["cfg", "cfg_attr"]
        .into_iter()
        .flat_map(|k| lexer::words_at(code, k).map(move |at| (at, &code[at + k.len()..])))
    {
        let condition = brackets(condition);
        if lexer::has_word(condition, "loom") || lexer::has_word(condition, "mutant") {
            let line = code[..keyword].matches('\n').count() + 1;
            let text = format!("cfg(loom) and cfg(mutant) belong in the crate's src/{SEAM}");
            found.push(Violation::new(file, line, text));
        }
    }
    found
}

/// The text in the brackets that follow (after `!` and blanks), if they do.
fn brackets(after: &str) -> &str {
    let after = after.trim_start().trim_start_matches('!').trim_start();
    if !after.starts_with('(') {
        return "";
    }
    let mut depth = 0_usize;
    for (at, c) in after.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return &after[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    after
}

fn undone(file: &str, split: &Split) -> Vec<Violation> {
    let notes = numbered(&split.comments).flat_map(|(number, line)| {
        let notes = UNDONE_NOTES
            .iter()
            .filter(move |n| lexer::has_word(line, n));
        notes.map(move |note| (number, (*note).to_owned()))
    });
    let macros = numbered(&split.code).flat_map(|(number, line)| {
        let called = move |name: &&&str| {
            let mut places = lexer::words_at(line, name);
            places.any(|at| line[at + name.len()..].starts_with('!'))
        };
        let macros = UNDONE_MACROS.iter().filter(called);
        macros.map(move |name| (number, format!("{name}!")))
    });
    notes
        .chain(macros)
        .map(|(number, what)| Violation::new(file, number, format!("{what}: unfinished work")))
        .collect()
}

/// A file under `src/` opens by saying what is decided in it.
fn head(file: &str, text: &str) -> Vec<Violation> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    if file.contains("/src/") && !lines.next().is_some_and(|l| l.starts_with("//!")) {
        return vec![Violation::new(file, 1, "does not open with `//!`")];
    }
    Vec::new()
}

fn ends_in(file: &str, name: &str) -> bool {
    file.rsplit('/').next() == Some(name)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn lines(file: &str, text: &str, expected: &[usize]) {
        let found = check(file, text);
        let found: Vec<usize> = found.iter().map(|v| v.line).collect();
        assert_eq!(found, expected, "{file}: {text}");
    }

    const ANYWHERE: &str = "crates/arena/src/scope.rs";

    #[test]
    fn unsafe_stays_in_its_rooms() {
        let text =
            "//! Room.\n// SAFETY: unsafe\nfn f() { unsafe { g() } }\nconst U: &str = \"unsafe\";";
        lines(ANYWHERE, text, &[3]);
        lines("crates/arena/src/chunk.rs", text, &[]);
        lines("crates/kernels-simd/src/backend/avx2.rs", text, &[]);
        lines("crates/arena/tests/it/main.rs", text, &[3]);
        lines(ANYWHERE, "//! Room.\n#![forbid(unsafe_code)]", &[]);
    }

    #[test]
    fn the_loom_seam_is_one_file() {
        for text in [
            "//! Room.\n\n#[cfg(loom)]\nuse loom::thread;",
            "//! Room.\n\n#[cfg(all(test, not( loom )))]\nmod tests;",
            "//! Room.\n\nconst X: bool = cfg!(loom);",
            "//! Room.\n\n#[cfg_attr(loom, expect(unused))]\nmod a;",
            "//! Room.\n\nif cfg!(mutant = \"late\") {}",
            "//! Room.\n\n#[cfg(any(\n    loom,\n    test,\n))]\nmod a;",
        ] {
            lines(ANYWHERE, text, &[3]);
            lines("crates/arena/src/sync.rs", text, &[]);
            lines("crates/arena/tests/loom/main.rs", text, &[]);
        }
        lines(
            ANYWHERE,
            "//! Room. `cfg(loom)`\n#[cfg(test)]\nuse loom;",
            &[],
        );
    }

    #[test]
    fn nothing_is_left_undone() {
        lines(
            ANYWHERE,
            "//! Room.\n// TODO: later\nfn f() { todo!() }",
            &[2, 3],
        );
        lines(
            ANYWHERE,
            "//! Room.\nfn f() { dbg!(unimplemented!()) }",
            &[2, 2],
        );
        lines(
            ANYWHERE,
            "//! Room.\nfn f() { todo(\"TODO\") } // TODOS",
            &[],
        );
    }

    #[test]
    fn a_file_opens_by_saying_what_it_is() {
        lines(ANYWHERE, "use std::fmt;", &[1]);
        lines(ANYWHERE, "", &[1]);
        lines(ANYWHERE, "/// Not the head.\nstruct A;", &[1]);
        lines("crates/arena/benches/scope.rs", "use std::fmt;", &[]);
    }
}
