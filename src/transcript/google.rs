//! Google Cloud Speech-to-Text JSON, version 1 or 2, plain or inside a long-running operation.
//!
//! The words are those of each result's first alternative. Copies: its transcript, further alternatives, and, where the
//! last result of a diarised recording says all words again with their speakers, those of the results before. Zero times
//! are left out of these files.

use super::schema::{Node, Role, Unit, shape};
use super::source::Source;
use super::spoken::{Entries, Layout};
use super::stretches::{File, Word};
use crate::base::{Error, HoldReason, Result, Stage, TimeSpan};
use crate::model::TimeSource;

pub(super) static LAYOUT: Layout =
    Layout { root: &ROOT, entries: Entries::Words, times: TimeSource::Recogniser, arrange };

static ROOT: Node = Node::Object(
    Role::Group,
    &[
        ("name", Node::Dropped),
        ("@type", Node::Known(type_url)),
        ("metadata", Node::Dropped),
        ("response", Node::Object(Role::Group, RESPONSE)),
        ("results", RESULTS),
        ("totalBilledTime", Node::Known(duration)),
        ("total_billed_time", Node::Known(duration)),
        ("requestId", Node::Dropped),
        ("request_id", Node::Dropped),
        ("speechAdaptationInfo", Node::Dropped),
        ("outputConfig", Node::Dropped),
    ],
);

const RESPONSE: &[(&str, Node)] = &[
    ("@type", Node::Known(type_url)),
    ("results", RESULTS),
    ("metadata", Node::Dropped),
    ("totalBilledTime", Node::Known(duration)),
    ("totalBilledDuration", Node::Known(duration)),
    ("requestId", Node::Dropped),
    ("speechAdaptationInfo", Node::Dropped),
    ("outputConfig", Node::Dropped),
];

const RESULTS: Node = Node::Array(Role::Group, &Node::Object(Role::Segment, RESULT));

const RESULT: &[(&str, Node)] = &[
    ("alternatives", Node::Array(Role::Group, &Node::Object(Role::Reading, ALTERNATIVE))),
    ("channelTag", Node::Value(Role::ChannelFrom1, shape::count)),
    ("channel_tag", Node::Value(Role::ChannelFrom1, shape::count)),
    ("resultEndTime", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("result_end_time", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("resultEndOffset", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("result_end_offset", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("languageCode", Node::Known(shape::language_tag)),
    ("language_code", Node::Known(shape::language_tag)),
];

const ALTERNATIVE: &[(&str, Node)] = &[
    ("transcript", Node::Text(Role::Text)),
    ("confidence", Node::Known(shape::measure)),
    ("words", Node::Array(Role::Words, &Node::Object(Role::Word, WORD))),
];

pub(super) const WORD: &[(&str, Node)] = &[
    ("startTime", Node::Value(Role::Start(Unit::Suffixed), duration)),
    ("endTime", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("startOffset", Node::Value(Role::Start(Unit::Suffixed), duration)),
    ("endOffset", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("start_time", Node::Value(Role::Start(Unit::Suffixed), duration)),
    ("end_time", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("start_offset", Node::Value(Role::Start(Unit::Suffixed), duration)),
    ("end_offset", Node::Value(Role::End(Unit::Suffixed), duration)),
    ("word", Node::Text(Role::Text)),
    ("confidence", Node::Value(Role::Confidence, shape::measure)),
    ("speakerTag", Node::Value(Role::Speaker, shape::count)),
    ("speaker_tag", Node::Value(Role::Speaker, shape::count)),
    ("speakerLabel", Node::Value(Role::Speaker, speaker_label)),
    ("speaker_label", Node::Value(Role::Speaker, speaker_label)),
];

/// `1.300s`
pub(super) fn duration(text: &str) -> bool {
    text.strip_suffix('s').is_some_and(shape::seconds)
}

fn speaker_label(text: &str) -> bool {
    shape::count(text) || shape::speaker_label(text)
}

fn type_url(text: &str) -> bool {
    let name = text.strip_prefix("type.googleapis.com/google.cloud.speech.v");
    name.is_some_and(|name| name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'))
}

fn arrange(source: &Source, file: &mut File) -> Result<()> {
    take_repeated_last(source, file);
    start_where_the_last_ended(file)
}

/// Where the last result says all words again, with their speakers, it is what was said and the others are copies.
fn take_repeated_last(source: &Source, file: &mut File) {
    let Some((last, others)) = file.segments.split_last() else { return };
    let tagged = |w: &Word| w.voice.speaker.is_some_and(|tag| source.raw(tag) != "0");
    let words = last.words();
    let has_all = !others.is_empty() && words.len() >= others.iter().map(|s| s.words().len()).sum();
    if !has_all || words.is_empty() || !words.iter().all(tagged) {
        return;
    }
    let Some(mut said) = file.segments.pop() else { return };
    // Its own time is that of no part of the call.
    (said.time, said.end_ms) = (None, None);
    file.copies.append(&mut file.segments);
    for copy in &mut file.copies {
        copy.time = copy.time_of_words();
    }
    file.channels.push(said);
}

/// A result tells its end alone; it begins where the one before it on its channel ended.
fn start_where_the_last_ended(file: &mut File) -> Result<()> {
    let mut ends: Vec<(Option<u16>, u32)> = Vec::new();
    for segment in &mut file.segments {
        let Some(end_ms) = segment.end_ms else { continue };
        let known = ends.iter_mut().find(|e| e.0 == segment.voice.channel);
        let start_ms = known.as_ref().map_or(0, |e| e.1);
        segment.time = Some(TimeSpan::new(start_ms, end_ms).map_err(|_| {
            Error::held(Stage::ParseTranscript, HoldReason::UnusableTimes, "results run backwards in time")
                .at("ms", end_ms.into())
        })?);
        match known {
            Some(known) => known.1 = end_ms,
            None => ends.push((segment.voice.channel, end_ms)),
        }
    }
    Ok(())
}
