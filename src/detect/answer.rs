//! Answers that are nothing but a number, where the other side has just asked for one: they go even where the model lets
//! them stay.

use super::codes::is_slogan;
use super::gather::Scene;
use super::settle::{Decision, Origin, is_identifier};
use super::spoken::Run;
use super::stays::may_be;
use super::tagger::category_of;
use super::token::first_sentence;
use crate::model::Category;
use crate::patterns::lexicon::bit;

/// Fewest digits and letters of an identifier.
const SIGNS_MIN: u16 = 4;
/// Digits of a house number.
const HOUSE_DIGITS_MAX: u16 = 6;
/// Digits of a ZIP.
const ZIP_DIGITS: u16 = 5;

/// Hides the run of every turn whose first sentence says nothing else, where the turn before asked for such a value.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { transcript, tokens, spoken, context, .. } = *scene;
    for (asked, turn) in context.asked.iter().zip(transcript.turns()) {
        let words = first_sentence(tokens, turn.words.range());
        let just = asked.other && asked.last.words <= 1 && asked.last.kind == asked.first.kind;
        let Some(category) = category_of(asked.last.kind as usize).filter(|_| just && !words.is_empty()) else {
            continue;
        };
        let says_nothing = |w: usize| {
            tokens.list()[w].is(bit::FILLER | bit::BACKCHANNEL) || matches!(tokens.word(w), "it's" | "that's" | "is")
        };
        let Some(run) = words.clone().find_map(|w| spoken.run_of(w)) else { continue };
        let is_run = |w: usize| spoken.run_of(w).is_some_and(|other| std::ptr::eq(other, run));
        if words.clone().any(|w| out[w].is_some() || !is_run(w) && !says_nothing(w)) || !answers(category, run) {
            continue;
        }
        for w in words.filter(|w| is_run(*w)) {
            out[w] = Some(Decision { category, score: 0.3, origin: Origin::Net });
        }
    }
}

/// Whether a run can be a value of a category.
fn answers(category: Category, run: &Run) -> bool {
    match category {
        Category::Dob => run.letters == 0 && reads_as_date(&run.text),
        Category::Zip => run.letters == 0 && run.digits == ZIP_DIGITS,
        Category::Address => run.letters == 0 && (1..=HOUSE_DIGITS_MAX).contains(&run.digits),
        Category::Url | Category::Email => false,
        _ => {
            let signs = run.digits > 0 && run.digits + run.letters >= SIGNS_MIN;
            is_identifier(category) && signs && may_be(category, run) && !is_slogan(run)
        }
    }
}

/// Whether digits are a month, a day and a year, in any order of the first two ("12185" is January 21st).
pub(super) fn reads_as_date(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let len = digits.len();
    let year = |from: usize| match len - from {
        2 => true,
        4 => number(from..len).is_some_and(|year| (1900..2100).contains(&year)),
        _ => false,
    };
    (1..=2).any(|first| {
        (1..=2).map(|second| first + second).any(|from| {
            let (Some(a), Some(b)) = (number(0..first), number(first..from)) else { return false };
            let date = (1..=12).contains(&a.min(b)) && (1..=31).contains(&a.max(b));
            from < len && date && year(from)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_other_digits() {
        for text in ["12185", "01211985", "1/21/85", "21185", "6585", "5101950", "1985"] {
            assert!(reads_as_date(text), "{text}");
        }
        for text in ["", "85", "999", "004485", "454585", "1212185", "123456789", "5553185"] {
            assert!(!reads_as_date(text), "{text}");
        }
    }
}
