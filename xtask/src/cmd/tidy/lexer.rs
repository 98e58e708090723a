//! Splits Rust source into code and comments, line for line, so that rules about words do not
//! stumble over strings. A lexer of just that; it knows nothing of syntax.

/// The same source twice, each with blanks in place of the rest: code without comments and
/// without the contents of literals, and comments alone. Line breaks are where they were.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) code: String,
    pub(super) comments: String,
}

/// What the next character belongs to.
#[derive(Clone, Copy)]
enum State {
    Code,
    LineComment,
    BlockComment { depth: usize },
    Text,
    RawText { hashes: usize },
}

/// Splits `source`.
pub(super) fn split(source: &str) -> Split {
    let chars: Vec<char> = source.chars().collect();
    let mut split = Split {
        code: String::with_capacity(source.len()),
        comments: String::new(),
    };
    let mut state = State::Code;
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let (taken, next) = step(state, rest, at.checked_sub(1).map(|i| chars[i]));
        let comment = matches!(state, State::LineComment | State::BlockComment { .. })
            || matches!(next, State::LineComment | State::BlockComment { .. });
        let code = matches!((state, next), (State::Code, State::Code)) && taken == 1;
        for &c in &rest[..taken] {
            let keep = |yes: bool| if yes || c == '\n' { c } else { ' ' };
            split.code.push(keep(code));
            split.comments.push(keep(comment));
        }
        at += taken;
        state = next;
    }
    split
}

/// How many characters come next as one piece, and the state after them.
fn step(state: State, rest: &[char], before: Option<char>) -> (usize, State) {
    let second = rest.get(1).copied();
    match state {
        State::Code => match (rest[0], second) {
            ('/', Some('/')) => (2, State::LineComment),
            ('/', Some('*')) => (2, State::BlockComment { depth: 1 }),
            ('"', _) => (1, State::Text),
            ('r', Some('"' | '#')) if !before.is_some_and(is_word) || raw_prefix(before) => {
                let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
                match rest.get(1 + hashes) {
                    Some('"') => (2 + hashes, State::RawText { hashes }),
                    // `r#type`: a raw identifier.
                    _ => (1, State::Code),
                }
            }
            ('\'', Some(_)) => (character(rest), State::Code),
            _ => (1, State::Code),
        },
        State::LineComment if rest[0] == '\n' => (1, State::Code),
        State::LineComment => (1, State::LineComment),
        State::BlockComment { depth } => match (rest[0], second) {
            ('/', Some('*')) => (2, State::BlockComment { depth: depth + 1 }),
            ('*', Some('/')) if depth == 1 => (2, State::Code),
            ('*', Some('/')) => (2, State::BlockComment { depth: depth - 1 }),
            _ => (1, State::BlockComment { depth }),
        },
        State::Text => match (rest[0], second) {
            ('\\', Some(_)) => (2, State::Text),
            ('"', _) => (1, State::Code),
            _ => (1, State::Text),
        },
        State::RawText { hashes } => {
            let closes =
                rest[0] == '"' && rest.len() > hashes && rest[1..=hashes].iter().all(|c| *c == '#');
            if closes {
                (1 + hashes, State::Code)
            } else {
                (1, State::RawText { hashes })
            }
        }
    }
}

/// The length of a character literal, or 1 for the quote of a lifetime.
fn character(rest: &[char]) -> usize {
    match (rest[1], rest.get(2)) {
        // `'\n'`, `'\''`, `'\u{1F600}'`: the closing quote comes after the escaped character.
        ('\\', _) => {
            let end = rest.iter().skip(3).position(|c| *c == '\'');
            end.map_or(1, |e| e + 4)
        }
        (_, Some('\'')) => 3,
        _ => 1,
    }
}

/// `br"…"` and `cr"…"`.
fn raw_prefix(before: Option<char>) -> bool {
    matches!(before, Some('b' | 'c'))
}

/// Whether `c` may stand in an identifier.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `text` holds `word` with no identifier character on either side.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    words_at(text, word).next().is_some()
}

/// Where `word` stands in `text` as a word of its own (byte offsets).
pub(super) fn words_at<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, code: &str, comments: &str) {
        let split = split(source);
        assert_eq!(
            split.code.split_whitespace().collect::<Vec<_>>().join(" "),
            code
        );
        assert_eq!(
            split
                .comments
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            comments
        );
        assert_eq!(split.code.lines().count(), source.lines().count());
    }

    #[test]
    fn comments_are_taken_from_code() {
        check("let a = 1; // one\nlet b;", "let a = 1; let b;", "// one");
        check("a /* x /* y */ z */ b", "a b", "/* x /* y */ z */");
    }

    #[test]
    fn contents_of_literals_are_neither() {
        check(r#"f("a // b \" c", d)"#, "f( , d)", "");
        check("f(r##\"x \"# // y\"##, d)", "f( , d)", "");
        check(
            "f(br\"x\", b\"y\", '\"', '\\'', b'/') // z",
            "f(b , b , , , b )",
            "// z",
        );
    }

    #[test]
    fn lifetimes_and_raw_identifiers_are_code() {
        check(
            "fn f<'a>(x: &'a str, r#type: u8)",
            "fn f<'a>(x: &'a str, r#type: u8)",
            "",
        );
    }

    #[test]
    fn words_have_borders() {
        assert!(has_word("unsafe { x }", "unsafe"));
        assert!(!has_word("unsafe_code", "unsafe"));
        assert!(!has_word("an_unsafe", "unsafe"));
    }
}
