//! Who speaks, told by labels. A role stays as it is; any other label may be a person's name, so the
//! output has a number in its place, and detection is told the name.

use super::turns::{VOICES_MAX, too_many_voices};
use crate::base::{Phi, Result};
use crate::model::{Category, KnownValue, Speaker};
use std::collections::BTreeSet;

/// Labels that are a role and nobody's name, in lower case.
const ROLES: &[(&str, Speaker)] = &[
    ("agent", Speaker::Agent),
    ("rep", Speaker::Agent),
    ("representative", Speaker::Agent),
    ("advisor", Speaker::Agent),
    ("advocate", Speaker::Agent),
    ("operator", Speaker::Agent),
    ("supervisor", Speaker::Agent),
    ("support", Speaker::Agent),
    ("assistant", Speaker::Agent),
    ("clinician", Speaker::Agent),
    ("consultant", Speaker::Agent),
    ("coordinator", Speaker::Agent),
    ("csr", Speaker::Agent),
    ("dispatcher", Speaker::Agent),
    ("doctor", Speaker::Agent),
    ("nurse", Speaker::Agent),
    ("pharmacist", Speaker::Agent),
    ("physician", Speaker::Agent),
    ("provider", Speaker::Agent),
    ("receptionist", Speaker::Agent),
    ("scheduler", Speaker::Agent),
    ("specialist", Speaker::Agent),
    ("staff", Speaker::Agent),
    ("technician", Speaker::Agent),
    ("therapist", Speaker::Agent),
    ("care coordinator", Speaker::Agent),
    ("customer care", Speaker::Agent),
    ("customer service", Speaker::Agent),
    ("caller", Speaker::Caller),
    ("customer", Speaker::Caller),
    ("client", Speaker::Caller),
    ("patient", Speaker::Caller),
    ("member", Speaker::Caller),
    ("visitor", Speaker::Caller),
    ("beneficiary", Speaker::Caller),
    ("consumer", Speaker::Caller),
    ("guest", Speaker::Caller),
    ("subscriber", Speaker::Caller),
    ("user", Speaker::Caller),
    ("system", Speaker::Numbered(1_000)),
    ("ivr", Speaker::Numbered(1_000)),
    ("bot", Speaker::Numbered(1_000)),
    ("chatbot", Speaker::Numbered(1_000)),
    ("voicebot", Speaker::Numbered(1_000)),
    ("recording", Speaker::Numbered(1_000)),
    ("automated", Speaker::Numbered(1_000)),
    ("virtual agent", Speaker::Numbered(1_000)),
    ("virtual assistant", Speaker::Numbered(1_000)),
    ("third_party", Speaker::Numbered(1_001)),
    ("third party", Speaker::Numbered(1_001)),
    ("interpreter", Speaker::Numbered(1_001)),
    ("translator", Speaker::Numbered(1_001)),
];

/// What programs call somebody of whom they know nothing but that there are others.
const NUMBERED: &[&str] = &["speaker", "spk", "participant", "channel"];

/// The role that a label names, also as one of several (`Agent 2`), or the number in `Speaker 2`, `speaker_02`, `spk_0`.
pub(super) fn role(label: &str) -> Option<Speaker> {
    let lower = label.to_ascii_lowercase();
    let name = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &lower[name.len()..];
    let name = name.trim_end_matches([' ', '_', '#']);
    if NUMBERED.contains(&name) {
        return (1..=2).contains(&digits.len()).then(|| digits.parse().ok().map(Speaker::Numbered))?;
    }
    let role = ROLES.iter().find(|(role, _)| *role == if digits.is_empty() { lower.as_str() } else { name });
    role.filter(|_| digits.len() <= 2).map(|&(_, speaker)| speaker)
}

/// The labels of a file.
pub(super) struct Speakers {
    /// Labels that are no role, and the number in the place of each.
    named: Vec<(String, u16)>,
}

/// What a label is read as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// It stays.
    Role(Speaker),
    /// `Speaker N` stands in its place.
    Number(u16),
}

impl Label {
    pub(super) const fn speaker(self) -> Speaker {
        match self {
            Self::Role(speaker) => speaker,
            Self::Number(n) => Speaker::Numbered(n),
        }
    }
}

impl Speakers {
    /// Takes in every label of a file, in its order. A number that some label has is given to no other.
    ///
    /// # Errors
    /// Holds the call when there are more voices than a call can have.
    pub(super) fn of<'a>(labels: impl Iterator<Item = &'a str> + Clone) -> Result<Self> {
        let numbers = labels.clone().filter_map(|label| match role(tidy(label).as_str()) {
            Some(Speaker::Numbered(n)) => Some(n),
            _ => None,
        });
        let taken: BTreeSet<u16> = numbers.collect();
        let mut free = (1..=99).filter(|n| !taken.contains(n));
        let mut named: Vec<(String, u16)> = Vec::new();
        for label in labels.map(tidy).filter(|l| role(l).is_none()) {
            if named.iter().any(|(known, _)| *known == label) {
                continue;
            }
            let number = free.next().filter(|_| named.len() < VOICES_MAX).ok_or_else(too_many_voices)?;
            named.push((label, number));
        }
        Ok(Self { named })
    }

    /// What one of the labels is read as.
    pub(super) fn label(&self, label: &str) -> Label {
        let label = tidy(label);
        if let Some(role) = role(&label) {
            return Label::Role(role);
        }
        let number = self.named.iter().find(|(known, _)| *known == label).map(|&(_, n)| n);
        Label::Number(number.expect("every label of the file was taken in"))
    }

    /// What the labels say of people.
    pub(super) fn known(&self) -> impl Iterator<Item = KnownValue> + '_ {
        self.named.iter().filter_map(|(label, _)| known(label))
    }
}

/// A label without white space around it, runs of it as one space.
fn tidy(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name, mail address or telephone number that a label is, without the role beside it.
pub(super) fn known(label: &str) -> Option<KnownValue> {
    let value = |category, value: &str| {
        KnownValue::new(category, value).ok()?;
        Some(KnownValue { category, value: Phi::new(value.to_owned()) })
    };
    if label.contains('@') {
        return value(Category::Email, label);
    }
    if label.bytes().any(|b| b.is_ascii_digit()) && !label.contains(char::is_alphabetic) {
        return value(Category::Phone, label);
    }
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let is_name = |word: &String| {
        word.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && !word.bytes().any(|b| b.is_ascii_digit())
            && role(word).is_none()
            && !word.eq_ignore_ascii_case("speaker")
    };
    let words: Vec<String> = label.split_whitespace().map(bare).filter(is_name).collect();
    value(Category::Name, &words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_stay_and_names_are_numbered_past_numbers_that_are_taken() {
        let labels = ["Agent", "Speaker 1", "Maria  Okonkwo", "speaker_3", "Lee", "Maria Okonkwo"];
        let speakers = Speakers::of(labels.into_iter()).unwrap();
        let got: Vec<Speaker> = labels.iter().map(|l| speakers.label(l).speaker()).collect();
        let n = Speaker::Numbered;
        assert_eq!(got, [Speaker::Agent, n(1), n(2), n(3), n(4), n(2)]);
    }

    #[test]
    fn what_stands_in_a_labels_place_is_read_as_the_same_speaker() {
        let speakers = Speakers::of(["Lee", "Kim"].into_iter()).unwrap();
        let Label::Number(n) = speakers.label("Kim") else { panic!("it is no role") };
        assert_eq!(role(&format!("Speaker {n}")), Some(speakers.label("Kim").speaker()));
    }

    #[test]
    fn a_label_tells_detection_what_it_knows() {
        for (label, want) in [
            ("Maria Okonkwo", Some((Category::Name, "Maria Okonkwo"))),
            ("Dr. Lee (Patient)", Some((Category::Name, "Dr Lee"))),
            ("maria.o@example.com", Some((Category::Email, "maria.o@example.com"))),
            ("+1 (555) 010-2234", Some((Category::Phone, "+1 (555) 010-2234"))),
            ("Queue 17", Some((Category::Name, "Queue"))),
            ("17", None),
            ("M", None),
            ("", None),
        ] {
            let got = known(label);
            assert!(got.as_ref().map(|k| (k.category, k.value.expose().as_str())) == want, "{label}");
        }
    }

    #[test]
    fn too_many_voices_hold_the_call() {
        let labels: Vec<String> = (0..=VOICES_MAX).map(|n| format!("name {n}x")).collect();
        assert!(Speakers::of(labels.iter().map(String::as_str)).is_err());
    }
}
