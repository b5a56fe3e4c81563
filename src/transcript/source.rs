//! The file as it came, and the tokens of its strings: where they stand and what they say.

use super::entity;
use crate::base::{Error, HoldReason, Result, Stage, limits};
use std::ops::Range;

/// How a string writes the characters that its format needs for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// It has none: its bytes are what it says.
    None,
    /// `\n`, `\u00e9`.
    Json,
    /// `&amp;`, `&#233;`; characters that are never seen count for nothing.
    Markup,
}

/// A string or number of the file: its bytes, without quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) start: u32,
    pub(super) end: u32,
    escapes: Escapes,
}

impl Leaf {
    pub(super) const fn new(start: usize, end: usize, escaped: bool) -> Self {
        let escapes = if escaped { Escapes::Json } else { Escapes::None };
        Self { start: start as u32, end: end as u32, escapes }
    }

    /// Text between the tags of captions or a web page.
    pub(super) const fn markup(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32, escapes: Escapes::Markup }
    }

    pub(super) const fn escapes(self) -> Escapes {
        self.escapes
    }

    pub(super) const fn plain(start: usize, end: usize) -> Self {
        Self::new(start, end, false)
    }

    /// Whether it has escapes.
    pub(super) fn is_escaped(self) -> bool {
        self.escapes != Escapes::None
    }

    /// The same in a file that begins so many bytes further on.
    pub(super) const fn further(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by, ..self }
    }

    pub(super) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A stretch of a string without white space. `raw` are its bytes in the file, `text` what they
/// say: bytes of [`Source::text`], the same unless the string has escapes.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) raw: (u32, u32),
    text: (u32, u32),
}

/// The file, and after it in the same buffer the decoded tokens of strings with escapes.
pub(super) struct Source {
    buffer: String,
    file_len: usize,
}

impl Source {
    /// Takes a file over.
    ///
    /// # Errors
    /// Holds the call when the file is too large or not UTF-8.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() as u64 > limits::TRANSCRIPT_BYTES_MAX {
            return Err(Error::held(Stage::ParseTranscript, HoldReason::LimitReached, "the transcript is too large")
                .at("bytes", bytes.len() as u64));
        }
        let damaged = || Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, "the text is not UTF-8");
        let buffer = String::from_utf8(bytes).map_err(|_| damaged())?;
        Ok(Self { file_len: buffer.len(), buffer })
    }

    /// The file.
    pub(super) fn file(&self) -> &str {
        &self.buffer[..self.file_len]
    }

    /// The bytes of the file, as they were taken over.
    pub(super) fn into_file(mut self) -> Vec<u8> {
        self.buffer.truncate(self.file_len);
        self.buffer.into_bytes()
    }

    /// The bytes of a leaf as they stand in the file.
    pub(super) fn raw(&self, leaf: Leaf) -> &str {
        &self.buffer[leaf.range()]
    }

    /// What a token says.
    pub(super) fn text(&self, token: Token) -> &str {
        &self.buffer[token.text.0 as usize..token.text.1 as usize]
    }

    /// What a leaf says, with one space for each stretch of white space.
    pub(super) fn said(&mut self, leaf: Leaf) -> String {
        let mut tokens = Vec::new();
        self.tokens(leaf, &mut tokens);
        tokens.iter().map(|&token| self.text(token)).collect::<Vec<_>>().join(" ")
    }

    /// One token of pieces that stand apart in the file, such as a word with a tag in it.
    pub(super) fn joined(&mut self, pieces: &[Token]) -> Token {
        let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
        let start = self.buffer.len();
        for piece in pieces {
            self.buffer.extend_from_within(piece.text.0 as usize..piece.text.1 as usize);
        }
        Token { raw: (first.raw.0, last.raw.1), text: (start as u32, self.buffer.len() as u32) }
    }

    /// Appends the tokens of a leaf to `tokens`.
    pub(super) fn tokens(&mut self, leaf: Leaf, tokens: &mut Vec<Token>) {
        if leaf.escapes != Escapes::None {
            self.decoded_tokens(leaf, tokens);
            return;
        }
        let text = &self.buffer[leaf.range()];
        let mut push = |from: usize, to: usize| {
            let range = (leaf.start + from as u32, leaf.start + to as u32);
            tokens.push(Token { raw: range, text: range });
        };
        let mut begun = None;
        if text.is_ascii() {
            for (at, b) in text.bytes().enumerate() {
                match (is_ascii_space(b), begun) {
                    (true, Some(from)) => {
                        push(from, at);
                        begun = None;
                    }
                    (false, None) => begun = Some(at),
                    _ => {}
                }
            }
        } else {
            for (at, c) in text.char_indices() {
                match (is_space(c), begun) {
                    (true, Some(from)) => {
                        push(from, at);
                        begun = None;
                    }
                    (false, None) => begun = Some(at),
                    _ => {}
                }
            }
        }
        if let Some(from) = begun {
            push(from, text.len());
        }
    }

    fn decoded_tokens(&mut self, leaf: Leaf, tokens: &mut Vec<Token>) {
        let raw = self.buffer[leaf.range()].to_owned();
        let mut begun: Option<(usize, usize)> = None;
        let mut at = 0;
        while at <= raw.len() {
            let (c, len) = decode(&raw[at..], leaf.escapes).unwrap_or((' ', 1));
            if leaf.escapes == Escapes::Markup && entity::is_unseen(c) {
                at += len;
                continue;
            }
            match (is_space(c), begun) {
                (true, Some((from, text_from))) => {
                    let raw = (leaf.start + from as u32, leaf.start + at as u32);
                    tokens.push(Token { raw, text: (text_from as u32, self.buffer.len() as u32) });
                    begun = None;
                }
                (false, None) => begun = Some((at, self.buffer.len())),
                _ => {}
            }
            if !is_space(c) {
                self.buffer.push(c);
            }
            at += len;
        }
    }
}

/// Where each character of a string stands in the file; an escape is one.
pub(super) fn characters(file: &str, leaf: Leaf) -> impl Iterator<Item = Range<usize>> {
    let mut at = leaf.range().start;
    std::iter::from_fn(move || {
        let rest = &file[at..leaf.range().end];
        let (_, len) = decode(rest, leaf.escapes)?;
        at += len;
        Some(at - len..at)
    })
}

/// The first character of a string's bytes, and how many bytes it takes there.
fn decode(raw: &str, escapes: Escapes) -> Option<(char, usize)> {
    let first = raw.chars().next()?;
    match (escapes, first) {
        (Escapes::Json, '\\') => decode_json(raw),
        (Escapes::Markup, '&') => Some(entity::decode(raw).unwrap_or(('&', 1))),
        _ => Some((first, first.len_utf8())),
    }
}

/// The character of the escape at the start of a valid JSON string's bytes.
fn decode_json(raw: &str) -> Option<(char, usize)> {
    let bytes = raw.as_bytes();
    Some(match bytes.get(1)? {
        b'b' | b'f' | b'n' | b'r' | b't' => (' ', 2),
        b'u' => {
            let unit = hex_unit(bytes.get(2..6)?)?;
            match char::from_u32(unit) {
                Some(c) => (c, 6),
                None => {
                    let low = hex_unit(bytes.get(8..12)?)?;
                    let code = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
                    (char::from_u32(code)?, 12)
                }
            }
        }
        &other => (char::from(other), 2),
    })
}

/// The number that four hexadecimal digits write.
pub(super) fn hex_unit(digits: &[u8]) -> Option<u32> {
    let sound = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
    sound.then(|| digits.iter().fold(0, |n, &b| n << 4 | char::from(b).to_digit(16).unwrap_or(0)))
}

const fn is_ascii_space(b: u8) -> bool {
    b <= b' ' || b == 0x7f
}

/// White space and control characters separate tokens.
fn is_space(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(string: &str, escaped: bool) -> Vec<(String, String)> {
        let mut source = Source::new(string.as_bytes().to_vec()).expect("it is UTF-8");
        let mut tokens = Vec::new();
        source.tokens(Leaf::new(0, string.len(), escaped), &mut tokens);
        tokens
            .iter()
            .map(|&t| (source.file()[t.raw.0 as usize..t.raw.1 as usize].to_owned(), source.text(t).to_owned()))
            .collect()
    }

    #[test]
    fn tokens_are_what_white_space_separates() {
        let plain = |s: &str| texts(s, false).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(plain("  a bc\n d."), ["a", "bc", "d."]);
        assert_eq!(plain("josé\u{a0}ñ"), ["josé", "ñ"]);
        assert!(plain(" \t").is_empty());
    }

    #[test]
    fn an_escaped_token_keeps_its_bytes_and_says_its_text() {
        let got = texts(r#"a\nJos\u00e9 \"x\" \ud83d\ude00b\u0020c"#, true);
        let want = [("a", "a"), (r"Jos\u00e9", "José"), (r#"\"x\""#, "\"x\""), (r"\ud83d\ude00b", "😀b"), ("c", "c")];
        assert_eq!(got.len(), want.len());
        assert!(got.iter().zip(want).all(|(g, w)| (g.0.as_str(), g.1.as_str()) == w));
    }
}
