//! Google Contact Center AI Insights JSON: a conversation with its transcript.
//!
//! The words are those of each segment. Its `text` is a copy. What else is made of the conversation (annotations,
//! summaries, intents) is dropped, like labels, ids of users, dates and addresses of files.

use super::google;
use super::schema::{Node, Role, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("transcript", Node::Object(Role::Group, &[("transcriptSegments", SEGMENTS)])),
        ("transcriptSegments", SEGMENTS),
        ("duration", Node::Known(google::duration)),
        ("turnCount", Node::Known(shape::count)),
        ("medium", Node::Known(shape::constant)),
        ("languageCode", Node::Known(shape::language_tag)),
        ("callMetadata", CALL),
        ("agentId", Node::Dropped),
        ("correlationInfo", Node::Dropped),
        ("createTime", Node::Dropped),
        ("dataSource", Node::Dropped),
        ("dialogflowIntents", Node::Dropped),
        ("expireTime", Node::Dropped),
        ("labels", Node::Dropped),
        ("latestAnalysis", Node::Dropped),
        ("latestSummary", Node::Dropped),
        ("metadataJson", Node::Dropped),
        ("name", Node::Dropped),
        ("obfuscatedUserId", Node::Dropped),
        ("qualityMetadata", Node::Dropped),
        ("runtimeAnnotations", Node::Dropped),
        ("startTime", Node::Dropped),
        ("ttl", Node::Dropped),
        ("updateTime", Node::Dropped),
    ],
);

const CALL: Node = Node::Object(
    Role::Group,
    &[("customerChannel", Node::Known(shape::count)), ("agentChannel", Node::Known(shape::count))],
);

const SEGMENTS: Node = Node::Array(Role::Group, &Node::Object(Role::Segment, SEGMENT));

const SEGMENT: &[(&str, Node)] = &[
    ("messageTime", Node::Dropped),
    ("text", Node::Text(Role::Text)),
    ("confidence", Node::Known(shape::measure)),
    ("words", Node::Array(Role::Words, &Node::Object(Role::Word, google::WORD))),
    ("languageCode", Node::Known(shape::language_tag)),
    ("channelTag", Node::Value(Role::ChannelFrom1, shape::count)),
    ("segmentParticipant", PARTICIPANT),
    ("dialogflowSegmentMetadata", Node::Dropped),
    ("sentiment", SENTIMENT),
];

/// In a segment, whose voice this tells.
const PARTICIPANT: Node = Node::Object(
    Role::Group,
    &[
        ("role", Node::Value(Role::Speaker, shape::constant)),
        ("userId", Node::Dropped),
        ("dialogflowParticipant", Node::Dropped),
        ("dialogflowParticipantName", Node::Dropped),
        ("obfuscatedExternalUserId", Node::Dropped),
    ],
);

const SENTIMENT: Node =
    Node::Object(Role::Group, &[("magnitude", Node::Known(shape::measure)), ("score", Node::Known(shape::measure))]);
