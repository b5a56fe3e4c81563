//! Cue phrases, from `patterns/cues.toml`: what people say around an identifier.

use super::hash::{hash_bytes, mix};
use crate::base::{Error, Kind, Result, Stage};
use crate::model::{Category, RuleId};
use serde::Deserialize;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What a cue announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CueKind {
    /// A value of this category, which must be hidden.
    Category(Category),
    /// A number in one of the roles that stay: code, money, dose, count, time, menu, public date.
    Stays(Role),
}

/// Roles of numbers and dates that are no PHI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Role {
    Code,
    Money,
    Dose,
    Count,
    Time,
    Menu,
    Public,
}

const ROLES: [(&str, Role); 7] = [
    ("CODE", Role::Code),
    ("MONEY", Role::Money),
    ("DOSE", Role::Dose),
    ("COUNT", Role::Count),
    ("TIME", Role::Time),
    ("MENU", Role::Menu),
    ("PUBLIC", Role::Public),
];

impl CueKind {
    /// A small number for features, never 0.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Category(c) => 1 + c as u8,
            Self::Stays(r) => 64 + r as u8,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Category::from_label(text)
            .map(Self::Category)
            .or_else(|| ROLES.iter().find(|(name, _)| *name == text).map(|(_, role)| Self::Stays(*role)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cue: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    kind: String,
    phrases: Vec<String>,
}

/// All cue phrases, as a tree of their words.
pub struct Cues {
    /// From a beginning of phrases and the hash of a word to the beginning that is longer by that word.
    steps: HashMap<u64, u32, BuildHasherDefault<Mixed>>,
    /// Per beginning: the cue whose phrase it is.
    whole: Vec<Option<u16>>,
    cues: Vec<(RuleId, CueKind)>,
}

/// A hash of what is spread already.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash_bytes(bytes);
    }

    fn write_u64(&mut self, spread: u64) {
        self.0 = spread;
    }
}

/// The beginning of all phrases.
const ROOT: u32 = 0;

/// What leads from a beginning of phrases to a longer one.
fn step(from: u32, word: u64) -> u64 {
    mix(word ^ u64::from(from) << 32)
}

/// Last words of phrases that are said of several things too.
const PLURAL: [&str; 9] = ["number", " id", "code", "date", "account", "claim", "card", "birthday", "name"];

impl Cues {
    /// Compiles a cue file.
    ///
    /// # Errors
    /// When the file is no TOML of this shape, a kind is unknown or a phrase is empty.
    pub fn compile(toml: &str) -> Result<Self> {
        let broken = |what| Error::new(Stage::Patterns, Kind::Usage, what);
        let file: File = toml::from_str(toml).map_err(|e| broken("cue file is not valid").hint(e.to_string()))?;
        let mut all = Self { steps: HashMap::default(), whole: vec![None], cues: Vec::new() };
        for entry in file.cue {
            let kind = CueKind::parse(&entry.kind).ok_or_else(|| broken("cue kind is unknown").hint(&entry.id))?;
            let cue = u16::try_from(all.cues.len()).map_err(|_| broken("too many cues"))?;
            for phrase in &entry.phrases {
                if phrase.split(' ').any(str::is_empty) || *phrase != phrase.to_lowercase() {
                    return Err(broken("cue phrase must be lower case, its words one space apart").hint(&entry.id));
                }
                all.add(phrase, cue);
                // "Prescription numbers" announce what "prescription number" does, and hold no whole shorter phrase.
                if PLURAL.iter().any(|noun| phrase.ends_with(noun)) {
                    all.add(&format!("{phrase}s"), cue);
                }
            }
            all.cues.push((RuleId::new(&entry.id), kind));
        }
        Ok(all)
    }

    /// Adds a phrase; the first cue that has it keeps it.
    fn add(&mut self, phrase: &str, cue: u16) {
        let mut at = ROOT;
        for word in phrase.split(' ') {
            let next = self.whole.len() as u32;
            at = *self.steps.entry(step(at, hash_bytes(word.as_bytes()))).or_insert(next);
            if at == next {
                self.whole.push(None);
            }
        }
        self.whole[at as usize].get_or_insert(cue);
    }

    /// The cue of a match: its rule id and what it announces.
    #[must_use]
    pub fn cue(&self, index: u16) -> (&RuleId, CueKind) {
        let (id, kind) = &self.cues[usize::from(index)];
        (id, *kind)
    }

    /// Every cue.
    pub fn all(&self) -> impl Iterator<Item = (&RuleId, CueKind)> {
        self.cues.iter().map(|(id, kind)| (id, *kind))
    }

    /// The longest phrase that a turn's words begin with: its words and its cue. Words are hashed in lower case;
    /// the last may have "'s" on it ("birthday's" for "birthday is"), so words come with their hash without that.
    #[must_use]
    pub fn longest(&self, words: impl Iterator<Item = (u64, Option<u64>)>) -> Option<(usize, u16)> {
        let mut longest = None;
        let mut at = ROOT;
        for (i, (word, without_is)) in words.enumerate() {
            let next = |word| self.steps.get(&step(at, word)).copied();
            let cue = |at: u32| self.whole[at as usize];
            if let Some(cue) = without_is.and_then(next).and_then(cue) {
                longest = Some((i + 1, cue));
            }
            let Some(next) = next(word) else { break };
            at = next;
            longest = cue(at).map(|cue| (i + 1, cue)).or(longest);
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_wins_and_only_whole_words_count() {
        let cues = Cues::compile(
            "[[cue]]\nid='a'\nkind='MEMBER_ID'\nphrases=['policy','policy number']\n[[cue]]\nid='b'\nkind='MONEY'\nphrases=['pay']",
        )
        .unwrap();
        let longest = |said: &str| {
            let hash = |word: &str| hash_bytes(word.as_bytes());
            cues.longest(said.split(' ').map(|word| (hash(word), word.strip_suffix("'s").map(hash))))
        };
        for (said, want) in [
            ("policy number payment", Some((2, 0))),
            ("policy numbers", Some((2, 0))),
            ("policy's number", Some((1, 0))),
            ("policy number's four", Some((2, 0))),
            ("pay policy", Some((1, 1))),
            ("payment", None),
            ("my policy", None),
        ] {
            assert_eq!(longest(said), want, "{said}");
        }
    }

    #[test]
    fn an_unknown_kind_is_refused() {
        assert!(Cues::compile("[[cue]]\nid='a'\nkind='WHAT'\nphrases=['x']").is_err());
    }
}
