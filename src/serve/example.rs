//! Examples for whoever writes patterns, out of what a person has marked in a masked transcript: ordinary words and masks as
//! they stand, numbers, months and the like by their kind, everything else by its shape (`Xx`, `ddd-dddd`). The words that
//! were marked are never shown themselves. Pure.

use crate::access::spans::Example;
use crate::base::WordSpan;
use crate::model::{Category, Transcript, TurnKind};
use crate::patterns::hash::hash_bytes;
use crate::patterns::lexicon::{bit, class_of, lists_of_word};

/// Words before and after a stretch that an example has.
const AROUND: (usize, usize) = (8, 4);
/// Longest stretch that an example shows, words.
const SAID_MAX: usize = 40;
/// Longest shape, characters.
const SHAPE_MAX: usize = 32;
/// The least frequency, in the steps of the lists, of a word that everybody uses.
const ORDINARY_MIN: u32 = 3;

/// Kinds of words that are shown by their kind, since the words may be a number or a date as they are said.
const KINDS: [(u64, &str); 9] = [
    (bit::DIGIT | bit::OH, "<digit>"),
    (bit::TEEN | bit::TENS | bit::HUNDRED | bit::THOUSAND | bit::MULTIPLIER, "<number>"),
    (bit::ORDINAL, "<ordinal>"),
    (bit::MONTH, "<month>"),
    (bit::WEEKDAY, "<weekday>"),
    (bit::LETTER, "<letter>"),
    (bit::ALPHABET, "<alphabet>"),
    (bit::STATE, "<state>"),
    (bit::COUNTRY, "<country>"),
];

/// What these words of a transcript and those around them look like.
pub(super) fn example(transcript: &Transcript, words: WordSpan) -> Example {
    let is_spoken = |turn: &&crate::model::Turn| turn.kind == TurnKind::Spoken;
    let spoken: Vec<usize> = transcript.turns().iter().filter(is_spoken).flat_map(|turn| turn.words.range()).collect();
    let from = spoken.partition_point(|&word| word < words.start as usize);
    let until = spoken.partition_point(|&word| word < words.end as usize);
    let text = |word: &usize| transcript.word_text(*word).into_exposed();
    let (before, after) = (from.saturating_sub(AROUND.0), spoken.len().min(until + AROUND.1));
    Example {
        before: spoken[before..from].iter().map(|word| shown(text(word))).collect(),
        said: spoken[from..until].iter().take(SAID_MAX).map(|word| looks(text(word))).collect(),
        after: spoken[until..after].iter().map(|word| shown(text(word))).collect(),
    }
}

/// A word beside a stretch: as it is where everybody uses it.
fn shown(word: &str) -> String {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let plain = bare.strip_suffix("'s").unwrap_or(&bare);
    if is_ordinary(plain) && mask_of(word).is_none() { bare } else { looks(word) }
}

fn is_ordinary(word: &str) -> bool {
    if word.chars().any(|c| !c.is_alphabetic() && c != '\'') || kind(word).is_some() {
        return false;
    }
    let of = lists_of_word(word);
    of.lower >= ORDINARY_MIN && of.given.max(of.surname) < of.lower && of.city == 0
}

/// A word by its mask, its kind or its shape.
fn looks(word: &str) -> String {
    if let Some(mask) = mask_of(word) {
        return mask.to_owned();
    }
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    kind(&bare).map_or_else(|| shape(word), str::to_owned)
}

fn mask_of(word: &str) -> Option<&'static str> {
    Category::ALL.iter().map(|category| category.mask()).find(|mask| word.contains(mask))
}

fn kind(word: &str) -> Option<&'static str> {
    let class = class_of(hash_bytes(word.as_bytes()));
    KINDS.iter().find(|(bits, _)| class.is(*bits)).map(|(_, kind)| *kind)
}

/// Digits are counted, letters are not: `Xx`, `xX`, `ddd-dddd`.
fn shape(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        let class = match c {
            c if c.is_numeric() => 'd',
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            '-' | '.' | ',' | '/' | '\'' | '@' | '#' | '&' | ':' | '(' | ')' | '+' | '_' => c,
            _ => '?',
        };
        if out.len() < SHAPE_MAX && (class == 'd' || !out.ends_with(class)) {
            out.push(class);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder};
    use proptest::prelude::*;

    fn transcript(turns: &[&str]) -> Transcript {
        let mut builder = TranscriptBuilder::new(TimeSource::None);
        for text in turns {
            builder.turn(TurnKind::Spoken, Speaker::Agent, None);
            builder.say(Phi::new(text));
        }
        builder.build()
    }

    fn check(turns: &[&str], words: (u32, u32), want: [&str; 3]) {
        let Example { before, said, after } = example(&transcript(turns), WordSpan::new(words.0, words.1));
        assert_eq!([before.join(" "), said.join(" "), after.join(" ")], want.map(str::to_owned));
    }

    #[test]
    fn what_was_marked_shows_by_its_shape_and_cues_as_they_are() {
        check(
            &["And your daughter's name?", "Her name is Jonquil, born in May."],
            (7, 8),
            ["and your daughter's name her name is", "Xx,", "born in <month>"],
        );
        check(
            &["call [NAME] at five five five 867-5309, thank them, Brooks"],
            (3, 7),
            ["call [NAME] at", "<digit> <digit> <digit> ddd-dddd,", "thank them Xx"],
        );
    }

    #[test]
    fn an_ordinary_word_that_was_marked_is_not_shown_either() {
        check(&["this is will speaking"], (2, 3), ["this is", "x", "speaking"]);
    }

    proptest! {
        /// Whatever is said, an example has only words that everybody uses, masks, kinds and shapes.
        #[test]
        fn no_example_holds_what_only_this_call_says(
            said in prop::collection::vec("[A-Za-z0-9'@.,\u{e9}\u{df}\\-]{1,12}|Brooks|Jonquil|maria|smith|0{0,3}867-5309|\\[NAME\\]", 1..24),
            at in any::<prop::sample::Index>(),
        ) {
            let text = said.join(" ");
            let of = transcript(&[&text]);
            let words = of.words().len();
            let from = at.index(words) as u32;
            let Example { before, said, after } = example(&of, WordSpan::new(from, from + 1));
            let is_shape = |token: &str| token.chars().all(|c| "dXx?-.,/'@#&:()+_".contains(c));
            let is_fixed = |token: &str| {
                KINDS.iter().any(|(_, kind)| *kind == token) || Category::ALL.iter().any(|c| c.mask() == token)
            };
            for token in &said {
                prop_assert!(is_shape(token) || is_fixed(token));
            }
            for token in before.iter().chain(&after) {
                prop_assert!(is_shape(token) || is_fixed(token) || is_ordinary(token.trim_end_matches("'s")));
                prop_assert!(!["brooks", "jonquil", "maria", "smith"].contains(&token.as_str()));
            }
        }
    }
}
