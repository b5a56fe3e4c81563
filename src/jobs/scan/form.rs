//! Whether a finding in text that nobody has spoken looks like what it is taken for. Detection is made for speech, where a
//! word that is missed is worse than one too many; in logs and tables a number of four digits is no telephone. Pure.

use crate::model::{Category, Transcript};
use std::ops::Range;

/// Words before a name that make one word a name.
const BEFORE_A_NAME: &[&str] =
    &["name", "first", "last", "mr", "mrs", "ms", "dr", "dear", "patient", "member", "customer", "caller", "contact"];
/// Words before a name that are looked at.
const BEFORE: usize = 2;

/// Whether these words have the form of their category.
pub(super) fn fits(category: Category, transcript: &Transcript, words: Range<usize>) -> bool {
    let text: Vec<&str> = words.clone().map(|word| transcript.word_text(word).into_exposed()).collect();
    let digits = text.iter().flat_map(|word| word.bytes()).filter(u8::is_ascii_digit).count();
    let has = |what: fn(char) -> bool| text.iter().any(|word| word.chars().any(what));
    match category {
        Category::Phone => digits >= 7,
        Category::Ssn => digits >= 9,
        Category::Card => digits >= 12,
        Category::Dob => digits >= 4,
        Category::MemberId
        | Category::Account
        | Category::Mrn
        | Category::License
        | Category::Vehicle
        | Category::Device => digits >= 5 && !has(|c| c == '/'),
        Category::Email => has(|c| c == '@'),
        Category::Address => digits >= 1 && text.iter().any(|word| letters(word) >= 3),
        Category::Name => {
            let is_capital = |word: &&str| word.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
            let first = words.start;
            let mut before = first.saturating_sub(BEFORE)..first;
            let is_cued = before.any(|word| is_cue(transcript.word_text(word).into_exposed()));
            digits == 0 && text.iter().all(is_capital) && (text.len() >= 2 || is_cued)
        }
        _ => true,
    }
}

fn is_cue(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    BEFORE_A_NAME.contains(&word.as_str())
}

/// Number of letters of a word.
pub(super) fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;
    use crate::model::{Speaker, TimeSource, TranscriptBuilder, TurnKind};

    #[test]
    fn what_does_not_look_like_its_category_does_not_count() {
        let fits = |category, text: &str, from: usize| {
            let mut builder = TranscriptBuilder::new(TimeSource::None);
            builder.turn(TurnKind::Spoken, Speaker::Unknown, None);
            builder.say(Phi::new(text));
            let count = builder.len();
            fits(category, &builder.build(), from..count)
        };
        for (category, text, from) in [
            (Category::Phone, "call 212-867-0001", 1),
            (Category::Name, "Ana Brooks", 0),
            (Category::Name, "first name Ana", 2),
            (Category::Name, "Dear Mr. Brooks,", 2),
            (Category::Email, "ana@example.org", 0),
            (Category::MemberId, "W12345678.", 0),
            (Category::Address, "12 Elm Street,", 0),
        ] {
            assert!(fits(category, text, from), "{text}");
        }
        for (category, text, from) in [
            (Category::Phone, "pid 4711", 1),
            (Category::Name, "The Patterns", 1),
            (Category::Name, "first name open", 2),
            (Category::Email, "example.org", 0),
            (Category::MemberId, "/api/v1/users 200 15ms", 0),
            (Category::Address, "8 by", 0),
        ] {
            assert!(!fits(category, text, from), "{text}");
        }
    }
}
