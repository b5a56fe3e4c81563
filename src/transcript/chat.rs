//! Amazon Connect chat transcripts.
//!
//! The words are the `Content` of messages; events say nothing. Of the first moment the year stays, all others stay as far
//! behind it as they are. The names of the people are numbers in the output, and names of attached files are left out:
//! what they hold is no part of the file.

use super::json::{Children, scan};
use super::link::{Form, Linker, Piece};
use super::moments::Moment;
use super::schema::{Node, Role, shape};
use super::source::{Leaf, Source};
use super::speakers::{Label, Speakers, role};
use super::{Dates, not_empty};
use crate::base::{Error, HoldReason, Result, Stage};
use crate::model::{Speaker, TimeSource};

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("Version", Node::Known(day)),
        ("AWSAccountId", Node::Known(shape::account)),
        ("InstanceId", ID),
        ("InitialContactId", ID),
        ("ContactId", ID),
        ("Participants", Node::Array(Role::Group, &Node::Object(Role::Group, &[("ParticipantId", ID)]))),
        ("Transcript", Node::Array(Role::Group, &Node::Object(Role::Segment, ENTRY))),
    ],
);

const ENTRY: &[(&str, Node)] = &[
    ("Content", Node::Text(Role::Text)),
    ("ContentType", Node::Value(Role::Kind, content_type)),
    ("DisplayName", Node::Text(Role::Name)),
    ("ParticipantRole", Node::Value(Role::Speaker, shape::constant)),
    ("ParticipantId", ID),
    ("AbsoluteTime", MOMENT),
    ("Id", ID),
    ("Type", Node::Known(shape::constant)),
    ("RelatedContactId", ID),
    ("ContactId", ID),
    (
        "Attachments",
        Node::Array(
            Role::Group,
            &Node::Object(
                Role::Group,
                &[
                    ("AttachmentName", Node::Dropped),
                    ("AttachmentId", ID),
                    ("ContentType", Node::Known(media_type)),
                    ("Status", Node::Known(shape::constant)),
                ],
            ),
        ),
    ),
    (
        "MessageMetadata",
        Node::Object(
            Role::Group,
            &[
                ("MessageId", ID),
                (
                    "Receipts",
                    Node::Array(
                        Role::Group,
                        &Node::Object(
                            Role::Group,
                            &[
                                ("RecipientParticipantId", ID),
                                ("DeliveredTimestamp", MOMENT),
                                ("ReadTimestamp", MOMENT),
                            ],
                        ),
                    ),
                ),
            ],
        ),
    ),
];

const ID: Node = Node::Known(id);

const MOMENT: Node = Node::Value(Role::Moment, moment);

/// A UUID, or what the service makes in its place.
fn id(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// `2019-08-26`.
fn day(text: &str) -> bool {
    text.split('-').map(str::len).eq([4, 2, 2]) && text.bytes().all(|b| b == b'-' || b.is_ascii_digit())
}

/// `2026-11-21T06:00:00.123Z`.
fn moment(text: &str) -> bool {
    let Some((date, time)) = text.strip_suffix('Z').and_then(|t| t.split_once('T')) else { return false };
    let is_time = time.len() <= 18 && time.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    day(date) && time.get(..8).is_some_and(|t| t.split(':').map(str::len).eq([2, 2, 2])) && is_time
}

fn content_type(text: &str) -> bool {
    let own = text.strip_prefix("application/vnd.amazonaws.connect.");
    let known = |rest: &str| rest.len() <= 64 && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'.');
    matches!(text, "text/plain" | "text/markdown" | "application/json") || own.is_some_and(known)
}

/// A media type of the usual shape.
fn media_type(text: &str) -> bool {
    let kinds = ["application", "audio", "image", "text", "video"];
    let (kind, rest) = text.split_once('/').unwrap_or((text, ""));
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".+-".contains(&b);
    kinds.contains(&kind) && (1..=80).contains(&rest.len()) && rest.bytes().all(is_plain)
}

/// An entry of the transcript.
#[derive(Default)]
struct Entry {
    text: Option<Leaf>,
    kind: Option<Leaf>,
    name: Option<Leaf>,
    role: Option<Leaf>,
    moments: Vec<Leaf>,
}

/// Reads the messages of a file.
pub(super) fn read(mut source: Source, dates: Dates) -> Result<Linker> {
    let tape = scan(source.file(), &ROOT)?;
    let entries: Vec<Entry> = tape.top().map(|(_, inside)| entry(inside)).collect();
    let names: Vec<String> = entries.iter().map(|e| e.name.map_or(String::new(), |leaf| source.said(leaf))).collect();
    let speakers = Speakers::of(names.iter().map(String::as_str).filter(|name| !name.is_empty()))?;
    let interactive = |e: &&Entry| e.text.is_some() && !e.kind.is_none_or(|kind| source.raw(kind).starts_with("text/"));
    if let Some(entry) = entries.iter().find(interactive) {
        let message = "a message is a program's and not a person's";
        let byte = entry.kind.map_or(0, |kind| kind.start);
        return Err(Error::held(Stage::ParseTranscript, HoldReason::UncoveredText, message).at("byte", byte.into()));
    }
    let mut linker = Linker::of_json(source, &tape, TimeSource::None);
    linker.know(speakers.known());
    if dates == Dates::Year {
        reduce(&mut linker, entries.iter().flat_map(|entry| entry.moments.iter().copied()));
    }
    for (entry, said) in entries.iter().zip(&names) {
        match entry.name.filter(|_| !said.is_empty()).map(|leaf| (leaf, speakers.label(said))) {
            Some((leaf, Label::Number(number))) => linker.speaker(leaf, number),
            // A role that is written with escapes is still a role.
            Some((_, Label::Role(_))) | None => {}
        }
        if let Some(leaf) = entry.text {
            let speaker = entry.role.and_then(|leaf| role(linker.source().raw(leaf)));
            linker.turn(speaker.unwrap_or(Speaker::Unknown), None);
            linker.speak(Piece { leaf, form: Form::Running, time: None }, 1.0)?;
        }
    }
    not_empty(&linker)?;
    Ok(linker)
}

/// Leaves the year of the first moment, and of all others how much later they are.
fn reduce(linker: &mut Linker, moments: impl Iterator<Item = Leaf>) {
    let moments: Vec<(Leaf, Option<Moment>)> =
        moments.map(|leaf| (leaf, Moment::read(linker.source().raw(leaf)))).collect();
    let first = moments.iter().filter_map(|(_, moment)| *moment).min();
    for (leaf, moment) in moments {
        match moment.zip(first) {
            Some((moment, first)) => linker.moment(leaf, moment.reduced_to_year_of(first)),
            None => linker.empty(leaf),
        }
    }
}

fn entry(inside: Children<'_>) -> Entry {
    let mut entry = Entry::default();
    for (value, _) in inside {
        match value.role {
            Role::Text => entry.text = Some(value.leaf),
            Role::Kind => entry.kind = Some(value.leaf),
            Role::Name => entry.name = Some(value.leaf).filter(|leaf| !leaf.range().is_empty()),
            Role::Speaker => entry.role = Some(value.leaf),
            Role::Moment => entry.moments.push(value.leaf),
            _ => {}
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structure_is_told_from_text() {
        assert!(id("0a1b2c3d-0000-4000-8000-0123456789ab") && !id("john") && !id("5551234567"));
        assert!(moment("2026-11-21T06:00:00.123Z") && moment("2026-11-21T06:00:00Z"));
        assert!(!moment("2026-11-21T5551234567Z") && !moment("John") && !moment("2026-11-21T06:00:00.1234567890Z"));
        assert!(content_type("application/vnd.amazonaws.connect.event.participant.joined") && !content_type("John"));
        assert!(media_type("application/pdf") && media_type("image/svg+xml") && !media_type("john/smith"));
    }
}
