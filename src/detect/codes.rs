//! What codes, years and tiers look like: numbers and letters that say what a thing is, and nothing of anybody.

use super::gather::Scene;
use super::plain::ORDINARY_MIN;
use super::spoken::{Run, Spoken};
use super::token::{Tokens, word};
use crate::patterns::cues::{CueKind, Role};
use crate::patterns::hash::hash_bytes;
use crate::patterns::lexicon::{bit, lists_of};
use std::collections::HashSet;

/// Most words between a cue of codes and a billing code.
pub(super) const CODE_WORDS_MAX: u8 = 3;

/// Values of the codes behind a cue of codes, with those that follow ("… and …").
pub(super) fn billing_codes(scene: &Scene<'_>) -> HashSet<String> {
    let Scene { tokens, spoken, .. } = *scene;
    let mut codes = HashSet::new();
    // One past the last word of a code: another code may follow it.
    let mut open = None;
    for run in &spoken.runs {
        let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { continue };
        let follows = open.is_some_and(|end: u32| {
            let between = end as usize..*first as usize;
            between.len() <= CODE_WORDS_MAX as usize
                && between.into_iter().all(|w| tokens.list()[w].lists.lower >= ORDINARY_MIN)
        });
        open = None;
        let code = is_slogan(run) || parts(spoken, run).iter().all(|part| is_billing_code(part));
        if code && (is_coded(scene, *first) || follows) {
            codes.insert(run.value());
            open = Some(last + 1);
        }
    }
    codes
}

/// Most turns between a question of a code and its answer ("what's the procedure code", "let me see", "nine nine …").
const CODE_TURNS_MAX: usize = 3;

/// Whether a cue of codes stands right before the word, or the turns before asked for one.
pub(super) fn is_coded(scene: &Scene<'_>, word: u32) -> bool {
    let code = CueKind::Stays(Role::Code).code();
    let before = scene.context.before[word as usize];
    before.kind == code && before.words <= CODE_WORDS_MAX
        || scene.context.closed_before(scene.transcript, word as usize, CODE_TURNS_MAX) == code
}

/// The texts of a run's parts, which a word between them ("and") keeps apart.
pub(super) fn parts(spoken: &Spoken, run: &Run) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut end = None;
    let (Some(first), Some(last)) = (run.words.first(), run.words.last()) else { return out };
    let from = spoken.steps.partition_point(|s| s.first < *first);
    for step in spoken.steps[from..].iter().take_while(|s| s.first <= *last) {
        match out.last_mut().filter(|_| end == Some(step.first)) {
            Some(part) => part.push_str(spoken.text_of(step)),
            None => out.push(spoken.text_of(step).to_owned()),
        }
        end = Some(step.end);
    }
    out
}

/// Procedure codes are five digits, or a letter and four; others ("CO 45", "0450", "25") are shorter.
pub(super) fn is_billing_code(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    match letters {
        0 => (2..=5).contains(&digits),
        1 => (1..=4).contains(&digits) || digits <= 6 && text.contains('.'),
        2 => digits <= 3,
        _ => false,
    }
}

/// A diagnosis code with its point: a letter, two characters, a point and up to four more ("E11.65").
pub(super) fn is_diagnosis_code(text: &str) -> bool {
    let Some((head, tail)) = text.split_once('.') else { return false };
    let head = head.as_bytes();
    head.len() == 3
        && head[0].is_ascii_uppercase()
        && head[1].is_ascii_digit()
        && head[2].is_ascii_alphanumeric()
        && (1..=4).contains(&tail.len())
        && tail.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A form, a vitamin, a vertebra ("W9", "B12", "L4"): one letter and at most two digits.
pub(super) fn is_short_code(text: &str) -> bool {
    let text = text.strip_prefix('A').filter(|rest| rest.len() > 1).unwrap_or(text);
    matches!(text.as_bytes(), [letter, digits @ ..] if letter.is_ascii_uppercase()
        && (1..=2).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit))
}

/// Why a claim was paid or not, as payers write it: the group of who owes it and a number ("CO-197").
pub(super) fn is_remark_code(text: &str) -> bool {
    let group = ["CO", "PR", "OA", "PI"].into_iter().find_map(|group| text.strip_prefix(group));
    group.is_some_and(|rest| {
        let digits = rest.trim_start_matches('-');
        (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Fewest letters of a word in a slogan, and most digits behind it.
const SLOGAN_LETTERS_MIN: u16 = 4;
const SLOGAN_DIGITS_MAX: u16 = 2;
/// A code to be remembered: an ordinary word, spelled, and a number ("S-A-V-E 15").
pub(super) fn is_slogan(run: &Run) -> bool {
    if run.letters < SLOGAN_LETTERS_MIN || !(1..=SLOGAN_DIGITS_MAX).contains(&run.digits) {
        return false;
    }
    let value = run.value().to_ascii_lowercase();
    let word = value.trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() == run.letters as usize && lists_of(hash_bytes(word.as_bytes())).lower >= ORDINARY_MIN
}

/// Most digits of the deductible that a plan is named after.
const PLAN_DIGITS_MAX: u16 = 5;

/// A plan by its metal or its kind ("the Bronze 2500 PPO").
pub(super) fn is_plan(tokens: &Tokens, run: &Run, first: usize, end: usize) -> bool {
    let letters = |n: usize| word(tokens, Some(end + n)).bytes().take(2);
    let spelled: Vec<u8> = (0..3).flat_map(letters).collect();
    let kind = |text: &str| matches!(text, "ppo" | "hmo" | "epo" | "hdhp" | "pos" | "hsa");
    let metal = matches!(word(tokens, first.checked_sub(1)), "bronze" | "silver" | "gold" | "platinum");
    let typed = kind(word(tokens, Some(end))) || std::str::from_utf8(&spelled).is_ok_and(kind);
    run.letters == 0 && run.digits <= PLAN_DIGITS_MAX && (metal || typed && run.words.len() <= 4)
}

/// A year by itself.
pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse::<u32>().is_ok_and(|year| (1900..2100).contains(&year))
}

/// Whether the word stands right behind "in" or a word like it ("since 1998").
pub(super) fn behind_in(tokens: &Tokens, word: usize) -> bool {
    let before = |n: usize| word.checked_sub(n).map_or("", |i| tokens.word(i));
    match before(1) {
        "since" | "until" | "through" | "late" | "early" | "mid" => true,
        "in" => !matches!(before(2), "ending" | "ends" | "end" | "ended"),
        _ => false,
    }
}

/// Whether the words around a year say of what make or vintage a thing is ("a 2019 sedan").
pub(super) fn is_make(tokens: &Tokens, first: usize, end: usize) -> bool {
    let before = first.checked_sub(1).map_or("", |i| tokens.word(i));
    let thing = tokens.list().get(end).is_some_and(|t| t.is(bit::BRAND) || t.lists.lower > 0 && t.class.flags == 0);
    matches!(before, "a" | "my" | "his" | "her" | "our" | "their" | "the")
        && thing
        && tokens.list()[end - 1].shape.stop == 0
}

/// What has a number by itself, by which people name it.
const CASES: [&str; 9] =
    ["request", "approval", "guarantor", "ticket", "encounter", "dispute", "grievance", "receipt", "complaint"];

/// Whether a number follows right behind what it is of ("put request eight eight three one four", "receipt is 88123").
pub(super) fn is_of_case(tokens: &Tokens, first: usize) -> bool {
    let before = |by: usize| word(tokens, first.checked_sub(by));
    let named = |by: usize| CASES.contains(&before(by));
    named(1) || matches!(before(1), "is" | "it's" | "was") && named(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_identifiers_by_their_form() {
        for text in ["W9", "B12", "L4", "AW9"] {
            assert!(is_short_code(text), "{text}");
        }
        for text in ["W", "12", "B123", "CB12", "W9A", ""] {
            assert!(!is_short_code(text), "{text}");
        }
        assert!(is_billing_code("99213") && is_billing_code("J1100") && !is_billing_code("J110011"));
        assert!(
            is_remark_code("CO-197") && is_remark_code("PR1") && !is_remark_code("CO-1978") && !is_remark_code("CO")
        );
        assert!(is_diagnosis_code("E11.65") && !is_diagnosis_code("11.65"));
    }

    #[test]
    fn a_slogan_is_an_ordinary_word_and_a_number() {
        let run = |text: &str, letters, digits| Run { text: text.to_owned(), letters, digits, ..Run::default() };
        assert!(is_slogan(&run("THANKS20", 6, 2)) && is_slogan(&run("S-A-V-E15", 4, 2)));
        assert!(
            !is_slogan(&run("XKQT20", 4, 2)) && !is_slogan(&run("SAVE1520", 4, 4)) && !is_slogan(&run("SAVE", 4, 0))
        );
    }
}
