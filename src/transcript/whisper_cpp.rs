//! whisper.cpp JSON, with tokens (`--output-json-full`) or without.
//!
//! The words are put together from the tokens, which may be pieces of words, or are the texts of the segments. Token ids
//! can be decoded to text and read 0; the names of the model's file and of the machine's features are dropped.

use super::schema::{Node, Role, Unit, shape};
use super::source::Source;
use super::spoken::{Entries, Layout};
use super::stretches::File;
use crate::base::Result;
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout = Layout { root: &ROOT, entries: Entries::Pieces, times: TimeSource::Coarse, arrange };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("systeminfo", Node::Dropped),
        ("model", MODEL),
        ("params", PARAMS),
        ("result", Node::Object(Role::Group, &[("language", Node::Known(shape::language_tag))])),
        ("transcription", Node::Array(Role::Group, &Node::Object(Role::Segment, SEGMENT))),
    ],
);

const MODEL: Node = Node::Object(
    Role::Group,
    &[("type", Node::Dropped), ("vocab", Node::Known(shape::count)), ("multilingual", Node::Unknown)],
);

const PARAMS: Node = Node::Object(Role::Group, &[("model", Node::Dropped), ("language", Node::Known(language))]);

const SEGMENT: &[(&str, Node)] = &[
    ("timestamps", STAMPS),
    ("offsets", OFFSETS),
    ("text", Node::Text(Role::Text)),
    ("tokens", Node::Array(Role::Words, &Node::Object(Role::Word, TOKEN))),
    ("speaker", Node::Value(Role::Speaker, speaker)),
];

const STAMPS: Node = Node::Object(Role::Group, &[("from", Node::Known(stamp)), ("to", Node::Known(stamp))]);

const OFFSETS: Node = Node::Object(
    Role::Group,
    &[
        ("from", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
        ("to", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ],
);

const TOKEN: &[(&str, Node)] = &[
    ("text", Node::Text(Role::Text)),
    ("timestamps", STAMPS),
    ("offsets", OFFSETS),
    ("id", Node::Dropped),
    ("p", Node::Value(Role::Confidence, shape::measure)),
    ("t_dtw", Node::Known(shape::seconds)),
];

/// `1`, or `?` where both channels are as loud.
fn speaker(text: &str) -> bool {
    text == "?" || shape::count(text)
}

/// `00:00:01,470`
fn stamp(text: &str) -> bool {
    (8..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b":,.".contains(&b))
}

fn language(text: &str) -> bool {
    text == "auto" || shape::language_tag(text)
}

/// Marks of the decoder (`[_BEG_]`, `[_TT_150]`) are no words.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of all formats")]
fn arrange(source: &Source, file: &mut File) -> Result<()> {
    let lists = file.segments.iter_mut().flat_map(|s| &mut s.readings).flat_map(|r| &mut r.lists);
    for word in lists.flatten() {
        word.text = word.text.filter(|&text| !is_decoder_mark(source.raw(text)));
    }
    Ok(())
}

fn is_decoder_mark(text: &str) -> bool {
    let Some(mark) = text.strip_prefix("[_").and_then(|rest| rest.strip_suffix(']')) else { return false };
    let time =
        mark.strip_prefix("TT_").is_some_and(|n| (1..=4).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
    time || matches!(mark, "BEG_" | "EOT_" | "SOT_" | "SOLM_" | "PREV_" | "NOT_" | "TRANSLATE_" | "TRANSCRIBE_")
}
