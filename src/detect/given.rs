//! Values that were known before the call: hidden wherever they are said, unless the word is an ordinary
//! one and nothing speaks for the value.

use super::gather::Scene;
use super::said::{Hit, is_link, said};
use super::settle::{Decision, Origin, is_mask};
use super::tagger::{Marginals, label_of};
use super::token::Tokens;
use crate::model::{Category, KnownValue};
use crate::patterns::cues::CueKind;
use crate::patterns::known::{Kin, Known, Trust};
use crate::patterns::lexicon::bit;
use std::ops::Range;

/// Below this chance of "may stay" the model doubts enough to speak for a value.
const STAY_MIN: f32 = 0.98;
/// Letters and digits from which a part of a number is no accident.
const SURE_PART_MIN: u16 = 6;
/// Letters from which a spelled name is no accident.
const SPELLED_MIN: u16 = 3;
/// Score of a value that was known before.
const GIVEN_SCORE: f32 = 0.99;

/// A call as far as known values need it.
pub(crate) struct Call<'a> {
    pub scene: &'a Scene<'a>,
    pub marginals: &'a Marginals,
}

/// Words that a policy lets stay, as they are said in a call.
#[derive(Default)]
pub(crate) struct Allowed(Vec<Range<usize>>);

/// Finds what a policy lets stay.
pub(crate) fn allowed(call: &Call<'_>, known: &Known) -> Allowed {
    let mut out = Allowed::default();
    if !known.is_empty() {
        said(call.scene.transcript, call.scene.tokens, call.scene.spoken, known, &mut |hit| {
            if hit.words.len() == 1 {
                out.0.push(hit.reach());
            }
        });
    }
    out
}

impl Allowed {
    /// Takes away what a value covers whole: of two lists the one with more words on it counts, then the one that
    /// hides.
    fn yield_to(&mut self, hidden: Range<usize>) {
        self.0.retain(|a| a.start < hidden.start || hidden.end < a.end);
    }

    /// Shows the words.
    pub fn release(&self, out: &mut [Option<Decision>]) {
        self.0.iter().for_each(|words| out[words.clone()].fill(None));
    }

    /// Takes values that are allowed to be seen from those that must not be.
    pub fn forget(&self, tokens: &Tokens, known: &mut Vec<KnownValue>) {
        for words in &self.0 {
            let seen: Vec<&str> = words.clone().map(|w| tokens.word(w)).collect();
            let digits: String = seen.concat().chars().filter(char::is_ascii_digit).collect();
            known.retain(|k| !seen.contains(&k.value.expose().as_str()) && !digits.contains(k.value.expose()));
        }
    }
}

/// Hides what is said of the known values, over what was decided before.
pub(crate) fn hide(
    call: &Call<'_>,
    known: &Known,
    origin: Origin,
    allowed: &mut Allowed,
    out: &mut [Option<Decision>],
) {
    if known.is_empty() {
        return;
    }
    // Of two values on a word the one of which more was said.
    let mut said_of = vec![0; out.len()];
    said(call.scene.transcript, call.scene.tokens, call.scene.spoken, known, &mut |hit| {
        if !call.speaks_for(&hit) {
            return;
        }
        allowed.yield_to(hit.reach());
        let decision = Decision { category: hit.form.category, score: GIVEN_SCORE, origin };
        for w in call.whole(&hit) {
            if hit.len >= said_of[w] {
                said_of[w] = hit.len;
                out[w] = Some(decision);
            }
        }
    });
    if !known.names.is_empty() {
        let decision = Decision { category: Category::Name, score: GIVEN_SCORE, origin };
        call.names(known, decision, allowed, out);
        call.spelled(known, decision, out);
    }
}

impl Call<'_> {
    fn speaks_for(&self, hit: &Hit<'_>) -> bool {
        let form = hit.form;
        let sure = match form.category {
            // A word alone is left to `names`, which weighs how ordinary it is.
            Category::Name if !hit.coded && !form.has_words() && hit.reach().len() == 1 => return false,
            Category::Name if hit.coded => hit.len >= SPELLED_MIN,
            Category::Name => true,
            _ if form.in_parts && !hit.is_whole() => hit.len >= SURE_PART_MIN,
            _ => form.trust == Trust::Sure,
        };
        sure || self.is_supported(hit)
    }

    /// Whether a cue asks for such a value there, or the model sees one.
    fn is_supported(&self, hit: &Hit<'_>) -> bool {
        let kind = CueKind::Category(hit.form.category).code();
        hit.words.iter().flat_map(|w| w.range()).any(|w| {
            let asked = self.scene.context.asked_at(self.scene.transcript, w);
            let cues = [self.scene.context.before[w], asked.first, asked.last];
            self.marginals.of(w)[0] < STAY_MIN || cues.iter().any(|c| c.kind == kind)
        })
    }

    /// The words of a hit, with the links between them that are said in the same turn.
    fn whole(&self, hit: &Hit<'_>) -> Vec<usize> {
        let mut words: Vec<usize> = hit.words.iter().flat_map(|w| w.range()).collect();
        let with_links = matches!(hit.form.category, Category::Dob | Category::Date | Category::Address);
        for pair in hit.words.windows(2) {
            let between = pair[0].end as usize..pair[1].start as usize;
            let turn = |w: usize| self.scene.transcript.turn_of(w);
            let one_turn = turn(between.start - 1) == turn(between.end);
            let list = self.scene.tokens.list();
            let belongs = |w: &usize| list[*w].is(bit::SYMBOL) || (with_links && is_link(self.scene.tokens, *w));
            words.extend(between.filter(|w| one_turn && belongs(w)));
        }
        words
    }

    /// Hides words that are known names, sound like one or stand for one.
    fn names(&self, known: &Known, decision: Decision, allowed: &mut Allowed, out: &mut [Option<Decision>]) {
        for turn in self.scene.transcript.turns() {
            let range = turn.words.range();
            let pair = |a: usize, b: usize| {
                range.contains(&a) && known.names.is_pair(self.scene.tokens.word(a), self.scene.tokens.word(b))
            };
            for i in range.clone() {
                let token = &self.scene.tokens.list()[i];
                let is_other = out[i].is_some_and(|d| d.category != Category::Name);
                if is_other || token.shape.letters < 2 || is_mask(self.scene.tokens, i) {
                    continue;
                }
                let Some(kin) = known.names.kin(self.scene.tokens.word(i)) else { continue };
                let titled = i > range.start && self.scene.tokens.list()[i - 1].is(bit::TITLE);
                let paired = i > range.start && pair(i - 1, i) || i + 1 < range.end && pair(i, i + 1);
                let is_hidden = out[i].is_some();
                let is_name = match kin {
                    Kin::Same if is_hidden => true,
                    _ if is_hidden => false,
                    Kin::Same => titled || paired || self.is_used_as_name(i, i == range.start, ENOUGH),
                    Kin::Nickname => titled || self.is_used_as_name(i, i == range.start, ENOUGH_NICKNAME),
                    Kin::Like => token.lists.lower < 3 && (token.lists.lower == 0 || self.chance(i) > 0.01),
                };
                if is_name {
                    allowed.yield_to(i..i + 1);
                    out[i] = Some(decision);
                }
            }
        }
    }

    /// Whether a word is a name here: the more ordinary it is, the more the model has to agree, unless a
    /// capital inside a sentence says so.
    fn is_used_as_name(&self, i: usize, is_first: bool, enough: [f32; 8]) -> bool {
        let token = &self.scene.tokens.list()[i];
        let inside = !is_first && self.scene.tokens.list()[i - 1].shape.stop < 2;
        let cased = self.scene.tokens.cased && token.shape.capital && !token.shape.upper && inside;
        let calendar = token.is(bit::MONTH | bit::WEEKDAY);
        self.chance(i) >= enough[token.lists.lower as usize] || (cased && !calendar)
    }

    fn chance(&self, i: usize) -> f32 {
        self.marginals.of(i)[label_of(Category::Name)]
    }

    /// Hides spelled letters that are a known name, cut or one letter off.
    fn spelled(&self, known: &Known, decision: Decision, out: &mut [Option<Decision>]) {
        for run in self.scene.spoken.runs.iter().filter(|r| r.digits == 0 && r.letters >= SPELLED_MIN) {
            if known.names.is_spelled(&run.value().to_ascii_lowercase()) {
                for w in &run.words {
                    out[*w as usize] = Some(decision);
                }
            }
        }
    }
}

/// The chance of being a name that is enough for a known one, by how frequent the word is as an ordinary one:
/// about what one ordinary use in fifty has. (The more frequent the word, the surer the model is of it.)
const ENOUGH: [f32; 8] = [0.0, 0.0, 0.0, 0.01, 0.02, 0.01, 0.005, 0.005];
/// The same for what may stand for a known name.
const ENOUGH_NICKNAME: [f32; 8] = [0.0, 0.002, 0.002, 0.01, 0.03, 0.1, 0.1, 0.1];
