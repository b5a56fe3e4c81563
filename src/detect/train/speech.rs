//! Varies how a labelled call is spoken: numbers said and written in other groups, and hesitations, so
//! that the model learns values and not the habits of the authors.

use super::LabelledWord;
use super::augment::{DIGITS, Dice, TEENS, TENS};
use crate::model::Category;
use crate::patterns::hash::hash_bytes;
use crate::patterns::lexicon::{bit, class_of};

const HESITATIONS: [&str; 14] = [
    "um",
    "uh",
    "er",
    "like",
    "well",
    "you know",
    "let me see",
    "let's see",
    "hold on",
    "sorry",
    "i mean",
    "okay",
    "one moment",
    "one second",
];
/// Fewest digits that are said again in other groups.
const DIGITS_MIN: usize = 3;

/// Says (or writes) the numbers of a turn in other groups, each mention by itself.
pub(super) fn regroup(words: &mut Vec<LabelledWord>, formatted: bool, percent: usize, dice: &mut Dice) {
    let old = std::mem::take(words);
    let mut at = 0;
    while at < old.len() {
        let numeric = matches!(old[at].label, Some(Some(category)) if is_number(category));
        let digits = |w: &LabelledWord| {
            w.mention == old[at].mention && if formatted { written(w).is_some() } else { digit(w).is_some() }
        };
        let len = if numeric { old[at..].iter().take_while(|w| digits(w)).count() } else { 0 };
        let text: String = old[at..at + len].iter().filter_map(if formatted { written } else { digit }).collect();
        if text.len() < DIGITS_MIN || !dice.chance(percent) {
            words.extend(old[at..at + len.max(1)].iter().cloned());
        } else {
            let last = &old[at + len - 1];
            let tail = &last.text[last.text.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
            let parts = if formatted { groups(&text, dice) } else { say(&text, dice) };
            let n = parts.len();
            let join = [",", "", ""][dice.roll(3)];
            for (k, part) in parts.into_iter().enumerate() {
                let end = if k + 1 == n {
                    tail
                } else if formatted {
                    join
                } else {
                    ""
                };
                words.push(LabelledWord { text: part + end, ..last.clone() });
            }
        }
        at += len.max(1);
    }
}

const fn is_number(category: Category) -> bool {
    !matches!(
        category,
        Category::Name
            | Category::Dob
            | Category::Date
            | Category::Age
            | Category::City
            | Category::Address
            | Category::Url
            | Category::Email
    )
}

fn core(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The digits of a word that is written in digits and dashes.
fn written(word: &LabelledWord) -> Option<String> {
    let core = core(&word.text);
    let plain = !core.is_empty() && core.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !word.text.contains('$');
    plain.then(|| core.chars().filter(char::is_ascii_digit).collect())
}

/// The digit that a word says.
fn digit(word: &LabelledWord) -> Option<String> {
    let class = class_of(hash_bytes(word.text.as_bytes()));
    class.is(bit::DIGIT | bit::OH).then(|| class.number.to_string())
}

/// Digits in groups of two to four, with dashes at times.
fn groups(digits: &str, dice: &mut Dice) -> Vec<String> {
    let mut out = Vec::new();
    let size = [1, 2, 3, 3, 4, 4, 10, 10][dice.roll(8)];
    let mut rest = digits;
    while !rest.is_empty() {
        let take = if rest.len() < size + 2 && rest.len() <= 4 { rest.len() } else { size.min(rest.len()) };
        let (part, after) = rest.split_at(take);
        out.push(part.to_owned());
        rest = after;
    }
    if out.len() > 1 && dice.chance(25) { vec![out.join("-")] } else { out }
}

/// The word for a digit within a number.
const fn digit_word(digit: usize) -> &'static str {
    if digit == 0 { "oh" } else { DIGITS[digit] }
}

/// Digits as people say them: one by one, in pairs, doubled, in hundreds.
fn say(digits: &str, dice: &mut Dice) -> Vec<String> {
    let digits: Vec<usize> = digits.bytes().map(|b| usize::from(b - b'0')).collect();
    let pairs = [0, 40, 100][dice.roll(3)];
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < digits.len() {
        let d = digits[at];
        let next = digits.get(at + 1).copied();
        match next {
            Some(0) if d > 0 && digits.get(at + 2) == Some(&0) && dice.chance(40) => {
                out.extend([digit_word(d), "hundred"]);
                at += 3;
            }
            Some(n) if n == d && dice.chance(20) => {
                out.extend(["double", digit_word(d)]);
                at += 2;
            }
            Some(n) if d > 0 && dice.chance(pairs) => {
                match (d, n) {
                    (1, _) => out.push(TEENS[n]),
                    (_, 0) => out.push(TENS[d - 2]),
                    _ => out.extend([TENS[d - 2], DIGITS[n]]),
                }
                at += 2;
            }
            _ => {
                out.push(if d == 0 && dice.chance(30) { DIGITS[0] } else { digit_word(d) });
                at += 1;
            }
        }
    }
    out.into_iter().map(str::to_owned).collect()
}

/// Puts hesitations between words, within mentions too.
pub(super) fn hesitate(words: &mut Vec<LabelledWord>, formatted: bool, per_mille: usize, dice: &mut Dice) {
    let old = std::mem::take(words);
    let n = old.len();
    for (k, word) in old.into_iter().enumerate() {
        let mention = word.mention;
        words.push(word);
        let inside = mention != 0;
        if k + 1 == n || dice.roll(1000) >= if inside { per_mille * 2 } else { per_mille } {
            continue;
        }
        let said = HESITATIONS[dice.roll(HESITATIONS.len())];
        if formatted && let Some(last) = words.last_mut() {
            last.text = last.text.trim_end_matches([',', '.', '?', '!']).to_owned() + ",";
        }
        let parts = said.split(' ').count();
        for (p, part) in said.split(' ').enumerate() {
            let part = if formatted && part == "i" { "I" } else { part };
            let comma = if formatted && p + 1 == parts { "," } else { "" };
            words.push(LabelledWord { text: format!("{part}{comma}"), label: Some(None), mention: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, label: Option<Option<Category>>) -> Vec<LabelledWord> {
        text.split(' ').map(|w| LabelledWord { text: w.to_owned(), label, mention: 1 }).collect()
    }

    fn digits_of(words: &[LabelledWord]) -> String {
        words.iter().flat_map(|w| w.text.chars()).filter(char::is_ascii_digit).collect()
    }

    #[test]
    fn numbers_in_other_groups_keep_their_digits_and_labels() {
        for seed in 0..50 {
            let mut dice = Dice::new(seed);
            let mut list = words("555-0134, 77.", Some(Some(Category::Phone)));
            regroup(&mut list, true, 100, &mut dice);
            assert_eq!(digits_of(&list), "555013477");
            assert!(list.iter().all(|w| w.label == Some(Some(Category::Phone))));
            assert!(list.last().is_some_and(|w| w.text.ends_with('.')));
        }
    }

    #[test]
    fn dates_and_plain_words_are_left_alone() {
        let mut dice = Dice::new(1);
        for label in [Some(None), Some(Some(Category::Dob))] {
            let mut list = words("five six one nine", label);
            regroup(&mut list, false, 100, &mut dice);
            assert_eq!(list.len(), 4);
        }
    }

    #[test]
    fn hesitations_stay() {
        let mut dice = Dice::new(1);
        let mut list = words("four five six", Some(Some(Category::Ssn)));
        hesitate(&mut list, false, 500, &mut dice);
        assert!(list.len() > 3);
        assert!(list.iter().all(|w| (w.mention == 1) == w.label.flatten().is_some()));
    }
}
