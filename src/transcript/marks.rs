//! By what a file is recognised: a few keys of its content; reading it then decides.

use super::{captions, text};
use crate::model::Format;

/// The keys of JSON formats: one of each group must be there. The first format that fits is it.
const KEYS: &[(Format, &[&[&str]])] = &[
    (Format::AzurePii, &[&["conversationItems"], &["redactedContent"]]),
    (Format::AwsTranscribe, &[&["results"], &["transcripts", "items"]]),
    (Format::AzureSpeech, &[&["recognizedPhrases", "combinedRecognizedPhrases", "combinedPhrases"]]),
    (Format::GoogleInsights, &[&["transcriptSegments"]]),
    (Format::WhisperCpp, &[&["transcription"], &["offsets"]]),
    (Format::Deepgram, &[&["results"], &["channels"], &["alternatives"]]),
    (Format::GoogleSpeech, &[&["results"], &["alternatives"]]),
    (Format::AwsStreaming, &[&["Results"], &["Alternatives"]]),
    (Format::ConnectChat, &[&["Transcript"], &["ParticipantRole"], &["AbsoluteTime"]]),
    (Format::CallAnalytics, &[&["Transcript"], &["BeginOffsetMillis"], &["JobName", "Items", "LoudnessScores"]]),
    (Format::ContactLens, &[&["Transcript"], &["BeginOffsetMillis"]]),
    (Format::AssemblyAi, &[&["text"], &["audio_duration", "acoustic_model", "utterances", "sentences", "audio_url"]]),
    (Format::Whisper, &[&["text"]]),
];

/// The format of a file.
pub(super) fn recognised(file: &str) -> Option<Format> {
    let text = file.trim_start_matches('\u{feff}').trim_start();
    if is_json(text) {
        let fits = |groups: &[&[&str]]| groups.iter().all(|keys| keys.iter().any(|key| has_key(text, key)));
        let found = KEYS.iter().find(|(_, groups)| fits(groups)).map(|(format, _)| *format);
        let of_lists = |format: &Format| text.starts_with('{') || *format == Format::AwsStreaming;
        return found.filter(of_lists);
    }
    if captions::fits_webvtt(text) {
        return Some(Format::WebVtt);
    }
    if captions::fits_srt(text) {
        return Some(Format::Srt);
    }
    text::fits(text).then_some(Format::Text)
}

/// Whether text is an object, or a list of objects.
pub(super) fn is_json(text: &str) -> bool {
    text.strip_prefix('[').map_or(text, str::trim_start).starts_with('{')
}

/// Whether a key stands in quotes and in front of a colon. Inside a JSON string its quotes would be escaped.
pub(super) fn has_key(text: &str, key: &str) -> bool {
    let after =
        |at: usize| text[at + key.len()..].strip_prefix('"').is_some_and(|rest| rest.trim_start().starts_with(':'));
    let before = |at: usize| text[..at].ends_with('"');
    memchr::memmem::find_iter(text.as_bytes(), key).any(|at| before(at) && after(at))
}
