//! The residual risk of a call: the chance that a word is left in sight which must be hidden.
//!
//! First every word that is left, and that the model doubts or that stands beside what is hidden, gets a chance of its
//! own from what is seen of it. Then the call gets one from the words that are expected to leak, from how much of it is
//! hidden, how often a value was cut in two by the other side, and how long it is. Must not change a decision.

use super::Look;
use crate::model::{Turn, TurnKind};
use crate::patterns::lexicon::bit;
use crate::patterns::risk::{CallSigns, RiskModel, WordSigns};

/// A word is looked at from this chance that it must be hidden on ...
const DOUBT_MIN: f32 = 0.0015;
/// ... or when it stands this near to a hidden word of its turn, or of another.
const BESIDE: usize = 2;
/// Most common word, by its frequency in the lexicon, that is rare.
const RARE_LOWER_MAX: u32 = 2;
/// Words of the longest turn that is short: an answer.
const SHORT_TURN_MAX: usize = 4;
/// Most words, and most turns, between the two parts of a value that the other side has cut.
const CUT_WORDS_MAX: usize = 4;
const CUT_TURNS_MAX: usize = 2;
/// Added to the expected words before taking the logarithm, so that none is no infinity.
const EXPECTED_MIN: f32 = 0.02;

/// The residual risk of a call, 0 to 1.
pub(super) fn risk(seen: &Look<'_>, model: &RiskModel) -> f32 {
    let mut expected = 0.0;
    words_left(seen, |_, signs| expected += model.word.chance(signs));
    model.call.chance(&call_signs(seen, expected))
}

/// Hands every word that is left and looked at to `each`, with its signs.
pub(super) fn words_left(seen: &Look<'_>, mut each: impl FnMut(usize, &WordSigns)) {
    for (t, turn) in spoken_turns(seen) {
        for word in turn.words.range() {
            if seen.decisions[word].is_some() || seen.scene.tokens.list()[word].shape.mask {
                continue;
            }
            let doubt = 1.0 - seen.marginals.of(word)[0];
            let beside = Beside::of(seen, word, turn.words.range());
            if doubt >= DOUBT_MIN || beside != Beside::default() {
                each(word, &word_signs(seen, word, t, &beside));
            }
        }
    }
}

/// The turns of a call with their indexes, other readings of them left out.
fn spoken_turns<'a>(seen: &Look<'a>) -> impl Iterator<Item = (usize, &'a Turn)> {
    seen.scene.transcript.turns().iter().enumerate().filter(|(_, turn)| turn.kind == TurnKind::Spoken)
}

/// Which words around a word are hidden.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Beside {
    /// Words back to the nearest in the same turn, 0 for none near.
    before: usize,
    /// Words on to it.
    after: usize,
    /// Whether one is as near in another turn.
    across: bool,
}

impl Beside {
    fn of(seen: &Look<'_>, word: usize, turn: std::ops::Range<usize>) -> Self {
        let hidden = |w: Option<usize>| w.is_some_and(|w| seen.decisions.get(w).is_some_and(Option::is_some));
        let before = (1..=BESIDE).find(|d| hidden(word.checked_sub(*d)));
        let after = (1..=BESIDE).find(|d| hidden(Some(word + d)));
        let before_here = before.filter(|d| word >= turn.start + d);
        let after_here = after.filter(|d| word + d < turn.end);
        Self {
            before: before_here.unwrap_or(0),
            after: after_here.unwrap_or(0),
            across: (before, after) != (before_here, after_here),
        }
    }
}

/// What is seen of a word, in the order of [`WORD_SIGNS`](crate::patterns::risk::WORD_SIGNS).
fn word_signs(seen: &Look<'_>, word: usize, t: usize, beside: &Beside) -> WordSigns {
    let scene = &seen.scene;
    let turn = scene.transcript.turns()[t].words.range();
    let token = &scene.tokens.list()[word];
    let previous = word.checked_sub(1).filter(|w| *w >= turn.start).map(|w| &scene.tokens.list()[w]);
    let doubt = (1.0 - seen.marginals.of(word)[0]).clamp(3e-4, 0.9999);
    let spoken_number =
        bit::DIGIT | bit::TEEN | bit::TENS | bit::ORDINAL | bit::OH | bit::HUNDRED | bit::THOUSAND | bit::MULTIPLIER;
    let number = scene.spoken.of_word[word].0 != 0 || token.has_digits() || token.is(spoken_number);
    let classed = token.class.flags != 0;
    let asked = &scene.context.asked[t];
    let flag = |holds: bool| f32::from(u8::from(holds));
    [
        // The model's odds against "may stay", bounded so that a sure word is no infinity.
        (doubt / (1.0 - doubt)).ln(),
        flag(beside.before == 1),
        flag(beside.before == 2),
        flag(beside.after == 1),
        flag(beside.after == 2),
        flag(beside.across),
        flag(token.is(bit::FILLER | bit::BACKCHANNEL)),
        // Neither a word of every day nor one of a known class.
        flag(token.lists.lower <= RARE_LOWER_MAX && !number && !classed),
        flag(number),
        flag(classed && !number),
        flag(previous.is_some_and(|p| p.is(bit::TITLE))),
        // Capital in the midst of a sentence.
        flag(scene.tokens.cased && token.shape.capital && previous.is_some_and(|p| p.shape.stop < 2)),
        flag(word + 1 == turn.end),
        flag(scene.context.inside[word]),
        flag(token.shape.money),
        flag(turn.len() <= SHORT_TURN_MAX),
        // The other side has asked for an identifier right before.
        flag(asked.last.kind != 0 && asked.last.words == 1 && asked.other),
    ]
}

/// What is seen of a call of which this number of words is expected to leak, in the order of
/// [`CALL_SIGNS`](crate::patterns::risk::CALL_SIGNS).
pub(super) fn call_signs(seen: &Look<'_>, expected: f32) -> CallSigns {
    let decisions = || spoken_turns(seen).flat_map(|(_, turn)| &seen.decisions[turn.words.range()]);
    let count = |n: usize| (n as f32).ln_1p();
    [expected_sign(expected), count(decisions().flatten().count()), count(cuts(seen)), count(decisions().count())]
}

/// The first sign of a call.
pub(super) fn expected_sign(expected: f32) -> f32 {
    (expected + EXPECTED_MIN).ln()
}

/// How often a value goes on a turn or two later, after a few words.
fn cuts(seen: &Look<'_>) -> usize {
    let mut cuts = 0;
    // The hidden word before, and its turn.
    let mut before: Option<(usize, usize)> = None;
    for (t, turn) in spoken_turns(seen) {
        for word in turn.words.range() {
            let Some(decision) = seen.decisions[word] else { continue };
            let goes_on = |(w, in_turn): (usize, usize)| {
                (1..=CUT_TURNS_MAX).contains(&(t - in_turn))
                    && word - w <= CUT_WORDS_MAX + 1
                    && seen.decisions[w].is_some_and(|d| d.category == decision.category)
            };
            cuts += usize::from(before.is_some_and(goes_on));
            before = Some((word, t));
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::look;
    use crate::detect::testing::call;
    use crate::patterns::PatternSet;
    use crate::patterns::risk::{CALL_SIGNS, WORD_SIGNS};
    use std::collections::BTreeMap;

    /// What is seen of the words that are looked at, by word; each with the names of the signs that are 1.
    fn signs(turns: &[&str]) -> (BTreeMap<String, Vec<&'static str>>, BTreeMap<&'static str, f32>) {
        let (mut words, mut of_call) = (BTreeMap::new(), BTreeMap::new());
        look(&PatternSet::builtin().unwrap(), &call(turns), &[], |seen, _| {
            words_left(seen, |w, signs| {
                let named = WORD_SIGNS.iter().zip(signs).skip(1).filter(|(_, v)| **v == 1.0).map(|(n, _)| *n);
                words.insert(seen.scene.tokens.word(w).to_owned(), named.collect());
            });
            of_call = CALL_SIGNS.iter().copied().zip(call_signs(seen, 1.0)).collect();
        });
        (words, of_call)
    }

    fn risk_of(turns: &[&str]) -> f32 {
        crate::detect::detect(&PatternSet::builtin().unwrap(), &call(turns), &[]).risk
    }

    #[test]
    fn plain_words_far_from_anything_hidden_are_not_looked_at() {
        let (words, of_call) = signs(&["we open at the weekend and the parking is free"]);
        assert!(["weekend", "and", "parking"].iter().all(|w| !words.contains_key(*w)), "{words:?}");
        assert!(of_call["hidden"] == 0.0 && of_call["cuts"] == 0.0 && of_call["words"] > 2.0);
    }

    #[test]
    fn words_beside_a_hidden_one_are_looked_at_with_their_distance() {
        let (words, _) = signs(&["the number is 614-555-0173 and then call again when ready"]);
        assert!(words["is"].contains(&"after-1") && words["number"].contains(&"after-2"), "{words:?}");
        assert!(words["and"].contains(&"before-1") && words["then"].contains(&"before-2"), "{words:?}");
        assert!(!words.contains_key("again"));
    }

    #[test]
    fn a_value_that_the_other_side_cuts_is_a_cut() {
        let whole = ["what is your member number", "four four seven one nine two two eight six oh"];
        let cut = ["what is your member number", "four four seven one", "okay", "nine two two eight six oh"];
        assert!(signs(&whole).1["cuts"] == 0.0);
        assert!(signs(&cut).1["cuts"] > 0.0);
    }

    #[test]
    fn a_call_in_which_nobody_is_named_has_less_risk_than_one_full_of_names() {
        let plain = risk_of(&["what time do you open", "at eight in the morning", "and is parking free", "yes it is"]);
        let names = risk_of(&[
            "this is dolores who am i speaking with",
            "wendell okafor and my number is six one four five five five",
            "go ahead",
            "oh one seven three and my wife um yet day has the card",
            "and the address",
            "forty four what cheer lane",
        ]);
        assert!(plain < 0.15 && names > 2.0 * plain && names < 1.0, "{plain} {names}");
    }
}
