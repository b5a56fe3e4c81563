//! Azure speech JSON: batch transcription, times in ticks or milliseconds, and fast transcription.
//!
//! The words are the display words of a phrase's first reading, or its lexical words, or its text. Copies: the same text
//! as it is said, written, masked for profanity and shown; further readings; the combined phrases of each channel. The
//! address of the source may have a signature and is dropped, like dates.

use super::schema::{Node, Role, Unit, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("source", Node::Dropped),
        ("timestamp", Node::Dropped),
        ("timeStamp", Node::Dropped),
        ("duration", Node::Known(duration)),
        ("durationInTicks", Node::Known(shape::seconds)),
        ("durationMilliseconds", Node::Known(shape::seconds)),
        ("combinedRecognizedPhrases", Node::Array(Role::Group, &Node::Object(Role::Copy, TEXTS))),
        ("recognizedPhrases", Node::Array(Role::Group, &Node::Object(Role::Segment, PHRASE))),
        // Fast transcription.
        ("combinedPhrases", Node::Array(Role::Group, &Node::Object(Role::Copy, TEXTS))),
        ("phrases", Node::Array(Role::Group, &Node::Object(Role::Segment, PHRASE))),
    ],
);

const TEXTS: &[(&str, Node)] = &[
    ("channel", Node::Value(Role::Channel, shape::count)),
    ("lexical", Node::Text(Role::Text)),
    ("itn", Node::Text(Role::Text)),
    ("maskedITN", Node::Text(Role::Text)),
    ("display", Node::Text(Role::Text)),
    ("text", Node::Text(Role::Text)),
];

const PHRASE: &[(&str, Node)] = &[
    ("recognitionStatus", Node::Known(status)),
    ("channel", Node::Value(Role::Channel, shape::count)),
    ("speaker", Node::Value(Role::Speaker, shape::count)),
    ("locale", Node::Known(shape::language_tag)),
    ("offset", Node::Value(Role::Start(Unit::Iso8601), duration)),
    ("duration", Node::Value(Role::Length(Unit::Iso8601), duration)),
    ("offsetInTicks", Node::Value(Role::Start(Unit::Ticks), shape::seconds)),
    ("durationInTicks", Node::Value(Role::Length(Unit::Ticks), shape::seconds)),
    ("offsetMilliseconds", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("durationMilliseconds", Node::Value(Role::Length(Unit::Millis), shape::seconds)),
    ("nBest", Node::Array(Role::Group, &Node::Object(Role::Reading, READING))),
    ("text", Node::Text(Role::Text)),
    ("confidence", Node::Known(shape::measure)),
    ("words", Node::Array(Role::WordsAgain, &Node::Object(Role::Word, WORD))),
];

const READING: &[(&str, Node)] = &[
    ("confidence", Node::Known(shape::measure)),
    ("lexical", Node::Text(Role::Text)),
    ("itn", Node::Text(Role::Text)),
    ("maskedITN", Node::Text(Role::Text)),
    ("display", Node::Text(Role::Text)),
    ("words", Node::Array(Role::WordsAgain, &Node::Object(Role::Word, WORD))),
    ("displayWords", Node::Array(Role::Words, &Node::Object(Role::Word, WORD))),
    ("displayPhraseElements", Node::Array(Role::WordsAgain, &Node::Object(Role::Word, WORD))),
    ("sentiment", Node::Dropped),
];

const WORD: &[(&str, Node)] = &[
    ("word", Node::Text(Role::Text)),
    ("displayText", Node::Text(Role::Text)),
    ("text", Node::Text(Role::Text)),
    ("offset", Node::Value(Role::Start(Unit::Iso8601), duration)),
    ("duration", Node::Value(Role::Length(Unit::Iso8601), duration)),
    ("offsetInTicks", Node::Value(Role::Start(Unit::Ticks), shape::seconds)),
    ("durationInTicks", Node::Value(Role::Length(Unit::Ticks), shape::seconds)),
    ("offsetMilliseconds", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("durationMilliseconds", Node::Value(Role::Length(Unit::Millis), shape::seconds)),
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
];

/// `PT1H2M3.45S`
fn duration(text: &str) -> bool {
    let sound = |b: u8| b.is_ascii_digit() || b".HMS".contains(&b);
    text.len() <= 32 && text.strip_prefix("PT").is_some_and(|rest| rest.bytes().all(sound))
}

fn status(text: &str) -> bool {
    matches!(text, "Success" | "NoMatch" | "InitialSilenceTimeout" | "BabbleTimeout" | "Error" | "EndOfDictation")
}
