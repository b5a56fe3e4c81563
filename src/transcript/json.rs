//! A strict one-pass JSON scanner: it validates the whole file (RFC 8259, no duplicate keys) and
//! keeps only what the format's schema asks for, as a flat tape of byte ranges.
//!
//! It decodes nothing and allocates nothing per value. Anything that no rule covers ends the scan.

use super::keys::TextKey;
use super::schema::{Node, Role, shape};
use super::source::Leaf;
use crate::base::{Error, HoldReason, Result, Stage, limits};

/// A kept value: a leaf, or a container whose entries follow it up to `next`.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) role: Role,
    pub(super) leaf: Leaf,
    next: u32,
}

/// The kept values of a file, in file order, and those that must not be kept.
pub(super) struct Tape {
    entries: Vec<Entry>,
    dropped: Vec<Dropped>,
    keys: Vec<TextKey>,
}

/// A value that must not stay.
#[derive(Clone, Copy)]
pub(super) enum Dropped {
    /// What stands between the quotes or brackets.
    Inside(Leaf),
    /// A number.
    Number(Leaf),
}

/// The values directly inside a container, or at the top of the file.
#[derive(Clone, Copy)]
pub(super) struct Children<'t> {
    tape: &'t Tape,
    at: u32,
    end: u32,
}

impl Tape {
    /// The entry of the whole file.
    pub(super) const fn top(&self) -> Children<'_> {
        Children { tape: self, at: 0, end: self.entries.len() as u32 }
    }

    /// Keys that are text, in file order.
    pub(super) fn keys(&self) -> &[TextKey] {
        &self.keys
    }

    /// What must not stay.
    pub(super) fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }
}

impl<'t> Iterator for Children<'t> {
    type Item = (Entry, Children<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let entry = self.tape.entries[self.at as usize];
        let inside = Children { tape: self.tape, at: self.at + 1, end: entry.next };
        self.at = entry.next;
        Some((entry, inside))
    }
}

/// Scans `text` (a byte order mark is skipped) by the schema `root`.
///
/// # Errors
/// Holds the call when the file is damaged, passes a limit, or has a value that no rule covers.
pub(super) fn scan(text: &str, root: &'static Node) -> Result<Tape> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: start,
        // A compact file has an entry in 20 bytes; room that is not used costs no memory.
        entries: Vec::with_capacity(text.len() / 16),
        dropped: Vec::new(),
        keys: Vec::new(),
        unknown_keys: Vec::new(),
        glues: [[Glue::default(); GLUES]; limits::JSON_DEPTH_MAX],
    };
    scanner.space();
    scanner.value(root, 0)?;
    scanner.space();
    if scanner.at != text.len() {
        return Err(scanner.damaged("text follows the end of the JSON value"));
    }
    Ok(Tape { entries: scanner.entries, dropped: scanner.dropped, keys: scanner.keys })
}

/// Says under which key of the schema it was that no rule covers a value; keys of the file may be anything.
#[cold]
fn within(error: Error, key: &'static str) -> Error {
    if error.hold_reason() == Some(HoldReason::UncoveredText) { error.within(key) } else { error }
}

/// Most unknown keys of one object; the largest known object of any format has about 30 keys.
const UNKNOWN_KEYS_MAX: usize = 256;

/// Most keys of an object whose keys are data: categories of a call, participants, models.
const MAP_KEYS_MAX: usize = 256;

/// Glues that are remembered of the objects of one depth.
const GLUES: usize = 16;
/// Longest one.
const GLUE_BYTES_MAX: usize = 128;

/// What stood between two values of an object, or before its first: comma, key, colon and space. Objects of a list have the
/// same again and again, so that most of it is compared at once.
#[derive(Clone, Copy, Default)]
struct Glue {
    /// Where it stands; nowhere if it ends where it starts.
    start: u32,
    end: u32,
    /// The fields of its object, and which of them its key is.
    fields: &'static [(&'static str, Node)],
    index: u8,
    /// The key is the first of its object.
    is_first: bool,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    entries: Vec<Entry>,
    dropped: Vec<Dropped>,
    keys: Vec<TextKey>,
    /// Byte ranges of the unknown keys of the objects that are open, innermost last.
    unknown_keys: Vec<(u32, u32)>,
    /// The glues seen last, by depth; which of them, by the key before.
    glues: [[Glue; GLUES]; limits::JSON_DEPTH_MAX],
}

/// What stands before the next value of an object.
enum Key {
    /// Nothing: the object is over.
    None,
    /// A key of no field.
    Unknown,
    /// The key of this field.
    Field(usize),
}

impl Scanner<'_> {
    #[cold]
    fn damaged(&self, message: &'static str) -> Error {
        Error::held(Stage::ParseTranscript, HoldReason::DamagedTranscript, message).at("byte", self.at as u64)
    }

    #[cold]
    fn uncovered(&self, message: &'static str) -> Error {
        Error::held(Stage::ParseTranscript, HoldReason::UncoveredText, message).at("byte", self.at as u64)
    }

    #[cold]
    fn limit(&self, message: &'static str) -> Error {
        Error::held(Stage::ParseTranscript, HoldReason::LimitReached, message).at("byte", self.at as u64)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            // Compact files have none, pretty ones an indentation.
            while let Some(eight) = self.bytes[self.at..].first_chunk() {
                let other = u64::from_le_bytes(*eight) ^ u64::from_le_bytes(*b"        ");
                self.at += other.trailing_zeros() as usize / 8;
                if other != 0 {
                    break;
                }
            }
        }
    }

    /// A value inside a container: most are strings.
    #[inline]
    fn member(&mut self, node: &'static Node, depth: usize) -> Result<()> {
        if self.peek() != Some(b'"') || depth >= limits::JSON_DEPTH_MAX {
            return self.value(node, depth);
        }
        let leaf = self.string()?;
        self.scalar(node, leaf, Scalar::String)
    }

    fn value(&mut self, node: &'static Node, depth: usize) -> Result<()> {
        if depth >= limits::JSON_DEPTH_MAX {
            return Err(self.limit("JSON is nested too deeply"));
        }
        match self.peek() {
            Some(b'{' | b'[') if matches!(node, Node::Dropped) => self.dropped_container(depth),
            Some(b'{') => self.object(node, depth),
            Some(b'[') => self.array(node, depth),
            Some(b'"') => {
                let leaf = self.string()?;
                self.scalar(node, leaf, Scalar::String)
            }
            Some(b'-' | b'0'..=b'9') => {
                let leaf = self.number()?;
                self.scalar(node, leaf, Scalar::Number)
            }
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            _ => Err(self.damaged("a JSON value is missing")),
        }
    }

    #[inline]
    fn scalar(&mut self, node: &Node, leaf: Leaf, kind: Scalar) -> Result<()> {
        let text = &self.text[leaf.range()];
        let (role, covered) = match (node, kind) {
            (Node::Text(role), Scalar::String) => (Some(*role), true),
            // Where services have nothing to say, they say it.
            (Node::Value(..) | Node::Known(_), Scalar::String) if text.is_empty() => (None, true),
            (Node::Value(role, fits), _) => (Some(*role), fits(text)),
            (Node::Known(fits), _) => (None, fits(text)),
            (Node::Dropped, Scalar::String) => {
                self.dropped.push(Dropped::Inside(leaf));
                (None, true)
            }
            (Node::Dropped, Scalar::Number) => {
                self.dropped.push(Dropped::Number(leaf));
                (None, true)
            }
            (_, Scalar::String) => (None, text.is_empty()),
            (_, Scalar::Number) => (None, shape::harmless_number(text)),
        };
        if !covered {
            return Err(self.uncovered("a value is neither text nor known structure"));
        }
        if let Some(role) = role {
            self.entries.push(Entry { role, leaf, next: self.entries.len() as u32 + 1 });
        }
        Ok(())
    }

    fn object(&mut self, node: &'static Node, depth: usize) -> Result<()> {
        if let Node::Map(key, value) = node {
            return self.map(key, value, depth);
        }
        let (role, fields): (_, &'static [(&str, Node)]) = match node {
            Node::Object(role, fields) => (*role, fields),
            _ => (Role::Group, &[]),
        };
        debug_assert!(fields.len() <= 128, "the keys seen are one bit each");
        let opened = self.open(role);
        let unknown_before = self.unknown_keys.len();
        let mut seen = 0_u128;
        self.at += 1;
        // The key before, counted from 1; 0 before the first, and behind one that is unknown.
        let mut last = 0;
        let mut is_first = true;
        loop {
            let index = match self.glued(fields, depth, last, is_first) {
                Some(index) => Some(index),
                None => match self.unglued(fields, (depth, last), is_first, unknown_before)? {
                    Key::None => break,
                    Key::Unknown => None,
                    Key::Field(index) => Some(index),
                },
            };
            let child = match index {
                Some(index) => self.known_key(&mut seen, fields, index)?,
                None => &Node::Unknown,
            };
            let inside = self.member(child, depth + 1);
            inside.map_err(|error| within(error, index.map_or("?", |index| fields[index].0)))?;
            last = index.map_or(0, |index| index + 1);
            is_first = false;
        }
        self.at += 1;
        self.unknown_keys.truncate(unknown_before);
        self.close(opened);
        Ok(())
    }

    #[inline]
    fn colon(&mut self) -> Result<()> {
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.damaged("a colon is missing"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// An object whose keys are values of the node `key`.
    fn map(&mut self, key: &Node, value: &'static Node, depth: usize) -> Result<()> {
        let mut seen: Vec<(u32, u32)> = Vec::new();
        let object = self.at as u32;
        self.at += 1;
        self.space();
        let mut more = self.peek() != Some(b'}');
        while more {
            let name = self.data_key()?;
            // Equal keys could be written with escapes and without; those of known maps never need any.
            if name.is_escaped() {
                return Err(self.uncovered("a key that is data has an escape"));
            }
            if seen.iter().any(|&(start, end)| self.bytes[start as usize..end as usize] == self.bytes[name.range()]) {
                return Err(self.damaged("an object has one key twice"));
            }
            if seen.len() == MAP_KEYS_MAX {
                return Err(self.limit("an object has too many keys"));
            }
            seen.push((name.start, name.end));
            self.scalar(key, name, Scalar::String)?;
            if let Node::Text(_) = key {
                self.keys.push(TextKey { leaf: name, object });
            }
            self.colon()?;
            self.member(value, depth + 1)?;
            more = self.separator(b'}')?;
        }
        self.at += 1;
        Ok(())
    }

    fn data_key(&mut self) -> Result<Leaf> {
        if self.peek() != Some(b'"') {
            return Err(self.damaged("an object key is missing"));
        }
        self.string()
    }

    /// Steps over an object or array that is dropped, whatever it holds, as long as it is sound JSON.
    fn dropped_container(&mut self, depth: usize) -> Result<()> {
        let start = self.at + 1;
        let kept = self.dropped.len();
        self.anything(depth)?;
        self.dropped.truncate(kept);
        self.dropped.push(Dropped::Inside(Leaf::plain(start, self.at - 1)));
        Ok(())
    }

    fn anything(&mut self, depth: usize) -> Result<()> {
        let Some(opening @ (b'{' | b'[')) = self.peek() else {
            return self.value(&Node::Dropped, depth);
        };
        if depth >= limits::JSON_DEPTH_MAX {
            return Err(self.limit("JSON is nested too deeply"));
        }
        let closing = if opening == b'{' { b'}' } else { b']' };
        self.at += 1;
        self.space();
        let mut more = self.peek() != Some(closing);
        while more {
            if opening == b'{' {
                self.data_key()?;
                self.colon()?;
            }
            self.anything(depth + 1)?;
            more = self.separator(closing)?;
        }
        self.at += 1;
        Ok(())
    }

    /// Steps over the glue that followed the same key the last time, if it stands here again, and says which key is in it.
    #[inline]
    fn glued(&mut self, fields: &[(&str, Node)], depth: usize, last: usize, is_first: bool) -> Option<usize> {
        let glue = self.glues[depth][last % GLUES];
        let there = &self.bytes[glue.start as usize..glue.end as usize];
        let same = glue.is_first == is_first
            && std::ptr::eq(glue.fields, fields)
            && !there.is_empty()
            && self.bytes[self.at..].starts_with(there);
        same.then(|| {
            self.at += there.len();
            usize::from(glue.index)
        })
    }

    /// Steps over whatever stands before the next value of an object, and remembers it.
    fn unglued(
        &mut self,
        fields: &'static [(&str, Node)],
        (depth, last): (usize, usize),
        is_first: bool,
        unknown_before: usize,
    ) -> Result<Key> {
        let start = self.at;
        let more = if is_first {
            self.space();
            self.peek() != Some(b'}')
        } else {
            self.separator(b'}')?
        };
        if !more {
            return Ok(Key::None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.damaged("an object key is missing"));
        }
        let key = self.string()?;
        let index = fields.iter().position(|(name, _)| name.as_bytes() == &self.bytes[key.range()]);
        if index.is_none() {
            self.unknown_key(key, unknown_before)?;
        }
        self.colon()?;
        let Some(index) = index else { return Ok(Key::Unknown) };
        if self.at - start <= GLUE_BYTES_MAX {
            self.glues[depth][last % GLUES] =
                Glue { start: start as u32, end: self.at as u32, fields, index: index as u8, is_first };
        }
        Ok(Key::Field(index))
    }

    #[inline]
    fn known_key(&self, seen: &mut u128, fields: &'static [(&str, Node)], index: usize) -> Result<&'static Node> {
        if *seen & (1 << index) != 0 {
            return Err(self.damaged("an object has one key twice"));
        }
        *seen |= 1 << index;
        Ok(&fields[index].1)
    }

    #[cold]
    fn unknown_key(&mut self, key: Leaf, since: usize) -> Result<()> {
        // An escaped key is never an identifier, so equal keys are equal bytes.
        if !shape::identifier(&self.text[key.range()]) {
            return Err(self.uncovered("an unknown key is not an identifier"));
        }
        let open = &self.unknown_keys[since..];
        if open.iter().any(|&(start, end)| self.bytes[start as usize..end as usize] == self.bytes[key.range()]) {
            return Err(self.damaged("an object has one key twice"));
        }
        if open.len() == UNKNOWN_KEYS_MAX {
            return Err(self.limit("an object has too many unknown keys"));
        }
        self.unknown_keys.push((key.start, key.end));
        Ok(())
    }

    fn array(&mut self, node: &'static Node, depth: usize) -> Result<()> {
        let (role, child): (_, &'static Node) = match node {
            Node::Array(role, child) => (*role, *child),
            // Vendors put a list of lists where a list of objects was.
            Node::Object(..) => (Role::Group, node),
            _ => (Role::Group, &Node::Unknown),
        };
        let opened = self.open(role);
        self.at += 1;
        self.space();
        let mut more = self.peek() != Some(b']');
        while more {
            self.member(child, depth + 1)?;
            more = self.separator(b']')?;
        }
        self.at += 1;
        self.close(opened);
        Ok(())
    }

    /// After a member: steps over a comma (true) or stops at the closing bracket (false).
    fn separator(&mut self, closing: u8) -> Result<bool> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(b) if b == closing => Ok(false),
            _ => Err(self.damaged("a comma or closing bracket is missing")),
        }
    }

    fn open(&mut self, role: Role) -> Option<usize> {
        (role != Role::Group).then(|| {
            self.entries.push(Entry { role, leaf: Leaf::plain(self.at, self.at), next: 0 });
            self.entries.len() - 1
        })
    }

    fn close(&mut self, opened: Option<usize>) {
        let next = self.entries.len() as u32;
        if let Some(opened) = opened {
            self.entries[opened].next = next;
        }
    }

    /// A string: the range between its quotes.
    #[inline]
    fn string(&mut self) -> Result<Leaf> {
        let start = self.at + 1;
        self.at = start + plain_prefix(&self.bytes[start..]);
        if self.peek() == Some(b'"') && self.at - start <= limits::STRING_BYTES_MAX {
            self.at += 1;
            return Ok(Leaf::plain(start, self.at - 1));
        }
        self.odd_string(start)
    }

    /// The rest of a string that has escapes, or that is refused.
    #[cold]
    fn odd_string(&mut self, start: usize) -> Result<Leaf> {
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.damaged("a control character stands in a string")),
                None => return Err(self.damaged("the file ends inside a string")),
            }
            self.at += plain_prefix(&self.bytes[self.at..]);
        }
        if self.at - start > limits::STRING_BYTES_MAX {
            return Err(self.limit("a string is too long"));
        }
        let leaf = Leaf::new(start, self.at, escaped);
        self.at += 1;
        Ok(leaf)
    }

    fn escape(&mut self) -> Result<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.unit(self.at)? {
                0xD800..=0xDBFF if self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u") => {
                    let 0xDC00..=0xDFFF = self.unit(self.at + 6)? else {
                        return Err(self.damaged("half a surrogate pair stands alone"));
                    };
                    self.at += 12;
                }
                0xD800..=0xDFFF => return Err(self.damaged("half a surrogate pair stands alone")),
                _ => self.at += 6,
            },
            _ => return Err(self.damaged("an escape is unknown")),
        }
        Ok(())
    }

    /// The value of `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u32> {
        super::source::hex_unit(self.bytes.get(at + 2..at + 6).unwrap_or(b""))
            .ok_or_else(|| self.damaged("an escape is not four hexadecimal digits"))
    }

    fn number(&mut self) -> Result<Leaf> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let mut sound = whole == 1 || (whole > 1 && self.bytes[self.at - whole] != b'0');
        if self.peek() == Some(b'.') {
            self.at += 1;
            sound &= self.digits() > 0;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            sound &= self.digits() > 0;
        }
        if sound { Ok(Leaf::plain(start, self.at)) } else { Err(self.damaged("a number is malformed")) }
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn literal(&mut self, word: &[u8]) -> Result<()> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.damaged("a JSON value is missing"));
        }
        self.at += word.len();
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Scalar {
    String,
    Number,
}

/// How many bytes stand before the first quote, backslash or control character.
#[inline]
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(eight) = bytes[at..].first_chunk() {
        let x = u64::from_le_bytes(*eight);
        let (quote, slash) = (x ^ (ONES * 0x22), x ^ (ONES * 0x5c));
        // The lowest bit set is exact (a borrow can only spoil bytes above the first hit).
        let hits = ((quote.wrapping_sub(ONES) & !quote)
            | (slash.wrapping_sub(ONES) & !slash)
            | (x.wrapping_sub(ONES * 0x20) & !x))
            & HIGH;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    static ANY: Node = Node::Unknown;
    static TEXT: Node = Node::Object(Role::Group, &[("t", Node::Text(Role::Text)), ("n", Node::Known(shape::count))]);

    fn reason(text: &str, root: &'static Node) -> Option<HoldReason> {
        scan(text, root).err().and_then(|e| e.hold_reason())
    }

    #[test]
    fn what_rfc_8259_allows_is_read() {
        for text in ["{}", " [ ] ", "-0.5e-3", "null", "\u{feff}{\"a\":[1,{\"b\":true}]}", "{\"a\":\"\"}"] {
            assert!(reason(text, &ANY).is_none(), "{text}");
        }
        let tape = scan(r#"{"t":"a\u00e9\ud83d\ude00\n"}"#, &TEXT).expect("it is valid");
        assert!(tape.top().count() == 1 && tape.top().all(|(e, _)| e.leaf == Leaf::new(6, 27, true)));
    }

    #[test]
    fn what_it_forbids_is_damage() {
        for text in [
            "",
            "{",
            "{\"a\"}",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "1e",
            "nul",
            "[1 2]",
            "{} {}",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u12\"",
            "\"abc",
            "{\"a\":1,\"a\":2}",
            "\u{feff}\u{feff}1",
        ] {
            assert!(reason(text, &ANY) == Some(HoldReason::DamagedTranscript), "{text}");
        }
        assert!(reason(r#"{"t":"x","t":"y"}"#, &TEXT) == Some(HoldReason::DamagedTranscript));
    }

    #[test]
    fn what_no_rule_covers_is_held() {
        for text in [
            r#"{"note":"john"}"#,
            r#"{"t":{"x":"john"}}"#,
            r#"{"n":"john"}"#,
            r#"{"x":5551234}"#,
            r#"{"x":"5"}"#,
            r#"{"john smith":1}"#,
            r#"{"\u0061":1}"#,
            r#"{"x":[["john"]]}"#,
        ] {
            assert!(reason(text, &TEXT) == Some(HoldReason::UncoveredText), "{text}");
        }
    }

    #[test]
    fn what_is_held_is_named_by_keys_of_the_schema_alone() {
        static ROOT: Node = Node::Object(Role::Group, &[("list", Node::Array(Role::Group, &TEXT))]);
        for (text, want) in [
            (r#"{"list":[{"n":"1"},{"n":"john"}]}"#, "(byte 30) in list.n"),
            (r#"{"list":[{"john":"smith"}]}"#, "(byte 24) in list.?"),
            (r#"{"john":{"list":"smith"}}"#, "(byte 23) in ?.?"),
            (r#"{"john smith":1}"#, "(byte 13)"),
        ] {
            let error = scan(text, &ROOT).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.ends_with(want), "{error}");
        }
    }

    #[test]
    fn what_is_empty_says_nothing() {
        static ROOT: Node =
            Node::Object(Role::Group, &[("k", Node::Known(shape::uuid)), ("v", Node::Value(Role::Kind, shape::uuid))]);
        assert_eq!(scan(r#"{"k":"","v":""}"#, &ROOT).map(|tape| tape.top().count()).ok(), Some(0));
    }

    #[test]
    fn depth_and_keys_are_bounded() {
        assert!(reason(&"[".repeat(1_000_000), &ANY) == Some(HoldReason::LimitReached));
        let keys: Vec<String> = (0..300).map(|i| format!("\"k{i}\":0")).collect();
        assert!(reason(&format!("{{{}}}", keys.join(",")), &ANY) == Some(HoldReason::LimitReached));
    }

    #[test]
    fn what_stood_between_values_before_is_no_excuse_for_what_stands_there_now() {
        static ITEM: Node = Node::Object(Role::Group, &[("a", Node::Text(Role::Text)), ("b", Node::Text(Role::Text))]);
        static LIST: Node = Node::Array(Role::Group, &ITEM);
        let texts = |text: &str| -> Result<Vec<String>> {
            let tape = scan(text, &LIST)?;
            Ok(tape.top().map(|(entry, _)| text[entry.leaf.range()].to_owned()).collect())
        };
        for (text, want) in [
            (r#"[{"a":"1","b":"2"},{"a":"3","b":"4"}]"#, "1234"),
            (r#"[{"a":"1","b":"2"},{"b":"3","a":"4"}, {"a" : "5"},{},{"b":"6"},{ "a":"7", "b":"8"}]"#, "12345678"),
            (r#"[{"a":"1","c":0,"b":"2"},{"a":"3","c":0,"b":"4"},{"c":0,"a":"5"}]"#, "12345"),
        ] {
            assert_eq!(texts(text).ok().map(|t| t.concat()).as_deref(), Some(want), "{text}");
        }
        for text in [
            r#"[{"a":"1","b":"2"},{"a":"3","a":"4"}]"#,
            r#"[{"a":"1","b":"2"},{,"b":"4"}]"#,
            r#"[{"a":"1","b":"2"},{"b":"3","b":"4"}]"#,
            r#"[{"a":"1","b":"2"},{"a":"3" "b":"4"}]"#,
            r#"[{"a":"1","b":"2"},{"a":"3","b":]"#,
            r#"[{"a":"1","c":0,"c":0}]"#,
        ] {
            assert!(reason(text, &LIST) == Some(HoldReason::DamagedTranscript), "{text}");
        }
    }

    #[test]
    fn the_fast_search_agrees_with_the_slow_one() {
        let slow = |b: &[u8]| b.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(b.len());
        let alphabet = [b'a', b'"', b'\\', 0x1f, 0x20, 0x21, 0x23, 0x5d, 0x7f, 0x80, 0xff, 0xa0, 0x00];
        for seed in 0..40_000_usize {
            let bytes: Vec<u8> = (0..seed % 23)
                .map(|i| if (seed >> (i % 11)) & 3 == 3 { alphabet[(seed * 7 + i * 5) % alphabet.len()] } else { b'x' })
                .collect();
            assert_eq!(plain_prefix(&bytes), slow(&bytes), "{bytes:?}");
        }
    }
}
