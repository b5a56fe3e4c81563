//! Amazon Transcribe streaming JSON, medical too: results of events, one or a list of them.
//!
//! The words are the items of each result's first alternative; its transcript and the other alternatives are copies.
//! Entities are dropped.

use super::schema::{Node, Role, Unit, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("TranscriptEvent", Node::Object(Role::Group, &[("Transcript", TRANSCRIPT)])),
        ("Transcript", TRANSCRIPT),
        ("Results", RESULTS),
        ("RequestId", Node::Known(shape::uuid)),
        ("SessionId", Node::Known(shape::uuid)),
        ("LanguageCode", Node::Known(shape::language_tag)),
        ("MediaEncoding", Node::Dropped),
        ("MediaSampleRateHertz", Node::Known(shape::count)),
    ],
);

const TRANSCRIPT: Node = Node::Object(Role::Group, &[("Results", RESULTS)]);

const RESULTS: Node = Node::Array(Role::Group, &Node::Object(Role::Segment, RESULT));

const RESULT: &[(&str, Node)] = &[
    ("ResultId", Node::Known(shape::uuid)),
    ("StartTime", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("EndTime", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("ChannelId", Node::Value(Role::Channel, shape::channel_label)),
    ("LanguageCode", Node::Known(shape::language_tag)),
    ("LanguageIdentification", Node::Array(Role::Group, &LANGUAGE)),
    ("Alternatives", Node::Array(Role::Group, &Node::Object(Role::Reading, ALTERNATIVE))),
];

const LANGUAGE: Node = Node::Object(
    Role::Group,
    &[("LanguageCode", Node::Known(shape::language_tag)), ("Score", Node::Known(shape::measure))],
);

const ALTERNATIVE: &[(&str, Node)] = &[
    ("Transcript", Node::Text(Role::Text)),
    ("Items", Node::Array(Role::Words, &Node::Object(Role::Word, ITEM))),
    ("Entities", Node::Dropped),
];

const ITEM: &[(&str, Node)] = &[
    ("Content", Node::Text(Role::Text)),
    ("StartTime", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("EndTime", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("Type", Node::Value(Role::Kind, shape::item_type)),
    ("Confidence", Node::Value(Role::Confidence, shape::measure)),
    ("Speaker", Node::Value(Role::Speaker, speaker)),
];

fn speaker(text: &str) -> bool {
    shape::count(text) || shape::speaker_label(text)
}
