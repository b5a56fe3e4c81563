//! Deepgram JSON, one channel or several, with or without speakers.
//!
//! The words are those of each channel's first alternative. Copies: its transcript, paragraphs and sentences, the other
//! alternatives, utterances. What else is made of the text (entities, summaries, topics, intents, search hits) is dropped.

use super::schema::{Node, Role, Unit, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(Role::Group, &[("metadata", METADATA), ("results", RESULTS)]);

const METADATA: Node = Node::Object(
    Role::Group,
    &[
        ("transaction_key", Node::Dropped),
        ("request_id", Node::Known(shape::uuid)),
        ("parent_request_id", Node::Known(shape::uuid)),
        ("sha256", Node::Dropped),
        ("created", Node::Dropped),
        ("duration", Node::Known(shape::seconds)),
        ("channels", Node::Known(shape::count)),
        ("models", Node::Array(Role::Group, &Node::Known(shape::uuid))),
        ("model_info", Node::Map(&Node::Known(shape::uuid), &MODEL)),
        ("summary_info", USE),
        ("topics_info", USE),
        ("intents_info", USE),
        ("sentiment_info", USE),
        ("tags", Node::Dropped),
        ("extra", Node::Dropped),
        ("warnings", Node::Dropped),
    ],
);

const MODEL: Node = Node::Object(
    Role::Group,
    &[("name", Node::Dropped), ("version", Node::Known(shape::version)), ("arch", Node::Dropped)],
);

const USE: Node = Node::Object(
    Role::Group,
    &[
        ("model_uuid", Node::Known(shape::uuid)),
        ("input_tokens", Node::Known(shape::count)),
        ("output_tokens", Node::Known(shape::count)),
    ],
);

const RESULTS: Node = Node::Object(
    Role::Group,
    &[
        ("channels", Node::Array(Role::Group, &Node::Object(Role::ChannelWords, CHANNEL))),
        ("utterances", Node::Array(Role::Group, &Node::Object(Role::Copy, UTTERANCE))),
        ("summary", Node::Dropped),
        ("topics", Node::Dropped),
        ("intents", Node::Dropped),
        ("sentiments", Node::Dropped),
        ("entities", Node::Dropped),
    ],
);

const CHANNEL: &[(&str, Node)] = &[
    ("alternatives", Node::Array(Role::Group, &Node::Object(Role::Reading, ALTERNATIVE))),
    ("search", Node::Dropped),
    ("detected_language", Node::Known(shape::language_tag)),
    ("language_confidence", Node::Known(shape::measure)),
];

const ALTERNATIVE: &[(&str, Node)] = &[
    ("transcript", Node::Text(Role::Text)),
    ("confidence", Node::Known(shape::measure)),
    ("words", WORDS),
    ("paragraphs", PARAGRAPHS),
    ("languages", LANGUAGES),
    ("entities", Node::Dropped),
    ("summaries", Node::Dropped),
    ("topics", Node::Dropped),
    ("translations", Node::Dropped),
];

const WORDS: Node = Node::Array(Role::Words, &Node::Object(Role::Word, WORD));

const WORD: &[(&str, Node)] = &[
    ("word", Node::Text(Role::TextAgain)),
    ("start", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
    ("speaker", Node::Value(Role::Speaker, shape::count)),
    ("speaker_confidence", Node::Known(shape::measure)),
    ("punctuated_word", Node::Text(Role::Text)),
    ("language", Node::Known(shape::language_tag)),
    ("sentiment", Node::Known(shape::sentiment)),
    ("sentiment_score", Node::Known(shape::measure)),
];

const LANGUAGES: Node = Node::Array(Role::Group, &Node::Known(shape::language_tag));

/// The second level of paragraphs has the sentences.
const PARAGRAPHS: Node = Node::Object(
    Role::Group,
    &[("transcript", Node::Text(Role::Text)), ("paragraphs", Node::Array(Role::Group, &PARAGRAPH))],
);

const PARAGRAPH: Node = Node::Object(
    Role::Group,
    &[
        ("sentences", Node::Array(Role::Group, &SENTENCE)),
        ("speaker", Node::Known(shape::count)),
        ("num_words", Node::Known(shape::count)),
        ("start", Node::Known(shape::seconds)),
        ("end", Node::Known(shape::seconds)),
        ("sentiment", Node::Known(shape::sentiment)),
        ("sentiment_score", Node::Known(shape::measure)),
    ],
);

const SENTENCE: Node = Node::Object(
    Role::Copy,
    &[
        ("text", Node::Text(Role::Text)),
        ("start", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
        ("end", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
        ("sentiment", Node::Known(shape::sentiment)),
        ("sentiment_score", Node::Known(shape::measure)),
    ],
);

const UTTERANCE: &[(&str, Node)] = &[
    ("start", Node::Value(Role::Start(Unit::Seconds), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Seconds), shape::seconds)),
    ("confidence", Node::Known(shape::measure)),
    ("channel", Node::Value(Role::Channel, shape::count)),
    ("transcript", Node::Text(Role::Text)),
    ("words", WORDS),
    ("speaker", Node::Known(shape::count)),
    ("id", Node::Known(shape::uuid)),
    ("languages", LANGUAGES),
    ("sentiment", Node::Known(shape::sentiment)),
    ("sentiment_score", Node::Known(shape::measure)),
];
