//! The words of known names, and what may stand for them: nicknames, slips of the recogniser, words that
//! sound the same.

use super::super::hash::hash_bytes;
use super::super::lexicon::{bit, class_of, lists_of_word};
use super::super::slips::{SLIP_BYTES_MAX, Slips};
use crate::base::folded;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const NICKNAMES: &str = include_str!("../../../patterns/lexicon/nicknames.tsv");

/// Shortest name of which slips and words of the same sound count.
const SLIP_LETTERS_MIN: usize = 5;
/// Fewest sounds of such a word.
const SOUNDS_MIN: usize = 3;
/// Most letters that two words of the same sound differ in length by.
const SOUND_LENGTHS_MAX: usize = 3;

/// How a word is related to a known name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kin {
    /// It is one.
    Same,
    /// It is one letter off, or sounds the same.
    Like,
    /// It is a nickname of one, or the full form of one.
    Nickname,
}

/// The words of known names.
#[derive(Default)]
pub struct Names {
    words: BTreeSet<String>,
    nicknames: BTreeSet<&'static str>,
    /// Words that follow each other in a name.
    pairs: BTreeSet<(String, String)>,
    sounds: BTreeMap<String, Vec<usize>>,
    slips: Option<Slips<String>>,
}

/// The words of a name that tell it: no titles, particles and initials; given names before family names.
pub(super) fn words(name: &str) -> Vec<String> {
    let folded = folded(name);
    let ordered = match folded.split_once(',') {
        // "Okonkwo, Dev"
        Some((family, given)) => format!("{given} {family}"),
        None => folded,
    };
    let tells = |word: &String| {
        let class = class_of(hash_bytes(word.as_bytes()));
        // "Judge" is a given name as well.
        let title = class.is(bit::TITLE) && lists_of_word(word).given == 0;
        word.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !title && !class.is(bit::PARTICLE | bit::SUFFIX)
    };
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    ordered.split_whitespace().map(bare).filter(tells).collect()
}

impl Names {
    pub(super) fn of(names: &[Vec<String>]) -> Self {
        let mut out = Self::default();
        for name in names {
            let parts: Vec<&str> = name.iter().flat_map(|w| w.split('-')).filter(|w| w.len() > 1).collect();
            out.words
                .extend(parts.iter().chain(&name.iter().map(String::as_str).collect::<Vec<_>>()).map(|w| (*w).into()));
            out.pairs.extend(parts.windows(2).map(|p| (p[0].to_owned(), p[1].to_owned())));
            // Not of the last word: that is a family name, and "James" as one is no "Jim".
            let given = &name[..name.len().saturating_sub(1).max(1).min(name.len())];
            out.nicknames.extend(given.iter().flat_map(|w| nicknames(w)));
        }
        let is_long = |w: &&String| (SLIP_LETTERS_MIN..=SLIP_BYTES_MAX).contains(&w.len());
        let long: Vec<String> = out.words.iter().filter(is_long).cloned().collect();
        for (i, word) in long.iter().enumerate() {
            out.sounds.entry(sound(word)).or_default().push(i);
        }
        out.sounds.retain(|sound, _| sound.len() >= SOUNDS_MIN);
        out.slips = Some(Slips::of(long.into_iter()));
        out
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words, in small letters.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// What a word in small letters is to the names.
    #[must_use]
    pub fn kin(&self, word: &str) -> Option<Kin> {
        if self.words.contains(word) {
            return Some(Kin::Same);
        }
        if self.nicknames.contains(word) {
            return Some(Kin::Nickname);
        }
        self.is_like(word).then_some(Kin::Like)
    }

    /// Whether two words follow each other in a name, in either order.
    #[must_use]
    pub fn is_pair(&self, first: &str, second: &str) -> bool {
        let has = |a: &str, b: &str| self.pairs.contains(&(a.to_owned(), b.to_owned()));
        has(first, second) || has(second, first)
    }

    /// Whether a word is a slip of a name or sounds the same.
    #[must_use]
    pub fn is_like(&self, word: &str) -> bool {
        let Some(slips) = self.slips.as_ref().filter(|_| word.len() >= SLIP_LETTERS_MIN) else { return false };
        let same_sound = || {
            let names = self.sounds.get(&sound(word)).into_iter().flatten();
            names.map(|i| slips.name(*i)).any(|n| n.len().abs_diff(word.len()) <= SOUND_LENGTHS_MAX)
        };
        slips.near(word).next().is_some() || same_sound()
    }

    /// Whether spelled letters are a name, its beginning, or one letter off.
    #[must_use]
    pub fn is_spelled(&self, letters: &str) -> bool {
        let begins = || self.words.range(letters.to_owned()..).next().is_some_and(|w| w.starts_with(letters));
        self.words.contains(letters) || (letters.len() >= 4 && (begins() || self.is_near(letters)))
    }

    fn is_near(&self, word: &str) -> bool {
        self.slips.as_ref().is_some_and(|s| s.near(word).next().is_some())
    }
}

/// Nicknames of a given name, and the names that it is a nickname of.
fn nicknames(word: &str) -> Vec<&'static str> {
    static TABLE: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
        let mut table: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (formal, nick) in NICKNAMES.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t')) {
            table.entry(formal).or_default().push(nick);
            table.entry(nick).or_default().push(formal);
        }
        table
    });
    TABLE.get(word).cloned().unwrap_or_default()
}

/// What is left of a word when letters that are heard alike are one: "kuznetsova" and "cusnetsowa" give the
/// same. Vowels count only at the beginning, and all alike.
fn sound(word: &str) -> String {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let mut out = String::new();
    let mut i = 0;
    while let Some(&c) = letters.get(i) {
        let next = letters.get(i + 1).copied().unwrap_or(' ');
        let (heard, taken) = match (c, next) {
            ('p', 'h') => ('f', 2),
            ('c' | 's', 'h') | ('t', 'c') => ('x', 2),
            ('c', 'k') => ('k', 2),
            ('c', 'e' | 'i' | 'y') | ('s' | 'z', _) => ('s', 1),
            ('c' | 'q' | 'k' | 'g', _) => ('k', 1),
            ('d' | 't', _) => ('t', 1),
            ('b' | 'p', _) => ('p', 1),
            ('v' | 'f' | 'w', _) => ('f', 1),
            ('m' | 'n' | 'l' | 'r' | 'j' | 'x', _) => (c, 1),
            ('a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h', _) => (if i == 0 { 'a' } else { ' ' }, 1),
            _ => (c, 1),
        };
        if heard != ' ' && !out.ends_with(heard) {
            out.push(heard);
        }
        i += taken;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Names {
        Names::of(&list.iter().map(|n| words(n)).collect::<Vec<_>>())
    }

    #[test]
    fn titles_particles_and_initials_tell_nobody() {
        assert!(words("Dr. María J. de la Cruz-Vega") == ["maria", "cruz-vega"]);
        assert!(words("Okonkwo, Dev") == ["dev", "okonkwo"]);
        assert!(words("Sean O'Brien") == ["sean", "o'brien"]);
    }

    #[test]
    fn what_stands_for_a_name_is_its_kin() {
        let names = names(&["Robert Kuznetsova-Hill"]);
        for (word, want) in [
            ("kuznetsova", Some(Kin::Same)),
            ("hill", Some(Kin::Same)),
            ("bob", Some(Kin::Nickname)),
            ("kusnetsowa", Some(Kin::Like)),
            ("kuznetsov", Some(Kin::Like)),
            ("hull", None),
            ("kitchen", None),
        ] {
            assert_eq!(names.kin(word), want, "{word}");
        }
        assert!(names.is_pair("robert", "kuznetsova") && !names.is_pair("robert", "hill"));
    }

    #[test]
    fn a_spelled_name_may_be_cut_or_one_letter_off() {
        let names = names(&["Okonkwo"]);
        for (letters, want) in [("okonkwo", true), ("okon", true), ("okonkvo", true), ("oko", false), ("abcd", false)] {
            assert_eq!(names.is_spelled(letters), want, "{letters}");
        }
    }
}
