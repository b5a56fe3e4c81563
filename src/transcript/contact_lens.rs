//! Amazon Connect Contact Lens and Amazon Transcribe Call Analytics JSON: turns with their text, with or without items,
//! after the call or in real time.
//!
//! The words are the items of a turn, or its `Content`. Copies: the texts of issues, outcomes and action items, whose
//! character offsets are counted again. Summaries, matched phrases and the names of files are dropped; names of
//! categories are looked at like words.

use super::schema::{Node, Role, Unit, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("AccountId", Node::Known(shape::account)),
        ("JobStatus", Node::Known(shape::job_status)),
        ("JobName", Node::Dropped),
        ("SessionId", Node::Known(shape::uuid)),
        ("LanguageCode", Node::Known(shape::language_tag)),
        ("LanguageIdentification", Node::Array(Role::Group, &LANGUAGE)),
        ("Channel", Node::Known(shape::constant)),
        ("Version", Node::Known(shape::version)),
        ("Participants", Node::Array(Role::Group, &PARTICIPANT)),
        ("ContentMetadata", CONTENT_METADATA),
        ("CustomerMetadata", CUSTOMER_METADATA),
        ("CustomModels", Node::Dropped),
        ("JobDetails", JOB_DETAILS),
        ("Categories", CATEGORIES),
        ("ConversationCharacteristics", CONVERSATION),
        ("Transcript", Node::Array(Role::Group, &Node::Object(Role::Segment, TURN))),
        // Real-time analysis writes its turns into segments.
        ("Segments", Node::Array(Role::Group, &SEGMENT)),
        ("NextToken", Node::Dropped),
        ("Status", Node::Known(shape::constant)),
    ],
);

const LANGUAGE: Node =
    Node::Object(Role::Group, &[("Code", Node::Known(shape::language_tag)), ("Score", Node::Known(shape::measure))]);

const PARTICIPANT: Node = Node::Object(
    Role::Participant,
    &[
        ("ParticipantId", Node::Value(Role::Id, shape::participant)),
        ("ParticipantRole", Node::Value(Role::Speaker, shape::participant)),
    ],
);

const TURN: &[(&str, Node)] = &[
    ("Id", Node::Known(shape::uuid)),
    ("ParticipantId", Node::Value(Role::Speaker, shape::participant)),
    ("ParticipantRole", Node::Value(Role::Speaker, shape::participant)),
    ("BeginOffsetMillis", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("EndOffsetMillis", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ("Content", Node::Text(Role::Text)),
    ("Items", Node::Array(Role::Words, &Node::Object(Role::Word, ITEM))),
    ("Sentiment", Node::Known(shape::constant)),
    ("LoudnessScore", MEASURES),
    ("LoudnessScores", MEASURES),
    ("IssuesDetected", FOUND),
    ("OutcomesDetected", FOUND),
    ("ActionItemsDetected", FOUND),
    ("Redaction", REDACTION),
];

const MEASURES: Node = Node::Array(Role::Group, &Node::Known(shape::measure));

const ITEM: &[(&str, Node)] = &[
    ("Type", Node::Value(Role::Kind, shape::item_type)),
    ("ItemType", Node::Value(Role::Kind, shape::item_type)),
    ("Content", Node::Text(Role::Text)),
    ("BeginOffsetMillis", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("EndOffsetMillis", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ("Confidence", Node::Value(Role::Confidence, shape::measure)),
    ("VocabularyFilterMatch", Node::Unknown),
    ("Redaction", Node::Array(Role::Group, &Node::Object(Role::Group, ITEM_REDACTION))),
];

const ITEM_REDACTION: &[(&str, Node)] = &[
    ("Confidence", Node::Known(shape::measure)),
    ("Type", Node::Known(shape::constant)),
    ("Category", Node::Known(shape::constant)),
];

const FOUND: Node = Node::Array(
    Role::Group,
    &Node::Object(Role::Part, &[("CharacterOffsets", CHARACTERS), ("Text", Node::Text(Role::Text))]),
);

const CHARACTERS: Node = Node::Object(
    Role::Group,
    &[
        ("BeginOffsetChar", Node::Value(Role::First, shape::count)),
        ("EndOffsetChar", Node::Value(Role::Last, shape::count)),
        ("Begin", Node::Value(Role::First, shape::count)),
        ("End", Node::Value(Role::Last, shape::count)),
    ],
);

/// Times as a list or as a list of lists; in real time places in the text.
const REDACTION: Node = Node::Object(
    Role::Group,
    &[
        ("RedactedTimestamps", Node::Array(Role::Group, &MILLIS)),
        ("CharacterOffsets", Node::Array(Role::Group, &Node::Object(Role::Part, CHARACTER_FIELDS))),
    ],
);

const CHARACTER_FIELDS: &[(&str, Node)] = &[
    ("BeginOffsetChar", Node::Value(Role::First, shape::count)),
    ("EndOffsetChar", Node::Value(Role::Last, shape::count)),
];

/// A span of time, or an array of such: arrays in arrays are read as the objects that they hold.
const MILLIS: Node = Node::Object(
    Role::Group,
    &[("BeginOffsetMillis", Node::Known(shape::count)), ("EndOffsetMillis", Node::Known(shape::count))],
);

const CONTENT_METADATA: Node = Node::Object(
    Role::Group,
    &[
        ("Output", Node::Known(output)),
        ("RedactionTypes", Node::Array(Role::Group, &Node::Known(shape::constant))),
        ("RedactionTypesMetadata", Node::Map(&Node::Known(shape::constant), &REDACTION_TYPE)),
    ],
);

const REDACTION_TYPE: Node = Node::Object(
    Role::Group,
    &[
        ("RedactionEntitiesRequested", Node::Array(Role::Group, &Node::Known(shape::constant))),
        ("RedactionMaskMode", Node::Known(shape::constant)),
    ],
);

const CUSTOMER_METADATA: Node = Node::Object(
    Role::Group,
    &[("ContactId", Node::Known(shape::uuid)), ("InstanceId", Node::Known(shape::uuid)), ("InputS3Uri", Node::Dropped)],
);

const JOB_DETAILS: Node = Node::Object(
    Role::Group,
    &[(
        "SkippedAnalysis",
        Node::Array(
            Role::Group,
            &Node::Object(
                Role::Group,
                &[
                    ("Feature", Node::Known(shape::constant)),
                    ("ReasonCode", Node::Known(shape::constant)),
                    ("SkippedEntities", Node::Dropped),
                ],
            ),
        ),
    )],
);

const CATEGORIES: Node = Node::Object(
    Role::Group,
    &[
        ("MatchedCategories", Node::Array(Role::Group, &Node::Text(Role::Label))),
        ("MatchedDetails", Node::Map(&Node::Text(Role::Label), &MATCHED)),
    ],
);

const MATCHED: Node = Node::Object(Role::Group, &[("PointsOfInterest", Node::Array(Role::Group, &POINT))]);

const POINT: Node = Node::Object(
    Role::Group,
    &[
        ("BeginOffsetMillis", Node::Known(shape::count)),
        ("EndOffsetMillis", Node::Known(shape::count)),
        ("TranscriptItems", Node::Dropped),
    ],
);

const SEGMENT: Node = Node::Object(
    Role::Group,
    &[
        ("Transcript", Node::Object(Role::Segment, TURN)),
        ("Utterance", Node::Object(Role::Segment, UTTERANCE)),
        ("UtteranceEvent", Node::Object(Role::Segment, UTTERANCE)),
        ("TranscriptEvent", Node::Object(Role::Segment, TURN)),
        ("Categories", CATEGORIES),
        ("CategoryEvent", CATEGORIES),
        ("PostContactSummary", Node::Dropped),
    ],
);

/// A turn, or a part of one that is not over.
const UTTERANCE: &[(&str, Node)] = &[
    ("Id", Node::Known(shape::uuid)),
    ("TranscriptId", Node::Known(shape::uuid)),
    ("UtteranceId", Node::Known(shape::uuid)),
    ("ParticipantId", Node::Value(Role::Speaker, shape::participant)),
    ("ParticipantRole", Node::Value(Role::Speaker, shape::participant)),
    ("BeginOffsetMillis", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("EndOffsetMillis", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ("PartialContent", Node::Text(Role::Text)),
    ("Transcript", Node::Text(Role::Text)),
    ("Items", Node::Array(Role::Words, &Node::Object(Role::Word, ITEM))),
    ("Entities", Node::Dropped),
    ("Sentiment", Node::Known(shape::constant)),
    ("IssuesDetected", FOUND),
];

const CONVERSATION: Node = Node::Object(
    Role::Group,
    &[
        ("TotalConversationDurationMillis", Node::Known(shape::count)),
        ("ContactSummary", Node::Dropped),
        ("Summary", Node::Dropped),
        ("Interruptions", INTERRUPTIONS),
        ("NonTalkTime", NON_TALK),
        ("Sentiment", SENTIMENT),
        ("TalkSpeed", Node::Object(Role::Group, &[("DetailsByParticipant", BY_PARTICIPANT)])),
        ("TalkTime", TALK_TIME),
    ],
);

const BY_PARTICIPANT: Node = Node::Map(
    &Node::Known(shape::participant),
    &Node::Object(
        Role::Group,
        &[("AverageWordsPerMinute", Node::Known(shape::measure)), ("TotalTimeMillis", Node::Known(shape::count))],
    ),
);

const TALK_TIME: Node = Node::Object(
    Role::Group,
    &[("DetailsByParticipant", BY_PARTICIPANT), ("TotalTimeMillis", Node::Known(shape::count))],
);

const NON_TALK: Node = Node::Object(
    Role::Group,
    &[("Instances", Node::Array(Role::Group, &STRETCH)), ("TotalTimeMillis", Node::Known(shape::count))],
);

const STRETCH: Node = Node::Object(
    Role::Group,
    &[
        ("BeginOffsetMillis", Node::Known(shape::count)),
        ("EndOffsetMillis", Node::Known(shape::count)),
        ("DurationMillis", Node::Known(shape::count)),
    ],
);

const INTERRUPTIONS: Node = Node::Object(
    Role::Group,
    &[
        (
            "InterruptionsByInterrupter",
            Node::Map(&Node::Known(shape::participant), &Node::Array(Role::Group, &STRETCH)),
        ),
        ("TotalCount", Node::Known(shape::count)),
        ("TotalTimeMillis", Node::Known(shape::count)),
    ],
);

const SENTIMENT: Node = Node::Object(
    Role::Group,
    &[("OverallSentiment", SCORES), ("SentimentByPeriod", Node::Map(&Node::Known(shape::constant), &PERIODS))],
);

const SCORES: Node = Node::Map(&Node::Known(shape::participant), &Node::Known(shape::measure));

const PERIODS: Node = Node::Map(&Node::Known(shape::participant), &Node::Array(Role::Group, &PERIOD));

const PERIOD: Node = Node::Object(
    Role::Group,
    &[
        ("BeginOffsetMillis", Node::Known(shape::count)),
        ("EndOffsetMillis", Node::Known(shape::count)),
        ("Score", Node::Known(shape::measure)),
    ],
);

fn output(text: &str) -> bool {
    matches!(text, "Raw" | "Redacted" | "raw" | "redacted")
}
