//! Walks a JSON text strictly (RFC 8259) and hands over every string, key and number in it, without building it.
//!
//! It shares no code with the reader of transcripts, since it is part of the proof of what that reader led to.

use crate::base::limits::JSON_DEPTH_MAX;
use std::borrow::Cow;

/// A string, key or number as it stands in the text: without quotes, escapes and all.
#[derive(Clone, Copy)]
pub(super) enum Leaf<'j> {
    Key(Quoted<'j>),
    Text {
        /// The key that the string stands under, in lists too.
        key: &'j [u8],
        text: Quoted<'j>,
    },
    Number(&'j [u8]),
}

/// A string with its quotes.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'j> {
    whole: &'j [u8],
    pub(super) is_escaped: bool,
}

impl<'j> Quoted<'j> {
    /// The bytes between the quotes.
    pub(super) fn raw(self) -> &'j [u8] {
        &self.whole[1..self.whole.len() - 1]
    }

    /// What it says.
    ///
    /// # Errors
    /// When an escape is none.
    pub(super) fn said(self) -> Result<Cow<'j, str>, Malformed> {
        match self.is_escaped {
            false => std::str::from_utf8(self.raw()).map(Cow::Borrowed).map_err(|_| Malformed),
            true => serde_json::from_slice(self.whole).map(Cow::Owned).map_err(|_| Malformed),
        }
    }
}

/// The text is no JSON, or is nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::redact) struct Malformed;

/// Calls `visit` with every leaf in order.
///
/// # Errors
/// When the text is no JSON, and the first of `visit`.
pub(super) fn walk<'j>(
    json: &'j [u8],
    mut visit: impl FnMut(Leaf<'j>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut walker = Walker { json, at: 0, depth: 0, open: [Open::default(); JSON_DEPTH_MAX] };
    loop {
        walker.value(&mut visit)?;
        if walker.ended(&mut visit)? {
            return Ok(());
        }
    }
}

/// A container that is open.
#[derive(Clone, Copy, Default)]
struct Open<'j> {
    is_object: bool,
    /// The key of what is read inside.
    key: &'j [u8],
}

struct Walker<'j> {
    json: &'j [u8],
    at: usize,
    depth: usize,
    /// The first `depth` are in use, innermost last.
    open: [Open<'j>; JSON_DEPTH_MAX],
}

impl<'j> Walker<'j> {
    /// Reads a value, or enters containers up to the first value inside.
    fn value(&mut self, visit: &mut impl FnMut(Leaf<'j>) -> Result<(), Malformed>) -> Result<(), Malformed> {
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => {
                    let text = self.string()?;
                    return visit(Leaf::Text { key: self.key(), text });
                }
                Some(b'-' | b'0'..=b'9') => return visit(Leaf::Number(self.number()?)),
                Some(opening @ (b'{' | b'[')) => {
                    let open = Open { is_object: opening == b'{', key: self.key() };
                    *self.open.get_mut(self.depth).ok_or(Malformed)? = open;
                    self.depth += 1;
                    self.at += 1;
                    self.space();
                    if matches!(self.peek(), Some(b'}' | b']')) {
                        // Empty: `ended` closes it.
                        return Ok(());
                    }
                    if open.is_object {
                        self.enter_key(visit)?;
                    }
                }
                Some(b't') => return self.literal("true"),
                Some(b'f') => return self.literal("false"),
                Some(b'n') => return self.literal("null"),
                _ => return Err(Malformed),
            }
        }
    }

    /// After a value: closes what ends here; whether that was all of it. If not, the next value follows.
    fn ended(&mut self, visit: &mut impl FnMut(Leaf<'j>) -> Result<(), Malformed>) -> Result<bool, Malformed> {
        loop {
            self.space();
            let Some(innermost) = self.depth.checked_sub(1) else {
                return if self.at == self.json.len() { Ok(true) } else { Err(Malformed) };
            };
            let is_object = self.open[innermost].is_object;
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if is_object {
                        self.space();
                        self.enter_key(visit)?;
                    }
                    return Ok(false);
                }
                Some(b'}') if is_object => self.depth = innermost,
                Some(b']') if !is_object => self.depth = innermost,
                _ => return Err(Malformed),
            }
            self.at += 1;
        }
    }

    /// Reads a key and its colon.
    fn enter_key(&mut self, visit: &mut impl FnMut(Leaf<'j>) -> Result<(), Malformed>) -> Result<(), Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed);
        }
        let key = self.string()?;
        visit(Leaf::Key(key))?;
        self.open[self.depth - 1].key = key.raw();
        self.space();
        if self.peek() != Some(b':') {
            return Err(Malformed);
        }
        self.at += 1;
        Ok(())
    }

    fn key(&self) -> &'j [u8] {
        self.depth.checked_sub(1).map_or(&[], |innermost| self.open[innermost].key)
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            while self.json[self.at..].starts_with(b"    ") {
                self.at += 4;
            }
        }
    }

    /// A string, up to behind its closing quote.
    #[inline]
    fn string(&mut self) -> Result<Quoted<'j>, Malformed> {
        let start = self.at;
        self.at += 1;
        self.at += self.plain_len();
        let is_escaped = self.peek() != Some(b'"');
        if is_escaped {
            self.escapes()?;
        }
        self.at += 1;
        Ok(Quoted { whole: &self.json[start..self.at], is_escaped })
    }

    /// Steps over what stands between the first escape of a string and its closing quote. What an escape says is
    /// checked where it is read; here it must only not end the string.
    #[cold]
    fn escapes(&mut self) -> Result<(), Malformed> {
        while self.peek() == Some(b'\\') && self.at + 2 <= self.json.len() {
            self.at += 2;
            self.at += self.plain_len();
        }
        if self.peek() == Some(b'"') { Ok(()) } else { Err(Malformed) }
    }

    /// How many bytes stand before the next quote, backslash or control character.
    fn plain_len(&self) -> usize {
        const EACH: u64 = u64::from_ne_bytes([1; 8]);
        let rest = &self.json[self.at..];
        let mut len = 0;
        while let Some(eight) = rest[len..].first_chunk() {
            let eight = u64::from_le_bytes(*eight);
            let quote = (eight ^ (EACH * b'"' as u64)).wrapping_sub(EACH);
            let backslash = (eight ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
            let control = eight.wrapping_sub(EACH * b' ' as u64);
            // A byte under the one subtracted borrows; one with its high bit set is none of the three.
            let stops = (quote | backslash | control) & !eight & (EACH << 7);
            if stops != 0 {
                return len + stops.trailing_zeros() as usize / 8;
            }
            len += 8;
        }
        let stops = |b: &u8| matches!(b, b'"' | b'\\' | ..b' ');
        len + rest[len..].iter().position(stops).unwrap_or(rest.len() - len)
    }

    fn number(&mut self) -> Result<&'j [u8], Malformed> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.peek();
        let whole = self.digits()?;
        if whole > 1 && first == Some(b'0') {
            return Err(Malformed);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.json[start..self.at])
    }

    /// One digit or more; how many.
    fn digits(&mut self) -> Result<usize, Malformed> {
        let count = self.json[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(Malformed) } else { Ok(count) }
    }

    fn literal(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.json[self.at..].starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// What a text holds, as `walk` has it.
    fn leaves(json: &str) -> Result<Vec<String>, Malformed> {
        let mut leaves = Vec::new();
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        walk(json.as_bytes(), |leaf| {
            leaves.push(match leaf {
                Leaf::Key(key) => format!("key {}", key.said()?),
                Leaf::Text { key, text } => format!("{}: {}", utf8(key), text.said()?),
                Leaf::Number(number) => utf8(number),
            });
            Ok(())
        })?;
        Ok(leaves)
    }

    #[test]
    fn every_leaf_is_handed_over_under_its_key() {
        let json = r#" {"a":["x",{"b":"y"},"z",[1,-2.5e+1]],"c\n":"\u00e9\"","d":{},"e":[],"f":null} "#;
        let want = [
            "key a",
            "a: x",
            "key b",
            "b: y",
            "a: z",
            "1",
            "-2.5e+1",
            "key c\n",
            "c\\n: é\"",
            "key d",
            "key e",
            "key f",
        ];
        assert_eq!(leaves(json).unwrap(), want);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        let deep = ["[".repeat(JSON_DEPTH_MAX + 1), "]".repeat(JSON_DEPTH_MAX + 1)].concat();
        for json in [
            "",
            " ",
            "{",
            "{}x",
            "[1,]",
            "[,1]",
            "{,}",
            "[}",
            "{]",
            r#"{"a"}"#,
            r#"{"a":1,}"#,
            r#"{1:2}"#,
            "01",
            "1.",
            "-",
            "1e",
            ".5",
            "+1",
            "tru",
            "nul",
            r#"""#,
            r#""a"#,
            r#""\"#,
            r#""\x""#,
            r#""\ud800""#,
            "\"\n\"",
            "[1 2]",
            "'a'",
            &deep,
        ] {
            assert_eq!(leaves(json), Err(Malformed), "{json}");
        }
    }

    proptest! {
        #[test]
        fn it_takes_what_another_parser_takes_and_nothing_else(
            json in r#"([\[\]{}:,]|"(a|\\n|\\u00e9|\\)?"|-?[0-9]{1,2}|\.5|e-1|true|null| ){0,12}"#
        ) {
            prop_assert_eq!(leaves(&json).is_ok(), serde_json::from_str::<Value>(&json).is_ok(), "{}", json);
        }
    }
}
