//! The written view: every word in lower case without the punctuation around it, with what the
//! lexicon says of it. One token a word, so word indexes serve both.

use crate::base::{narrow, push_folded};
use crate::model::{Transcript, mask};
use crate::patterns::Packed;
use crate::patterns::hash::{hash_bytes, hash_letters};
use crate::patterns::lexicon::{Class, bit, class_of, lists_of};
use std::ops::Range;

/// How a word is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// First letter is a capital.
    pub capital: bool,
    /// All letters are capitals, and there are at least two.
    pub upper: bool,
    /// Number of digits, at most 255.
    pub digits: u8,
    /// Number of letters, at most 255.
    pub letters: u8,
    /// Has `@`.
    pub at: bool,
    /// Has `$`, `%`, `€` or `£`.
    pub money: bool,
    /// Has a `/`, `-`, `.` or `:` inside.
    pub inner: u8,
    /// Has a `-`.
    pub hyphen: bool,
    /// Punctuation that follows the word: 0 none, 1 comma or dash, 2 ends a sentence, 3 question mark.
    pub stop: u8,
    /// Ended in `'s`.
    pub possessive: bool,
    /// A mask that an earlier pass wrote, like `[NAME]`.
    pub mask: bool,
}

/// One word as detection sees it.
#[derive(Clone, Copy)]
pub(crate) struct Token {
    start: u32,
    end: u32,
    /// Hash of the normalised text.
    pub hash: u64,
    /// Closed classes.
    pub class: Class,
    /// Open lists.
    pub lists: Packed,
    /// How it is written.
    pub shape: Shape,
}

impl Token {
    /// Bytes of the normalised word in [`Tokens::text`].
    pub const fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the word has any of these classes (`lexicon::bit`).
    pub const fn is(&self, bits: u64) -> bool {
        self.class.is(bits)
    }

    /// Whether it is written with digits.
    pub const fn has_digits(&self) -> bool {
        self.shape.digits > 0
    }
}

/// All words of a transcript, normalised; index = word index.
pub(crate) struct Tokens {
    text: String,
    list: Vec<Token>,
    /// Whether the transcript has capitals at all; without them case says nothing.
    pub cased: bool,
}

impl Tokens {
    /// The normalised text: words separated by spaces, turns by newlines.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tokens.
    pub fn list(&self) -> &[Token] {
        &self.list
    }

    /// The normalised text of one word.
    pub fn word(&self, index: usize) -> &str {
        &self.text[self.list[index].range()]
    }
}

/// A word, "" outside the call.
pub(crate) fn word(tokens: &Tokens, at: Option<usize>) -> &str {
    at.filter(|at| *at < tokens.list().len()).map_or("", |at| tokens.word(at))
}

/// The first sentence of what is written; all of a turn without punctuation.
pub(crate) fn first_sentence(tokens: &Tokens, turn: Range<usize>) -> Range<usize> {
    let ends = |at: &usize| tokens.list()[*at].shape.stop >= 2;
    turn.start..turn.clone().find(ends).map_or(turn.end, |last| last + 1)
}

/// Normalises every word of the transcript.
pub(crate) fn tokens(transcript: &Transcript) -> Tokens {
    let source = transcript.text();
    let source = source.expose();
    let mut out = Tokens { text: String::with_capacity(source.len() + 1), list: Vec::new(), cased: false };
    out.list.reserve(transcript.words().len());
    let mut capitals = 0_usize;
    for turn in transcript.turns() {
        for word in &transcript.words()[turn.words.range()] {
            let token = token(&source[word.text_range()], &mut out.text);
            capitals += usize::from(token.shape.capital);
            out.list.push(token);
            out.text.push(' ');
        }
        if !turn.words.is_empty() {
            out.text.pop();
            out.text.push('\n');
        }
    }
    out.cased = capitals * 50 > out.list.len();
    out
}

/// Words whose "'s" is a verb and stays on them.
const CONTRACTED: [&str; 18] = [
    "it",
    "that",
    "what",
    "who",
    "he",
    "she",
    "let",
    "there",
    "here",
    "where",
    "how",
    "when",
    "name",
    "this",
    "one",
    "why",
    "everything",
    "everyone",
];

/// Appends the normalised word to `text` and describes it.
fn token(word: &str, text: &mut String) -> Token {
    let start = text.len();
    let core = core(word);
    let core_start = core.as_ptr() as usize - word.as_ptr() as usize;
    let tail = &word[core_start + core.len()..];
    let mut shape = Shape { stop: stop_of(tail), ..Shape::default() };
    let (uppers, mut hash) = match hash_letters(core) {
        Some((hash, uppers)) => {
            letters(core, uppers, text, &mut shape);
            (uppers, hash)
        }
        None => {
            let uppers = signs(core, text, &mut shape);
            if shape.hyphen && shape.digits == 0 {
                number(start, text, &mut shape);
            }
            (uppers, hash_bytes(&text.as_bytes()[start..]))
        }
    };
    shape.upper = uppers >= 2 && uppers == usize::from(shape.letters);
    shape.money |= word.ends_with('%');
    shape.mask = mask::label(word).is_some();
    if shape.mask {
        // Not a word any more: no cue, rule or list may take "[NAME]" for the word "name".
        text.insert(start, '~');
        hash = hash_bytes(&text.as_bytes()[start..]);
    }
    let lists = if shape.digits > 0 { Packed::default() } else { open_lists(&text[start..], hash, &shape) };
    Token { start: start as u32, end: text.len() as u32, hash, class: class_of(hash), lists, shape }
}

/// A word without the punctuation around it.
fn core(word: &str) -> &str {
    match word.as_bytes() {
        [one] if one.is_ascii_alphanumeric() => word,
        [first, .., last] if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => word,
        _ => word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | '$' | '#')),
    }
}

/// Appends a word of ASCII letters, as most are, in lower case. So many of them are capitals.
fn letters(core: &str, uppers: usize, text: &mut String, shape: &mut Shape) {
    let start = text.len();
    text.push_str(core);
    shape.letters = u8::try_from(core.len()).unwrap_or(u8::MAX);
    if uppers > 0 {
        text[start..].make_ascii_lowercase();
        shape.capital = core.starts_with(|c: char| c.is_ascii_uppercase());
    }
}

/// Appends any other word, folded and without its possessive; returns how many of its letters are capitals.
fn signs(core: &str, text: &mut String, shape: &mut Shape) -> usize {
    let start = text.len();
    let mut uppers = 0_usize;
    let mut first = true;
    for c in core.chars().map(narrow) {
        match c {
            '0'..='9' => shape.digits = shape.digits.saturating_add(1),
            '@' => shape.at = true,
            '$' | '%' | '€' | '£' => shape.money = true,
            '/' | '-' | '.' | ':' | ',' => shape.inner = c as u8,
            _ if c.is_alphabetic() => {
                shape.letters = shape.letters.saturating_add(1);
                if c.is_uppercase() {
                    uppers += 1;
                    shape.capital |= first;
                }
            }
            _ => {}
        }
        first = false;
        push_folded(c, text);
    }
    shape.hyphen = text[start..].contains('-');
    for tail in ["'s", "'"] {
        let stem = text[start..].strip_suffix(tail);
        if stem.is_some_and(|s| s.len() > 1 && !CONTRACTED.contains(&s)) {
            text.truncate(text.len() - tail.len());
            shape.possessive = true;
        }
    }
    uppers
}

/// Turns number words with hyphens between them into the digits that they mean: "twenty-five", "nineteen-sixty-eight",
/// "twenty-first", "four-four-one".
fn number(start: usize, text: &mut String, shape: &mut Shape) {
    let mut digits = String::new();
    let mut tens = 0;
    let mut suffix = "";
    for part in text[start..].split('-') {
        let class = class_of(hash_bytes(part.as_bytes()));
        let is = |bits| class.is(bits);
        let unit = (1..10).contains(&class.number);
        if !suffix.is_empty() {
            return;
        } else if tens > 0 && unit && is(bit::DIGIT | bit::ORDINAL) {
            digits.truncate(digits.len() - 2);
            digits.push_str(&(tens + class.number).to_string());
            if is(bit::ORDINAL) {
                suffix = ["st", "nd", "rd"].get(usize::from(class.number) - 1).unwrap_or(&"th");
            }
            tens = 0;
        } else if is(bit::DIGIT | bit::OH | bit::TEEN | bit::TENS) && !is(bit::ORDINAL) {
            digits.push_str(&class.number.to_string());
            tens = if is(bit::TENS) { class.number } else { 0 };
        } else {
            return;
        }
    }
    shape.digits = u8::try_from(digits.len()).unwrap_or(u8::MAX);
    shape.letters = suffix.len() as u8;
    shape.hyphen = false;
    shape.inner = 0;
    text.truncate(start);
    text.push_str(&digits);
    text.push_str(suffix);
}

/// What the lists say of a word; of one with hyphens that is not listed, what they say of all its parts.
fn open_lists(word: &str, hash: u64, shape: &Shape) -> Packed {
    let listed = lists_of(hash);
    let spelled = || word.split('-').filter(|p| p.len() < 2).count() > 1;
    if listed != Packed::default() || !shape.hyphen || spelled() {
        return listed;
    }
    let parts = || word.split('-').filter(|p| !p.is_empty()).map(|p| lists_of(hash_bytes(p.as_bytes())));
    let least = |of: fn(&Packed) -> u32| parts().map(|p| of(&p)).min().unwrap_or(0);
    Packed {
        given: least(|p| p.given.max(p.surname)),
        surname: least(|p| p.surname),
        lower: least(|p| p.lower),
        ..Packed::default()
    }
}

fn stop_of(tail: &str) -> u8 {
    tail.bytes().fold(0, |stop, b| {
        stop.max(match b {
            b',' | b'-' | b';' | b':' => 1,
            b'.' | b'!' => 2,
            b'?' => 3,
            _ => 0,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(word: &str) -> (String, Shape) {
        let mut text = String::new();
        let token = token(word, &mut text);
        (text, token.shape)
    }

    #[test]
    fn words_are_folded_and_stripped() {
        for (word, want) in [
            ("José’s,", "jose"),
            ("Smith.", "smith"),
            ("o'clock", "o'clock"),
            ("(555)", "555"),
            ("j.brooks@mail.com.", "j.brooks@mail.com"),
            ("O'Brien's", "o'brien"),
            ("it's", "it's"),
            ("--", ""),
        ] {
            assert_eq!(one(word).0, want);
        }
    }

    #[test]
    fn a_word_with_hyphens_is_as_ordinary_as_its_parts() {
        let lower = |word: &str| token(word, &mut String::new()).lists.lower;
        assert!(lower("bye-bye") >= 3 && lower("out-of-network") >= 3);
        assert_eq!(lower("wojcik-okonkwo"), 0);
        assert_eq!(lower("m-a-r-k"), 0);
    }

    #[test]
    fn numbers_with_hyphens_are_read_as_digits() {
        for (word, want) in [
            ("twenty-five,", "25"),
            ("Sixty-Eight.", "68"),
            ("nineteen-sixty-eight", "1968"),
            ("twenty-first", "21st"),
            ("thirty-third's", "33rd"),
            ("four-four-oh-one", "4401"),
            ("twenty-twenty", "2020"),
            ("two-factor", "two-factor"),
            ("sixty-eight-year-old", "sixty-eight-year-old"),
            ("first-second", "first-second"),
            ("one-on-one", "one-on-one"),
        ] {
            let (text, shape) = one(word);
            assert_eq!((text.as_str(), shape.digits > 0), (want, want.starts_with(|c: char| c.is_ascii_digit())));
        }
    }

    #[test]
    fn a_mask_is_no_word() {
        let (text, shape) = one("[NAME],");
        assert!(shape.mask && text == "~name");
        assert!(!one("[sic]").1.mask);
    }

    #[test]
    fn the_shape_tells_how_a_word_is_written() {
        let shape = one("H41104475?").1;
        assert!(shape.capital && shape.digits == 8 && shape.letters == 1 && shape.stop == 3);
        assert!(one("$42.50").1.money && one("10%").1.money);
        assert!(one("MRN").1.upper && !one("I").1.upper);
    }
}
