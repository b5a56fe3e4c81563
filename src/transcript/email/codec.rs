//! Transfer encodings and charsets of mail, both ways. What cannot be read to the last byte is damaged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8};

/// Most bytes of an encoded line, without its end.
const LINE_BYTES_MAX: usize = 76;

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    /// As it is: `7bit`, `8bit`, `binary`.
    Plain,
    QuotedPrintable,
    Base64,
}

impl Transfer {
    /// The encoding with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "" | "7bit" | "8bit" | "binary" => Self::Plain,
            "quoted-printable" => Self::QuotedPrintable,
            "base64" => Self::Base64,
            _ => return None,
        })
    }

    /// The name that a part with this content says.
    pub(super) const fn name(self, content: &[u8]) -> &'static str {
        match self {
            Self::Plain if content.is_ascii() => "7bit",
            Self::Plain => "8bit",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    pub(super) fn decode(self, body: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Plain => Some(body.to_vec()),
            Self::QuotedPrintable => decode_quoted(body),
            Self::Base64 => {
                let letters: Vec<u8> = body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                STANDARD.decode(letters).ok()
            }
        }
    }

    pub(super) fn encode(self, content: &[u8], line_end: &str) -> Vec<u8> {
        match self {
            Self::Plain => content.to_vec(),
            Self::QuotedPrintable => encode_quoted(content, line_end),
            Self::Base64 => {
                let letters = STANDARD.encode(content);
                let lines = letters.as_bytes().chunks(LINE_BYTES_MAX);
                lines.flat_map(|line| [line, line_end.as_bytes()]).flatten().copied().collect()
            }
        }
    }
}

/// The byte of two hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|d| d.len() == 2 && !d.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

fn decode_quoted(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&b| b == b'\n') {
        let end = line.strip_suffix(b"\n").map_or(line.len(), |l| l.strip_suffix(b"\r").unwrap_or(l).len());
        let (text, line_end) = line.split_at(end);
        // White space at the end of a line was put there on the way.
        let text = text.trim_ascii_end();
        let (text, is_soft) = text.strip_suffix(b"=").map_or((text, false), |t| (t, true));
        let mut at = 0;
        while at < text.len() {
            if text[at] == b'=' {
                out.push(hex(text.get(at + 1..at + 3)?)?);
                at += 3;
            } else {
                out.push(text[at]);
                at += 1;
            }
        }
        if !is_soft {
            out.extend_from_slice(line_end);
        }
    }
    Some(out)
}

fn encode_quoted(content: &[u8], line_end: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() * 5 / 4);
    for line in content.split_inclusive(|&b| b == b'\n') {
        let end = line.strip_suffix(b"\n").map_or(line.len(), |l| l.strip_suffix(b"\r").unwrap_or(l).len());
        let (text, own_end) = line.split_at(end);
        let mut width = 0;
        for (at, &b) in text.iter().enumerate() {
            let ends_line = at + 1 == text.len();
            let is_plain = (b == b' ' || b == b'\t') && !ends_line || b.is_ascii_graphic() && b != b'=';
            let len = if is_plain { 1 } else { 3 };
            if width + len >= LINE_BYTES_MAX {
                out.extend_from_slice(b"=");
                out.extend_from_slice(line_end.as_bytes());
                width = 0;
            }
            match is_plain {
                true => out.push(b),
                false => out.extend_from_slice(format!("={b:02X}").as_bytes()),
            }
            width += len;
        }
        out.extend_from_slice(own_end);
    }
    out
}

/// The charset with this name; ASCII is read as UTF-8, which it is part of.
pub(super) fn charset(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "" | "us-ascii" | "ascii" => Some(UTF_8),
        _ => Encoding::for_label(name.as_bytes()),
    }
}

/// The text of these bytes, if all of them are text.
pub(super) fn decode_text(bytes: &[u8], charset: &'static Encoding) -> Option<String> {
    charset.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
}

/// The bytes of a text in a charset that has all of its characters, and the name of that charset.
pub(super) fn encode_text(text: &str, charset: &'static Encoding) -> (Vec<u8>, String) {
    let (bytes, written_in, lost) = charset.encode(text);
    match lost {
        true => (text.as_bytes().to_vec(), "utf-8".to_owned()),
        false => (bytes.into_owned(), written_in.name().to_ascii_lowercase()),
    }
}

/// The text of a header value in which words may be encoded (RFC 2047).
pub(super) fn decode_words(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    let mut after_word = false;
    let mut open = 0;
    while let Some(at) = rest.find("=?") {
        let Some((name, kind, text, after)) = encoded_word(value, value.len() - rest.len() + at + 2, &mut open) else {
            out.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        // White space between two encoded words is no part of the text.
        if !(after_word && rest[..at].trim().is_empty()) {
            out.push_str(&rest[..at]);
        }
        let bytes = match kind {
            "B" | "b" => STANDARD.decode(text).ok()?,
            "Q" | "q" => decode_quoted(text.replace('_', "=20").as_bytes())?,
            _ => return None,
        };
        // A charset may be followed by a language: `utf-8*en`.
        let charset = charset(name.split('*').next().unwrap_or(name))?;
        out.push_str(&decode_text(&bytes, charset)?);
        rest = after;
        after_word = true;
    }
    out.push_str(rest);
    Some(out)
}

/// Charset, kind and text of the encoded word whose `=?` ends at `from`, and what follows it. No text of one ends before
/// `open`, so that none is searched twice.
fn encoded_word<'v>(value: &'v str, from: usize, open: &mut usize) -> Option<(&'v str, &'v str, &'v str, &'v str)> {
    let (charset, rest) = value[from..].split_once('?').filter(|(charset, _)| !charset.is_empty())?;
    let kind = rest.get(..1).filter(|_| rest[1..].starts_with('?'))?;
    let start = value.len() - rest.len() + 2;
    if start < *open {
        return None;
    }
    let ends = |&(at, c): &(usize, char)| c.is_whitespace() || value[start + at..].starts_with("?=");
    match value[start..].char_indices().find(ends).map(|(at, c)| (start + at, c)) {
        Some((end, '?')) => Some((charset, kind, &value[start..end], &value[end + 2..])),
        blank => {
            *open = blank.map_or(value.len(), |(at, _)| at);
            None
        }
    }
}

/// A header value that says `text`: as it stands where it is ASCII, else in encoded words.
pub(super) fn encode_words(text: &str, line_end: &str) -> String {
    if text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !text.contains("=?") {
        return folded(text, line_end);
    }
    let mut words: Vec<String> = Vec::new();
    let mut part = String::new();
    for c in text.chars() {
        // 45 bytes are 60 letters of base64, which with the rest of an encoded word stay within 75.
        if part.len() + c.len_utf8() > 45 {
            words.push(std::mem::take(&mut part));
        }
        part.push(c);
    }
    words.push(part);
    let words = words.iter().map(|part| format!("=?utf-8?B?{}?=", STANDARD.encode(part)));
    words.collect::<Vec<_>>().join(&format!("{line_end} "))
}

/// A long value on lines of its own, cut at spaces.
fn folded(text: &str, line_end: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split_inclusive(' ') {
        if width > 0 && width + word.len() > LINE_BYTES_MAX && out.ends_with(' ') {
            out.pop();
            out.push_str(line_end);
            out.push(' ');
            width = 0;
        }
        out.push_str(word);
        width += word.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn encoded_words_are_read() {
        for (value, want) in [
            ("=?utf-8?Q?Mar=C3=ADa_Ruiz?= <a@b>", Some("María Ruiz <a@b>")),
            ("=?ISO-8859-1?B?Sm9z6Q==?=\r\n =?utf-8*en?q?_x?=", Some("José x")),
            ("a =?utf-8?q?b?= c", Some("a b c")),
            ("=?utf-8?q?b", Some("=?utf-8?q?b")),
            ("50 =? 60", Some("50 =? 60")),
            ("=?nonsense?q?b?=", None),
            ("=?utf-8?q?=ZZ?=", None),
            ("=?utf-8?b?***?=", None),
        ] {
            assert_eq!(decode_words(value).as_deref(), want, "{value}");
        }
    }

    #[test]
    fn encoded_words_that_never_end_are_searched_once() {
        for many in ["=? ", "=?u?q?x", "=?u?q? ", "=?u?q", "=?u"] {
            let value = many.repeat(1_000_000);
            assert_eq!(decode_words(&value).as_ref(), Some(&value), "{many}");
        }
    }

    #[test]
    fn quoted_printable_is_read_strictly() {
        let decode = |text: &str| Transfer::QuotedPrintable.decode(text.as_bytes());
        assert_eq!(decode("a=3D=\r\nb \r\nc=\n").unwrap(), b"a=b\r\nc");
        assert!(decode("a=4").is_none() && decode("a=+1").is_none() && decode("=GG").is_none());
        assert!(Transfer::Base64.decode(b"SGk=Sm9obg==").is_none(), "nothing may stand behind the end");
    }

    #[test]
    fn a_text_keeps_its_charset_unless_it_cannot() {
        let latin_1 = charset("ISO-8859-1").unwrap();
        assert_eq!(encode_text("é", latin_1), (vec![0xE9], "windows-1252".to_owned()));
        assert_eq!(encode_text("ł", latin_1).1, "utf-8");
        assert!(decode_text(b"\xff", UTF_8).is_none() && charset("john").is_none());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(text in "(\\PC|[ \t\r\n=?_.-]){0,200}", crlf in any::<bool>()) {
            let line_end = if crlf { "\r\n" } else { "\n" };
            for transfer in [Transfer::Plain, Transfer::QuotedPrintable, Transfer::Base64] {
                let encoded = transfer.encode(text.as_bytes(), line_end);
                prop_assert_eq!(transfer.decode(&encoded).unwrap(), text.as_bytes());
                prop_assert!(transfer == Transfer::Plain || encoded.split(|&b| b == b'\n').all(|l| l.len() <= 78));
            }
            let said: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let value = encode_words(&said, line_end).replace(&format!("{line_end} "), " ");
            prop_assert_eq!(decode_words(&value).unwrap(), said);
        }
    }
}
