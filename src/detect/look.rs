//! How words and runs look to the tagger: a few hashes each, computed once and used by the neighbours too.

use super::spoken::Run;
use super::token::{Token, Tokens};
use crate::patterns::hash::mix;
use crate::patterns::lexicon::bit;

/// Looks of one word.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// The word itself; digits by their shape.
    pub word: u64,
    /// Its class, or how common it is and as what.
    pub sort: u64,
    /// How it is listed as a name.
    pub name: u64,
    /// Case and the punctuation before it, less than 256.
    pub case: u64,
    /// How a rare word ends (24 bits) and begins (24 bits more), and whether it is medical; 0 for other words.
    pub ends: u64,
    /// What `word`, `sort` and `name` follow from, never 0: the word's hash, which is odd, or an even number.
    pub key: u64,
}

impl Look {
    /// What stands before a turn and after it.
    pub const OUTSIDE: Self = Self { word: 1, sort: 1, name: 1, case: 1, ends: 0, key: 2 };

    /// `sort` and `name` in one number.
    pub const fn kind(&self) -> u64 {
        // A sort has nothing in these bits: classes end below them, and what marks a sort stands above.
        self.sort | (self.name & 0xfff) << 38
    }

    /// Of a word that follows punctuation `stop`.
    fn of(token: &Token, word: &str, cased: bool, stop: u8) -> Self {
        let shape = token.has_digits().then(|| digit_shape(token));
        let common = u64::from(token.lists.lower);
        let name = u64::from(token.lists.given) | u64::from(token.lists.surname) << 3 | common << 6;
        let sort = match shape {
            Some(s) => s,
            None if token.class.flags != 0 => token.class.flags ^ 0x5555 ^ u64::from(token.lists.given > 3) << 50,
            None => 1 << 60 | name | u64::from(token.lists.city) << 9 | u64::from(token.lists.medical) << 12,
        };
        let case = if cased {
            8 | u64::from(token.shape.capital) | u64::from(token.shape.upper) << 1 | u64::from(stop) << 4
        } else {
            0
        };
        Self {
            word: shape.unwrap_or(token.hash),
            sort,
            name: 1 << 62 | name | u64::from(token.lists.capital) << 9,
            case,
            ends: ends(token, word.as_bytes()),
            key: shape.map_or(token.hash, |s| s << 1),
        }
    }
}

/// The looks of all words, in order.
pub(super) fn looks(tokens: &Tokens) -> impl Iterator<Item = Look> {
    let mut stop = 2;
    let look = move |(i, token): (usize, &Token)| {
        Look::of(token, tokens.word(i), tokens.cased, std::mem::replace(&mut stop, token.shape.stop))
    };
    tokens.list().iter().enumerate().map(look)
}

/// Most common word, by [`Packed::lower`](crate::patterns::layout::Packed), whose ends are looked at: names and
/// drugs that no list has are known by them.
const RARE_LOWER_MAX: u32 = 2;
/// Letters of the shortest such word.
const ENDS_LETTERS_MIN: usize = 4;

fn ends(token: &Token, word: &[u8]) -> u64 {
    if token.lists.lower > RARE_LOWER_MAX || token.has_digits() || word.len() < ENDS_LETTERS_MIN {
        return 0;
    }
    let of = |letters: &[u8]| letters.iter().fold(0_u64, |h, b| h << 8 | u64::from(*b));
    u64::from(token.lists.medical) << 48 | of(&word[..3]) << 24 | of(&word[word.len() - 3..])
}

fn digit_shape(token: &Token) -> u64 {
    1 << 61
        | u64::from(token.shape.digits.min(20))
        | u64::from(token.shape.letters.min(7)) << 8
        | u64::from(token.shape.inner) << 16
        | u64::from(token.shape.money) << 24
        | u64::from(token.shape.at) << 25
        | u64::from(token.is(bit::ORDINAL)) << 26
}

/// Looks of one run, computed once for all its words: a run may be as long as the call.
pub(super) struct RunLook {
    /// How many digits and letters it means, and how it was said.
    pub shape: u64,
    /// Whether it begins or ends like a date.
    pub year: u64,
    /// Its value, where it is a number.
    pub value: u64,
    /// In which order digits, letters and symbols stand ("A9999"), and whether it counts up or down.
    pub pattern: u64,
}

impl RunLook {
    pub fn of(run: &Run) -> Self {
        let has = |c: char| u64::from(run.text.contains(c));
        let shape = 1
            | u64::from(run.digits.min(20)) << 1
            | u64::from(run.letters.min(7)) << 6
            | u64::from(run.single) << 9
            | has('/') << 10
            | has('.') << 11
            | has(':') << 12
            | has('-') << 13;
        let value = if run.letters == 0 { value_of(&run.text) } else { 0 };
        let pattern = pattern(&run.text) ^ u64::from(run.counts()) << 63;
        Self { shape, year: year_like(&run.text), value, pattern }
    }
}

/// Longest text whose pattern is told from others.
const PATTERN_BYTES_MAX: usize = 18;

/// A text with every digit read as 9 and every letter as A.
fn pattern(text: &str) -> u64 {
    text.bytes().take(PATTERN_BYTES_MAX).fold(1, |h, b| {
        let kind = match b {
            b'0'..=b'9' => b'9',
            b if b.is_ascii_alphabetic() => b'A',
            other => other,
        };
        mix(h ^ u64::from(kind)) >> 1
    })
}

fn year_like(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let tail = if bytes.len() >= 4 { &text[text.len().saturating_sub(4)..] } else { "" };
    let year = |t: &str| matches!(t.get(..2), Some("19" | "20")) && t.bytes().all(|b| b.is_ascii_digit());
    let month = |t: &str| t.parse::<u32>().is_ok_and(|m| (1..=12).contains(&m));
    let two = text.get(..2).is_some_and(month);
    let one = text.get(..1).is_some_and(month);
    u64::from(year(tail)) | u64::from(two) << 1 | u64::from(one) << 2
}

/// Value of a small number: 0 none, 1 under 90, 2 to 99, 3 to 120, 4 above.
pub(super) fn value_of(text: &str) -> u64 {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    match digits.parse::<u32>() {
        Ok(n) if n < 90 => 1,
        Ok(n) if n < 100 => 2,
        Ok(n) if n <= 120 && digits.len() == 3 => 3,
        Ok(_) => 4,
        Err(_) => 0,
    }
}
