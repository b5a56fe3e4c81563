//! AssemblyAI JSON: a transcript, or its sentences or paragraphs.
//!
//! The words are the top-level list. Copies: utterances, `text`, the texts of the sentiment analysis. What else is made of
//! the text (entities, highlights, chapters, summary, translations) is dropped, like addresses and the customer's own words
//! (prompts, boosted words).

use super::schema::{Node, Role, Unit, shape};
use super::spoken::{Entries, Layout, as_it_is};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange: as_it_is };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("id", Node::Known(id)),
        ("status", Node::Known(status)),
        ("text", Node::Text(Role::WholeText)),
        ("words", WORDS),
        ("utterances", Node::Array(Role::Group, &Node::Object(Role::Copy, STRETCH))),
        ("sentiment_analysis_results", Node::Array(Role::Group, &Node::Object(Role::Copy, STRETCH))),
        // The exports of sentences and of paragraphs have these alone.
        ("sentences", Node::Array(Role::Group, &Node::Object(Role::Segment, STRETCH))),
        ("paragraphs", Node::Array(Role::Group, &Node::Object(Role::Segment, STRETCH))),
        ("confidence", Node::Known(shape::measure)),
        ("audio_duration", Node::Known(shape::seconds)),
        ("audio_channels", Node::Known(shape::count)),
        ("audio_start_from", Node::Known(shape::count)),
        ("audio_end_at", Node::Known(shape::count)),
        ("language_code", Node::Known(shape::language_tag)),
        ("language_codes", Node::Array(Role::Group, &Node::Known(shape::language_tag))),
        ("language_confidence", Node::Known(shape::measure)),
        ("redact_pii_policies", Node::Array(Role::Group, &Node::Known(pii_policy))),
        ("redact_pii_sub", Node::Known(pii_substitute)),
        ("redact_pii_audio_quality", Node::Known(audio_quality)),
        ("acoustic_model", Node::Dropped),
        ("audio_url", Node::Dropped),
        ("auto_highlights_result", Node::Dropped),
        ("boost_param", Node::Dropped),
        ("chapters", Node::Dropped),
        ("cluster_id", Node::Dropped),
        ("content_safety_labels", Node::Dropped),
        ("custom_spelling", Node::Dropped),
        ("custom_topics_results", Node::Dropped),
        ("domain", Node::Dropped),
        ("entities", Node::Dropped),
        ("error", Node::Dropped),
        ("iab_categories_result", Node::Dropped),
        ("keyterms_prompt", Node::Dropped),
        ("language_detection_options", Node::Dropped),
        ("language_detection_results", Node::Dropped),
        ("language_model", Node::Dropped),
        ("metadata", Node::Dropped),
        ("prompt", Node::Dropped),
        ("redact_pii_audio_options", Node::Dropped),
        ("redacted_audio_url", Node::Dropped),
        ("speaker_options", Node::Dropped),
        ("speech_model", Node::Dropped),
        ("speech_models", Node::Dropped),
        ("speech_model_used", Node::Dropped),
        ("speech_understanding", Node::Dropped),
        ("summary", Node::Dropped),
        ("summary_model", Node::Dropped),
        ("summary_type", Node::Dropped),
        ("topics", Node::Dropped),
        ("translated_texts", Node::Dropped),
        ("webhook_auth_header_name", Node::Dropped),
        ("webhook_url", Node::Dropped),
        ("word_boost", Node::Dropped),
    ],
);

const WORDS: Node = Node::Array(Role::Words, &Node::Object(Role::Word, WORD));

const WORD: &[(&str, Node)] = &[
    ("text", Node::Text(Role::Text)),
    ("start", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
    ("speaker", Node::Value(Role::Speaker, speaker)),
    ("channel", Node::Value(Role::ChannelFrom1, shape::count)),
];

const STRETCH: &[(&str, Node)] = &[
    ("speaker", Node::Value(Role::Speaker, speaker)),
    ("channel", Node::Value(Role::ChannelFrom1, shape::count)),
    ("text", Node::Text(Role::Text)),
    ("confidence", Node::Known(shape::measure)),
    ("start", Node::Value(Role::Start(Unit::Millis), shape::seconds)),
    ("end", Node::Value(Role::End(Unit::Millis), shape::seconds)),
    ("words", WORDS),
    ("sentiment", Node::Known(shape::constant)),
    ("translated_texts", Node::Dropped),
];

/// A UUID; older ones lack their first digit.
fn id(text: &str) -> bool {
    shape::uuid(text) || (text.len() == 35 && shape::uuid(&format!("0{text}")))
}

fn status(text: &str) -> bool {
    matches!(text, "completed" | "error" | "processing" | "queued")
}

fn pii_substitute(text: &str) -> bool {
    matches!(text, "hash" | "entity_name")
}

fn audio_quality(text: &str) -> bool {
    matches!(text, "mp3" | "wav")
}

/// `B`, or `1B` where channels are told apart as well; with names the call is held.
fn speaker(text: &str) -> bool {
    let letters = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.len() <= 3 && !text.is_empty() && letters.len() <= 2 && letters.bytes().all(|b| b.is_ascii_uppercase())
}

/// Names of kinds of data, none of which is anybody's.
fn pii_policy(text: &str) -> bool {
    const KINDS: &str = "account_number banking_information blood_type credit_card_cvv credit_card_expiration \
        credit_card_number date date_interval date_of_birth drivers_license drug duration email_address event filename \
        gender gender_sexuality healthcare_number injury ip_address language location location_address \
        location_address_street location_city location_coordinate location_country location_state location_zip \
        marital_status medical_condition medical_process money_amount nationality number_sequence occupation \
        organization organization_medical_facility passport_number password person_age person_name phone_number \
        physical_attribute political_affiliation religion sexuality statistics time url us_social_security_number \
        username vehicle_id zodiac_sign";
    KINDS.split_whitespace().any(|kind| kind == text)
}
