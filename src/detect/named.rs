//! Names that only their place tells: behind a title, behind a name ("the third"), beside one that is much like them,
//! before their letters.

use super::apart::is_letters;
use super::gather::Scene;
use super::net::caught;
use super::settle::{Decision, Origin};
use super::token::{Tokens, word};
use crate::model::Category;
use crate::patterns::lexicon::bit;
use crate::patterns::slips::is_near;
use std::collections::BTreeSet;
use std::ops::Range;

/// Hides such names.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    for turn in scene.transcript.turns() {
        titled(scene.tokens, turn.words.range(), out);
        weekdays(scene.tokens, turn.words.range(), out);
        numbered(scene.tokens, turn.words.range(), out);
        other_spellings(scene.tokens, turn.words.range(), out);
    }
    spelled_out(scene, out);
}

/// How frequent a surname is at least behind a title, though it is an ordinary word.
const TITLED_SURNAME_MIN: u32 = 3;

/// Words before a title; behind an article it is none.
const BEFORE_TITLES: [&str; 20] = [
    "with", "by", "from", "for", "to", "see", "saw", "seen", "is", "was", "it's", "and", "or", "of", "under", "ask",
    "asked", "tell", "told", "here's",
];

/// Hides the surname between a title and the end of the sentence ("a visit with doctor weeks"); "the doctor said" is no title.
fn titled(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let (list, end) = (tokens.list(), turn.end);
    for at in turn.skip(2).filter(|at| at + 1 == end || list[*at].shape.stop >= 2) {
        let is_surname = list[at].lists.surname >= TITLED_SURNAME_MIN;
        if out[at].is_none() && is_surname && !list[at - 1].shape.possessive && is_behind_title(tokens, at) {
            out[at] = Some(caught(Category::Name));
        }
    }
}

/// Whether a title that is no word of its own stands before a word, which is not one of the first two of its turn.
fn is_behind_title(tokens: &Tokens, at: usize) -> bool {
    let title = &tokens.list()[at - 1];
    title.is(bit::TITLE) && title.shape.stop < 2 && BEFORE_TITLES.contains(&tokens.word(at - 2))
}

/// Hides a day of the week that is somebody's name: behind a title that is no word of its own, or "named".
fn weekdays(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for at in turn.skip(2).filter(|at| list[*at].is(bit::WEEKDAY)) {
        if out[at].is_none() && (is_behind_title(tokens, at) || tokens.word(at - 1) == "named") {
            out[at] = Some(caught(Category::Name));
        }
    }
}

/// What comes often, first of all and next: no member of a family.
const COUNTED: [&str; 22] = [
    "time", "times", "one", "ones", "floor", "party", "week", "day", "dose", "visit", "call", "person", "thing",
    "half", "page", "claim", "letter", "part", "opinion", "shift", "bill", "option",
];

/// Hides which of a family somebody is ("clifton ravenel the third").
fn numbered(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let is_name = |cell: Option<Decision>| cell.is_some_and(|d| d.category == Category::Name);
    let first = turn.start;
    for at in turn.skip(2) {
        let number = list[at].is(bit::ORDINAL) && (2..=5).contains(&list[at].class.number) && !list[at].has_digits();
        let behind_name = || tokens.word(at - 1) == "the" && is_name(out[at - 2]) && list[at - 2].shape.stop < 2;
        if !(number && behind_name()) {
            continue;
        }
        let next = word(tokens, Some(at + 1));
        let dated = next == "of" || list.get(at + 1).is_some_and(|t| t.is(bit::MONTH));
        let of_two = at > first + 2 && is_name(out[at - 3]);
        let over = list[at].shape.stop > 0 || out[at].is_some() || of_two;
        if over && !dated && !COUNTED.contains(&next) {
            out[at - 1..=at].fill(Some(caught(Category::Name)));
        }
    }
}

/// Hides what else a name may be ("small or smalls").
fn other_spellings(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let end = turn.end;
    for or in turn.skip(1).filter(|at| at + 1 < end && tokens.word(*at) == "or") {
        let is_name = |at: usize| out[at].is_some_and(|d| d.category == Category::Name);
        let other = match (is_name(or - 1), is_name(or + 1)) {
            (true, false) => or + 1,
            (false, true) => or - 1,
            _ => continue,
        };
        let (one, two) = (tokens.word(or - 1), tokens.word(or + 1));
        if out[other].is_none() && one.len().min(two.len()) >= OTHER_LETTERS_MIN && is_near(one, two) {
            out[other] = Some(caught(Category::Name));
        }
    }
}

/// Hides an ordinary word that its letters tell to be a name ("my last name is [her] h e r"), and then wherever it stands
/// behind a title or a name ("mai yia [her]").
fn spelled_out(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, .. } = *scene;
    let list = tokens.list();
    let is_name = |cell: Option<Decision>| cell.is_some_and(|d| d.category == Category::Name);
    let mut spelled = BTreeSet::new();
    for turn in transcript.turns() {
        let words = turn.words.range();
        let mut at = words.start;
        while at < words.end {
            let (letters, end) = letters_from(tokens, at..words.end);
            let before = at.checked_sub(1).filter(|before| *before >= words.start && tokens.word(*before) == letters);
            let by_net = out[at].is_some_and(|d| d.origin == Origin::Net);
            let spells = letters.len() >= SPELLED_LETTERS_MIN && is_name(out[at]) && !by_net;
            if let Some(before) = before.filter(|before| spells && !list[*before].lists.medical) {
                out[before].get_or_insert(caught(Category::Name));
                spelled.insert(letters);
            }
            at = end.max(at + 1);
        }
    }
    if spelled.is_empty() {
        return;
    }
    for turn in transcript.turns() {
        for at in turn.words.range().skip(1).filter(|at| spelled.contains(tokens.word(*at))) {
            let behind = list[at - 1].shape.stop < 2 && (list[at - 1].is(bit::TITLE) || is_name(out[at - 1]));
            if out[at].is_none() && behind {
                out[at] = Some(caught(Category::Name));
            }
        }
    }
}

/// Fewest letters that a name is spelled with.
const SPELLED_LETTERS_MIN: usize = 3;

/// The letters said one by one from the first of these words on, and where they end.
fn letters_from(tokens: &Tokens, words: Range<usize>) -> (String, usize) {
    let mut letters = String::new();
    let mut end = words.start;
    for at in words {
        let word = tokens.word(at);
        if !matches!(word.as_bytes(), [b'a'..=b'z']) && !is_letters(word) {
            break;
        }
        letters.extend(word.split('-'));
        end = at + 1;
    }
    (letters, end)
}

/// Fewest letters of another spelling.
const OTHER_LETTERS_MIN: usize = 4;

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn names_go_that_only_their_place_tells() {
        for (turns, want) in [
            (["it says february fourth with doctor weeks", "i saw the doctor weeks ago"], "february fourth weeks"),
            (["i can ask doctor sunday to approve it", "okay"], "sunday"),
            (["i saw the doctor sunday", "okay"], ""),
            (
                ["what's your full name", "clifton ravenel the third they call me trip"],
                "clifton ravenel the third trip",
            ),
            (
                ["what is your last name", "it's her h e r first name mai yia so mai yia her and she said call her"],
                "her h e r mai yia mai yia her",
            ),
            (["is it ravenel or ravenell", "ravenel with one l"], "ravenel ravenell ravenel l"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
