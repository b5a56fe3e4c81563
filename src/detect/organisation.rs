//! Names of organisations: a run of telling words that ends in a head like "pharmacy", what follows an
//! announcement like "thank you for calling", a brand, and all of these wherever they are said again.

use super::rule::{BrokenExample, expected, one_turn};
use super::token::{Tokens, tokens};
use crate::base::WordSpan;
use crate::model::{Extra, Finding, RuleId, Transcript};
use crate::patterns::lexicon::bit;
use crate::patterns::organisations::Organisations;
use std::collections::BTreeSet;
use std::ops::Range;

/// The rule id of all findings.
const RULE: &str = "organisation";
/// Most words of a name before its heads, and behind an announcement.
const NAME_WORDS_MAX: usize = 4;
/// Most words of a brand or an announcement.
const PHRASE_WORDS_MAX: usize = 4;
/// From this frequency on a word without a capital is part of a sentence and of no name.
const SENTENCE_LOWER_MIN: u32 = 5;

/// Findings of the rule `organisation`; they may overlap, and lie within turns.
pub(super) fn organisations(lists: &Organisations, transcript: &Transcript, tokens: &Tokens) -> Vec<Finding> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for turn in transcript.turns() {
        let call = Turn { lists, tokens, range: turn.words.range() };
        for i in turn.words.range() {
            found.extend(call.headed(i));
            found.extend(call.announced(i));
            found.extend(call.phrase_at(i, &lists.brands));
        }
    }
    // Said again: only what is told from ordinary words.
    let text = |words: &Range<usize>| words.clone().map(|w| tokens.word(w)).collect::<Vec<_>>().join(" ");
    let rare = |words: &Range<usize>| words.len() > 1 || tokens.list()[words.start].lists.lower < 3;
    let names: BTreeSet<String> = found.iter().filter(|w| rare(w)).map(text).collect();
    for turn in transcript.turns() {
        let call = Turn { lists, tokens, range: turn.words.range() };
        found.extend(turn.words.range().filter_map(|i| call.phrase_at(i, &names)));
    }
    let finding = |words: Range<usize>| Finding {
        rule: RuleId::new(RULE),
        category: Extra::Organisations.category(),
        words: WordSpan::new(words.start as u32, words.end as u32),
        score: 0.7,
    };
    found.into_iter().map(finding).collect()
}

/// Runs the examples of the lists; returns how many were run, and those that do not hold.
pub(super) fn test_examples(lists: &Organisations) -> (usize, Vec<BrokenExample>) {
    let hits = |said: &str| {
        let transcript = one_turn(said);
        let mut words: Vec<WordSpan> =
            organisations(lists, &transcript, &tokens(&transcript)).into_iter().map(|f| f.words).collect();
        words.sort_by_key(|w| (w.start, std::cmp::Reverse(w.end)));
        words.dedup_by(|later, earlier| later.end <= earlier.end);
        words
    };
    let broken = |example: &str, wrong| BrokenExample {
        rule: RULE.into(),
        example: example.to_owned(),
        file: "organisations.toml".into(),
        line: 1,
        wrong,
    };
    let missed = lists.must_match.iter().filter(|e| expected(e) != hits(&e.replace(['{', '}'], " ")).first().copied());
    let found = lists.must_not_match.iter().filter(|c| !hits(&c.text).is_empty());
    let missed = missed.map(|e| broken(e, "not exactly the words in braces are found"));
    let found = found.map(|c| broken(&c.text, "something is found"));
    (lists.must_match.len() + lists.must_not_match.len(), missed.chain(found).collect())
}

struct Turn<'a> {
    lists: &'a Organisations,
    tokens: &'a Tokens,
    range: Range<usize>,
}

impl Turn<'_> {
    /// The name that ends in the heads which begin at this word.
    fn headed(&self, i: usize) -> Option<Range<usize>> {
        let is_head = |i: usize| self.range.contains(&i) && self.lists.heads.contains(self.tokens.word(i));
        if !is_head(i) || (i > self.range.start && is_head(i - 1) && self.follows(i)) {
            return None;
        }
        let mut end = i + 1;
        while is_head(end) && self.follows(end) {
            end += 1;
        }
        let mut start = i;
        let mut telling = 0;
        while start > self.range.start && i - start < NAME_WORDS_MAX && self.follows(start) && self.is_part(start - 1) {
            start -= 1;
            telling += usize::from(self.is_telling(start));
        }
        while start < i && self.lists.inside.contains(self.tokens.word(start)) && !self.is_saint(start) {
            start += 1;
        }
        let heads = (i..end).filter(|h| !self.lists.weak.contains(self.tokens.word(*h))).count();
        let proper = (start..i).any(|w| self.is_capital(w)) || telling > 0;
        // "county general hospital": two heads, one of them no weak one, make up for a word that tells.
        let named = (proper && start < i) || (heads > 0 && end - i > 1 && start < i && !self.is_common(start));
        named.then_some(start..end)
    }

    /// The name that follows an announcement which ends right before this word.
    fn announced(&self, i: usize) -> Option<Range<usize>> {
        let before = (1..=PHRASE_WORDS_MAX).filter_map(|n| i.checked_sub(n)).filter(|from| *from >= self.range.start);
        let mut texts = before.map(|from| (from..i).map(|w| self.tokens.word(w)).collect::<Vec<_>>().join(" "));
        if !texts.any(|t| self.lists.announcements.contains(&t)) {
            return None;
        }
        let mut end = i;
        while end < self.range.end && end - i <= NAME_WORDS_MAX && (end == i || self.follows(end)) && self.is_part(end)
        {
            end += 1;
        }
        while end > i && self.lists.inside.contains(self.tokens.word(end - 1)) {
            end -= 1;
        }
        (i..end).any(|w| self.is_telling(w)).then_some(i..end)
    }

    /// The longest phrase of a list that begins at this word.
    fn phrase_at(&self, i: usize, phrases: &BTreeSet<String>) -> Option<Range<usize>> {
        let ends = (i + 1..=self.range.end).take(NAME_WORDS_MAX + PHRASE_WORDS_MAX);
        let mut text = String::new();
        let mut found = None;
        for end in ends {
            text.push_str(self.tokens.word(end - 1));
            if phrases.contains(&text) {
                found = Some(i..end);
            }
            text.push(' ');
        }
        found
    }

    /// Whether no sentence ends between this word and the one before.
    fn follows(&self, i: usize) -> bool {
        self.tokens.list()[i - 1].shape.stop == 0
    }

    /// Whether a word may be part of a name.
    fn is_part(&self, i: usize) -> bool {
        let word = self.tokens.word(i);
        let token = &self.tokens.list()[i];
        let belongs = |w: &str| self.lists.heads.contains(w) || self.lists.common.contains(w);
        if token.shape.mask || token.has_digits() || self.lists.stops.contains(word) {
            return false;
        }
        self.lists.inside.contains(word)
            || self.is_capital(i)
            || belongs(word)
            || token.lists.lower < SENTENCE_LOWER_MIN && !token.is(bit::FILLER | bit::BACKCHANNEL | bit::RELDAY)
    }

    /// Whether a word tells one organisation from another.
    fn is_telling(&self, i: usize) -> bool {
        let word = self.tokens.word(i);
        let token = &self.tokens.list()[i];
        !(self.lists.heads.contains(word) || self.lists.common.contains(word) || self.lists.inside.contains(word))
            && (self.is_capital(i) || token.lists.lower < SENTENCE_LOWER_MIN)
            && !token.is(bit::WEEKDAY | bit::RELATION | bit::TITLE)
            || self.is_saint(i)
    }

    fn is_saint(&self, i: usize) -> bool {
        matches!(self.tokens.word(i), "saint" | "st")
    }

    /// Whether a word has a capital that no beginning of a sentence explains.
    fn is_capital(&self, i: usize) -> bool {
        let shape = self.tokens.list()[i].shape;
        let inside = i > self.range.start && self.tokens.list()[i - 1].shape.stop < 2;
        self.tokens.cased && shape.capital && inside && shape.letters > 1
    }

    fn is_common(&self, i: usize) -> bool {
        self.lists.common.contains(self.tokens.word(i))
    }
}
