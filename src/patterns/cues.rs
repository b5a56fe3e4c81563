//! Cue phrases, from `patterns/cues.toml`: what people say around an identifier.

use crate::base::{Error, Kind, Result, Stage};
use crate::model::{Category, RuleId};
use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};
use serde::Deserialize;

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

/// All cue phrases, compiled.
pub struct Cues {
    automaton: AhoCorasick,
    /// Per phrase: which cue.
    owner: Vec<u16>,
    cues: Vec<(RuleId, CueKind)>,
}

/// One cue phrase in a text.
#[derive(Clone, Copy, Debug)]
pub struct CueMatch {
    /// First byte, inclusive.
    pub start: usize,
    /// End, exclusive.
    pub end: usize,
    /// Index of the cue, for [`Cues::cue`].
    pub cue: u16,
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
        let (mut phrases, mut owner, mut cues) = (Vec::new(), Vec::new(), Vec::new());
        for entry in file.cue {
            let kind = CueKind::parse(&entry.kind).ok_or_else(|| broken("cue kind is unknown").hint(&entry.id))?;
            for phrase in entry.phrases {
                if phrase.trim() != phrase || phrase.is_empty() || phrase != phrase.to_lowercase() {
                    return Err(broken("cue phrase must be lower case without outer spaces").hint(&entry.id));
                }
                // "Prescription numbers" announce what "prescription number" does, and hold no whole shorter phrase.
                if PLURAL.iter().any(|noun| phrase.ends_with(noun)) {
                    owner.push(cues.len() as u16);
                    phrases.push(format!("{phrase}s"));
                }
                owner.push(cues.len() as u16);
                phrases.push(phrase);
            }
            cues.push((RuleId::new(&entry.id), kind));
        }
        let automaton = AhoCorasickBuilder::new()
            .match_kind(MatchKind::LeftmostLongest)
            // Every byte of every call goes through it.
            .kind(Some(AhoCorasickKind::DFA))
            .build(&phrases)
            .map_err(|_| broken("too many cue phrases"))?;
        Ok(Self { automaton, owner, cues })
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

    /// Cue phrases in a normalised text, whole words only (or "birthday's" for "birthday is"), left to right, not
    /// overlapping.
    pub fn find_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = CueMatch> + 'a {
        let bytes = text.as_bytes();
        let edge = |i: usize| bytes.get(i).is_none_or(|b| matches!(b, b' ' | b'\n'));
        self.automaton.find_iter(text).filter_map(move |m| {
            let is = bytes[m.end()..].starts_with(b"'s") && edge(m.end() + 2);
            let whole = (m.start() == 0 || edge(m.start() - 1)) && (is || edge(m.end()));
            let cue = self.owner[m.pattern().as_usize()];
            whole.then_some(CueMatch { start: m.start(), end: m.end(), cue })
        })
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
        let found: Vec<_> = cues.find_in("my policy number payment\npay").map(|m| (m.start, m.end)).collect();
        assert_eq!(found, [(3, 16), (25, 28)]);
        assert_eq!(cues.find_in("both policy numbers").map(|m| (m.start, m.end)).collect::<Vec<_>>(), [(5, 19)]);
    }

    #[test]
    fn an_unknown_kind_is_refused() {
        assert!(Cues::compile("[[cue]]\nid='a'\nkind='WHAT'\nphrases=['x']").is_err());
    }
}
