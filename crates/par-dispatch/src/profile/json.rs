//! JSON as far as a profile needs it, read strictly.
//!
//! A profile is found by every program that dispatches, so reading it is part of the default tree.
//! A page of code here is less than the six crates that a general reader would bring there.

use std::fmt;

/// Nesting that a profile never has: what is deeper is refused before it uses the stack up.
const DEPTH_MAX: usize = 8;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Null, true and false: allowed, and never what is asked for.
    Word,
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The field of an object; of two of one name the last, as most readers do.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let mut fields = fields.iter().rev();
        fields.find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Text as a JSON string.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c < ' ' => write!(f, "\\u{:04x}", c as u32)?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Reads one value and nothing behind it; where it goes wrong, the byte at which.
pub(super) fn parse(text: &str) -> Result<Value, usize> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0);
    reader.blanks();
    match value {
        Some(value) if reader.at == text.len() => Ok(value),
        _ => Err(reader.at),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        self.at = self.text.len() - self.rest().trim_start_matches(blank).len();
    }

    /// Passes over `token`, if it is next.
    fn eat(&mut self, token: &str) -> Option<()> {
        self.blanks();
        self.rest().starts_with(token).then(|| {
            self.at += token.len();
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.blanks();
        match self.rest().as_bytes().first()? {
            _ if depth > DEPTH_MAX => None,
            b'{' => {
                let fields = self.sequence("{", "}", |reader| {
                    reader.blanks();
                    let name = reader.string()?;
                    reader.eat(":")?;
                    Some((name, reader.value(depth + 1)?))
                });
                fields.map(Value::Object)
            }
            b'[' => {
                let values = self.sequence("[", "]", |reader| reader.value(depth + 1));
                values.map(Value::List)
            }
            b'"' => self.string().map(Value::Text),
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            _ => {
                let mut words = ["null", "true", "false"].into_iter();
                words.find_map(|word| self.eat(word)).map(|()| Value::Word)
            }
        }
    }

    fn sequence<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.eat(open)?;
        let mut items = Vec::new();
        if self.eat(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close).is_some() {
                return Some(items);
            }
            self.eat(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut chars = self.rest().char_indices();
        if chars.next()?.1 != '"' {
            return None;
        }
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Some(text);
                }
                '\\' => text.push(match chars.next()?.1 {
                    c @ ('"' | '\\' | '/') => c,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        let code = u32::from_str_radix(&digits, 16).ok()?;
                        // Halves of a pair stand for characters that no CPU's name has.
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => return None,
                }),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
        None
    }

    fn number(&mut self) -> Option<f64> {
        let part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let len = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
        let digits = &self.rest()[..len];
        // Rust reads ".5", "5." and "+5" too; JSON knows only digits around a point.
        let well_formed = |i: usize| {
            digits[i + 1..].starts_with(|c: char| c.is_ascii_digit())
                && digits[..i].ends_with(|c: char| c.is_ascii_digit())
        };
        if !digits.find('.').is_none_or(well_formed) {
            return None;
        }
        let number = digits.parse().ok()?;
        self.at += len;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_read() {
        let text = r#" {"a" : [1, -2.5e1, []], "b\"\u0041\n": "ß", "c": {}, "d": null, "a": 7} "#;
        let value = parse(text).unwrap();
        assert_eq!(value.get("a"), Some(&Value::Number(7.0)));
        assert_eq!(value.get("b\"A\n"), Some(&Value::Text("ß".into())));
        assert_eq!(value.get("c"), Some(&Value::Object(vec![])));
        assert_eq!(value.get("d"), Some(&Value::Word));
        assert_eq!(value.get("e"), None);
        let list = [
            Value::Number(1.0),
            Value::Number(-25.0),
            Value::List(vec![]),
        ];
        assert_eq!(parse("[1, -2.5e1, []]"), Ok(Value::List(list.to_vec())));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "1 2",
            "\"a",
            "\"\\x\"",
            "\"\u{1}\"",
            "nul",
            "1.",
            ".5",
            "-",
            "1e",
            "[1 2]",
            "NaN",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_quoted_and_read_back(text in any::<String>()) {
            prop_assert_eq!(parse(&Quoted(&text).to_string()), Ok(Value::Text(text)));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in r#"[\[\]{}",:0-9eE.+\\u tn-]{0,40}"#) {
            let _ = (parse(&text), parse(&near));
        }
    }
}
