//! What a run of digits and letters is, by the words all around it: those of its turn, and the last ones of the turns
//! before. The tagger sees the words next to it, and cues that somebody wrote down; this sees any word that was said.

use super::gather::Scene;
use super::spoken::Run;
use super::token::{Token, Tokens};
use crate::patterns::hash::mix;
use crate::patterns::lexicon::bit;
use crate::patterns::weights::LABELS;
use std::ops::Range;

/// How much less sure the chances are than the weights say, which are of the calls that they were learnt from.
const TEMPER: f32 = 0.35;

/// Words before a run in its turn that are looked at, and those of them that are near.
const BEFORE_MAX: usize = 26;
const NEAR_MAX: usize = 5;
/// Words before a run that are looked at together with the word before each.
const PAIRS_MAX: usize = 6;
/// Words behind it.
const BEHIND_MAX: usize = 4;
/// Words at the end of each turn before.
const TURN_MAX: usize = 14;
/// What words of turns before are called, the last turn first.
const TURNS: [Place; 4] = [Place::Turn, Place::SecondTurn, Place::OlderTurn, Place::OlderTurn];
/// Letters and digits at the start of a run whose pattern is looked at.
const PATTERN_MAX: usize = 6;

/// What a feature is of.
#[derive(Clone, Copy)]
enum Place {
    Near = 1,
    Before,
    BeforePair,
    Behind,
    Turn,
    TurnPair,
    SecondTurn,
    OlderTurn,
    Shape,
    Digits,
    Letters,
    Pattern,
}

/// The chance of each label of a run that is hidden, 0 to 1.
pub(super) fn chances(scene: &Scene<'_>, run: &Run) -> [f32; LABELS] {
    scene.roles.chances(&features(scene, run), TEMPER)
}

/// What is seen of a run; each once, sorted.
pub(super) fn features(scene: &Scene<'_>, run: &Run) -> Vec<u64> {
    let Scene { transcript, tokens, .. } = *scene;
    let mut out = Vec::with_capacity(128);
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return out };
    let (first, last) = (*first as usize, *last as usize);
    let at = transcript.turn_of(first);
    let begins = transcript.turns()[at].words.start as usize;
    for word in (begins.max(first.saturating_sub(BEFORE_MAX))..first).rev() {
        let Some(hash) = said(tokens, word) else { continue };
        let by = first - 1 - word;
        out.push(feature(if by < NEAR_MAX { Place::Near } else { Place::Before }, hash));
        if by < PAIRS_MAX && word > begins {
            out.push(pair(Place::BeforePair, tokens, word));
        }
    }
    let ends = transcript.turns()[transcript.turn_of(last)].words.end as usize;
    let behind = last + 1..ends.min(last + 1 + BEHIND_MAX);
    out.extend(behind.filter_map(|word| said(tokens, word)).map(|hash| feature(Place::Behind, hash)));
    for (turn, place) in transcript.turns()[..at].iter().rev().zip(TURNS) {
        let Range { start, end } = turn.words.range();
        let words = start.max(end.saturating_sub(TURN_MAX))..end;
        out.extend(words.clone().map(|word| feature(place, said(tokens, word).unwrap_or(NUMBER))));
        if let Place::Turn = place {
            out.extend(words.skip(1).map(|word| pair(Place::TurnPair, tokens, word)));
        }
    }
    shape(run, &mut out);
    out.sort_unstable();
    out.dedup();
    out
}

/// How long a run is, and how it starts.
fn shape(run: &Run, out: &mut Vec<u64>) {
    let (digits, letters) = (u64::from(run.digits), u64::from(run.letters));
    out.push(feature(Place::Shape, digits << 16 | letters));
    out.push(feature(Place::Digits, digits));
    out.push(feature(Place::Letters, letters));
    let class = |byte: u8| match byte {
        b'0'..=b'9' => b'9',
        b'A'..=b'Z' => b'A',
        other => other,
    };
    let pattern = run.text.bytes().take(PATTERN_MAX).fold(0, |all, byte| all << 8 | u64::from(class(byte)));
    out.push(feature(Place::Pattern, pattern));
}

/// Stands for every number and letter of a run.
const NUMBER: u64 = 1;

/// The hash of a word that is no number and no letter by itself.
fn said(tokens: &Tokens, word: usize) -> Option<u64> {
    let token = &tokens.list()[word];
    (!is_number(token)).then_some(token.hash)
}

const fn is_number(token: &Token) -> bool {
    token.has_digits()
        || token.is(bit::DIGIT | bit::OH | bit::TEEN | bit::TENS | bit::HUNDRED | bit::MULTIPLIER | bit::LETTER)
}

/// A word and the one before it.
fn pair(place: Place, tokens: &Tokens, word: usize) -> u64 {
    let [before, this] = [word - 1, word].map(|word| said(tokens, word).unwrap_or(NUMBER));
    feature(place, before.rotate_left(21) ^ this)
}

const fn feature(place: Place, of: u64) -> u64 {
    mix(of ^ (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Ground;
    use crate::detect::testing::call;
    use crate::model::Category;
    use crate::patterns::PatternSet;
    use crate::patterns::weights::FEATURES_MAX;

    /// What the words around the last run of a call say that it is.
    fn likeliest(turns: &[&str]) -> Category {
        let patterns = PatternSet::builtin().unwrap();
        let transcript = call(turns);
        let ground = Ground::of(&patterns, &transcript);
        let scene = ground.scene(&patterns, &transcript);
        let chances = chances(&scene, ground.spoken.runs.last().unwrap());
        let best = (1..LABELS).max_by(|a, b| chances[*a].total_cmp(&chances[*b])).unwrap();
        crate::detect::tagger::category_of(best).unwrap()
    }

    #[test]
    fn words_turns_ago_tell_what_a_number_is() {
        for (asked, want) in [
            ("could you flip the machine over and read me the serial off the sticker", Category::Device),
            ("and the member number on your insurance card", Category::MemberId),
            ("what's the claim number on the denial letter", Category::Account),
        ] {
            let turns = [asked, "sure hold on", "take your time", "okay it's b four four oh nine one seven"];
            assert_eq!(likeliest(&turns), want, "{asked}");
        }
    }

    #[test]
    fn features_are_few_enough_for_their_sums() {
        let patterns = PatternSet::builtin().unwrap();
        let turns: Vec<String> = (0..6)
            .map(|t| (0..60).map(|w| format!("word{}", "x".repeat(t * 60 + w))).collect::<Vec<_>>().join(" "))
            .collect();
        let mut turns: Vec<&str> = turns.iter().map(String::as_str).collect();
        let last = format!("{} four four oh nine {}", turns[0], turns[1]);
        turns.push(&last);
        let transcript = call(&turns);
        let ground = Ground::of(&patterns, &transcript);
        let scene = ground.scene(&patterns, &transcript);
        let most = ground.spoken.runs.iter().map(|run| features(&scene, run).len()).max().unwrap();
        assert!(most > 40 && most <= FEATURES_MAX, "{most}");
    }
}
