//! Words of records of access: names of users, purposes, ids. They hold no text of anybody's choosing beyond a fixed
//! alphabet, so that a log cannot be made to say what it does not, and no sentence about a patient fits in.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest word, bytes.
pub const WORD_BYTES_MAX: usize = 64;

/// The name of a user, unique and never given to another person: 1 to 64 lower-case letters, digits and `. _ - @`, the
/// first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UserName(String);

/// A word of lower-case letters, digits and `-`, 1 to 64 of them: a purpose, a reason, a team, an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Word(String);

impl UserName {
    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_word(text, b"._-@").then(|| Self(text.to_owned()))
    }
}

impl Word {
    /// Reads a word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_word(text, b"-").then(|| Self(text.to_owned()))
    }
}

fn is_word(text: &str, besides: &[u8]) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| plain(b) || besides.contains(&b))
        && text.bytes().next().is_some_and(plain)
}

macro_rules! text_like {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text).ok_or("1 to 64 lower-case letters, digits and -, and in names of users also . _ @")
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

text_like!(UserName, Word);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_its_alphabet_and_nothing_else_is() {
        for name in ["ana", "ana.brooks@example.org", "7of9", &"a".repeat(64)] {
            assert!(UserName::parse(name).is_some(), "{name}");
        }
        for name in ["", "Ana", "ana brooks", "=cmd", "@x", "-x", "a\nb", "a,b", "ä", &"a".repeat(65)] {
            assert!(UserName::parse(name).is_none() && Word::parse(name).is_none(), "{name}");
        }
        assert!(Word::parse("quality-assurance").is_some() && Word::parse("a.b").is_none());
    }
}
