//! Searches an output for values that must not be in it: the last look before anything is published.
//!
//! The rule is coarse on purpose, so that it does not share a fault with what it checks, yet holds no
//! call over an ordinary word or a time:
//!
//! * Names and other words (4 letters or more) must not stand as whole words, case and punctuation
//!   aside; "Smith's" is "smith". Which words are too ordinary for that is decided by `detect`.
//! * Numbers of [`SURE_DIGITS`] digits or more must not stand in any run of digits, whatever separates
//!   them; numbers of 4 or 5 digits must stand as whole groups ("12 34" is 1234, "91234" is not).
//! * Mixtures of letters and digits (6 or more) must not stand anywhere, separators aside.
//! * Masks and the call's own id are no text. A string that is one decimal number with a point is a
//!   time; those were compared one by one. Of JSON's numbers only whole ones are compared, with values
//!   of 9 digits or more, since the format's reader refuses numbers that could be identifiers.

use crate::base::CallId;
use crate::model::{Category, KnownValue, Policy};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashSet;
use std::fmt;

const LETTERS_MIN: usize = 4;
const DIGITS_MIN: usize = 4;
/// Digits from which a number is no accident inside a longer one.
const SURE_DIGITS: usize = 6;
const MIXED_MIN: usize = 6;
/// Digits from which a JSON number can be no time, index or count by accident.
const JSON_DIGITS_MIN: usize = 9;
/// Keys whose strings are the format's own words; some of them are names too ("english").
const STRUCTURE_KEYS: [&str; 6] = ["language", "language_code", "languageCode", "status", "task", "type"];

/// Stands for a mask or the call's id: neither letter, digit nor separator.
const BREAK: char = '\u{1}';

/// The values to look for, ready to be searched for all at once.
pub(super) struct Needles<'a> {
    call: &'a CallId,
    digits: AhoCorasick,
    words: AhoCorasick,
    phrases: AhoCorasick,
    mixed: AhoCorasick,
    long_numbers: HashSet<String>,
}

impl<'a> Needles<'a> {
    /// Keeps the values of hidden categories that are long enough to be told from accidents.
    pub(super) fn new(known: &[KnownValue], policy: &Policy, call: &'a CallId) -> Self {
        let mut digits = Vec::new();
        let mut words = Vec::new();
        let mut mixed = Vec::new();
        for value in known.iter().filter(|k| policy.hides(k.category)) {
            let text = Views::of(value.value.expose(), None);
            let (letters, numbers) = text.count();
            match (letters, numbers) {
                (0, n) if n >= DIGITS_MIN => digits.push(text.joined),
                (n, 0) if n >= LETTERS_MIN => words.push(text.words),
                (l, n) if l > 0 && n > 0 && l + n >= MIXED_MIN => mixed.push(text.joined),
                _ => {}
            }
        }
        let long_numbers = digits.iter().filter(|d| d.len() >= JSON_DIGITS_MIN).cloned().collect();
        let phrases = words.iter().filter(|w| w.trim().contains(' ')).cloned().collect::<Vec<_>>();
        Self {
            call,
            digits: automaton(&digits),
            words: automaton(&words),
            phrases: automaton(&phrases),
            mixed: automaton(&mixed),
            long_numbers,
        }
    }

    /// Whether a value stands in this text.
    pub(super) fn in_text(&self, text: &str) -> bool {
        let views = Views::of(text, Some(self.call));
        self.in_numbers(&views) || self.words.is_match(&views.words)
    }

    /// Whether a value stands in a string, key or number of this JSON text.
    ///
    /// # Errors
    /// The parser's, when the bytes are no JSON.
    pub(super) fn in_json(&self, json: &[u8]) -> Result<bool, serde_json::Error> {
        // The mark in front of UTF-8 is the file's, not the document's.
        let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let mut found = false;
        Leaves { needles: self, key: "", found: &mut found }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(found)
    }

    fn in_leaf(&self, key: &str, text: &str) -> bool {
        if is_decimal(text) {
            return false;
        }
        let views = Views::of(text, Some(self.call));
        self.in_numbers(&views) || (!STRUCTURE_KEYS.contains(&key) && self.words.is_match(&views.words))
    }

    /// Keys are the format's own words, so that a single word in them is none of the call's.
    fn in_key(&self, key: &str) -> bool {
        let views = Views::of(key, Some(self.call));
        self.in_numbers(&views) || self.phrases.is_match(&views.words)
    }

    fn in_numbers(&self, views: &Views) -> bool {
        let in_digits = self.digits.find_overlapping_iter(&views.digits).any(|found| {
            found.len() >= SURE_DIGITS || (views.edges[found.start()].begins && views.edges[found.end() - 1].ends)
        });
        in_digits || self.mixed.is_match(&views.joined)
    }
}

fn automaton(values: &[String]) -> AhoCorasick {
    // Not the DFA that few values get by default: building it takes the square of a long value's length.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    AhoCorasick::builder()
        .kind(kind)
        .build(values)
        .expect("values are bounded by the transcript, far below the automaton's limits")
}

/// Whether a string is one number with a decimal point: a time or a confidence.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part))
}

/// Whether a digit begins or ends a group of digits that no letter touches.
#[derive(Clone, Copy, Default)]
struct Edge {
    begins: bool,
    ends: bool,
}

/// One text, read in three ways. Lower-case throughout.
#[derive(Default)]
struct Views {
    /// Words between single spaces, one space at both ends.
    words: String,
    /// Letters and digits alone.
    joined: String,
    /// Digits alone; what separates numbers rather than groups stands as a space.
    digits: String,
    /// For each byte of `digits`.
    edges: Vec<Edge>,
}

impl Views {
    fn of(text: &str, call: Option<&CallId>) -> Self {
        let mut views = Self { words: String::from(" "), ..Self::default() };
        let mut rest = text;
        let mut last = ' ';
        while let Some(c) = rest.chars().next() {
            let skipped =
                mask_len(rest).or_else(|| call.and_then(|id| rest.starts_with(id.as_str()).then_some(CallId::LEN)));
            let (c, len) = skipped.map_or((c, c.len_utf8()), |len| (BREAK, len));
            rest = &rest[len..];
            if is_apostrophe(c) && last.is_alphanumeric() {
                // "smith's" is "smith"; "o'brien" is one word.
                if let Some(after) = rest.strip_prefix(['s', 'S']).filter(|r| !r.starts_with(char::is_alphanumeric)) {
                    rest = after;
                    views.push(' ', last);
                    last = ' ';
                }
                continue;
            }
            views.push(c, last);
            last = c;
        }
        views.push(' ', last);
        views
    }

    fn push(&mut self, c: char, last: char) {
        if c.is_ascii_digit() {
            self.digits.push(c);
            self.edges.push(Edge { begins: !last.is_alphanumeric(), ends: true });
        } else {
            if c.is_alphanumeric() && last.is_ascii_digit() {
                self.edges.last_mut().expect("a digit was pushed last").ends = false;
            }
            if !is_separator(c) && !self.digits.ends_with(' ') {
                self.digits.push(' ');
                self.edges.push(Edge::default());
            }
        }
        if c.is_ascii_digit() && last.is_ascii_digit() {
            let before = self.edges.len() - 2;
            self.edges[before].ends = false;
        }
        if c.is_alphanumeric() {
            self.words.extend(c.to_lowercase());
            self.joined.extend(c.to_lowercase());
        } else if c == BREAK {
            self.words.push_str(if self.words.ends_with(' ') { "\u{1} " } else { " \u{1} " });
            self.joined.push(BREAK);
        } else if !self.words.ends_with(' ') {
            self.words.push(' ');
        }
    }

    /// Letters, and digits.
    fn count(&self) -> (usize, usize) {
        let digits = self.joined.chars().filter(char::is_ascii_digit).count();
        (self.joined.chars().count() - digits, digits)
    }
}

/// The length of the mask at the start of a text.
fn mask_len(text: &str) -> Option<usize> {
    text.starts_with('[').then(|| Category::ALL.iter().find(|c| text.starts_with(c.mask())).map(|c| c.mask().len()))?
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}')
}

/// What stands between the groups of one number.
fn is_separator(c: char) -> bool {
    (c.is_whitespace() && c != '\n')
        || matches!(c, '-' | '.' | ',' | '/' | '(' | ')' | '+' | ':' | '#' | '*' | '_' | '\u{2010}'..='\u{2015}')
}

/// Visits every string, key and number of a JSON text without building it.
struct Leaves<'a> {
    needles: &'a Needles<'a>,
    key: &'a str,
    found: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Leaves<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Leaves<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        *self.found |= self.needles.in_leaf(self.key, text);
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        *self.found |= self.needles.long_numbers.contains(&number.to_string());
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        self.visit_u64(number.unsigned_abs())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { needles, key, found } = self;
        while list.next_element_seed(Leaves { needles, key, found: &mut *found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { needles, found, .. } = self;
        while let Some(key) = map.next_key::<String>()? {
            *found |= needles.in_key(&key);
            map.next_value_seed(Leaves { needles, key: &key, found: &mut *found })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::redact::testing::policy;

    fn known(values: &[(Category, &str)]) -> Vec<KnownValue> {
        values.iter().map(|&(category, value)| KnownValue { category, value: Phi::new(value.to_owned()) }).collect()
    }

    fn check(value: &str, text: &str, want: bool) {
        let call = CallId::from_mac(&[0x12; 32]);
        let needles = known(&[(Category::Name, value)]);
        assert_eq!(Needles::new(&needles, &policy(), &call).in_text(text), want, "{value} in {text}");
    }

    #[test]
    fn names_are_found_as_whole_words_only() {
        for text in ["Smith", "SMITH.", "mr smith's car", "(smith)", "smith-jones", "John\nSmith"] {
            check("smith", text, true);
        }
        for text in ["blacksmith", "smithson", "[NAME]", ""] {
            check("smith", text, false);
        }
        check("john smith", "John, Smith", true);
        check("john smith", "john [NAME] smith", false);
        check("o'brien", "O\u{2019}Brien's", true);
    }

    #[test]
    fn a_short_name_is_no_needle() {
        check("li", "li", false);
        check("12", "12", false);
    }

    #[test]
    fn numbers_are_found_in_any_grouping() {
        for text in
            ["5551234567", "555-123-4567", "(555) 123 45 67", "is 1.555.123.4567 ok", "no5551234567x", "05551234567"]
        {
            check("5551234567", text, true);
        }
        for text in ["555 123 [PHONE] 4567", "555 123 and 4567", "555 123\n4567"] {
            check("5551234567", text, false);
        }
    }

    #[test]
    fn short_numbers_are_found_as_whole_groups_only() {
        for text in ["1982", "in 1982.", "19 82", "1 9 8 2", "4/1982", "#1982"] {
            check("1982", text, true);
        }
        for text in ["11982", "19820", "a1982", "1982b", "1 19 820"] {
            check("1982", text, false);
        }
    }

    #[test]
    fn mixed_values_are_found_without_their_separators() {
        check("xkd4471", "member XKD-44 71 ok", true);
        check("xkd4471", "member XKD [MEMBER_ID] 4471", false);
    }

    #[test]
    fn the_calls_own_id_is_no_text() {
        let call = CallId::from_mac(&[0x12; 32]);
        check("121212", call.as_str(), false);
        check("121212", "121212", true);
    }

    #[test]
    fn values_that_the_policy_shows_may_stay() {
        let call = CallId::from_mac(&[0; 32]);
        let mut policy = policy();
        policy.hide = vec![Category::Name];
        let needles = known(&[(Category::City, "springfield"), (Category::Other, "90210")]);
        let needles = Needles::new(&needles, &policy, &call);
        assert!(!needles.in_text("springfield"));
        assert!(needles.in_text("90210"));
    }

    fn in_json(value: &str, json: &str) -> bool {
        let call = CallId::from_mac(&[0; 32]);
        Needles::new(&known(&[(Category::Name, value)]), &policy(), &call).in_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn every_string_of_a_json_text_is_searched_unescaped() {
        assert!(in_json("smith", r#"{"a":[{"b":"mr \u0053mith"}]}"#));
        assert!(in_json("john smith", r#"{"john smith":1}"#));
        assert!(in_json("5551234567", r#"{"id-5551234567":1}"#));
        assert!(in_json("5551234567", r#"[5551234567]"#));
        assert!(in_json("5551234567", r#"[-5551234567]"#));
    }

    #[test]
    fn structure_is_not_mistaken_for_text() {
        assert!(!in_json("english", r#"{"language":"english"}"#));
        assert!(in_json("english", r#"{"text":"mrs english"}"#));
        assert!(!in_json("items", r#"{"items":[]}"#));
        assert!(!in_json("1234", r#"{"start_time":"12.34","end":12.34,"seek":1234}"#));
        assert!(in_json("1234", r#"{"content":"1234"}"#));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let call = CallId::from_mac(&[0; 32]);
        let needles = Needles::new(&[], &policy(), &call);
        for json in ["", "{", "{}x", &"[".repeat(10_000)] {
            assert!(needles.in_json(json.as_bytes()).is_err());
        }
    }
}
