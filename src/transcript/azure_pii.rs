//! The result of Azure's conversational PII detection, whose entities say in clear what it took out of the texts.
//!
//! The words are the redacted contents of each item; the forms of one item are copies of each other. Entities are dropped.

use super::schema::{Node, Role, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::None, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("jobId", Node::Known(shape::uuid)),
        ("status", Node::Known(status)),
        ("displayName", Node::Dropped),
        ("createdDateTime", Node::Dropped),
        ("lastUpdatedDateTime", Node::Dropped),
        ("expirationDateTime", Node::Dropped),
        ("errors", Node::Dropped),
        ("tasks", Node::Object(Role::Group, &[("items", Node::Array(Role::Group, &TASK))])),
    ],
);

const TASK: Node = Node::Object(
    Role::Group,
    &[
        ("kind", Node::Known(kind)),
        ("taskName", Node::Dropped),
        ("lastUpdateDateTime", Node::Dropped),
        ("status", Node::Known(status)),
        ("results", RESULTS),
    ],
);

const RESULTS: Node = Node::Object(
    Role::Group,
    &[
        ("conversations", Node::Array(Role::Group, &CONVERSATION)),
        ("errors", Node::Dropped),
        ("modelVersion", Node::Known(model)),
    ],
);

const CONVERSATION: Node = Node::Object(
    Role::Group,
    &[
        ("id", Node::Dropped),
        ("conversationItems", Node::Array(Role::Group, &Node::Object(Role::Segment, ITEM))),
        ("warnings", Node::Dropped),
    ],
);

const ITEM: &[(&str, Node)] = &[
    ("id", Node::Dropped),
    ("redactedContent", CONTENT),
    ("entities", Node::Dropped),
    ("channel", Node::Value(Role::Channel, shape::count)),
    ("offset", Node::Dropped),
    ("duration", Node::Dropped),
];

const CONTENT: Node = Node::Object(
    Role::Group,
    &[
        ("text", Node::Text(Role::Text)),
        ("itn", Node::Text(Role::Text)),
        ("maskedItn", Node::Text(Role::Text)),
        ("lexical", Node::Text(Role::Text)),
        ("audioTimings", Node::Array(Role::Group, &TIMING)),
        ("redactedAudioTimings", Node::Array(Role::Group, &TIMING)),
    ],
);

const TIMING: Node =
    Node::Object(Role::Group, &[("offset", Node::Known(shape::seconds)), ("duration", Node::Known(shape::seconds))]);

fn status(text: &str) -> bool {
    matches!(text, "succeeded" | "partiallyCompleted" | "failed" | "cancelled")
}

/// `2023-04-01`, `2022-05-15-preview`
fn model(text: &str) -> bool {
    text == "latest" || shape::version(text.strip_suffix("-preview").unwrap_or(text))
}

fn kind(text: &str) -> bool {
    text == "conversationalPIIResults"
}
