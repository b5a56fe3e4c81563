//! Validators: they label a match or refuse it for one rule. None frees a long run of digits: what no
//! rule takes is left to the safety net.

use super::hash::hash_bytes;
use super::lexicon::{bit, class_of, lists_of_word};

/// Looks up a validator by its name in a rule file.
pub(super) fn by_name(name: &str) -> Option<fn(&str) -> bool> {
    Some(match name {
        "ssn" => ssn,
        "luhn" => luhn,
        "ip" => ip,
        "vin" => vin,
        "city" => city,
        "name" => name_word,
        "street" => street,
        _ => return None,
    })
}

/// How many digits everything has that passes a validator.
pub(super) fn digits_min(name: &str) -> usize {
    match name {
        "ssn" => 9,
        "luhn" => 13,
        "vin" => 4,
        _ => 0,
    }
}

/// Values that a rule must all match, by the generator's name in a rule file.
pub(super) fn generate(name: &str) -> Option<Vec<String>> {
    match name {
        // Every area that is issued, with serials from each thousand: 0001 to 9999 in steps of 37.
        "ssn" => Some(
            (1..900)
                .filter(|area| *area != 666)
                .map(|area| format!("{area:03}-{:02}-{:04}", area % 99 + 1, area * 37 % 9999 + 1))
                .collect(),
        ),
        // Every length, every first digit: the check digit made right.
        "luhn" => Some((13..=19).flat_map(|len| (1..10).map(move |first| card(len, first))).collect()),
        _ => None,
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.bytes().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0')).collect()
}

/// Areas 000, 666 and 900-999, groups 00 and serials 0000 are never issued (SSA, POMS RM 10201.035);
/// 9xx is kept, since ITINs start so.
fn ssn(text: &str) -> bool {
    let d = digits(text);
    d.len() == 9 && d[..3] != [0, 0, 0] && d[..3] != [6, 6, 6] && d[3..5] != [0, 0] && d[5..] != [0, 0, 0, 0]
}

/// The check digit of ISO/IEC 7812-1.
fn luhn(text: &str) -> bool {
    let d = digits(text);
    let sum: u32 = d.iter().rev().enumerate().map(|(i, n)| if i % 2 == 0 { *n } else { n * 2 / 10 + n * 2 % 10 }).sum();
    (13..=19).contains(&d.len()) && sum.is_multiple_of(10)
}

fn card(len: usize, first: u32) -> String {
    let mut text = first.to_string();
    text.extend((1..len - 1).map(|i| char::from(b'0' + ((i as u32 * 7 + first) % 10) as u8)));
    (0..10).map(|check| format!("{text}{check}")).find(|t| luhn(t)).unwrap_or_default()
}

fn ip(text: &str) -> bool {
    text.split('.').all(|part| part.parse::<u16>().is_ok_and(|n| n < 256))
}

/// Seventeen characters with at least three letters and four digits (49 CFR 565 has the shape; the check
/// digit is North American only).
fn vin(text: &str) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    text.len() == 17 && letters >= 3 && text.len() - letters >= 4
}

fn city(text: &str) -> bool {
    let word = lists_of_word(text);
    word.city > 0 && word.lower < 4
}

/// The words between house number and street word are no measure and no small word of a sentence.
fn street(text: &str) -> bool {
    const SMALL: [&str; 18] = [
        "and", "the", "a", "of", "to", "down", "off", "from", "per", "or", "for", "in", "on", "at", "i", "we", "you",
        "it's",
    ];
    text.split(' ').all(|word| {
        let class = class_of(hash_bytes(word.as_bytes()));
        !SMALL.contains(&word) && !class.is(bit::DOSE | bit::DURATION | bit::COUNT | bit::MONEY | bit::CLOCK)
    })
}

/// On a name list, and neither a closed-class nor a very common word.
fn name_word(word: &str) -> bool {
    let listed = lists_of_word(word);
    let closed = class_of(hash_bytes(word.as_bytes())).is(!(bit::ALPHABET | bit::MONTH | bit::PLACEWORD | bit::STATE));
    (listed.given > 0 || listed.surname > 0) && listed.lower < 4 && !closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_tell_cards_from_other_runs() {
        assert!(luhn("4111 1111 1111 1111"));
        assert!(!luhn("4111 1111 1111 1112"));
    }

    #[test]
    fn generated_values_pass_their_own_validator() {
        assert!(generate("ssn").is_some_and(|v| v.len() == 898 && v.iter().all(|s| ssn(s))));
        assert!(generate("luhn").is_some_and(|v| v.len() == 63 && v.iter().all(|s| luhn(s))));
    }
}
