//! What is known spreads: a value found once, or known before the call, is hidden everywhere in it, in
//! whole, in part, in other groups, misspelled or spelled out.

use super::gather::Scene;
use super::settle::{Decision, Origin, is_mask};
use super::spoken::{Run, Spoken};
use super::tagger::{Marginals, label_of};
use super::token::{Token, Tokens};
use super::values::{Index, Marks, PART_DIGITS_MIN, Values};
use crate::base::Phi;
use crate::model::{Category, KnownValue, Transcript, Turn};
use crate::patterns::hash::hash_bytes;
use crate::patterns::known::Known;
use crate::patterns::lexicon::{bit, lists_of_word};
use std::collections::{BTreeSet, HashMap};

/// Shortest name that spreads.
const NAME_LETTERS_MIN: usize = 2;
/// Shortest word that is taken for a slip of a name.
const SLIP_LETTERS_MIN: usize = 5;
/// Score of what was found because it is known.
const KNOWN_SCORE: f32 = 0.9;

/// Hides every further occurrence of what has been decided, and returns the values that must not be left.
pub(crate) fn propagate(
    scene: &Scene<'_>,
    marginals: &Marginals,
    given: &Known,
    out: &mut [Option<Decision>],
) -> Vec<KnownValue> {
    let Scene { transcript, tokens, spoken, .. } = *scene;
    let mut values = Values::default();
    values.names.extend(given.names.words());
    let numbers = given.forms.list().iter().filter(|f| f.in_parts);
    values.numbers.extend(numbers.map(|f| (f.text.to_ascii_uppercase(), f.category)));
    // A name just found may lead to a spelled one and back: two rounds reach what people do.
    for _ in 0..2 {
        collect(tokens, spoken, out, &mut values);
        if values.is_empty() {
            break;
        }
        let index = Index::of(&values);
        let more = spread_names(transcript, tokens, marginals, &index, out);
        if !(spread_runs(spoken, marginals, &index, out) | more) {
            break;
        }
    }
    spread_houses(tokens, spoken, out);
    spread_pieces(transcript, tokens, out);
    spread_capitals(transcript, tokens, out);
    spread_streets(scene, out);
    known(tokens, values, out)
}

/// Letters of a name, or of a city, that a recogniser may write in pieces; and of the first piece.
const WHOLE_LETTERS_MIN: usize = 5;
const PIECE_LETTERS_MIN: usize = 2;
/// Most pieces of a word.
const PIECES_MAX: usize = 3;

/// Hides names and cities of one word that stand elsewhere in pieces ("till man" for Tillman, "plain field").
fn spread_pieces(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let is_whole = |at: &usize| {
        let found = out[*at].filter(|d| matches!(d.category, Category::Name | Category::City));
        found.is_some() && list[*at].shape.letters as usize >= WHOLE_LETTERS_MIN && !list[*at].has_digits()
    };
    let of_whole = |at: usize| Some((list[at].hash, (at, out[at]?.category)));
    let wholes: HashMap<u64, (usize, Category)> = (0..out.len()).filter(is_whole).filter_map(of_whole).collect();
    if wholes.is_empty() {
        return;
    }
    let begins = |(at, _): &(usize, Category)| {
        let whole = tokens.word(*at);
        (PIECE_LETTERS_MIN..whole.len()).filter_map(|len| whole.get(..len))
    };
    let begins = Marks::of(wholes.values().flat_map(begins));
    for turn in transcript.turns() {
        let words = turn.words.range();
        for at in words.clone().filter(|at| begins.may_have(list[*at].hash)) {
            let mut joined = tokens.word(at).to_owned();
            for next in (at + 1..words.end).take(PIECES_MAX - 1) {
                joined.push_str(tokens.word(next));
                let Some(&(_, category)) = wholes.get(&hash_bytes(joined.as_bytes())) else { continue };
                let found = Decision { category, score: KNOWN_SCORE, origin: Origin::Said };
                out[at..=next].iter_mut().for_each(|cell| _ = cell.get_or_insert(found));
            }
        }
    }
}

/// Hides ordinary words with a capital within a sentence that are names elsewhere ("i'm Hang" "anything else, [Hang]?").
fn spread_capitals(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    if !tokens.cased {
        return;
    }
    let list = tokens.list();
    let is_capital = |at: usize| {
        let (shape, flags) = (&list[at].shape, list[at].class.flags);
        shape.capital && !shape.upper && shape.letters > 2 && shape.digits == 0 && flags & !bit::FILLER == 0
    };
    let is_name = |at: &usize| out[*at].is_some_and(|d| d.category == Category::Name) && is_capital(*at);
    let names: BTreeSet<u64> = (0..out.len()).filter(is_name).map(|at| list[at].hash).collect();
    let found = Decision { category: Category::Name, score: KNOWN_SCORE, origin: Origin::Said };
    for turn in transcript.turns() {
        for at in turn.words.range().skip(1) {
            if out[at].is_none() && list[at - 1].shape.stop < 2 && is_capital(at) && names.contains(&list[at].hash) {
                out[at] = Some(found);
            }
        }
    }
}

/// Hides two words of an address in a row that stand elsewhere, with the number before them ("did you say [frog pond]").
fn spread_streets(scene: &Scene<'_>, out: &mut [Option<Decision>]) {
    let Scene { transcript, tokens, spoken, .. } = *scene;
    let list = tokens.list();
    let is_address = |at: usize| out[at].is_some_and(|d| d.category == Category::Address);
    let plain = bit::STREET | bit::DIRECTION | bit::UNIT | bit::FILLER | bit::ORG;
    let is_name = |at: usize| {
        let is_plain = list[at].is(plain) || tokens.word(at) == "office";
        spoken.run_of(at).is_none() && !is_plain && list[at].shape.letters as usize >= STREET_LETTERS_MIN
    };
    // One of both is the street's own.
    let is_pair = |at: &usize| is_address(*at) && is_address(at + 1) && is_name(at + 1);
    let inner = |turn: &Turn| turn.words.start as usize..(turn.words.end as usize).saturating_sub(1);
    let pair = |at: usize| (list[at].hash, list[at + 1].hash);
    let streets: Vec<usize> = transcript.turns().iter().flat_map(inner).filter(is_pair).collect();
    if streets.is_empty() {
        return;
    }
    let begins = Marks::of(streets.iter().map(|at| tokens.word(*at)));
    let pairs: BTreeSet<(u64, u64)> = streets.into_iter().map(pair).collect();
    let found = Decision { category: Category::Address, score: KNOWN_SCORE, origin: Origin::Said };
    for at in transcript.turns().iter().flat_map(inner) {
        let is_open = out[at].is_none() || out[at + 1].is_none();
        if !is_open || !begins.may_have(list[at].hash) || !pairs.contains(&pair(at)) {
            continue;
        }
        let run = spoken.run_of(at).filter(|run| run.letters == 0);
        let number = run.into_iter().flat_map(|run| run.words.iter().map(|w| *w as usize));
        for word in number.chain([at, at + 1]).filter(|word| !is_mask(tokens, *word)) {
            out[word].get_or_insert(found);
        }
    }
}

/// Fewest letters of a street's own name.
const STREET_LETTERS_MIN: usize = 4;

/// Digits of a house number that is told again by itself; shorter ones are said of other things too often.
const HOUSE_DIGITS: u8 = 3;

/// Hides house numbers in figures that are written again by themselves ("it's been 871 for years"), and not counted or paid.
/// In words they would be times of the day more often.
fn spread_houses(tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let written = spoken.runs.iter().filter_map(|run| match run.words[..] {
        [word] => Some((word as usize, &*run.text)).filter(|_| run.letters == 0),
        _ => None,
    });
    let written = written.filter(|(word, _)| list[*word].shape.digits == HOUSE_DIGITS && list[*word].shape.inner == 0);
    let is_house = |word: &usize| out[*word].is_some_and(|d| d.category == Category::Address);
    let houses: BTreeSet<&str> =
        written.clone().filter(|(word, text)| is_house(word) && !text.ends_with("00")).map(|(_, text)| text).collect();
    let amount = bit::MONEY | bit::DOSE | bit::DURATION | bit::CLOCK | bit::COUNT;
    for (word, _) in written.filter(|(_, text)| houses.contains(text)) {
        let counted = list[word].shape.money || list.get(word + 1).is_some_and(|next| next.is(amount));
        if out[word].is_none() && !counted {
            out[word] = Some(Decision { category: Category::Address, score: KNOWN_SCORE, origin: Origin::Said });
        }
    }
}

fn collect<'a>(tokens: &'a Tokens, spoken: &Spoken, out: &[Option<Decision>], values: &mut Values<'a>) {
    for (i, token) in tokens.list().iter().enumerate() {
        let Some(decision) = out[i] else { continue };
        if decision.category == Category::Name && spreads(token) {
            values.names.insert(tokens.word(i));
        }
    }
    for run in &spoken.runs {
        let Some(category) = category_of(run, out) else { continue };
        let text = run.value();
        if category == Category::Name && run.digits == 0 && run.letters >= 3 {
            values.spelled.insert(text);
        } else if run.digits as usize >= PART_DIGITS_MIN {
            values.numbers.entry(text).or_insert(category);
        }
    }
}

fn category_of(run: &Run, out: &[Option<Decision>]) -> Option<Category> {
    let first = out[*run.words.first()? as usize]?;
    run.words.iter().all(|w| out[*w as usize].is_some()).then_some(first.category)
}

/// Whether a word of a name may be looked for elsewhere.
fn spreads(token: &Token) -> bool {
    token.shape.letters as usize >= NAME_LETTERS_MIN
        && token.shape.digits == 0
        && !token.is(bit::PARTICLE
            | bit::TITLE
            | bit::SUFFIX
            | bit::RELATION
            | bit::FILLER
            | bit::LETTER
            | bit::DIGIT
            | bit::OH)
}

/// The chance of being a name that is enough for a word that is a known name: the more ordinary the
/// word is, the more the model has to agree.
const fn enough(token: &Token) -> f32 {
    match token.lists.lower {
        0 => 0.0,
        1 | 2 => 0.002,
        3 => 0.01,
        4 => 0.03,
        _ => 0.1,
    }
}

/// Hides words that are like known names; says whether there were any.
fn spread_names(
    transcript: &Transcript,
    tokens: &Tokens,
    marginals: &Marginals,
    index: &Index<'_>,
    out: &mut [Option<Decision>],
) -> bool {
    let mut more = false;
    if !index.has_names() {
        return more;
    }
    for i in transcript.turns().iter().flat_map(|turn| turn.words.range()) {
        let token = &tokens.list()[i];
        if out[i].is_some() || !spreads(token) || is_mask(tokens, i) {
            continue;
        }
        let word = tokens.word(i);
        let chance = marginals.of(i)[label_of(Category::Name)];
        let cased = tokens.cased && token.shape.capital && token.lists.lower < 5;
        let hit = if index.is_name(word, token.hash) {
            chance >= enough(token) || cased
        } else {
            word.len() >= SLIP_LETTERS_MIN
                && token.lists.lower < 3
                && (chance > 0.01 || token.lists.lower == 0)
                && index.is_near_name(word, SLIP_LETTERS_MIN)
        };
        if hit {
            out[i] = Some(Decision { category: Category::Name, score: KNOWN_SCORE, origin: Origin::Said });
            more = true;
        }
    }
    more
}

/// Hides runs that are like known values; says whether there were any.
fn spread_runs(spoken: &Spoken, marginals: &Marginals, index: &Index<'_>, out: &mut [Option<Decision>]) -> bool {
    let mut more = false;
    for run in &spoken.runs {
        if run.words.iter().all(|w| out[*w as usize].is_some()) {
            continue;
        }
        let text = run.value();
        let category = number_like(&text, run, index)
            .or_else(|| spelled_like(&text, run, index))
            .or_else(|| read_back(&text, run, index));
        // A part of a known number that is also a plain number ("two thousand") needs the model's doubt.
        let doubt = run.words.iter().any(|w| marginals.of(*w as usize)[0] < 0.99) || text.len() >= 6;
        let Some(category) = category.filter(|c| doubt || *c == Category::Name) else { continue };
        for w in &run.words {
            out[*w as usize].get_or_insert(Decision { category, score: KNOWN_SCORE, origin: Origin::Said });
        }
        more = true;
    }
    more
}

fn number_like(text: &str, run: &Run, index: &Index<'_>) -> Option<Category> {
    if (run.digits as usize) < PART_DIGITS_MIN { None } else { index.number(text) }
}

/// Digits of the last group of a number, by which people name it.
const LAST_DIGITS: usize = 4;

/// A part of a known number that somebody reads back: the beginning of its last digits, said one by one ("oh one nine
/// what"), or those after a slip ("three oh one nine three").
fn read_back(text: &str, run: &Run, index: &Index<'_>) -> Option<Category> {
    let is_digits = run.letters == 0 && text.bytes().all(|b| b.is_ascii_digit());
    match text.len() {
        PART_READ_BACK if is_digits && run.single && run.words.len() == PART_READ_BACK => index.number(text),
        5 | 6 if is_digits && run.single => index.number(&text[text.len() - LAST_DIGITS..]),
        _ => None,
    }
}

/// Digits of the shortest part that is read back one by one.
const PART_READ_BACK: usize = 3;

fn spelled_like(text: &str, run: &Run, index: &Index<'_>) -> Option<Category> {
    (run.digits == 0 && run.letters >= 3 && index.is_spelled_name(text)).then_some(Category::Name)
}

/// The values that must not appear in any byte of the output: names that are no ordinary word and numbers
/// long enough not to turn up by chance, unless the call also says them where they may stay.
fn known(tokens: &Tokens, mut values: Values<'_>, out: &[Option<Decision>]) -> Vec<KnownValue> {
    values.names.retain(|word| word.len() >= 4 && lists_of_word(word).lower < 3);
    let names = Index::of(&values);
    let free =
        |i: &usize| names.has_names() && out[*i].is_none() && names.is_name(tokens.word(*i), tokens.list()[*i].hash);
    let free: BTreeSet<&str> = (0..tokens.list().len()).filter(free).map(|i| tokens.word(i)).collect();
    let names = values.names.iter().filter(|n| !free.contains(*n)).map(|n| (Category::Name, (*n).to_owned()));
    let numbers = values
        .numbers
        .iter()
        .filter(|(n, _)| n.len() >= 6 && n.bytes().all(|b| b.is_ascii_digit()))
        .map(|(n, c)| (*c, n.clone()));
    names.chain(numbers).map(|(category, value)| KnownValue { category, value: Phi::new(value) }).collect()
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::hidden;

    #[test]
    fn names_cities_and_streets_go_in_pieces_and_in_part() {
        for (turns, want) in [
            (["and it was no wak is it", "nowak n o w a k casimir nowak"], "no wak nowak n o w a k casimir nowak"),
            (
                ["and your address please", "thirty three frog pond lane did you say frog pond"],
                "thirty three frog pond lane frog pond",
            ),
            (["my name is kim tillman", "was there no till man"], "kim tillman till man"),
        ] {
            assert_eq!(hidden(&turns), want);
        }
    }
}
