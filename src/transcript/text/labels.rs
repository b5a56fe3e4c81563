//! Who speaks in a line of text: `Agent: …`, `Agent - …`, `[Agent] …`, `**Agent:** …`. Must not know when a line is said, nor
//! what the other lines of its file say.

use super::super::speakers::role;
use std::ops::Range;

/// Most lines for each with a label in a file whose lines say who speaks.
const LINES_A_LABEL: usize = 4;

/// Longest label, with what stands between it and its sign, bytes.
const LABEL_BYTES_MAX: usize = 48;
/// Most words of a label: a name with a role.
const LABEL_WORDS_MAX: usize = 5;
/// What lists, quotes and Markdown put in front of a line or around a label.
const MARKUP: [char; 7] = ['*', '_', '-', '>', '#', '\u{2022}', ' '];

/// A label at the start of a text, which may be one. Ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) at: Range<usize>,
    /// Where what is said begins.
    pub(super) said: usize,
    pub(super) sign: Sign,
}

/// What tells a label from what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A time stands behind it.
    Time,
    /// A colon, as it parts sentences too.
    Colon,
    /// A dash, a bar, a tab, as they part words of one sentence too.
    Dash,
    /// Brackets, as they stand around remarks too.
    Brackets,
}

impl Label {
    /// The same label of a text that begins so many bytes earlier.
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self { at: self.at.start + bytes..self.at.end + bytes, said: self.said + bytes, ..self }
    }
}

/// The label that a text may begin with.
pub(super) fn label(text: &str) -> Option<Label> {
    let inner = text.trim_start_matches(MARKUP);
    let begins = text.len() - inner.len();
    in_brackets(inner).or_else(|| before_sign(inner)).map(|label| label.behind(begins))
}

/// The name or role with a colon behind it that a text begins with, and where what is said begins.
pub(in crate::transcript) fn in_front(text: &str) -> Option<(Range<usize>, usize)> {
    let label = before_sign(text)?;
    (label.sign == Sign::Colon).then_some((label.at, label.said))
}

/// `[Agent] …`, `(Agent): …`. What else stands in brackets may be a remark.
fn in_brackets(text: &str) -> Option<Label> {
    let closing = match text.as_bytes().first()? {
        b'[' => ']',
        b'(' => ')',
        _ => return None,
    };
    let (label, rest) = text[1..].split_once(closing)?;
    let said = rest.trim_start_matches([':', '*', '_']);
    let is_apart = said.is_empty() || said.starts_with(char::is_whitespace);
    (is_apart && role(label).is_some()).then(|| Label {
        at: 1..1 + label.len(),
        said: text.len() - said.len(),
        sign: Sign::Brackets,
    })
}

/// `Agent: …`, `Agent - …`, `Agent | …`.
fn before_sign(text: &str) -> Option<Label> {
    let is_sign = |&(at, c): &(usize, char)| match c {
        // One without a space before it stands inside a name.
        '-' => text[..at].ends_with(' '),
        _ => matches!(c, ':' | '\u{2013}' | '\u{2014}' | '|' | '\t' | '>'),
    };
    let (at, _) = text.char_indices().take_while(|(at, _)| *at <= LABEL_BYTES_MAX).find(is_sign)?;
    let mut rest = text[at..].chars();
    let sign = if rest.next()? == ':' { Sign::Colon } else { Sign::Dash };
    let said = rest.as_str().trim_start_matches(['*', '_', '>']);
    let is_apart = said.is_empty() || said.starts_with(char::is_whitespace) || text[at..].starts_with('\t');
    let label = text[..at].trim_end_matches(MARKUP);
    (is_apart && is_label(label)).then(|| Label { at: 0..label.len(), said: text.len() - said.len(), sign })
}

/// Whether a text is shaped like the name of somebody, or a role.
pub(super) fn is_label(text: &str) -> bool {
    text.len() <= LABEL_BYTES_MAX
        && text.starts_with(|c: char| c.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || " _.'-()&,#".contains(c))
        && text.split_whitespace().count() <= LABEL_WORDS_MAX
}

/// Whether so many lines of a file with a label tell that labels say who speaks.
pub(in crate::transcript) const fn labels_tell(labelled: usize, lines: usize) -> bool {
    labelled * LINES_A_LABEL >= lines
}

/// Whether so few lines of a file have none that a label which stands there once is somebody's too.
pub(in crate::transcript) const fn labels_are_usual(labelled: usize, lines: usize) -> bool {
    labelled * LINES_A_LABEL >= lines * (LINES_A_LABEL - 1)
}

/// Whether each word of a text begins as names do.
pub(in crate::transcript) fn is_capitalised(text: &str) -> bool {
    text.split_whitespace().all(|word| word.starts_with(|c: char| !c.is_lowercase()))
}

/// Names of fields, in lower case: a file of lines that begin with them is a form, where no label is a person's.
const FIELDS: &[&str] = &[
    "account",
    "address",
    "allergies",
    "city",
    "claim",
    "date",
    "date of birth",
    "diagnosis",
    "dob",
    "e-mail",
    "email",
    "fax",
    "first name",
    "from",
    "id",
    "insurance",
    "last name",
    "mailing address",
    "medication",
    "medications",
    "member id",
    "mrn",
    "name",
    "note",
    "notes",
    "patient name",
    "phone",
    "phone number",
    "plan",
    "policy",
    "provider name",
    "re",
    "reason",
    "sent",
    "ssn",
    "state",
    "status",
    "street",
    "subject",
    "summary",
    "time",
    "to",
    "zip",
    "zip code",
];

/// Whether a label is the name of a field, which a form has and a conversation has not.
pub(in crate::transcript) fn is_field(label: &str) -> bool {
    FIELDS.binary_search(&label.to_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, want: Option<(&str, Sign, &str)>) {
        let got = label(line);
        let got = got.as_ref().map(|l| (&line[l.at.clone()], l.sign, line[l.said..].trim()));
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn labels_are_read_however_programs_write_them() {
        use Sign::{Brackets, Colon, Dash};
        for (line, want) in [
            ("Agent: hello", ("Agent", Colon, "hello")),
            ("AGENT:", ("AGENT", Colon, "")),
            ("- Agent: hello", ("Agent", Colon, "hello")),
            ("**Agent:** hello", ("Agent", Colon, "hello")),
            ("**Agent**: hello", ("Agent", Colon, "hello")),
            ("Maria Okonkwo-Lee: hello", ("Maria Okonkwo-Lee", Colon, "hello")),
            ("Dr. O'Neil (Cardiology): hello", ("Dr. O'Neil (Cardiology)", Colon, "hello")),
            ("SPEAKER_00: hello", ("SPEAKER_00", Colon, "hello")),
            ("Agent #2: hello", ("Agent #2", Colon, "hello")),
            ("Agent - hello", ("Agent", Dash, "hello")),
            ("Agent \u{2014} hello - again", ("Agent", Dash, "hello - again")),
            ("Agent | hello", ("Agent", Dash, "hello")),
            ("Agent\thello", ("Agent", Dash, "hello")),
            ("Agent> hello", ("Agent", Dash, "hello")),
            ("Agent >> hello", ("Agent", Dash, "hello")),
            ("[Agent] hello", ("Agent", Brackets, "hello")),
            ("[Speaker 1]: hello", ("Speaker 1", Brackets, "hello")),
            ("(Caller) hello", ("Caller", Brackets, "hello")),
        ] {
            check(line, Some(want));
        }
    }

    #[test]
    fn what_only_looks_like_a_label_is_text() {
        for line in [
            "",
            "hello",
            "[laughs] hello",
            "[NAME] hello",
            "(555) 010-2234",
            "at 10:30",
            "555-0142: hello",
            "well-known",
            "maria.o@example.com: hello",
            "and that is all of what they said: hello",
        ] {
            check(line, None);
        }
    }

    #[test]
    fn fields_are_sorted_and_found_in_any_case() {
        assert!(FIELDS.is_sorted());
        assert!(is_field("DOB") && is_field("Date of Birth") && !is_field("Maria"));
    }
}
