//! Words that somebody has masked: this program, a recogniser, or a tool before it.

use super::Category;

/// What stands in brackets and is no mask: what recognisers write for sounds, and for who speaks.
const SOUNDS: [&str; 24] = [
    "APPLAUSE",
    "AUDIO",
    "BEEP",
    "BLANK",
    "BREATH",
    "COUGH",
    "CROSSTALK",
    "DTMF",
    "HOLD",
    "INAUDIBLE",
    "LAUGHS",
    "LAUGHTER",
    "MUSIC",
    "NOISE",
    "NONVERBAL",
    "PAUSE",
    "RINGING",
    "SILENCE",
    "SOUND",
    "SPEAKER",
    "STATIC",
    "TONE",
    "TYPING",
    "UNINTELLIGIBLE",
];

/// What may stand in brackets in small letters as well.
const WORDS: [&str; 8] = ["HIDDEN", "MASKED", "PCI", "PERSON", "PHI", "PII", "REDACTED", "REMOVED"];

/// Signs of which two side by side have taken the place of letters.
const SIGNS: [char; 6] = ['#', '*', '_', '•', '█', '■'];

/// The category of the mask of this program's that a word is, with nothing but punctuation or a possessive on it.
#[must_use]
pub fn own(word: &str) -> Option<Category> {
    bracketed(word).and_then(|(open, label)| Category::from_label(label).filter(|_| open == '['))
}

/// What a word in brackets was masked as: `[NAME]`, `[PII]`, `[PERSON_NAME_1],` and `<PHONE_NUMBER>` are masks, `[MUSIC]`
/// and `[laughs]` are not. A label that is none of this program's is [`Category::Other`].
#[must_use]
pub fn label(word: &str) -> Option<Category> {
    let (_, label) = bracketed(word)?;
    let is_plain = label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '));
    if !is_plain || !label.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let capitals = label.to_ascii_uppercase();
    let mut parts = capitals.split(['_', '-', ' ']);
    let is_mask = if label == capitals {
        label.len() > 1 && !parts.any(|part| SOUNDS.contains(&part))
    } else {
        parts.any(|part| WORDS.contains(&part))
    };
    is_mask.then(|| Category::from_label(label).unwrap_or(Category::Other))
}

/// The bracket and what stands in it, of a word that is nothing else but punctuation or a possessive.
fn bracketed(word: &str) -> Option<(char, &str)> {
    let open = word.find(['[', '<', '{']).filter(|at| !word[..*at].contains(char::is_alphanumeric))?;
    let (open, rest) = (char::from(word.as_bytes()[open]), &word[open + 1..]);
    let close = match open {
        '[' => ']',
        '<' => '>',
        _ => '}',
    };
    let (label, after) = rest.split_once(close)?;
    let after = after.strip_prefix("'s").or_else(|| after.strip_prefix("\u{2019}s")).unwrap_or(after);
    (!after.contains(char::is_alphanumeric)).then(|| (open, label.trim_start_matches('{')))
}

/// What a word was masked as, in brackets or by signs in the place of its letters: `####`, `***-**-1234`, `XXX-XX-1234`.
#[must_use]
pub fn masked(word: &str) -> Option<Category> {
    label(word).or_else(|| is_blotted(word).then_some(Category::Other))
}

fn is_blotted(word: &str) -> bool {
    let twice = |sign: char| word.chars().zip(word.chars().skip(1)).any(|pair| pair == (sign, sign));
    if SIGNS.into_iter().any(twice) {
        return true;
    }
    // "XXX" and "xx-xxx-x-1234", but no word that has an X in it.
    let letters = || word.chars().filter(|c| c.is_alphabetic());
    (twice('X') || twice('x')) && letters().count() > 2 && letters().all(|c| c.eq_ignore_ascii_case(&'x'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_anybody_are_told_from_words_and_sounds() {
        for (word, want) in [
            ("[NAME]", Some(Category::Name)),
            ("[NAME]'s", Some(Category::Name)),
            ("\"[DOB],", Some(Category::Dob)),
            ("[PII].", Some(Category::Other)),
            ("[PERSON_NAME_1]", Some(Category::Other)),
            ("[PERSON-1]", Some(Category::Other)),
            ("<PHONE_NUMBER>", Some(Category::Other)),
            ("{{SSN}}", Some(Category::Ssn)),
            ("[redacted]", Some(Category::Other)),
            ("[Redacted", None),
            ("[NAME]son", None),
            ("Mc[NAME]", None),
            ("[MUSIC]", None),
            ("[BLANK_AUDIO]", None),
            ("[laughs]", None),
            ("[SPEAKER_00]", None),
            ("[A]", None),
            ("[1]", None),
            ("[]", None),
            ("NAME", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(label(word), want, "{word}");
            assert_eq!(masked(word), want, "{word}");
        }
    }

    #[test]
    fn own_masks_are_those_of_categories_alone() {
        assert_eq!(own("([NAME]'s,"), Some(Category::Name));
        for word in ["[PII]", "<NAME>", "NAME", "[NAME]son", "[[NAME"] {
            assert_eq!(own(word), None, "{word}");
        }
    }

    #[test]
    fn signs_in_the_place_of_letters_are_masks() {
        for word in ["####", "***", "***-**-1234", "j***@mail.com", "XXX-XX-1234", "xxxx", "██", "__"] {
            assert_eq!(masked(word), Some(Category::Other), "{word}");
            assert_eq!(label(word), None, "{word}");
        }
        for word in ["#1", "*67", "XL", "xx", "Foxx", "maxxed", "XX", "--", "...", "2-x", ""] {
            assert_eq!(masked(word), None, "{word}");
        }
    }
}
