//! Postal addresses taken apart: house number, street, unit, city, postal code, each with the ways to
//! shorten it. "1420 N Oak St" is "fourteen twenty north oak street", or "1420 oak".

use super::Trust;
use super::forms::{Form, is_ordinary, make};
use crate::base::folded;
use crate::model::Category;

const STREETS: &str = include_str!("../../../patterns/lexicon/streets.tsv");
const STATES: &str = include_str!("../../../patterns/lexicon/states.tsv");
const DIRECTIONS: [[&str; 2]; 8] = [
    ["n", "north"],
    ["s", "south"],
    ["e", "east"],
    ["w", "west"],
    ["ne", "northeast"],
    ["nw", "northwest"],
    ["se", "southeast"],
    ["sw", "southwest"],
];
const UNITS: [&str; 12] =
    ["apartment", "apt", "unit", "suite", "ste", "lot", "room", "rm", "building", "bldg", "number", "space"];
/// Most words of a street's name.
const STREET_WORDS_MAX: usize = 8;

/// Appends the forms of an address in one line; city, state and postal code stand behind commas.
pub(super) fn push(text: &str, out: &mut Vec<Form>) {
    let line = folded(text).replace('#', " number ");
    let mut parts = line.split(',').map(|part| part.split_whitespace().map(bare).filter(|w| !w.is_empty()).collect());
    let first: Vec<&str> = parts.next().unwrap_or_default();
    let unit = first.iter().position(|w| UNITS.contains(w)).unwrap_or(first.len());
    street(&first[..unit], out);
    units(&first[unit..], out);
    for part in parts {
        place(&part, out);
    }
    if let Some(zip) = first.last().filter(|w| first.len() > 3 && is_zip(w)) {
        out.extend(make(Category::Zip, &[&zip[..5]], Trust::Sure));
    }
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_zip(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    matches!(digits, 5 | 9) && word.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// House number, direction, name and street word, with and without each but the name.
fn street(words: &[&str], out: &mut Vec<Form>) {
    let (house, rest) = match words {
        [first, rest @ ..] if first.as_bytes().first().is_some_and(u8::is_ascii_digit) => (Some(*first), rest),
        rest => (None, rest),
    };
    let rest = &rest[..rest.len().min(STREET_WORDS_MAX)];
    let (front, rest) = direction(rest.first(), rest, true);
    let (back, rest) = direction(rest.last(), rest, false);
    let (kinds, name) = match rest {
        [name @ .., last] if !name.is_empty() => match kinds(last) {
            kinds if kinds.is_empty() => (kinds, rest),
            kinds => (kinds, name),
        },
        rest => (Vec::new(), rest),
    };
    if name.is_empty() {
        return;
    }
    let numbered: Vec<&str> = name.iter().map(|w| ordinal(w)).collect();
    let with_none = |words: Vec<&'static str>| words.into_iter().map(Some).chain([None]).collect::<Vec<_>>();
    for house in [house, None] {
        for front in with_none(front.clone()) {
            for kind in with_none(kinds.clone()) {
                for back in with_none(back.clone()) {
                    for name in [name, &numbered] {
                        let mut all: Vec<&str> = house.into_iter().chain(front).collect();
                        all.extend(name.iter().copied().chain(kind).chain(back));
                        let plain = house.is_none() && kind.is_none() && is_ordinary(name);
                        let short = house.is_none() && name.iter().all(|w| w.len() < 3);
                        let trust = if plain || short { Trust::Supported } else { Trust::Sure };
                        out.extend(make(Category::Address, &all, trust));
                    }
                }
            }
        }
    }
    if let Some(house) = house.filter(|h| h.len() >= 3) {
        out.extend(make(Category::Address, &[house], Trust::Supported));
    }
}

/// The spellings of a direction at the end of a street, and the words without it.
fn direction<'a>(word: Option<&&str>, rest: &'a [&'a str], is_first: bool) -> (Vec<&'static str>, &'a [&'a str]) {
    let known = word.and_then(|w| DIRECTIONS.iter().find(|d| d.contains(w)));
    match known {
        Some(spellings) if rest.len() > 1 => {
            (spellings.to_vec(), if is_first { &rest[1..] } else { &rest[..rest.len() - 1] })
        }
        _ => (Vec::new(), rest),
    }
}

/// All spellings of a street word: "st" is "street"; none for another word.
fn kinds(word: &str) -> Vec<&'static str> {
    let rows = || STREETS.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t'));
    let Some((full, _)) = rows().find(|(full, other)| *full == word || *other == word) else { return Vec::new() };
    std::iter::once(full).chain(rows().filter(|(f, _)| *f == full).map(|(_, other)| other)).collect()
}

/// "5th" as what "fifth" means.
fn ordinal(word: &str) -> &str {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if !digits.is_empty() && matches!(&word[digits.len()..], "st" | "nd" | "rd" | "th") { digits } else { word }
}

fn units(words: &[&str], out: &mut Vec<Form>) {
    let value: Vec<&str> = words.iter().skip_while(|w| UNITS.contains(w)).copied().take(2).collect();
    let Some(first) = value.first().filter(|_| !words.is_empty()) else { return };
    for marker in UNITS {
        out.extend(make(Category::Address, &[marker, first], Trust::Sure));
    }
    if let [_, second] = value[..]
        && !is_zip(second)
    {
        out.extend(make(Category::Address, &[first, second], Trust::Supported));
    }
}

/// A part behind a comma: a city, a state, a postal code, or several of them.
fn place(words: &[&str], out: &mut Vec<Form>) {
    if words.first().is_some_and(|w| UNITS.contains(w)) {
        return units(words, out);
    }
    let zip = words.iter().position(|w| is_zip(w)).unwrap_or(words.len());
    if let Some(code) = words.get(zip) {
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        out.extend(make(Category::Zip, &[&digits], Trust::Sure));
        out.extend(make(Category::Zip, &[&digits[..5]], Trust::Sure));
    }
    let city: Vec<&str> = words[..zip].to_vec();
    let joined = city.join(" ");
    let is_state =
        STATES.lines().filter_map(|l| l.split_once('\t')).any(|(name, code)| joined == name || joined == code);
    if !city.is_empty() && !is_state {
        let trust = if is_ordinary(&city) && city.len() == 1 { Trust::Supported } else { Trust::Sure };
        out.extend(make(Category::City, &city, trust));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &[(&str, Category, Trust)]) {
        let mut out = Vec::new();
        push(text, &mut out);
        for (form, category, trust) in want {
            let found = out.iter().any(|f| f.text == *form && (f.category, f.trust) == (*category, *trust));
            assert!(found, "{form}");
        }
    }

    #[test]
    fn an_address_is_known_in_its_parts_and_short_forms() {
        use Category::{Address, City, Zip};
        use Trust::{Supported, Sure};
        check(
            "1420 N Oak St Apt 4B, Round Rock, TX 78664-1201",
            &[
                ("1420northoakstreet", Address, Sure),
                ("1420noakst", Address, Sure),
                ("1420oak", Address, Sure),
                ("oakstreet", Address, Sure),
                ("oak", Address, Supported),
                ("1420", Address, Supported),
                ("apartment4b", Address, Sure),
                ("roundrock", City, Sure),
                ("78664", Zip, Sure),
                ("786641201", Zip, Sure),
            ],
        );
        check("17 5th Ave, Suite 300", &[("175avenue", Address, Sure), ("suite300", Address, Sure)]);
        check("9 Kingsbury Drive #12", &[("kingsbury", Address, Sure), ("apt12", Address, Sure)]);
    }

    #[test]
    fn an_odd_address_makes_no_trouble() {
        for text in ["", ",", "12", "st", "n", "12 n", "apt", ", ,78664", "#", "12 st st st st st st st st st st"] {
            push(text, &mut Vec::new());
        }
    }
}
