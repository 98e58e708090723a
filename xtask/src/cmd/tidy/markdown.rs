//! Markdown as the rules need it: lines of prose without fenced code, and the code spans in a
//! line. What the spans and links must be is decided in `architecture` and `links`.

/// The lines outside fenced code blocks, numbered from 1.
pub(super) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|m| start.starts_with(m));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return true,
            _ => {}
        }
        false
    })
}

/// The contents of the code spans of a line.
pub(super) fn spans(line: &str) -> impl Iterator<Item = &str> {
    let pieces: Vec<&str> = line.split('`').collect();
    // Odd pieces are between backticks, except after the last one of an odd number of them.
    let closed = pieces.len() - 1;
    pieces
        .into_iter()
        .enumerate()
        .filter(move |(at, _)| at % 2 == 1 && *at < closed)
        .map(|(_, piece)| piece)
}

/// The line with its code spans cut out.
pub(super) fn without_spans(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fenced_code_is_no_prose() {
        let text = "one\n```text\ntwo\n```\nthree\n~~~\n```\nfour\n~~~\nfive";
        let lines: Vec<(usize, &str)> = prose(text).collect();
        assert_eq!(lines, [(1, "one"), (5, "three"), (10, "five")]);
    }

    #[test]
    fn spans_are_between_backticks() {
        let line = "a `b` c `d/e` f";
        assert_eq!(spans(line).collect::<Vec<_>>(), ["b", "d/e"]);
        assert_eq!(spans("a `b` c ` d").collect::<Vec<_>>(), ["b"]);
        assert_eq!(without_spans("a `b` c"), "a   c");
    }
}
