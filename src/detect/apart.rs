//! Pieces of a value that are said apart from it: the letters that it is said to be written with, what else it may be,
//! and the day of a feast.

use super::codes::is_year;
use super::gather::Scene;
use super::joined::is_letter;
use super::net::{caught, is_code, is_sign};
use super::settle::{Decision, is_mask};
use super::token::{Tokens, word};
use crate::model::Category;
use crate::patterns::lexicon::bit;
use std::ops::Range;

/// Hides such pieces.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    letters(scene, out);
    before_dashes(scene, out);
    alternatives(scene, out);
    feasts(scene, out);
}

/// Most words between a letter and the value that it is a part of.
const LETTER_WORDS_MAX: usize = 30;

/// Hides the letters that a value is said to be written with ("and the letter r", "tate with an e", "two n's").
fn letters(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    for turn in transcript.turns() {
        let words = turn.words.range();
        for at in words.clone().skip(1) {
            if out[at].is_some() || is_mask(tokens, at) || !is_told(tokens, &words, at) {
                continue;
            }
            let has_letters = |cell: &Option<Decision>| cell.map(|d| d.category).filter(|c| may_have_letters(*c));
            let mut before = out[at.saturating_sub(LETTER_WORDS_MAX)..at].iter().rev();
            let mut after = out[at..(at + LETTER_WORDS_MAX).min(out.len())].iter();
            if let Some(category) = before.find_map(has_letters).or_else(|| after.find_map(has_letters)) {
                out[at] = Some(caught(category));
            }
        }
    }
}

/// Whether values of a category may have letters in them.
const fn may_have_letters(category: Category) -> bool {
    matches!(category, Category::Name | Category::Email | Category::Url | Category::City)
        || is_code(category) && !matches!(category, Category::Phone | Category::Ssn | Category::Zip | Category::Card)
}

/// Whether a letter is said to be somewhere, and no abbreviation or thing begins with it ("with a c pap").
fn is_told(tokens: &Tokens, turn: &Range<usize>, at: usize) -> bool {
    // Longer words are neither a letter nor some of one.
    if tokens.list()[at].shape.letters > 2 && !tokens.list()[at].shape.hyphen {
        return false;
    }
    let before = |by: usize| word(tokens, at.checked_sub(by).filter(|at| turn.contains(at)));
    let plural = matches!(tokens.word(at).as_bytes(), [b'a'..=b'z', b'\'', b's']);
    let letter = is_letter(tokens, at)
        || is_letters(tokens.word(at))
        || before(1) == "an" && matches!(tokens.word(at), "a" | "i");
    let counted = plural && matches!(before(1), "two" | "three" | "four" | "double" | "no" | "both");
    // "With a T H."
    let goes_on = letter && before(1).len() == 1 && matches!(before(2), "a" | "an") && before(3) == "with";
    let told = letter && (goes_on || before(1) == "letter" || is_told_letter(before(1), before(2)));
    let letter_next = turn.contains(&(at + 1)) && is_letter(tokens, at + 1);
    let over = at + 1 == turn.end
        || letter_next && before(2) == "with" && (at + 2 >= turn.end || tokens.list()[at + 1].shape.stop > 0)
        || tokens.list()[at].shape.stop > 0
        || matches!(
            tokens.word(at + 1),
            "two"
                | "and"
                | "not"
                | "on"
                | "in"
                | "at"
                | "then"
                | "as"
                | "instead"
                | "no"
                | "or"
                | "right"
                | "yeah"
                | "but"
                | "okay"
        );
    (counted || told) && over
}

/// Whether what is said behind these two words is a letter, the nearer one first ("with an").
fn is_told_letter(one: &str, two: &str) -> bool {
    matches!(one, "a" | "an" | "one" | "no" | "capital" | "double")
        && matches!(two, "with" | "and" | "either" | "or" | "not" | "has" | "got")
}

/// Whether a word is letters with hyphens between ("r-h").
pub(super) fn is_letters(word: &str) -> bool {
    word.contains('-') && word.split('-').all(|part| matches!(part.as_bytes(), [b'a'..=b'z']))
}

/// Hides the letters before the dash that a hidden value begins with ("[c o b] dash nine nine four one").
fn before_dashes(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    for turn in transcript.turns() {
        let words = turn.words.range();
        for dash in words.clone().skip(1) {
            let code = out[dash].map(|d| d.category).filter(|c| is_code(*c) && may_have_letters(*c));
            let Some(category) = code.filter(|_| matches!(tokens.word(dash), "dash" | "hyphen")) else { continue };
            let spelled = |at: &usize| {
                let letter = is_letter(tokens, *at) || tokens.list()[*at].is(bit::OH);
                letter && out[*at].is_none() && !is_mask(tokens, *at)
            };
            let first = dash - (words.start..dash).rev().take_while(spelled).count();
            out[first..dash].fill(Some(caught(category)));
        }
    }
}

/// Most small words between a value and what else it may be ("… or is it an 8").
const BETWEEN_MAX: usize = 4;
/// Most digits and letters of that.
const OTHER_SIGNS_MAX: u16 = 5;

/// Hides what else a value may be ("… 318, or 381", "is it the 47 or the _45_").
fn alternatives(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    let list = tokens.list();
    let small =
        |at: &usize| matches!(tokens.word(*at), "a" | "an" | "the" | "is" | "it" | "it's" | "that" | "maybe" | "be");
    for turn in transcript.turns() {
        let words = turn.words.range();
        for or in words.clone().skip(1).filter(|at| matches!(tokens.word(*at), "or" | "maybe")) {
            let at = or + 1 + (or + 1..words.end).take(BETWEEN_MAX).take_while(small).count();
            if at >= words.end {
                continue;
            }
            let code = |at: usize| out[at].map(|d| d.category).filter(|c| is_code(*c));
            let other = match (code(or - 1), code(at)) {
                (Some(category), None) => signs(scene, at)
                    .filter(|signs| {
                        let end = signs.end;
                        let over = end >= words.end || list[end - 1].shape.stop > 0 || list[end].is(bit::FILLER);
                        signs.start == at && over
                    })
                    .map(|signs| (category, signs)),
                (None, Some(category)) => signs(scene, or - 1)
                    .filter(|signs| {
                        let begins =
                            signs.start == words.start || signs.start > words.start && small(&(signs.start - 1));
                        signs.end == or && begins
                    })
                    .map(|signs| (category, signs)),
                _ => None,
            };
            let Some((category, signs)) = other else { continue };
            if signs.clone().all(|at| out[at].is_none() && !is_mask(tokens, at)) {
                out[signs].fill(Some(caught(category)));
            }
        }
    }
}

/// The few digits and letters, without other words between, that a word belongs to.
fn signs(scene: &Scene<'_>, at: usize) -> Option<Range<usize>> {
    match scene.spoken.run_of(at) {
        Some(run) if run.digits + run.letters <= OTHER_SIGNS_MAX => {
            let (first, end) = (*run.words.first()? as usize, *run.words.last()? as usize + 1);
            (end - first == run.words.len()).then_some(first..end)
        }
        None if is_sign(scene.tokens, at) => Some(at..at + 1),
        _ => None,
    }
}

/// Feasts with a word behind their name.
const FEASTS: [&str; 12] = [
    "christmas",
    "year's",
    "years",
    "valentine's",
    "valentines",
    "patrick's",
    "thanksgiving",
    "labor",
    "memorial",
    "veterans",
    "mother's",
    "father's",
];

/// Hides the rest of a feast of which a word is hidden, and its year ("valentine's day twenty twenty two").
fn feasts(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, spoken, .. } = *scene;
    let list = tokens.list();
    let number = bit::MONTH | bit::ORDINAL | bit::DIGIT | bit::TENS | bit::TEEN | bit::WEEKDAY;
    for turn in transcript.turns() {
        let words = turn.words.range();
        for day in words.clone().skip(1).filter(|at| matches!(tokens.word(*at), "day" | "eve")) {
            if let Some(Decision { category: category @ (Category::Dob | Category::Date), .. }) = out[day]
                && FEASTS.contains(&tokens.word(day - 1))
            {
                out[day - 1].get_or_insert(caught(category));
            }
            let feast = &list[day - 1];
            let found = out[day - 1].filter(|d| matches!(d.category, Category::Dob | Category::Date));
            let Some(Decision { category, .. }) = found.filter(|_| !feast.is(number) && !feast.has_digits()) else {
                continue;
            };
            out[day].get_or_insert(caught(category));
            let Some(run) = words.contains(&(day + 1)).then(|| spoken.run_of(day + 1)).flatten() else { continue };
            if is_year(&run.text) && run.words.iter().all(|w| out[*w as usize].is_none()) {
                run.words.iter().for_each(|w| out[*w as usize] = Some(caught(category)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn letters_that_a_value_is_said_to_have_go() {
        for (turns, want) in [
            (["the claim number is seven one one oh oh four and the letter r", "okay"], "seven one one oh oh four r"),
            (["and you are", "katherine holloway katherine with a k"], "katherine holloway katherine k"),
            (["Is it Marlene Whitcombe?", "Marlena, with an A. And no E."], "Marlene Whitcombe? Marlena, A. E."),
            (["your name please", "thaddeus vannoy two d's and two n's"], "thaddeus vannoy d's n's"),
            (["Thandi, with a T H. And you?", "Okay."], "Thandi, a T H."),
            (["this is katherine", "you came in with a t shirt"], "katherine"),
            (["your inquiry number is c o b dash nine nine four one", "okay"], "c o b dash nine nine four one"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn what_else_a_value_may_be_goes() {
        for (turns, want) in [
            (["And the MRN?", "0099-318, I think. Or 381."], "0099-318, 381."),
            (["And the MRN?", "0099-318, or 381."], "0099-318, 381."),
            (["And the MRN?", "0099-318, or 3 other ones."], "0099-318,"),
            (["Your ZIP?", "68847. Is it the 47 or the 45?"], "68847. 47 45?"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn a_feast_goes_whole() {
        for turns in [
            ["and your date of birth", "valentine's day nineteen fifty two"],
            ["and your date of birth", "christmas eve thirty six"],
        ] {
            assert_eq!(hidden(&turns), turns[1]);
        }
    }
}
