//! Varies labelled calls: other names, numbers, places and dates in the same sentences, so that the
//! model learns where a name stands and not which names the authors chose.

use super::speech::{hesitate, regroup};
use super::{LabelledCall, LabelledWord};
use crate::model::Category;
use crate::patterns::hash::{hash_bytes, mix};
use crate::patterns::known::forms::MONTHS;
use crate::patterns::lexicon::{bit, class_of, lists_of};
use std::collections::HashMap;

/// Lists to draw from, weighted towards what is rare.
pub struct Lists {
    given: Vec<String>,
    surnames: Vec<String>,
    cities: Vec<String>,
    /// Ordinary words, which some people are called by, and as which recognisers mishear names.
    words: Vec<String>,
}

/// How often an ordinary word is said for it to be taken for a name: uses per ten million words.
const ORDINARY: std::ops::Range<f64> = 30.0..20_000.0;

impl Lists {
    /// Reads the lists from the text of `given-names.tsv`, `surnames.tsv`, `cities.tsv` and `words.tsv`.
    #[must_use]
    pub fn read(given: &str, surnames: &str, cities: &str, words: &str) -> Self {
        // A name stands in the list once per power of two of its count, so the frequent ones come more
        // often without drowning the rest.
        let weighted = |text: &str, floor: f64| {
            let mut out = Vec::new();
            for line in text.lines().filter(|l| !l.starts_with('#')) {
                let mut columns = line.split('\t');
                let (Some(word), count) =
                    (columns.next(), columns.next().and_then(|c| c.parse::<f64>().ok()).unwrap_or(1.0))
                else {
                    continue;
                };
                let times = ((count / floor).max(1.0).log2() as usize).clamp(1, 14);
                out.extend(std::iter::repeat_n(word.to_owned(), times * times));
            }
            out
        };
        Self {
            given: weighted(given, 500.0),
            surnames: weighted(surnames, 100.0),
            cities: weighted(cities, 1000.0),
            words: ordinary(words),
        }
    }
}

/// Short ordinary words of no class.
fn ordinary(text: &str) -> Vec<String> {
    let columns = text.lines().filter_map(|line| line.split_once('\t'));
    let said = columns.filter_map(|(word, counts)| Some((word, counts.split('\t').next()?.parse::<f64>().ok()?)));
    let short = |word: &str| (2..8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
    said.filter(|(word, uses)| {
        short(word) && ORDINARY.contains(uses) && class_of(hash_bytes(word.as_bytes())).flags == 0
    })
    .map(|(word, _)| word.to_owned())
    .collect()
}

/// A small deterministic source of chance.
pub(super) struct Dice(u64);

impl Dice {
    #[cfg(test)]
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) >> 16) as usize % sides.max(1)
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }

    fn pick<'a>(&mut self, list: &'a [String]) -> &'a str {
        let at = self.roll(list.len());
        &list[at]
    }
}

/// The call again with other values; the same seed gives the same call.
#[must_use]
pub fn augment(call: &LabelledCall, lists: &Lists, seed: u64) -> LabelledCall {
    let mut dice = Dice(seed ^ hash_bytes(call.id.as_bytes()));
    let mut out = call.clone();
    let keep_names = dice.chance(15);
    let keep_numbers = dice.chance(25);
    let uncase = call.formatted && dice.chance(12);
    // Some calls are seen half masked, as the second look at a redacted call sees them.
    let masked = if dice.chance(12) { 30 + dice.roll(70) } else { 0 };
    let regrouped = [0, 20, 60][dice.roll(3)];
    let hesitant = [0, 0, 15, 40][dice.roll(4)];
    let mut names: HashMap<String, String> = HashMap::new();
    for turn in &mut out.turns {
        let words = std::mem::take(&mut turn.words);
        let mut at = 0;
        while at < words.len() {
            let mention = words[at].mention;
            let len = words[at..].iter().take_while(|w| w.mention == mention).count();
            let stretch = &words[at..at + len];
            at += len;
            if let Some(Some(category)) = stretch[0].label
                && dice.chance(masked)
            {
                mask(stretch, category, &mut turn.words);
                continue;
            }
            match stretch[0].label {
                Some(Some(Category::Name)) if !keep_names => {
                    rename(stretch, lists, &mut names, &mut dice, &mut turn.words)
                }
                Some(Some(Category::City)) if dice.chance(60) => move_city(stretch, lists, &mut dice, &mut turn.words),
                Some(Some(Category::Address)) => move_street(stretch, lists, &mut dice, &mut turn.words),
                _ => turn.words.extend(stretch.iter().cloned()),
            }
        }
        regroup(&mut turn.words, call.formatted, regrouped, &mut dice);
        hesitate(&mut turn.words, call.formatted, hesitant, &mut dice);
        for word in &mut turn.words {
            let hide = matches!(word.label, Some(Some(_)));
            if !keep_numbers && (hide || dice.chance(30)) {
                renumber(word, &mut dice);
            }
            if uncase {
                word.text = word.text.to_lowercase().trim_end_matches([',', '.', '?', '!']).to_owned();
            }
        }
        turn.words.retain(|w| !w.text.is_empty());
    }
    out.turns.retain(|t| !t.words.is_empty());
    out
}

fn mask(stretch: &[LabelledWord], category: Category, out: &mut Vec<LabelledWord>) {
    out.extend(stretch.iter().map(|w| {
        let tail = &w.text[w.text.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
        LabelledWord { text: format!("{}{tail}", category.mask()), label: Some(None), mention: 0 }
    }));
}

fn core(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Puts `new` where the core of `text` was, in the same case, with the same punctuation.
fn dress(text: &str, new: &str) -> String {
    let inner = core(text);
    if inner.is_empty() {
        return text.to_owned();
    }
    let start = inner.as_ptr() as usize - text.as_ptr() as usize;
    let possessive = if inner.ends_with("'s") && !new.ends_with("'s") { "'s" } else { "" };
    let cased = if inner.chars().next().is_some_and(char::is_uppercase) {
        new.split('-').map(capital).collect::<Vec<_>>().join("-")
    } else {
        new.to_owned()
    };
    format!("{}{cased}{possessive}{}", &text[..start], &text[start + inner.len()..])
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn rename(
    stretch: &[LabelledWord],
    lists: &Lists,
    names: &mut HashMap<String, String>,
    dice: &mut Dice,
    out: &mut Vec<LabelledWord>,
) {
    let spelled = stretch.iter().any(|w| core(&w.text).chars().count() == 1 && !w.text.ends_with('.'));
    for word in stretch {
        let mut word = word.clone();
        let key = core(&word.text).to_lowercase();
        let key = key.strip_suffix("'s").unwrap_or(&key).to_owned();
        let class = class_of(hash_bytes(key.as_bytes()));
        let fixed = spelled
            || key.len() < 2
            || class.is(bit::PARTICLE | bit::SUFFIX | bit::TITLE | bit::ALPHABET) && dice.chance(70);
        if !fixed {
            let new = names.entry(key.clone()).or_insert_with(|| new_name(&key, lists, dice)).clone();
            word.text = dress(&word.text, &new);
        }
        let rest = if !fixed && dice.chance(4) { split(&mut word.text, dice) } else { None };
        let rest = rest.map(|text| LabelledWord { text, ..word.clone() });
        out.push(word);
        out.extend(rest);
    }
}

/// Cuts a long name in two, as recognisers do; returns the second piece.
fn split(name: &mut String, dice: &mut Dice) -> Option<String> {
    let inner = core(name);
    if inner.len() < 6 || !inner.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let start = inner.as_ptr() as usize - name.as_ptr() as usize;
    Some(name.split_off(start + 2 + dice.roll(inner.len() - 3)))
}

fn new_name(old: &str, lists: &Lists, dice: &mut Dice) -> String {
    if dice.chance(20) {
        return old.to_owned();
    }
    let listed = lists_of(hash_bytes(old.as_bytes()));
    let first = if listed.given == 0 && listed.surname == 0 { dice.chance(50) } else { listed.given >= listed.surname };
    if dice.chance(if first { 1 } else { 3 }) {
        return dice.pick(&lists.words).to_owned();
    }
    let name = dice.pick(if first { &lists.given } else { &lists.surnames }).to_owned();
    if dice.chance(22) { twist(&name, dice) } else { name }
}

/// A name that no list has: one or two letters changed.
fn twist(name: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<u8> = name.bytes().collect();
    for _ in 0..=dice.roll(2) {
        let at = dice.roll(letters.len());
        let vowels = b"aeiou";
        let consonants = b"bdfghjklmnprstvwyz";
        match dice.roll(3) {
            0 if vowels.contains(&letters[at]) => letters[at] = vowels[dice.roll(5)],
            1 => letters.insert(at, vowels[dice.roll(5)]),
            _ => letters[at] = consonants[dice.roll(consonants.len())],
        }
    }
    String::from_utf8(letters).unwrap_or_else(|_| name.to_owned())
}

fn move_city(stretch: &[LabelledWord], lists: &Lists, dice: &mut Dice, out: &mut Vec<LabelledWord>) {
    let new: Vec<&str> = dice.pick(&lists.cities).split(' ').collect();
    let (first, last) = (&stretch[0], &stretch[stretch.len() - 1]);
    let cased = first.text.starts_with(char::is_uppercase);
    let tail = &last.text[last.text.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
    for (i, part) in new.iter().enumerate() {
        let mut word = first.clone();
        word.text = if cased { capital(part) } else { (*part).to_owned() };
        if i + 1 == new.len() {
            word.text.push_str(tail);
        }
        out.push(word);
    }
}

fn move_street(stretch: &[LabelledWord], lists: &Lists, dice: &mut Dice, out: &mut Vec<LabelledWord>) {
    for word in stretch {
        let mut word = word.clone();
        let key = core(&word.text).to_lowercase();
        let class = class_of(hash_bytes(key.as_bytes()));
        let plain = class.flags == 0 && key.len() > 2 && !key.bytes().any(|b| b.is_ascii_digit());
        if plain && dice.chance(50) {
            let new = if dice.chance(70) { dice.pick(&lists.surnames) } else { dice.pick(&lists.given) }.to_owned();
            word.text = dress(&word.text, &new);
        }
        out.push(word);
    }
}

pub(super) const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
pub(super) const TEENS: [&str; 10] =
    ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"];
pub(super) const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
fn renumber(word: &mut LabelledWord, dice: &mut Dice) {
    let key = core(&word.text).to_lowercase();
    let class = class_of(hash_bytes(key.as_bytes()));
    let date = matches!(word.label, Some(Some(Category::Dob | Category::Date)));
    if word.text.bytes().any(|b| b.is_ascii_digit()) {
        let ordinal = class.is(bit::ORDINAL);
        let year = key.len() == 4 && matches!(key.get(..2), Some("19" | "20"));
        // A slashed date or a year must stay one.
        if date && (key.contains(['/', '-']) || key.len() < 3 || year) || ordinal || word.text.contains(['@', '$', '%'])
        {
            return;
        }
        word.text = word
            .text
            .chars()
            .map(|c| if c.is_ascii_digit() { char::from(b'0' + dice.roll(10) as u8) } else { c })
            .collect();
    } else if class.is(bit::DIGIT) && key != "zero" && (!date || dice.chance(50)) {
        word.text = dress(&word.text, DIGITS[1 + dice.roll(9)]);
    } else if class.is(bit::TEEN) && !date {
        word.text = dress(&word.text, TEENS[dice.roll(10)]);
    } else if class.is(bit::TENS) && !date {
        word.text = dress(&word.text, TENS[dice.roll(8)]);
    } else if class.is(bit::MONTH) && date && key.len() > 4 {
        word.text = dress(&word.text, MONTHS[dice.roll(12)]);
    }
}
