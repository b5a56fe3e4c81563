//! Distances to words that end an address or an email or make a date, which may stand some words away, and city
//! names of several words.

use super::token::{Token, Tokens};
use crate::model::Transcript;
use crate::patterns::lexicon::{bit, lists_of_word};

/// Classes whose distance counts.
const KINDS: [u64; 5] = [bit::STREET, bit::STATE, bit::DOMAIN, bit::MONTH, bit::UNIT];
/// Words that are near, at most 7.
const NEAR: u64 = 7;
/// Bits of a distance, and where those to the last words begin.
const BITS: usize = 3;
const LAST: usize = 32;
/// Words ahead in which a state or a number counts.
const AHEAD: usize = 3;
/// Most words of a city's name ("village of oak creek" has four).
const CITY_WORDS_MAX: usize = 4;

/// Words to the next of a kind (0 none near), from packed distances.
pub(super) const fn next(near: u64, kind: usize) -> u64 {
    near >> (kind * BITS) & NEAR
}

/// Words from the last of a kind (0 none near), from packed distances.
pub(super) const fn last(near: u64, kind: usize) -> u64 {
    near >> (LAST + kind * BITS) & NEAR
}

/// Packed distances of the words of a turn, 0 where nothing is near. The last kind counts only backwards.
pub(super) fn near(tokens: &[Token], out: &mut Vec<u64>) {
    out.clear();
    out.resize(tokens.len(), 0);
    let all = KINDS.iter().fold(0, |all, bits| all | bits);
    if !tokens.iter().any(|t| t.is(all)) {
        return;
    }
    sweep(tokens.iter().zip(&mut *out), LAST, &KINDS);
    sweep(tokens.iter().zip(out).rev(), 0, &KINDS[..4]);
}

fn sweep<'a>(words: impl Iterator<Item = (&'a Token, &'a mut u64)>, shift: usize, kinds: &[u64]) {
    let mut gaps = [0_u64; KINDS.len()];
    for (token, near) in words {
        for (k, (gap, bits)) in gaps.iter_mut().zip(kinds).enumerate() {
            *near |= *gap << (shift + k * BITS);
            *gap = match *gap {
                _ if token.is(*bits) => 1,
                0 | NEAR => 0,
                gap => gap + 1,
            };
        }
    }
}

/// Whether a state (1), a number (2) or both stand within three words after each word of a turn.
pub(super) fn ahead(tokens: &[Token], out: &mut Vec<u64>) {
    out.clear();
    out.resize(tokens.len(), 0);
    // Words since the last state and the last number, seen from the end.
    let (mut state, mut number) = (AHEAD, AHEAD);
    for (token, ahead) in tokens.iter().zip(out).rev() {
        *ahead = u64::from(state < AHEAD) | u64::from(number < AHEAD) << 1;
        let is_number = token.has_digits() || token.is(bit::DIGIT | bit::TENS | bit::TEEN);
        state = if token.is(bit::STATE) { 0 } else { state + 1 };
        number = if is_number { 0 } else { number + 1 };
    }
}

/// Per word: its place in a city's name on the list (1 first, 2 later, 4 a name of one word), 0 for none.
pub(super) fn city_phrases(transcript: &Transcript, tokens: &Tokens) -> Vec<u8> {
    let mut out = vec![0; tokens.list().len()];
    for turn in transcript.turns() {
        let range = turn.words.range();
        for i in range.clone() {
            let lists = tokens.list()[i].lists;
            if lists.city > 0 && out[i] == 0 {
                out[i] = 4;
            }
            if !lists.city_first {
                continue;
            }
            for n in (2..=CITY_WORDS_MAX).filter(|n| i + n <= range.end) {
                let text = &tokens.text()[tokens.list()[i].range().start..tokens.list()[i + n - 1].range().end];
                if tokens.list()[i + 1..i + n].iter().all(|t| t.lists.city_rest) && lists_of_word(text).city > 0 {
                    out[i] = 1;
                    out[i + 1..i + n].fill(2);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::token::tokens;
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder, TurnKind};

    #[test]
    fn distances_are_counted_both_ways_as_far_as_they_are_near() {
        let mut b = TranscriptBuilder::new(TimeSource::None);
        b.turn(TurnKind::Spoken, Speaker::Caller, None);
        b.say(Phi::new("oak street in ohio a b c d e f g seven"));
        let tokens = tokens(&b.build());
        let mut out = Vec::new();
        near(tokens.list(), &mut out);
        let of = |side: fn(u64, usize) -> u64, kind| out.iter().map(|n| side(*n, kind)).collect::<Vec<_>>();
        assert_eq!(of(next, 0), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(of(last, 0), [0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0]);
        assert_eq!(of(next, 1), [3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        ahead(tokens.list(), &mut out);
        assert_eq!(out, [1, 1, 1, 0, 0, 0, 0, 0, 2, 2, 2, 0]);
    }
}
