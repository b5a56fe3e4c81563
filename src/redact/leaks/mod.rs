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

mod captions;
mod leaves;
mod mail;
mod sieve;
mod views;

use crate::base::CallId;
use crate::model::KnownValue;
use crate::model::Policy;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use leaves::{Leaf, Malformed, Quoted, walk};
use sieve::Sieve;
use std::cell::OnceCell;
use std::collections::HashSet;
use views::Views;

const LETTERS_MIN: usize = 4;
const DIGITS_MIN: usize = 4;
/// Digits from which a number is no accident inside a longer one.
const SURE_DIGITS: usize = 6;
const MIXED_MIN: usize = 6;
/// Digits from which a JSON number can be no time, index or count by accident.
const JSON_DIGITS_MIN: usize = 9;
/// Keys that are not searched twice in a row, one of each length.
const KEYS_REMEMBERED: usize = 32;
/// Keys whose strings are the format's own words; some of them are names too ("english").
const STRUCTURE_KEYS: [&str; 6] = ["language", "language_code", "languageCode", "status", "task", "type"];

/// The values to look for, ready to be searched for all at once.
pub(super) struct Needles<'a> {
    call: &'a CallId,
    values: Values,
    sieve: Sieve,
    /// Made when the sieve first lets something through.
    automata: OnceCell<Automata>,
}

/// Values as they are looked for, by their kind.
#[derive(Default)]
struct Values {
    /// Letters alone: words between single spaces, one space at both ends.
    words: Vec<String>,
    digits: Vec<String>,
    /// Letters and digits.
    mixed: Vec<String>,
    /// What is long enough to be looked for among JSON's numbers.
    long_numbers: HashSet<Vec<u8>>,
}

/// [`Values`], compiled.
struct Automata {
    words: AhoCorasick,
    /// Words of more than one.
    phrases: AhoCorasick,
    digits: AhoCorasick,
    mixed: AhoCorasick,
}

impl<'a> Needles<'a> {
    /// Keeps the values of hidden categories that are long enough to be told from accidents.
    pub(super) fn new(known: &[KnownValue], policy: &Policy, call: &'a CallId) -> Self {
        let mut values = Values::default();
        let mut all = Vec::new();
        for value in known.iter().filter(|k| policy.hides(k.category)) {
            let text = Views::of(value.value.expose(), None);
            match text.count() {
                (0, n) if n >= DIGITS_MIN => values.digits.push(text.joined.clone()),
                (n, 0) if n >= LETTERS_MIN => values.words.push(text.words),
                (l, n) if l > 0 && n > 0 && l + n >= MIXED_MIN => values.mixed.push(text.joined.clone()),
                _ => continue,
            }
            all.push(text.joined);
        }
        values.long_numbers =
            values.digits.iter().filter(|d| d.len() >= JSON_DIGITS_MIN).map(|d| d.as_bytes().to_vec()).collect();
        let sieve = Sieve::new(all.iter().map(String::as_str), CallId::LEN);
        Self { call, values, sieve, automata: OnceCell::new() }
    }

    /// Whether a value stands in this text.
    pub(super) fn in_text(&self, text: &str) -> bool {
        self.sieve.lets_through(text.as_bytes()) && self.found(text, Words::All)
    }

    /// Whether a value stands in captions, beside their times.
    pub(super) fn in_captions(&self, file: &str) -> bool {
        self.in_text(&captions::said(file))
    }

    /// Whether a value stands in any header, text or page of a mail; nothing if it is none.
    pub(super) fn in_mail(&self, mail: &[u8]) -> Option<bool> {
        let said = mail::said(mail)?;
        Some(said.iter().any(|text| self.in_text(text)))
    }

    /// Whether a value stands in a string, key or number of this JSON text.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub(super) fn in_json(&self, json: &str) -> Result<bool, Malformed> {
        // The mark in front of UTF-8 is the file's, not the document's.
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let mut found = false;
        // A format has few keys, each many times: those seen last need not be searched again.
        let mut keys: [&[u8]; KEYS_REMEMBERED] = [b""; KEYS_REMEMBERED];
        walk(json.as_bytes(), |leaf| {
            found |= match leaf {
                Leaf::Key(key) => {
                    let seen = &mut keys[key.raw().len() % KEYS_REMEMBERED];
                    *seen != key.raw() && {
                        *seen = key.raw();
                        self.in_quoted(key, || Words::Phrases)?
                    }
                }
                Leaf::Text { text, .. } if is_decimal(text.raw()) => false,
                Leaf::Text { key, text } => self.in_quoted(text, || Words::under(key))?,
                Leaf::Number(number) => self.is_long_number(number),
            };
            Ok(())
        })?;
        Ok(found)
    }

    fn in_quoted(&self, text: Quoted<'_>, words: impl FnOnce() -> Words) -> Result<bool, Malformed> {
        let may_be = text.is_escaped || self.sieve.lets_through(text.raw());
        Ok(may_be && self.found(&text.said()?, words()))
    }

    fn is_long_number(&self, number: &[u8]) -> bool {
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        digits.len() >= JSON_DIGITS_MIN && self.values.long_numbers.contains(digits)
    }

    /// Whether a number or mixture stands in a text, or one of these words.
    fn found(&self, text: &str, words: Words) -> bool {
        let views = Views::of(text, Some(self.call));
        let automata = self.automata.get_or_init(|| Automata::of(&self.values));
        let in_digits = automata.digits.find_overlapping_iter(&views.digits).any(|found| {
            found.len() >= SURE_DIGITS || (views.edges[found.start()].begins && views.edges[found.end() - 1].ends)
        });
        in_digits
            || automata.mixed.is_match(&views.joined)
            || match words {
                Words::All => automata.words.is_match(&views.words),
                Words::Phrases => automata.phrases.is_match(&views.words),
                Words::None => false,
            }
    }
}

/// Which words are looked for in a text.
#[derive(Clone, Copy)]
enum Words {
    All,
    /// Those of more than one. Keys are the format's own words, so that a single one is none of the call's.
    Phrases,
    None,
}

impl Words {
    fn under(key: &[u8]) -> Self {
        if STRUCTURE_KEYS.iter().any(|k| k.as_bytes() == key) { Self::None } else { Self::All }
    }
}

impl Automata {
    fn of(values: &Values) -> Self {
        let phrases: Vec<&String> = values.words.iter().filter(|w| w.trim().contains(' ')).collect();
        Self {
            words: automaton(&values.words),
            phrases: automaton(&phrases),
            digits: automaton(&values.digits),
            mixed: automaton(&values.mixed),
        }
    }
}

fn automaton(values: &[impl AsRef<[u8]>]) -> AhoCorasick {
    // Not the DFA that few values get by default: building it takes the square of a long value's length.
    let kind = Some(AhoCorasickKind::ContiguousNFA);
    AhoCorasick::builder()
        .kind(kind)
        .build(values)
        .expect("values are bounded by the transcript, far below the automaton's limits")
}

/// Whether a string is one number with a decimal point: a time or a confidence.
fn is_decimal(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(text);
    match text[whole..].split_first() {
        Some((b'.', part)) if whole > 0 && !part.is_empty() => digits(part) == part.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::Category;
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
        check("xj4472", "it is ＸＪ４４７２", true);
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
        Needles::new(&known(&[(Category::Name, value)]), &policy(), &call).in_json(json).unwrap()
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
            assert!(needles.in_json(json).is_err());
        }
    }

    #[test]
    fn what_is_looked_for_is_never_ruled_out() {
        let values = "[a-c1-3]{4,9}|[a-c]{2,4} [a-c]{2,4}|\\PC{4,12}";
        // Few letters, so that values stand in texts by chance, and whatever parts or joins words.
        let texts =
            "([a-cA-C1-3]{0,6}(s|['\u{2019}][sS]?|[-. ,/(\n]|\\[NAME\\]|é|12121212121212121212121212121212)?){0,8}";
        let call = CallId::from_mac(&[0x12; 32]);
        let policy = policy();
        proptest::proptest!(|(values in proptest::collection::vec(values, 1..6), text in texts)| {
            let values: Vec<_> = values.iter().map(|v| (Category::Name, v.as_str())).collect();
            let needles = known(&values);
            let needles = Needles::new(&needles, &policy, &call);
            proptest::prop_assert!(needles.sieve.lets_through(text.as_bytes()) || !needles.found(&text, Words::All));
        });
    }
}
