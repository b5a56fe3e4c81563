//! What belongs to a hidden neighbour: small words inside dates and names, the letters before an identifier, the
//! rest of an address, of a mail address and of a city.

use super::cue::Context;
use super::settle::{Decision, Origin, is_identifier, is_mask};
use super::spoken::Spoken;
use super::token::{Token, Tokens};
use crate::model::{Category, Transcript, TurnKind};
use crate::patterns::lexicon::bit;
use std::ops::Range;

/// Hides what belongs to a hidden neighbour: small words inside a date or a name, the day or year after a
/// hidden month, the number of a unit, the street word and the house number of an address.
pub(super) fn connect(transcript: &Transcript, tokens: &Tokens, spoken: &Spoken, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for turn in transcript.turns() {
        let range = turn.words.range();
        street_goes_on(transcript, tokens, range.start, out);
        for i in range.clone().skip(1) {
            if out[i].is_some() || is_mask(tokens, i) {
                continue;
            }
            let Some(before) = out[i - 1] else { continue };
            let word = tokens.word(i);
            let number = spoken.of_word[i].0 != 0 || list[i].is(bit::ORDINAL);
            let after = out.get(i + 1).copied().flatten().filter(|_| i + 1 < range.end);
            let next_number = i + 1 < range.end && (spoken.of_word[i + 1].0 != 0 || list[i + 1].is(bit::ORDINAL));
            let numbered = i + 2 < range.end && tokens.word(i + 1) == "number" && (spoken.of_word[i + 2].0 != 0);
            let same = after.is_some_and(|a| a.category == before.category);
            let dated = |d: Decision| matches!(d.category, Category::Dob | Category::Date | Category::Card);
            let date = dated(before);
            let mail = |d: Decision| matches!(d.category, Category::Email | Category::Url);
            let joins = match before.category {
                // "Keisha at Stonebridge"
                _ if word == "at" => same && before.category != Category::Name,
                _ if matches!(word, "dash" | "hyphen" | "dot" | "underscore" | "slash" | "space") => same,
                // "0 0 6 1 to 9 0", as a recogniser writes a digit that sounds like a word.
                _ if is_identifier(before.category) && list[i].is(bit::HOMOPHONE | bit::OH) => {
                    same && list[i - 1].has_digits() && list[i + 1].has_digits()
                }
                // "Underscore the number eight at …"
                _ if mail(before) && matches!(word, "the" | "number" | "and") => after.is_some_and(mail),
                // "Month two day ten", "el diecisiete de abril".
                _ if date && matches!(word, "month" | "day" | "year" | "de" | "del") => after.is_some_and(dated),
                // What a recogniser makes of a long name: "venkat a raman".
                Category::Name if word == "a" && i + 1 < range.end && is_no_word(&list[i + 1]) => {
                    out[i + 1].get_or_insert(Decision::whole(Category::Name));
                    true
                }
                Category::Dob | Category::Date | Category::Card if list[i - 1].is(bit::MONTH) => {
                    (number && spoken.run_of(i).is_none_or(|r| r.digits <= 8))
                        || (matches!(word, "the" | "of") && next_number)
                }
                _ if date && matches!(word, "the" | "of" | "and") => {
                    (same && near_month(tokens, i))
                        || word == "of" && i + 1 == range.end && list[i - 1].is(bit::ORDINAL)
                        || word == "of" && next_number && (number_of(spoken, i - 1) || list[i - 1].is(bit::ORDINAL))
                        || list[i - 1].is(bit::ORDINAL)
                            && list.get(i + 1).is_some_and(|n| n.is(bit::MONTH) && after.is_some())
                }
                _ if date && matches!(tokens.word(i - 1), "the" | "of") => number,
                Category::Name if tokens.cased && goes_on_as_name(tokens, i) => true,
                Category::Name => list[i].is(bit::PARTICLE) && after.is_some_and(|a| a.category == Category::Name),
                Category::Address => {
                    // "Seventy ninth and jeffery", "golf course road"
                    (word == "and" || is_within_street(list, i)) && same
                        || (list[i].is(bit::STREET) && !list[i].is(bit::PLACEWORD))
                        || (list[i].is(bit::UNIT) && (next_number || numbered) && !matches!(word, "floor" | "room"))
                        || (list[i - 1].is(bit::UNIT) && (number || word == "number"))
                        || (tokens.word(i - 1) == "number" && number)
                }
                _ => false,
            };
            if joins {
                out[i] = Some(Decision::whole(before.category));
            }
        }
        crossings(tokens, range.clone(), out);
        titled(tokens, range.clone(), out);
        initials(tokens, range.clone(), out);
        vocative(tokens, range.clone(), out);
        for i in range.clone().rev().skip(1) {
            let Some(after) = out[i + 1].filter(|a| a.category == Category::Address) else { continue };
            let house = spoken.run_of(i).is_some_and(|r| r.letters == 0 && r.digits <= 6);
            if out[i].is_none() && !is_mask(tokens, i) && (house || list[i].is(bit::DIRECTION)) {
                out[i] = Some(Decision::whole(after.category));
            }
        }
    }
}

/// Hides the other street of a crossing in written text, whatever word it is ("at MLK and 38th", "Palm and Michigan").
fn crossings(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let address = |cell: Option<Decision>| cell.is_some_and(|d| d.category == Category::Address);
    let street = |i: usize| {
        let token = &list[i];
        token.shape.capital && token.shape.letters > 1 && !token.is(bit::FILLER | bit::TITLE | bit::RELATION)
    };
    for and in turn.start + 1..turn.end.saturating_sub(1) {
        if !tokens.cased || tokens.word(and) != "and" || out[and].is_some() || list[and - 1].shape.stop > 0 {
            continue;
        }
        let (before, after) = (out[and - 1], out[and + 1]);
        let one_word = and < turn.start + 2 || !address(out[and - 2]);
        let at = and > turn.start + 1
            && matches!(tokens.word(and - 2), "at" | "on" | "off" | "of" | "near" | "from" | "corner" | "between");
        let goes_on = address(before) && after.is_none() && one_word && at && street(and + 1);
        let begins = address(after) && before.is_none() && at && street(and - 1);
        if goes_on || begins {
            for (i, cell) in (and - 1..).zip(&mut out[and - 1..=and + 1]) {
                if !is_mask(tokens, i) {
                    cell.get_or_insert(Decision::whole(Category::Address));
                }
            }
        }
    }
}

/// Hides a word between a written title and a name, whatever word it is: what a recogniser made of the rest of the
/// name ("Dr. through Vengadam").
fn titled(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    for i in turn.start + 1..turn.end.saturating_sub(1) {
        if out[i].is_some() || out[i + 1].is_none_or(|d| d.category != Category::Name) {
            continue;
        }
        let title = matches!(tokens.word(i - 1), "dr" | "mr" | "mrs" | "ms");
        let joined = tokens.list()[i].shape.stop == 0 && tokens.list()[i - 1].shape.stop != 1;
        if title && joined && !is_mask(tokens, i) {
            out[i] = Some(Decision::whole(Category::Name));
        }
    }
}

/// Hides an initial before a written name ("signed H. Rosenqvist").
fn initials(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    for i in (turn.start..turn.end.saturating_sub(1)).rev() {
        let (token, next) = (&tokens.list()[i], &tokens.list()[i + 1]);
        let initial = token.shape.letters == 1 && token.shape.capital && token.shape.stop == 2 && !token.has_digits();
        let name = out[i + 1].is_some_and(|d| d.category == Category::Name) && next.shape.capital;
        if !(initial && name) || out[i].is_some() {
            continue;
        }
        let before = if i > turn.start { tokens.word(i - 1) } else { "" };
        // "That is Part B. Marcus will …"
        let lettered =
            matches!(before, "part" | "plan" | "type" | "option" | "vitamin" | "hepatitis" | "group" | "form");
        if !lettered && !is_mask(tokens, i) {
            out[i] = Some(Decision::whole(Category::Name));
        }
    }
}

/// Hides a given name that begins a turn and is called ("Heather, do I have your permission").
fn vocative(tokens: &Tokens, turn: Range<usize>, out: &mut [Option<Decision>]) {
    let Some(token) = tokens.list().get(turn.start).filter(|_| turn.len() > 2) else { return };
    let name = token.lists.given >= CALLED_MIN && token.lists.lower < RARE && token.class.flags == 0;
    let called = token.shape.capital && token.shape.stop == 1 && !tokens.list()[turn.start + 1].shape.capital;
    if name && called && out[turn.start].is_none() && !is_mask(tokens, turn.start) {
        out[turn.start] = Some(Decision::whole(Category::Name));
    }
}

/// How frequent a given name is that is taken for one where somebody is called.
const CALLED_MIN: u32 = 3;

/// Hides a street word that begins a turn, where the speaker's last words were an address.
fn street_goes_on(transcript: &Transcript, tokens: &Tokens, word: usize, out: &mut [Option<Decision>]) {
    let street = tokens.list().get(word).is_some_and(|t| t.is(bit::STREET) && !t.is(bit::PLACEWORD));
    if street && out[word].is_none() {
        let address = |i: &usize| out[*i].is_some_and(|d| matches!(d.category, Category::Address | Category::City));
        if lead_in(transcript, tokens, word).filter(address).is_some() {
            out[word] = Some(Decision::whole(Category::Address));
        }
    }
}

/// Whether a word is on no list of ordinary or medical words.
const fn is_no_word(token: &Token) -> bool {
    token.lists.lower == 0
        && !token.lists.medical
        && token.class.flags == 0
        && token.shape.letters >= 4
        && token.shape.digits == 0
        && !token.shape.mask
}

/// Whether a word goes on with the name right before it: a capital within a sentence, and no word of any class ("Lou A
/// Shown"), or a word behind an "a" that is rarer than surnames ("Venkat a raman").
fn goes_on_as_name(tokens: &Tokens, word: usize) -> bool {
    let (token, before) = (&tokens.list()[word], &tokens.list()[word - 1]);
    let counted = bit::DURATION | bit::COUNT;
    let letters = token.shape.letters > 1 && !token.has_digits() && token.class.flags & !counted == 0;
    let listed = tokens.word(word - 1) == "a" && token.lists.surname > 0 && token.lists.lower < RARE;
    letters
        && before.shape.stop == 0
        && !before.shape.possessive
        && (token.shape.capital && !token.shape.upper || listed)
}

/// How frequent a word is ([`lists.lower`](crate::patterns::layout::Packed)) that is a name as soon as an ordinary word.
const RARE: u32 = 4;

fn number_of(spoken: &Spoken, word: usize) -> bool {
    spoken.run_of(word).is_some_and(|r| r.letters == 0)
}

fn near_month(tokens: &Tokens, i: usize) -> bool {
    [i - 1, i + 1].iter().any(|j| tokens.list()[*j].is(bit::MONTH)) || tokens.list()[i - 1].is(bit::ORDINAL)
}

/// Hides what stands before a hidden value and belongs to it: capitals before a number ("FE 4470913"), a
/// dash that begins a chunk, and the words of a mail address before "at".
pub(super) fn extend_left(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    context: &Context,
    out: &mut [Option<Decision>],
) {
    let list = tokens.list();
    for turn in transcript.turns() {
        let range = turn.words.range();
        for i in range.clone().rev().skip(1) {
            let Some(after) = out[i + 1] else { continue };
            if out[i].is_some() || is_mask(tokens, i) {
                continue;
            }
            let token = &list[i];
            let in_run = spoken.of_word[i + 1].0 != 0;
            let prefix = token.shape.upper
                && (2..=4).contains(&token.shape.letters)
                && token.shape.stop < 2
                && !context.inside[i];
            // Two capitals before five digits may be a state and its ZIP; without a place before them they are none.
            let placed =
                i > range.start && out[i - 1].is_some_and(|d| matches!(d.category, Category::City | Category::Address));
            let identifier = is_identifier(after.category) || after.category == Category::Zip && !placed;
            let chunk = matches!(tokens.word(i), "dash" | "hyphen") && (i == range.start || out[i - 1].is_some());
            let mail = matches!(after.category, Category::Email | Category::Url)
                && token.lists.lower < 6
                && token.shape.stop == 0
                && !token.is(bit::FILLER | bit::BACKCHANNEL | bit::DOMAIN)
                && !matches!(tokens.word(i), "use" | "try" | "email" | "to")
                && !context.inside[i];
            if (in_run && identifier && (prefix || chunk)) || mail {
                out[i] = Some(Decision::whole(after.category));
            }
        }
    }
}

/// Most fillers, and most turns, between the letters that begin an identifier and its digits.
const LEAD_FILLERS_MAX: usize = 4;

const LEAD_TURNS_MAX: usize = 2;

/// Hides letters that begin an identifier and were said before a break: "INC, sorry, 311498", or "M" and
/// the digits in the speaker's next turn.
pub(super) fn lead_ins(
    transcript: &Transcript,
    tokens: &Tokens,
    spoken: &Spoken,
    context: &Context,
    out: &mut [Option<Decision>],
) {
    let list = tokens.list();
    for run in spoken.runs.iter().filter(|r| r.digits > 0) {
        let Some(first) = run.words.first().map(|w| *w as usize) else { continue };
        let Some(decision) = out[first].filter(|d| is_identifier(d.category)) else { continue };
        let mut next = lead_in(transcript, tokens, first);
        while let Some(i) = next.take() {
            let token = &list[i];
            let letter = is_letter(tokens, i);
            let capitals =
                token.shape.upper && (2..=4).contains(&token.shape.letters) && !token.is(bit::STATE | bit::ORG);
            if out[i].is_none()
                && !is_mask(tokens, i)
                && !token.has_digits()
                && !context.inside[i]
                && spoken.run_of(i).is_none_or(|r| r.digits == 0)
                && (letter || capitals)
            {
                out[i] = Some(Decision::whole(decision.category));
            }
            // "P T 4 4 7", where "pt" is an abbreviation
            let before = i.checked_sub(1).filter(|before| letter && out[i].is_some() && is_letter(tokens, *before));
            next = before.filter(|before| !is_last(transcript, *before));
        }
    }
}

/// Whether a word is a letter and neither an article nor a pronoun.
pub(super) fn is_letter(tokens: &Tokens, word: usize) -> bool {
    let token = &tokens.list()[word];
    token.shape.letters == 1 && !token.has_digits() && !matches!(tokens.word(word), "a" | "i")
}

/// Hides capitals that end an identifier and were said after a break: "1888, um, BB", or the digits before in the
/// speaker's last turn.
pub(super) fn lead_outs(transcript: &Transcript, tokens: &Tokens, context: &Context, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for i in 0..list.len() {
        let token = &list[i];
        let capitals = token.shape.upper
            && (2..=4).contains(&token.shape.letters)
            && !token.has_digits()
            && !token.is(bit::STATE | bit::ORG);
        if !capitals
            || out[i].is_some()
            || is_mask(tokens, i)
            || context.inside[i]
            || token.is(bit::BACKCHANNEL)
            || token.lists.lower >= RARE
        {
            continue;
        }
        let ends = list.get(i + 1).is_none_or(|_| token.shape.stop >= 1) || is_last(transcript, i);
        let Some(before) = lead_in(transcript, tokens, i).filter(|before| i - before > 1) else { continue };
        let number = list[before].has_digits() && list[before].shape.stop < 2;
        if let Some(decision) = out[before].filter(|d| ends && number && is_identifier(d.category)) {
            out[i] = Some(Decision::whole(decision.category));
        }
    }
}

/// Whether a word is the last of its turn.
fn is_last(transcript: &Transcript, word: usize) -> bool {
    let turns = transcript.turns();
    let t = transcript.turn_of(word);
    turns.get(t).is_some_and(|turn| turn.words.end as usize == word + 1)
}

/// The word before this one, past fillers and turns in which the other side only listens.
fn lead_in(transcript: &Transcript, tokens: &Tokens, word: usize) -> Option<usize> {
    let turns = transcript.turns();
    let list = tokens.list();
    let small = bit::FILLER | bit::BACKCHANNEL;
    let mut t = transcript.turn_of(word);
    let speaker = turns.get(t)?.speaker;
    let mut i = word;
    let mut fillers = 0;
    for _ in 0..=LEAD_TURNS_MAX {
        while i > turns[t].words.start as usize && list[i - 1].is(small) && list[i - 1].shape.letters > 1 {
            i -= 1;
            fillers += 1;
        }
        if fillers > LEAD_FILLERS_MAX {
            return None;
        }
        if i > turns[t].words.start as usize {
            return (turns[t].speaker == speaker).then_some(i - 1);
        }
        t = t.checked_sub(1)?;
        if turns[t].kind != TurnKind::Spoken {
            return None;
        }
        i = turns[t].words.end as usize;
    }
    None
}

/// Hides the whole name of a city of which a word is hidden ("truth or consequences").
pub(super) fn whole_cities(tokens: &Tokens, phrases: &[u8], out: &mut [Option<Decision>]) {
    let mut at = 0;
    while at < phrases.len() {
        let len = 1 + phrases[at + 1..].iter().take_while(|p| **p == 2).count();
        if phrases[at] == 1 || phrases[at] == 4 {
            let after = out.get(at + len).copied().flatten();
            let placed = at > 0
                && out[at - 1].is_some_and(|d| d.category == Category::Address)
                && (after.is_some_and(|d| d.category == Category::Zip)
                    || tokens.list().get(at + len).is_some_and(|t| t.is(bit::STATE)));
            let city = Decision { category: Category::City, score: 0.7, origin: Origin::Whole };
            let found = out[at..at + len].iter().flatten().find(|d| d.category == Category::City).copied();
            let found = found.or(placed.then_some(city));
            if let Some(decision) = found {
                for (i, free) in (at..).zip(&mut out[at..at + len]).filter(|(_, d)| d.is_none()) {
                    if !is_mask(tokens, i) {
                        *free = Some(Decision { origin: Origin::Whole, ..decision });
                    }
                }
            }
        }
        at += len;
    }
}

/// Most words of a city between its street and its state or ZIP.
const CITY_WORDS_MAX: usize = 3;

/// Hides what stands between an address and its ZIP, or its state and ZIP: a city, known or not.
pub(super) fn cities_between(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    let is =
        |cell: Option<&Option<Decision>>, category| cell.copied().flatten().is_some_and(|d| d.category == category);
    for turn in transcript.turns() {
        let range = turn.words.range();
        for first in range.start + 1..range.end {
            if out[first].is_some() || !is(out.get(first - 1), Category::Address) {
                continue;
            }
            let len = (first..range.end).take_while(|i| out[*i].is_none() && !list[*i].is(bit::STATE)).count();
            if !(1..=CITY_WORDS_MAX).contains(&len) {
                continue;
            }
            let end = first + len;
            let state = list[end.min(range.end)..range.end].iter().take_while(|t| t.is(bit::STATE)).count();
            let zip = end + state < range.end && is(out.get(end + state), Category::Zip)
                || end < range.end && is(out.get(end), Category::City);
            let function = bit::FILLER | bit::BACKCHANNEL | bit::DIGIT | bit::UNIT | bit::DIRECTION;
            let words = (first..end).all(|i| !is_mask(tokens, i) && !list[i].is(function) && list[i].shape.letters > 1);
            let apart = list[first..end - 1].iter().any(|t| t.shape.stop >= 2);
            // "Second floor. City? Dover."
            let asked = tokens.word(first) == "city";
            let plain = (first..end)
                .any(|i| matches!(tokens.word(i), "is" | "the" | "and" | "zip" | "in" | "my" | "code" | "at"));
            if zip && words && !apart && !asked && !plain {
                out[first..end].fill(Some(Decision { category: Category::City, score: 0.7, origin: Origin::Whole }));
            }
        }
    }
}

/// Most words of a mail address before its "at".
const LOCAL_WORDS_MAX: usize = 8;

/// Hides what stands before the "at" of a mail address as part of it: names and numbers are hidden already, and a
/// letter before them goes with them ("c garcia eight at …").
pub(super) fn whole_mail(transcript: &Transcript, tokens: &Tokens, out: &mut [Option<Decision>]) {
    let list = tokens.list();
    for turn in transcript.turns() {
        let range = turn.words.range();
        let begins = range.clone().next().is_some_and(|i| out[i].is_some_and(|d| d.category == Category::Email));
        if let Some(i) = lead_in(transcript, tokens, range.start).filter(|_| begins) {
            // "With the email O", "okay", "dot Perez at …"
            if list[i].shape.letters == 1 && !list[i].has_digits() && out[i].is_none() && !is_mask(tokens, i) {
                out[i] = Some(Decision::whole(Category::Email));
            }
        }
        for at in range.clone().skip(1) {
            let mail = out[at].is_some_and(|d| d.category == Category::Email);
            if !mail || tokens.word(at) != "at" {
                continue;
            }
            let joined = |i: &usize| out[*i].is_some() && list[*i].shape.stop < 2;
            let local = (range.start..at).rev().take(LOCAL_WORDS_MAX).take_while(joined).count();
            let mut first = at - local;
            let initial = first > range.start && list[first - 1].shape.letters == 1 && !list[first - 1].has_digits();
            if local > 0 && initial && out[first - 1].is_none() && !is_mask(tokens, first - 1) {
                first -= 1;
            }
            for cell in &mut out[first..at] {
                let score = cell.map_or(0.5, |d| d.score);
                let origin = cell.map_or(Origin::Whole, |d| d.origin);
                *cell = Some(Decision { category: Category::Email, score, origin });
            }
        }
    }
}

/// Fewest letters of a word of a street's name that stands before "road" and the like ("on highway eighty" is none).
const STREET_LETTERS_MIN: u8 = 4;

/// Whether the words around this one may be its street's ("golf [course] road").
fn is_within_street(list: &[Token], at: usize) -> bool {
    let (token, next) = (&list[at], list.get(at + 1));
    let joined = list[at - 1].shape.stop == 0 && token.shape.stop == 0;
    joined
        && token.shape.letters >= STREET_LETTERS_MIN
        && next.is_some_and(|next| next.is(bit::STREET) && !next.is(bit::PLACEWORD))
}

#[cfg(test)]
mod tests {
    use super::super::spoken::spoken;
    use super::super::testing::call;
    use super::super::token::tokens;
    use super::*;

    fn said(text: &str) -> Tokens {
        tokens(&call(&[text]))
    }

    #[test]
    fn a_word_within_a_street_goes_with_it() {
        for (text, goes) in [("on golf course road", true), ("on golf not road", false)] {
            let transcript = call(&[text]);
            let tokens = tokens(&transcript);
            let spoken = spoken(&transcript, &tokens);
            let mut out = vec![None; tokens.list().len()];
            for at in [1, out.len() - 1] {
                out[at] = Some(Decision::whole(Category::Address));
            }
            connect(&transcript, &tokens, &spoken, &mut out);
            assert_eq!(out[2].is_some(), goes, "{text}");
        }
    }

    #[test]
    fn who_is_called_at_the_start_of_a_turn_has_a_name() {
        for (text, is_name) in [
            ("Brenda, do you have a minute?", true),
            ("Well, do you have a minute?", false),
            ("Brenda does, yes.", false),
        ] {
            let tokens = said(text);
            let mut out = vec![None; tokens.list().len()];
            vocative(&tokens, 0..out.len(), &mut out);
            assert_eq!(out[0].is_some(), is_name, "{text}");
        }
    }

    #[test]
    fn a_word_between_a_title_and_a_name_goes_with_them() {
        for (text, goes) in [("Dr. through Vengadam", true), ("and through Vengadam", false)] {
            let tokens = said(text);
            let mut out = vec![None, None, Some(Decision::whole(Category::Name))];
            titled(&tokens, 0..3, &mut out);
            assert_eq!(out[1].is_some(), goes, "{text}");
        }
    }
}
