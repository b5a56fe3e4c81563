//! Names that only their place tells: behind a title, behind a name ("the third"), beside one that is much like them,
//! before their letters.

use super::apart::is_letters;
use super::gather::Scene;
use super::net::caught;
use super::settle::{Decision, Origin, is_mask};
use super::token::{Tokens, first_sentence, word};
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
        counted(scene.tokens, turn.words.range(), out);
        other_spellings(scene.tokens, turn.words.range(), out);
    }
    answers(scene, out);
    spelled_out(scene, out);
}

/// Words at the end of a turn among which one asks for a name.
const ASKING_WORDS: usize = 8;
/// Most words before and behind those of an answer that are found to be a name, and most between them.
const BESIDE_MAX: usize = 2;
const BETWEEN_MAX: usize = 1;

/// Small words that stand beside a name in an answer and are no part of it.
const BESIDE_NAMES: [&str; 74] = [
    "i", "you", "he", "she", "we", "they", "it", "my", "your", "his", "her", "our", "the", "a", "an", "this", "that",
    "its", "is", "was", "am", "are", "be", "can", "of", "for", "with", "from", "at", "in", "on", "to", "by", "as",
    "and", "or", "but", "which", "name", "first", "last", "middle", "full", "speaking", "here", "calling", "call",
    "says", "said", "say", "tell", "ask", "get", "got", "put", "see", "please", "thanks", "hi", "hello", "hey", "oh",
    "good", "morning", "not", "too", "again", "just", "now", "still", "maybe", "really", "sir", "spelled",
];

/// Hides what a recogniser made of the rest of a name that is an answer ("thad dee [us] crane", "marcus [till man]").
fn answers(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { tokens, transcript, spoken, context, .. } = *scene;
    let list = tokens.list();
    let asks = |word: usize| {
        matches!(
            tokens.word(word),
            "name" | "name's" | "names" | "who's" | "who" | "cardholder" | "subscriber" | "doctor"
        )
    };
    for pair in transcript.turns().windows(2) {
        let is_asked = pair[0].words.range().rev().take(ASKING_WORDS).any(asks);
        if pair[0].speaker == pair[1].speaker || !is_asked {
            continue;
        }
        let turn = first_sentence(tokens, pair[1].words.range());
        let is_beside = |w: &usize| {
            BESIDE_NAMES.contains(&tokens.word(*w))
                || tokens.word(*w).contains('\'')
                || tokens.word(*w).ends_with("thing")
                || context.inside[*w]
                || list[*w].is(bit::FILLER | bit::BACKCHANNEL | bit::TITLE)
        };
        let is_name = |w: usize| out[w].is_some_and(|d| d.category == Category::Name);
        let may_be = |w: &usize| {
            (out[*w].is_none() || is_name(*w))
                && spoken.run_of(*w).is_none()
                && !is_mask(tokens, *w)
                && !list[*w].has_digits()
                && !list[*w].is(bit::RELATION)
        };
        let is_small = |w: &usize| list[*w].is(bit::FILLER | bit::BACKCHANNEL);
        let begins = turn.start + turn.clone().take_while(is_small).count();
        let start = begins + (begins..turn.end).take_while(|w| !is_name(*w) && is_beside(w)).count();
        let end = start + (start..turn.end).take_while(may_be).count();
        let named = |w: &usize| is_name(*w);
        let (Some(first), Some(last)) = ((start..end).find(named), (start..end).rev().find(named)) else { continue };
        let free = |words: Range<usize>| words.filter(|w| !is_name(*w)).collect::<Vec<_>>();
        // Only where nothing else is said.
        let before = if start == begins { free(start..first) } else { Vec::new() };
        let goes_on = start == begins && end == turn.end && list[last].shape.stop == 0 && !list[last].shape.possessive;
        let behind = if goes_on { free(last + 1..end) } else { Vec::new() };
        let mut more = Vec::new();
        for (words, max) in [(before, BESIDE_MAX), (behind, BESIDE_MAX), (free(first..last), BETWEEN_MAX)] {
            if words.len() <= max && !words.iter().any(is_beside) {
                more.extend(words);
            }
        }
        more.into_iter().for_each(|w| out[w] = Some(caught(Category::Name)));
    }
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

/// Whether a title is written before a word as it is before names alone ("Dr. Sunday", and not "the Dr. Sunday").
fn is_behind_written_title(tokens: &Tokens, at: usize) -> bool {
    let (title, token) = (&tokens.list()[at - 1], &tokens.list()[at]);
    let short = matches!(tokens.word(at - 1), "dr" | "mr" | "mrs" | "ms") && title.shape.capital;
    short && token.shape.capital && !matches!(word(tokens, at.checked_sub(2)), "the" | "my" | "your" | "a" | "our")
}

/// Hides a day of the week that is somebody's name: behind a title that is no word of its own, or "named".
fn weekdays(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let first = turn.start;
    for at in turn.skip(1).filter(|at| list[*at].is(bit::WEEKDAY)) {
        let titled = || at > first + 1 && (is_behind_title(tokens, at) || tokens.word(at - 1) == "named");
        if out[at].is_none() && (is_behind_written_title(tokens, at) || titled()) {
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

/// Hides a number that is a part of a name ("charity [two] bulls").
fn counted(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let is_name = |at: usize| out[at].is_some_and(|d| d.category == Category::Name);
    let is_number = |at: &usize| {
        let token = &list[*at];
        token.is(bit::DIGIT) && token.shape.letters > 2 || token.shape.digits == 1 && token.shape.letters == 0
    };
    let inner = turn.start + 1..turn.end.saturating_sub(1);
    let within = |at: &usize| {
        out[*at].is_none()
            && is_number(at)
            && is_name(at - 1)
            && is_name(at + 1)
            && list[at + 1].shape.letters > 2
            && list[at - 1].shape.stop == 0
    };
    let found: Vec<usize> = inner.filter(within).filter(|at| list[*at].shape.stop == 0).collect();
    found.into_iter().for_each(|at| out[at] = Some(caught(Category::Name)));
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
            (["Okay. Dr. Sunday is taking new patients.", "Okay."], "Sunday"),
            (["and you are", "maureen two bulls my name is maureen two bulls"], "maureen two bulls maureen two bulls"),
            (["okay let me get your name", "thad dee us crane"], "thad dee us crane"),
            (["and who's the cardholder on hers", "marcus till man"], "marcus till man"),
            (["and your first name please", "hi it's marcus with the clinic"], "marcus"),
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
