//! Words right beside a hidden value that are a part of it, whatever found it: the unit before its number, the floor, the
//! name of a street, the first letter of an identifier, the century that a recogniser took for dollars.

use super::gather::Scene;
use super::joined::is_letter;
use super::net::{caught, is_code};
use super::settle::{Decision, is_mask};
use super::token::{Tokens, word};
use crate::model::Category;
use crate::patterns::lexicon::bit;
use std::ops::Range;

/// Hides what belongs to a hidden neighbour.
pub(super) fn hide(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let tokens = scene.tokens;
    for turn in scene.transcript.turns() {
        let words = turn.words.range();
        for at in words.clone() {
            let found = centuries(tokens, words.clone(), at, out)
                .or_else(|| floors(tokens, words.clone(), at, out))
                .or_else(|| joints(tokens, words.clone(), at, out))
                .or_else(|| speakers(tokens, words.clone(), at))
                .or_else(|| introduced(tokens, words.clone(), at));
            if let Some((words, category)) = found {
                for w in words.filter(|w| !is_mask(tokens, *w)) {
                    out[w].get_or_insert(caught(category));
                }
            }
        }
        for at in words.clone().rev() {
            let next = out.get(at + 1).copied().flatten().filter(|_| at + 1 < words.end);
            let Some(next) = next.filter(|_| out[at].is_none() && !is_mask(tokens, at)) else { continue };
            let before = at.checked_sub(1).filter(|before| words.contains(before));
            if is_unit(tokens, at, next) || is_street(tokens, at, next) || is_first_letter(tokens, before, at, next) {
                out[at] = Some(caught(next.category));
            }
        }
    }
}

/// Words that are to be hidden, and what as.
type Found = Option<(Range<usize>, Category)>;

/// The year of a date as a recogniser writes it that hears a price ("7/4. [$19 71].").
fn centuries(tokens: &Tokens, turn: Range<usize>, at: usize, out: &[Option<Decision>]) -> Found {
    let rest = at + 1;
    let century = matches!(tokens.word(at), "$18" | "$19" | "$20") && tokens.list()[at].shape.stop < 2;
    if !century || rest >= turn.end {
        return None;
    }
    let shape = &tokens.list()[rest].shape;
    let before = at.checked_sub(1).filter(|before| turn.contains(before)).and_then(|before| out[before]);
    let beside = [before, out[rest]].map(|d| d.map(|d| d.category));
    let dated = beside.into_iter().flatten().find(|category| matches!(category, Category::Dob | Category::Date));
    let between = beside.iter().all(Option::is_some).then_some(Category::Dob);
    let is_rest = (shape.digits, shape.letters, shape.money) == (2, 0, false);
    is_rest.then(|| dated.or(between)).flatten().map(|category| (at..rest + 1, category))
}

/// Most words between an address and the floor that is said beside it.
const FLOOR_WORDS_MAX: usize = 4;

/// The floor of an address ("1438, [second floor]").
fn floors(tokens: &Tokens, turn: Range<usize>, at: usize, out: &[Option<Decision>]) -> Found {
    let floor = at + 1;
    if !tokens.list()[at].is(bit::ORDINAL) || floor >= turn.end || tokens.word(floor) != "floor" {
        return None;
    }
    let near = at.saturating_sub(FLOOR_WORDS_MAX).max(turn.start)..(floor + 1 + FLOOR_WORDS_MAX).min(turn.end);
    let is_address = |d: &Decision| d.category == Category::Address;
    out[near].iter().flatten().any(is_address).then_some((at..floor + 1, Category::Address))
}

/// What joins two parts of one value ("K-A, [apostrophe], A-I", "a hundred [and] one").
fn joints(tokens: &Tokens, turn: Range<usize>, at: usize, out: &[Option<Decision>]) -> Found {
    let joined = match tokens.word(at) {
        "apostrophe" => Category::Name,
        "and" if at > turn.start && tokens.list()[at - 1].is(bit::HUNDRED) => Category::Age,
        _ => return None,
    };
    let is_part = |w: usize| turn.contains(&w) && out[w].is_some_and(|d| d.category == joined);
    (is_part(at.checked_sub(1)?) && is_part(at + 1)).then_some((at..at + 1, joined))
}

/// Languages and manners of speaking, and who "speaking" is said of by a word that is no name.
const SPEAKING: [&str; 43] = [
    "am",
    "and",
    "are",
    "arabic",
    "be",
    "been",
    "broadly",
    "cantonese",
    "creole",
    "english",
    "french",
    "generally",
    "he",
    "he's",
    "i'm",
    "is",
    "just",
    "keep",
    "korean",
    "line",
    "mandarin",
    "medically",
    "not",
    "now",
    "of",
    "or",
    "portuguese",
    "russian",
    "she",
    "she's",
    "spanish",
    "still",
    "strictly",
    "that's",
    "they're",
    "this",
    "vietnamese",
    "was",
    "we're",
    "were",
    "who's",
    "you",
    "you're",
];

/// Who says that they are speaking, whatever word the name is ("Sleep lab. [Per] speaking.").
fn speakers(tokens: &Tokens, turn: Range<usize>, at: usize) -> Found {
    let (list, speaking) = (tokens.list(), at + 1);
    if speaking >= turn.end || tokens.word(speaking) != "speaking" {
        return None;
    }
    let token = &list[at];
    let behind = (speaking + 1 < turn.end).then(|| tokens.word(speaking + 1));
    let ends = list[speaking].shape.stop >= 2
        || behind.is_none_or(|next| matches!(next, "how" | "can" | "may" | "thank" | "thanks" | "what" | "who"));
    let begins = match at.checked_sub(1).filter(|before| turn.contains(before)) {
        Some(before) => list[before].shape.stop >= 1 || matches!(tokens.word(before), "is" | "it's") || !tokens.cased,
        None => true,
    };
    let is_name = token.shape.letters > 1
        && token.shape.stop == 0
        && !token.has_digits()
        && !token.is(bit::ORG | bit::RELATION | bit::TITLE | bit::PLACEWORD | bit::FILLER | bit::BACKCHANNEL)
        && !SPEAKING.contains(&tokens.word(at))
        && (!tokens.cased || token.shape.capital);
    (ends && begins && is_name).then_some((at..speaking, Category::Name))
}

/// Endings of words that say where somebody is from, what they believe or do.
const KINDS: [&str; 7] = ["an", "ese", "ish", "ic", "ist", "er", "ing"];

/// Who says who they are in a sentence of their own, whatever word the name is ("Or me, I'm [Hang]. 206 …").
fn introduced(tokens: &Tokens, turn: Range<usize>, at: usize) -> Found {
    let token = &tokens.list()[at];
    let told =
        at > turn.start && tokens.list()[at - 1].shape.stop == 0 && matches!(tokens.word(at - 1), "i'm" | "name's");
    let word = tokens.word(at);
    let is_name = token.shape.capital
        && !token.shape.upper
        && token.shape.letters > 1
        && token.shape.letters as usize == word.len()
        && token.shape.stop >= 1
        && token.class.flags & !bit::FILLER == 0
        && !KINDS.iter().any(|ending| word.ends_with(ending));
    (tokens.cased && told && is_name).then_some((at..at + 1, Category::Name))
}

/// Whether a word says what the number behind it is of ("[apartment] D").
fn is_unit(tokens: &Tokens, at: usize, next: Decision) -> bool {
    next.category == Category::Address
        && tokens.list()[at].shape.stop < 2
        && matches!(tokens.word(at), "apartment" | "apt" | "unit" | "suite" | "ste" | "lot" | "trailer")
        && tokens.list()[at + 1].shape.letters < 2
}

/// What stands before "street" and names none.
const NO_STREETS: [&str; 35] = [
    "a", "across", "another", "any", "as", "at", "back", "by", "cross", "down", "every", "her", "his", "in", "my",
    "name", "of", "off", "on", "one", "other", "our", "same", "side", "some", "that", "the", "their", "this", "to",
    "up", "what", "which", "wrong", "your",
];

/// Whether a word names the street behind it ("there is no [Front] Street").
fn is_street(tokens: &Tokens, at: usize, next: Decision) -> bool {
    let token = &tokens.list()[at];
    next.category == Category::Address
        && matches!(
            tokens.word(at + 1),
            "street" | "avenue" | "road" | "drive" | "lane" | "boulevard" | "court" | "ave"
        )
        && token.shape.stop == 0
        && token.shape.letters > 2
        && !token.has_digits()
        && !token.is(bit::FILLER | bit::BACKCHANNEL | bit::ORG)
        && !NO_STREETS.contains(&tokens.word(at))
}

/// Whether a letter begins the letters of an identifier ("group [r] q 7 7"), and those do not say what it is ("r x 7 7").
fn is_first_letter(tokens: &Tokens, before: Option<usize>, at: usize, next: Decision) -> bool {
    let alone = before.is_none_or(|before| tokens.list()[before].shape.letters != 1);
    is_code(next.category)
        && !matches!(next.category, Category::Zip | Category::Phone | Category::Dob | Category::Age)
        && is_letter(tokens, at)
        && is_letter(tokens, at + 1)
        && !matches!((tokens.word(at), tokens.word(at + 1)), ("r", "x") | ("s", "n") | ("i", "d"))
        && alone
        && word(tokens, before) != "vitamin"
        && tokens.list()[at].shape.stop == 0
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn a_year_that_was_written_as_a_price_goes_and_prices_stay() {
        for (turns, want) in [
            (["Date of birth?", "8/21. $19 66. Is that him?"], "8/21. $19 66."),
            (["How much is it?", "$19 66 a month."], ""),
            (["When was the scan?", "It was on 2/2, 2022, without findings."], "2/2, 2022,"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn parts_of_an_address_go_with_it() {
        for (turns, want) in [
            (["And the address?", "1438 Acushnet Avenue, second floor."], "1438 Acushnet Avenue, second floor."),
            (["We are on the second floor.", "Okay, the first floor."], ""),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }

    #[test]
    fn who_is_speaking_goes_whatever_word_the_name_is() {
        for (turns, want) in [
            (["Sleep lab. Per speaking.", "Hi."], "Per"),
            (["billing hope speaking how can i help", "hi"], "hope"),
            (["Is this Mister Vance?", "Yes, speaking."], "Vance?"),
            (["Who is it?", "Or me, I'm Hang. I'm Medicare."], "Hang."),
            (["Generally speaking. It is fine.", "Is he Spanish speaking?"], ""),
            (["i am speaking how can i help", "okay now speaking"], ""),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
